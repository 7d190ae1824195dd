import { ProcError } from "../../proc/error.ts";
import type { ProcessRef } from "../../proc/pid.ts";
import type { ProgramSettings, Settings } from "../config/settings.ts";
import { isSameFile } from "../lib/same-file.ts";
import { workerOn } from "../state/at-work.ts";
import { runDigest, settingsDigest } from "../state/digest.ts";
import type { LifecyclePorts } from "./ports.ts";
import { recordedProcess } from "../identity/recorded.ts";
import type { ProgramRecord } from "../state/record.ts";
import { readRecord, recordedName, recordFiles } from "../state/record-file.ts";
import { fileStem } from "../state/state-dir.ts";
import { leftOfLast } from "./stragglers.ts";
import { programOf } from "../identity/program.ts";

/*
 * Sections that were renamed while their programs run, where the old name means another program by now:
 * two that were swapped, for example. What was launched stays with the section that says so: its record
 * moves to that name. Where that cannot be known, all stays as it is.
 */

/** The process of one name is that of another name by now. */
export interface Move {
  readonly from: string;
  readonly to: string;
  /** The record of `from`, as it is. */
  readonly record: ProgramRecord;
  /** Another actor is ending `from`, or has yet to start it again: before that there is nothing to move. */
  readonly isPassing?: true;
  /** It does not run: why its record is worth something all the same. */
  readonly rest?: Rest;
}

/** What is left of a program that does not run: processes of its session, or that it was stopped. */
type Rest = "processes" | "stop";

type Programs = ReadonlyMap<string, ProgramSettings>;

/** The configuration as it was. */
export interface Before {
  readonly has: (name: string) => boolean;
  /** What a program ran (runDigest); undefined: there was none of the name. */
  readonly runOf: (name: string) => string | undefined;
}

/** The same of programs as they were read. */
export function asBefore(programs: Programs): Before {
  return {
    has: (name) => programs.has(name),
    runOf(name) {
      const program = programs.get(name);
      return program && runDigest(program);
    },
  };
}

/**
 * Whose processes go by another name in the configuration as it is now. Looks only.
 *
 * @param before the configuration as it was, where that is known; else the records tell what a program was
 */
export function findMoves(
  programs: Programs,
  records: ReadonlyMap<string, ProgramRecord>,
  host: LifecyclePorts,
  before?: Before,
): readonly Move[] {
  const strays = new Map<string, Stray>();
  for (const record of records.values()) {
    const stray = strayOf(record, programs.get(record.name), host);
    if (stray !== undefined) strays.set(record.name, stray);
  }
  if (strays.size === 0) return [];
  const lives = new Set<string>();
  for (const [name, record] of records) {
    if (!strays.has(name) && recordedProcess(record, host.proc) !== undefined) lives.add(name);
  }
  const places = [...programs.values()].filter(({ name }) => !lives.has(name));
  const taken = new Set<string>();
  const moves = [...strays.values()].flatMap((stray): readonly Move[] => {
    const fits = (place: ProgramSettings): boolean =>
      place.name !== stray.record.name && !taken.has(place.name);
    const to =
      places.find(
        (place) =>
          fits(place) &&
          runDigest(place) === stray.run &&
          (strays.has(place.name) || isOtherThanBefore(place, records, before)),
      ) ?? onlyByWords(stray, places.filter(fits), strays, records, host);
    if (to === undefined) return [];
    // Asked last, since that takes a while.
    const how = readinessOf(stray, host, before);
    if (how === undefined) return [];
    taken.add(to.name);
    const { record } = stray;
    return [{ from: record.name, to: to.name, record, ...how }];
  });
  return withoutCrowding(moves, strays);
}

/** A process that is not what the section of its name says. */
interface Stray {
  readonly record: ProgramRecord;
  /** Undefined: it has ended, and may be about to be started again. */
  readonly process: ProcessRef | undefined;
  readonly isPassing: boolean;
  /** What was launched; undefined: it was found. */
  readonly run: string | undefined;
  /** What its name means now; undefined: nothing, and who looks for it by its words finds it. */
  readonly program: ProgramSettings | undefined;
}

function strayOf(
  record: ProgramRecord,
  program: ProgramSettings | undefined,
  host: LifecyclePorts,
): Stray | undefined {
  const { config, digest, state } = record;
  if (config !== undefined && !isSameFile(config, host.config)) return undefined;
  if (program !== undefined && digest === settingsDigest(program)) return undefined;
  const process = recordedProcess(record, host.proc);
  const isPassing = process === undefined || state === "stopping";
  // What was found may be another's than what was launched last.
  const isFound = digest === undefined || record.via === "scan";
  const run = isFound && process !== undefined ? undefined : record.run;
  if (process === undefined && run === undefined) return undefined;
  if (program !== undefined) {
    if (run !== undefined && run === runDigest(program)) return undefined;
    if (run === undefined && matches(process, program, host)) return undefined;
  }
  return { record, process, isPassing, run, program };
}

/** In which way it can move; undefined: there is nothing to move. */
function readinessOf(
  stray: Stray,
  host: LifecyclePorts,
  before: Before | undefined,
): Pick<Move, "isPassing" | "rest"> | undefined {
  if (!stray.isPassing) return {};
  if (workerOn(stray.record.name, host) !== undefined) return { isPassing: true };
  // Where nobody works on it any more, it is what it seems to be.
  const rest = restOf(stray, host, before);
  return rest && { rest };
}

/**
 * What a section that is there no more has left, and its new one has to know: its processes would keep its
 * port, and who stopped it wants it down. (What was stopped long before it got a new name was not renamed.)
 */
function restOf(
  { record, process, program }: Stray,
  host: LifecyclePorts,
  before: Before | undefined,
): Rest | undefined {
  if (process !== undefined || program !== undefined) return undefined;
  if (leftOfLast(record, host).length > 0) return "processes";
  return record.desired === "down" && before?.has(record.name) === true ? "stop" : undefined;
}

/** The name meant something else before, or nothing: one of several equal programs does not take over another's. */
function isOtherThanBefore(
  place: ProgramSettings,
  records: ReadonlyMap<string, ProgramRecord>,
  before: Before | undefined,
): boolean {
  if (before !== undefined) return before.runOf(place.name) !== runDigest(place);
  return records.get(place.name)?.run !== runDigest(place);
}

/** Renamed and changed in one, or found and not launched: its words fit one new section, and no more its own, if that is there. */
function onlyByWords(
  { process, program }: Stray,
  places: readonly ProgramSettings[],
  strays: ReadonlyMap<string, Stray>,
  records: ReadonlyMap<string, ProgramRecord>,
  host: LifecyclePorts,
): ProgramSettings | undefined {
  if (program !== undefined && matches(process, program, host)) return undefined;
  const fitting = places.filter(
    (place) =>
      (strays.has(place.name) || !records.has(place.name)) && matches(process, place, host),
  );
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** True where the words, and the folder if they need one, are those of the program. */
function matches(
  process: ProcessRef | undefined,
  program: ProgramSettings,
  host: LifecyclePorts,
): boolean {
  if (process === undefined) return false;
  const { pid } = process;
  const { pattern } = programOf(program, host);
  try {
    if (!pattern.matches(host.proc.cmdline(pid))) return false;
    return pattern.folder === undefined || pattern.folder === host.proc.cwd(pid);
  } catch (error) {
    if (error instanceof ProcError) return false; // gone, or hidden
    throw error;
  }
}

/** Takes out what would lead to a name whose own process goes nowhere. */
function withoutCrowding(
  moves: readonly Move[],
  strays: ReadonlyMap<string, Stray>,
): readonly Move[] {
  const leaving = new Set(moves.map(({ from }) => from));
  const left = moves.filter(({ to }) => !strays.has(to) || leaving.has(to));
  return left.length === moves.length ? moves : withoutCrowding(left, strays);
}

/** The records of this configuration: of its programs, and of those that it had. */
export function recordsOf(
  { programs, faulty }: Pick<Settings, "programs" | "faulty">,
  host: LifecyclePorts,
): ReadonlyMap<string, ProgramRecord> {
  const files = new Set(recordFiles(host.state));
  const records = new Map<string, ProgramRecord>();
  const boot = host.proc.bootId();
  const read = (name: string | undefined): void => {
    const record = name === undefined ? undefined : readRecord(host.state, name, boot).record;
    if (record !== undefined) records.set(record.name, record);
  };
  for (const name of programs.keys()) if (files.delete(`${fileStem(name)}.json`)) read(name);
  for (const name of faulty.keys()) files.delete(`${fileStem(name)}.json`); // nobody knows what it is
  for (const file of files) read(recordedName(host.state, file));
  return records;
}

/** In words, for people. */
export function describeMove({ from, to, rest, record: { process } }: Move): string {
  const renamed = `${to} was ${from} before its section was renamed`;
  if (rest === "stop") return `${renamed}, and stays stopped`;
  if (rest === "processes")
    return `${renamed}; processes of its last start live, and end before the next`;
  return `${to} goes on with pid ${process?.pid}, which was ${from} before its section was renamed`;
}
