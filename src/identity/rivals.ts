import { searchPath } from "./executables.ts";
import { realpathSync } from "node:fs";
import { ProcError } from "../../proc/error.ts";
import type { Pid, ProcessRef } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { Kin, Trace } from "./finding.ts";
import { ownersByLog } from "./log-owners.ts";
import { pattern } from "./match.ts";
import { isWrittenSince, readPidfile } from "../state/pidfile.ts";

/*
 * Several programs of a configuration may match one process, which no record, session or mark gives to
 * any of them: nginx of two folders with one `proctitle_re`, say. What it writes to, the pidfile that
 * it has written itself, its command word for word, and the folder in which it stands tell then whose it is.
 */

/** What telling them apart asks of the host. */
export interface RivalPorts {
  readonly proc: Pick<ProcReader, "cmdline" | "cwd" | "uptime">;
  /** What a program may inherit. */
  readonly env: Readonly<Record<string, string>>;
  /** All programs of the configuration. */
  readonly programs: () => Iterable<ProgramSettings>;
}

/**
 * True for a process that is nobody's by its lineage, and another's than the program `name` by such traces. `tell` is
 * called with whose, then.
 */
export function isRivals(
  ref: ProcessRef,
  name: string,
  ports: RivalPorts,
  tell?: (kin: Kin) => void,
): boolean {
  const isOthers = (trace: Trace, owners: ReadonlySet<string>): boolean => {
    if (owners.size === 0 || owners.has(name)) return false;
    tell?.({ by: "rival", trace, programs: [...owners] });
    return true;
  };
  const byLog = ownersByLog(ref.pid, ports.programs);
  if (byLog !== undefined) return isOthers("log", byLog);
  const byPidfile = ownersByPidfile(ref, ports);
  if (byPidfile !== undefined) return isOthers("pidfile", byPidfile);
  const seen = whereAndWhat(ref.pid, ports.proc);
  if (seen === undefined) return false;
  const byCommand = ownersByCommand(seen, ports);
  if (isOthers("command", byCommand)) return true;
  return byCommand.size !== 1 && isOthers("folder", ownersByFolder(seen, ports));
}

/** By the pidfiles that programs write themselves. One that is older than the process names another. */
function ownersByPidfile(
  ref: ProcessRef,
  { proc, programs }: RivalPorts,
): ReadonlySet<string> | undefined {
  const owners = new Set<string>();
  for (const { name, autopid, pidfile } of programs()) {
    if (autopid) continue;
    const named = readPidfile(pidfile);
    if (named.kind !== "pid" || named.pid !== ref.pid) continue;
    if (isWrittenSince(pidfile, ref, proc.uptime())) owners.add(name);
  }
  return owners.size === 0 ? undefined : owners;
}

/** A process, as far as it shows itself. */
interface Seen {
  readonly cwd: string;
  readonly argv: readonly string[];
}

/** By the command, word for word: an expression that fits several decides nothing. */
function ownersByCommand({ argv, cwd }: Seen, { env, programs }: RivalPorts): ReadonlySet<string> {
  const owners = new Set<string>();
  for (const program of programs()) {
    if (program.useshell || program.argv.at(-1) !== argv.at(-1)) continue;
    const rule = { kind: "command", candidates: [program.argv] } as const;
    const exact = pattern(rule, program, searchPath(program, env));
    const isHere = exact.folder === undefined || exact.folder === cwd;
    if (isHere && exact.matches(argv)) owners.add(program.name);
  }
  return owners;
}

/** Of those that match it: the ones in whose folder it stands. */
function ownersByFolder({ cwd, argv }: Seen, { env, programs }: RivalPorts): ReadonlySet<string> {
  const owners = new Set<string>();
  if (cwd === "/") return owners; // any daemon may have gone there
  for (const program of programs()) {
    if (realFolder(program) !== cwd) continue;
    if (pattern(program.match, program, searchPath(program, env)).matches(argv)) {
      owners.add(program.name);
    }
  }
  return owners;
}

function whereAndWhat(pid: Pid, proc: RivalPorts["proc"]): Seen | undefined {
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
