import { executables, namedFiles, searchPath } from "./executables.ts";
import type { ProcessRef } from "../../proc/pid.ts";
import type {
  FaultyProgram,
  ProgramSettings,
  Settings,
  StopLasts,
  StopSettings,
} from "../config/settings.ts";
import type { IdentityPorts } from "./ports.ts";
import { type Kin, type Tell, tellOf } from "./finding.ts";
import type { Found } from "./found.ts";
import { identify } from "./identify.ts";
import type { IdentifyPorts } from "./identify-ports.ts";
import { pattern, type Pattern } from "./match.ts";
import type { ScanOptions } from "./process-table.ts";
import type { ProgramRecord } from "../state/record.ts";
import { readRecord } from "../state/record-file.ts";
import { lastLaunch, launchOf } from "./launch-of.ts";
import { isOfRetired, type Relation, relation } from "./lineage.ts";
import { knownMark } from "./mark.ts";
import { isCopy } from "./offspring.ts";
import { isOnlyLogOf } from "./log-owners.ts";
import { tellOthers } from "./scan.ts";

/** One program as far as it can be looked for and stopped: a faulty one, too. */
export interface Program {
  readonly name: string;
  readonly enabled: boolean;
  /** How it is ended. */
  readonly ending: StopSettings;
  readonly stopLasts: StopLasts;
  readonly pidfile: string | undefined;
  readonly autopid: boolean;
  readonly pattern: Pattern;
  readonly scanForProcess: boolean;
  /** All settings; undefined for a faulty program, which cannot be started. */
  readonly settings: ProgramSettings | undefined;
  /** It keeps running, but is in no configuration file any more. */
  readonly isRemoved?: true;
}

const nothing: Pattern = {
  matches: () => false,
  doesWork: () => false,
  description: "(faulty settings)",
  isLaunched: false,
  isShell: false,
  folder: undefined,
  endings: [],
};
const DEFAULT_TERM_TO_KILL_MS = 8000;

/** A program of the configuration, made ready to be looked for. */
export function programOf(settings: ProgramSettings, host: Pick<IdentityPorts, "env">): Program {
  const { name, enabled, stopLasts, pidfile, autopid, scanForProcess } = settings;
  return {
    name,
    enabled,
    ending: settings,
    stopLasts,
    pidfile,
    autopid,
    scanForProcess,
    pattern: pattern(settings.match, settings, searchPath(settings, host.env)),
    settings,
  };
}

/** A faulty program: what is known of it is used, the rest has its default. */
export function faultyProgram({ name, known }: FaultyProgram): Program {
  const { match, directory = "/", env = new Map(), useshell = false, command = "" } = known;
  // Its commands would get half an environment: without one, none is run (lifecycle/stop-plan.ts), or announced.
  const { env: _, stopCommand: _stopCommand, ...ending } = known;
  return {
    name,
    enabled: known.enabled ?? true,
    ending: { ...ending, termToKillMs: known.termToKillMs ?? DEFAULT_TERM_TO_KILL_MS },
    stopLasts: known.stopLasts ?? "boot",
    pidfile: known.pidfile,
    autopid: known.autopid ?? false, // what is not known to be ours is not written
    scanForProcess: known.scanForProcess ?? match !== undefined,
    pattern:
      match === undefined
        ? nothing
        : pattern(match, { directory, useshell, command }, env.get("PATH")),
    settings: undefined,
  };
}

/** A program that is only on record. */
export function removedProgram({ name, pidfile }: ProgramRecord): Program {
  return {
    name,
    enabled: true,
    ending: { termToKillMs: DEFAULT_TERM_TO_KILL_MS },
    stopLasts: "boot",
    pidfile,
    autopid: pidfile !== undefined,
    scanForProcess: false,
    pattern: { ...nothing, isLaunched: true }, // what was launched is it: nobody knows what else it was to be
    settings: undefined,
    isRemoved: true,
  };
}

/** The program of that name, faulty or not. */
export function findProgram(
  settings: Settings,
  name: string,
  host: Pick<IdentityPorts, "env">,
): Program | undefined {
  const program = settings.programs.get(name);
  if (program !== undefined) return programOf(program, host);
  const faulty = settings.faulty.get(name);
  return faulty === undefined ? undefined : faultyProgram(faulty);
}

/** How thorough a look is. */
export interface LookOptions extends ScanOptions {
  /** False: only the pidfile and the record are looked at. */
  readonly scan?: boolean;
  /** False: descendants of an earlier launch of the program are no candidates. */
  readonly heirs?: boolean;
  /** What is forked from a process with this `image` (proc/stat.ts) is no candidate. */
  readonly butCopiesOf?: number | undefined;
  /** Told why a process is the program or not, also of those that need not have been looked at. */
  readonly tell?: Tell | undefined;
}

/** True for a process that runs one of these files (real paths). */
export function runsOneOf(
  files: readonly string[],
  { pid }: ProcessRef,
  { proc }: Pick<IdentityPorts, "proc">,
): boolean {
  try {
    // Of one that was replaced on the disk since: it is the same program.
    return files.includes(proc.exe(pid).replace(/ \(deleted\)$/, ""));
  } catch {
    return false; // gone, or hidden
  }
}

/** Looks for the program's process by what is on record of it, for who has not read that. Changes nothing. */
export function lookNow(
  program: Program,
  host: IdentityPorts,
  options: LookOptions = {},
): { readonly record: ProgramRecord | undefined; readonly found: Found } {
  const { record } = readRecord(host.state, program.name, host.proc.bootId());
  return { record, found: lookFor(program, record, host, options) };
}

/** Looks for the program's process, now. Changes nothing. */
export function lookFor(
  program: Program,
  record: ProgramRecord | undefined,
  host: IdentityPorts,
  options: LookOptions = {},
): Found {
  const { pidfile = "", autopid, scanForProcess, pattern: its } = program;
  const ports = portsOf(program, record, host, options);
  const found = identify({ pidfile, autopid, scanForProcess }, its, record, ports);
  const { tell } = options;
  if (tell !== undefined && found.kind === "running" && found.via !== "scan") {
    tell({ about: "search", how: "needless" });
    tellOthers(its, record, ports, ports.processes?.() ?? []);
  }
  return found;
}

/** What a look for this program asks of the host. */
function portsOf(
  program: Program,
  record: ProgramRecord | undefined,
  host: IdentityPorts,
  { scan = true, heirs = true, butCopiesOf, tell, ...options }: LookOptions,
): IdentifyPorts {
  // A start that was broken off may have forked since the last look through the processes.
  const look = record?.state === "starting" ? { ...options, maxAgeMs: 0 } : options;
  return {
    proc: host.proc,
    tell,
    get uid() {
      return process.getuid?.() ?? 0;
    },
    processes: scan ? () => host.table.scan(look) : undefined,
    relation(ref) {
      let kin: Kin | undefined;
      const tellKin = tell && ((why: Kin) => void (kin = why));
      const is = (kind: Relation, why = kin): Relation => {
        if (tell !== undefined) tellOf(tell, ref, { kind: "kin", relation: kind, kin: why });
        return kind;
      };
      const known = relation(ref, program.name, host, tellKin);
      // The daemon of a start that was broken off may have written a title over its mark.
      const isStarted = known === "free" && record?.state === "starting";
      const isCopied = isStarted && isCopy(ref, record.image, host.proc);
      const kind = isCopied ? "own" : known;
      // A program with launches of its own does not continue as what is left of a section that is gone.
      if (kind === "free" && record?.launch !== undefined && isOfRetired(ref, program.name, host)) {
        return is("other", { by: "retired" });
      }
      const isOut = kind === "own" ? !heirs : isCopy(ref, butCopiesOf, host.proc);
      return isOut ? is("other") : is(kind, isCopied ? { by: "copy" } : kin);
    },
    launchOf: (ref) => (heirs ? launchOf(ref, program.name, host) : undefined),
    lastLaunch: () => (heirs ? lastLaunch(program.name, host) : undefined),
    ownerOf: host.ownerOf,
    executes(ref) {
      const { settings } = program;
      if (settings === undefined) return false;
      return runsOneOf(executables(settings, searchPath(settings, host.env)), ref, host);
    },
    writesItsLog(ref) {
      const { settings } = program;
      const { programs } = host;
      if (!heirs || settings === undefined || programs === undefined) return false;
      if (knownMark(ref, host) !== undefined) return false;
      if (!isOnlyLogOf(settings, ref.pid, programs)) return false;
      return runsOneOf(namedFiles(settings, searchPath(settings, host.env)), ref, host);
    },
  };
}
