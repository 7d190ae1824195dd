import { usrsvc } from "../commands/usrsvc/table.ts";
import { usrsvcd } from "../commands/usrsvcd/table.ts";
import { configPage } from "./config-page.ts";
import type { Roff } from "./roff.ts";
import { type Imprint, toolPage } from "./tool-page.ts";

/** Nothing is run from here. */
const nobody = {
  detached: () => undefined,
  supervise: () => Promise.reject(new TypeError("a man page supervises nothing")),
};

/** All man pages by the names of their files. build.mjs writes them into dist/man/, and nothing else knows them. */
export function manPages(imprint: Imprint): ReadonlyMap<string, string> {
  const text = (lines: Roff): string => `${lines.join("\n")}\n`;
  return new Map([
    ["usrsvc.1", text(toolPage(usrsvc, 1, imprint))],
    ["usrsvcd.8", text(toolPage(usrsvcd(nobody), 8, imprint))],
    ["usrsvc.cfg.5", text(configPage(imprint))],
  ]);
}
