import { realpathSync, statSync } from "node:fs";
import { ProcError } from "../../proc/error.ts";
import type { Pid, ProcessRef } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import { ageMs } from "../../proc/uptime.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { ownersByLog } from "./log-owners.ts";
import { pattern, searchPath } from "./match.ts";
import { readPidfile } from "./pidfile.ts";

/*
 * Several programs of a configuration may match one process, which no record, session or mark gives to
 * any of them: nginx of two folders with one `proctitle_re`, say. What it writes to, the pidfile that
 * it has written itself, and the folder in which it stands tell then whose it is.
 */

/** What telling them apart asks of the host. */
export interface RivalPorts {
  readonly proc: Pick<ProcReader, "cmdline" | "cwd" | "uptime">;
  /** What a program may inherit. */
  readonly env: Readonly<Record<string, string>>;
  /** All programs of the configuration. */
  readonly programs: () => Iterable<ProgramSettings>;
}

/** A process may look so much older than it is by the clock that people see, in ms. */
const CLOCK_SLACK_MS = 1000;

/** True for a process that is nobody's by its lineage, and another's than the program `name` by such traces. */
export function isRivals(ref: ProcessRef, name: string, ports: RivalPorts): boolean {
  const byTrace =
    ownersByLog(ref.pid, ports.programs) ??
    ownersByPidfile(ref, ports) ??
    ownersByFolder(ref, ports);
  return byTrace !== undefined && !byTrace.has(name);
}

/** By the pidfiles that programs write themselves. One that is older than the process names another. */
function ownersByPidfile(
  { pid, startTime }: ProcessRef,
  { proc, programs }: RivalPorts,
): ReadonlySet<string> | undefined {
  const owners = new Set<string>();
  for (const { name, autopid, pidfile } of programs()) {
    if (autopid) continue;
    const named = readPidfile(pidfile);
    if (named.kind !== "pid" || named.pid !== pid) continue;
    const bornAt = Date.now() - ageMs(startTime, proc.uptime());
    if (modifiedAt(pidfile) >= bornAt - CLOCK_SLACK_MS) owners.add(name);
  }
  return owners.size === 0 ? undefined : owners;
}

function modifiedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Of those that match it: the ones in whose folder it stands. */
function ownersByFolder(
  { pid }: ProcessRef,
  { proc, env, programs }: RivalPorts,
): ReadonlySet<string> | undefined {
  const owners = new Set<string>();
  const seen = whereAndWhat(pid, proc);
  if (seen === undefined || seen.cwd === "/") return undefined; // any daemon may have gone there
  for (const program of programs()) {
    if (realFolder(program) !== seen.cwd) continue;
    if (pattern(program.match, program, searchPath(program, env)).matches(seen.argv)) {
      owners.add(program.name);
    }
  }
  return owners.size === 0 ? undefined : owners;
}

function whereAndWhat(
  pid: Pid,
  proc: RivalPorts["proc"],
): { readonly cwd: string; readonly argv: readonly string[] } | undefined {
  try {
    return { cwd: proc.cwd(pid), argv: proc.cmdline(pid) };
  } catch (error) {
    if (error instanceof ProcError) return undefined; // gone, or hidden
    throw error;
  }
}

/** Kept with the settings: a thousand programs may be asked about a thousand processes. */
const folders = new WeakMap<ProgramSettings, string>();

function realFolder(program: ProgramSettings): string {
  const known = folders.get(program);
  if (known !== undefined) return known;
  let folder = program.directory;
  try {
    folder = realpathSync(folder);
  } catch {
    return folder; // not there now
  }
  folders.set(program, folder);
  return folder;
}
