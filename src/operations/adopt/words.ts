import { basename } from "node:path";
import type { Particulars } from "../../../proc/particulars.ts";
import type { Pid } from "../../../proc/pid.ts";
import type { Host } from "../../host/host.ts";
import { shorten } from "../../lib/format.ts";

/** `4711 (npm start)`. */
export function describeProcess(pid: number, { proc }: Pick<Host, "proc">): string {
  return `${pid} (${commandLine(pid, proc)})`;
}

function commandLine(pid: number, proc: Host["proc"]): string {
  try {
    const argv = proc.cmdline(pid as Pid);
    return argv.length === 0 ? proc.stat(pid as Pid).comm : shorten(argv.join(" "), 60);
  } catch {
    return "gone by now";
  }
}

const SHELLS = /^-?(ba|da|z|k|mk|c|tc|fi|a|r)?sh$|^busybox$/;

/** True for the name of a shell. */
export function isShellName(word: string): boolean {
  return SHELLS.test(basename(word));
}

/** True for a shell that has neither a script nor a line to run: a person types into it, or it is a part of another. */
export function isIdleShell({ argv, exe }: Pick<Particulars, "argv" | "exe">): boolean {
  const [first = "", ...rest] = argv;
  if (!isShellName(basename(exe?.path ?? "")) || !isShellName(first)) return false;
  return (
    first.startsWith("-") ||
    rest.every((word) => /^(-[ilsmex]+|--(login|posix|norc|noprofile))$/.test(word))
  );
}
