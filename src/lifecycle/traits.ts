import type { Pid, ProcessRef } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { Pattern } from "../identity/match.ts";
import type { Traits } from "../state/record.ts";
import type { LifecyclePorts } from "./ports.ts";

/** Reads them; `launched`: what was launched, if that was from here. */
export function traits(
  { pid }: ProcessRef,
  launched: ProcessRef | undefined,
  pattern: Pattern,
  { proc }: Pick<LifecyclePorts, "proc">,
): Traits {
  const stat = statIfAny(proc, pid);
  if (stat === undefined) return { session: undefined, image: undefined, title: undefined };
  // The session of what was found may be that of somebody's terminal.
  const isOwn = stat.session !== launched?.pid && (launched !== undefined || stat.session === pid);
  return {
    session: isOwn ? stat.session : undefined,
    image: stat.image || undefined,
    title: titleOther(pid, pattern, proc),
  };
}

/** The title that a program has given itself, where its words do not lead to it. */
function titleOther(
  pid: Pid,
  pattern: Pattern,
  proc: LifecyclePorts["proc"],
): readonly string[] | undefined {
  try {
    const argv = proc.cmdline(pid);
    return argv.length === 0 || pattern.matches(argv) ? undefined : argv;
  } catch {
    return undefined; // gone, or hidden
  }
}

/** A warning when the title that the program gave itself does not match. */
export function titleNote(
  { title }: Traits,
  { isShell }: Pick<Pattern, "isShell">,
  { autopid }: Pick<ProgramSettings, "autopid">,
): readonly string[] {
  if (title === undefined || isShell) return [];
  if (!autopid) return []; // its own pidfile leads to it
  return [
    `its command line is now "${title.join(" ")}", which the command does not match: ` +
      "set proctitle_re, or it may not be found should somebody start it by hand, or its record in state_dir be lost",
  ];
}
