import { shorten } from "../lib/format.ts";
import { shownName } from "../lib/secrets.ts";
import type { ProcessRef } from "../../proc/pid.ts";
import type { IdentityPorts } from "../identity/ports.ts";
import type { ProgramRecord } from "../state/record.ts";
import type { Program } from "../identity/program.ts";

/**
 * What a process that was found, and not launched with the settings of the program, has otherwise than it
 * would have if it were started: for people. Values of the environment are not told: there are secrets.
 */
export function differences(
  { settings }: Pick<Program, "settings">,
  record: ProgramRecord | undefined,
  process: ProcessRef,
  { proc }: Pick<IdentityPorts, "proc">,
): readonly string[] {
  if (settings === undefined || record?.digest !== undefined) return [];
  const { argv: wanted, useshell, command, match, env } = settings;
  const all: string[] = [];
  try {
    const argv = proc.cmdline(process.pid);
    // Without proctitle_re it was found by its command line.
    const isSame = wanted.every((word, index) => argv.at(index - wanted.length) === word);
    if (match.kind === "title" && !useshell && !isSame && argv.length > 0) {
      all.push(
        `its command line is "${shorten(argv.join(" "))}", configured is "${shorten(command)}"`,
      );
    }
    const environ = proc.environ(process.pid);
    const others = [...env].filter(([key, value]) => environ.get(key) !== value);
    // Many a program writes its title over its environment.
    const isThere = environ.has("PATH") || environ.has("HOME");
    if (isThere && others.length > 0) {
      all.push(
        `its environment differs from [[Env]] in ${others.map(([key]) => shownName(key)).join(", ")}`,
      );
    }
  } catch {
    // gone, or hidden: nothing is known of it
  }
  return all;
}
