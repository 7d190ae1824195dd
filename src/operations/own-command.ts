import { findOnPath } from "../lib/executable.ts";
import { shellWord } from "../lib/format.ts";
import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** The path by which a command of ours was called, or which is beside the one that was. */
export function ownCommand(name: "usrsvc" | "usrsvcd"): string {
  const called = resolve(process.argv[1] ?? "");
  const ending = basename(called).endsWith(".cjs") ? ".cjs" : "";
  const beside = join(dirname(called), `${name}${ending}`);
  return existsSync(beside) ? beside : called;
}

/** A command line for people, which works in the shell that we were called from. */
export function commandWords(
  name: "usrsvc" | "usrsvcd",
  words: string,
  config: string | undefined,
): string {
  const own = ownCommand(name);
  const found = findOnPath(name, process.cwd(), process.env["PATH"]);
  const shown = found !== undefined && isSame(found, own) ? name : shellWord(own);
  const option = config === undefined ? "" : ` -c ${shellWord(config)}`;
  return `${shown}${option}${words === "" ? "" : ` ${words}`}`;
}

function isSame(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}
