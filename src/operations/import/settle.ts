import type { ConfigIssue } from "../../config/issue.ts";
import { tame } from "../../lib/tame.ts";
import type { ProgramDraft, Setting } from "./draft.ts";
import { type Layout, render, type Rendered } from "./render.ts";
import { writeValue } from "./value-text.ts";

/** Checks a text as `usrsvcd checkconfig` does. */
export type Check = (text: string) => readonly ConfigIssue[];

/** More rounds than there are settings that could hide one another. */
const MOST_ROUNDS = 100;

/** Without these a program would do something else than it does there. */
const VITAL: ReadonlySet<string> = new Set(["directory", "env_file", "before_start"]);
/** A file that cannot be written stops the program, too. */
const FILES: ReadonlySet<string> = new Set(["stdout", "stderr", "pidfile"]);

/**
 * Makes a comment of each setting that our own check refuses, until it refuses nothing: a folder that does not exist
 * here, a limit that this account may not raise, a loop. A program whose command is refused becomes a comment as a whole.
 */
export function settle(programs: readonly ProgramDraft[], check: Check): void {
  const layout: Layout = { head: [], hasMain: true, notes: [] };
  for (const program of programs) refuseUnwritable(program);
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const rendered = render(programs, layout);
    const refused = check(rendered.text).filter((issue) => refuse(issue, rendered, programs));
    if (refused.length === 0) return;
  }
}

function refuseUnwritable(program: ProgramDraft): void {
  for (const part of [program.keys, program.env, program.monitor]) {
    for (const [key, setting] of part) {
      const { text } = setting;
      const isPlain = tame(text) === text && !text.includes("\0");
      if (isPlain && writeValue(text) !== undefined) continue;
      setting.refused = isPlain
        ? "it has quotes and lines that no value in the file can have; write it by hand"
        : "it contains control characters, which are not printed; write it by hand";
      if (key === "command" && part === program.keys) program.refused = setting.refused;
    }
  }
}

/** True if that has changed something. */
function refuse(
  { severity, place, message, program: name }: ConfigIssue,
  rendered: Rendered,
  programs: readonly ProgramDraft[],
): boolean {
  const found = rendered.settings.get(place.line ?? 0);
  const why = message.replace(/^[\w.-]+: /, "");
  if (found === undefined) {
    const program =
      rendered.programs.get(place.line ?? 0) ?? programs.find((one) => one.name === name);
    if (severity !== "error" || program === undefined || program.refused !== undefined)
      return false;
    program.refused = `usrsvc refuses it: ${message}`;
    return true;
  }
  const { program, setting, key } = found;
  const isInTheWay = FILES.has(key) && why.startsWith("it cannot be started now");
  if (severity !== "error" && !isInTheWay) return false;
  if (key === "command") {
    program.refused = `usrsvc refuses its command: ${why}`;
    return true;
  }
  setOff(setting, key, why, program);
  return true;
}

function setOff(setting: Setting, key: string, why: string, program: ProgramDraft): void {
  setting.refused = why;
  if (key === "autopid" || (key === "pidfile" && program.keys.has("autopid"))) {
    for (const other of ["autopid", "pidfile"]) {
      const one = program.keys.get(other);
      if (one !== undefined) one.refused = setting.refused;
    }
  }
  if (!VITAL.has(key)) return;
  setting.refused += "; then remove enabled = False as well";
  program.set("enabled", "False", setting.source);
}
