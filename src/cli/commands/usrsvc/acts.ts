import type { Tool } from "../../command.ts";
import { hold } from "./hold.ts";
import { release } from "./release.ts";
import { reload } from "./reload.ts";
import { restart } from "./restart.ts";
import { signal } from "./signal.ts";
import { start } from "./start.ts";
import { stop } from "./stop.ts";

/** The everyday commands (begin-everyday.ts) that act on programs; --help of the whole tool (table.ts) shows them as well. */
export const acts: Tool = {
  name: "usrsvc",
  title: "",
  about: [],
  commands: [start, stop, restart, reload, signal, hold, release],
};
