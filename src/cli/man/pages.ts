import { tools } from "../commands/tools.ts";
import { configPage } from "./config-page.ts";
import type { Roff } from "./roff.ts";
import { type Imprint, toolPage } from "./tool-page.ts";

/** All man pages by the names of their files. build.mjs writes them to dist/man/, and nothing else knows them. */
export function manPages(imprint: Imprint): ReadonlyMap<string, string> {
  const text = (lines: Roff): string => `${lines.join("\n")}\n`;
  return new Map([
    ["usrsvc.1", text(toolPage(tools.usrsvc, 1, imprint))],
    ["usrsvcd.8", text(toolPage(tools.usrsvcd, 8, imprint))],
    ["usrsvc.cfg.5", text(configPage(imprint))],
  ]);
}
