import type { Pattern } from "../../src/identity/match.ts";

/** Matches what has `app` for its first word. */
export const isApp: Pattern = {
  matches: (argv) => argv[0] === "app",
  doesWork: (argv) => argv[0] === "app",
  description: "app",
  isLaunched: false,
  isShell: false,
  folder: undefined,
  endings: undefined,
};
