import { sameProcess } from "../../proc/pid.ts";
import { shorten } from "../lib/format.ts";
import type { LifecyclePorts } from "./ports.ts";
import { relation } from "../identity/lineage.ts";
import { bearsLaunch, offspring } from "../identity/offspring.ts";
import { markOf, knownMark } from "../identity/mark.ts";
import type { ProgramRecord } from "../state/record.ts";
import type { TableEntry } from "../identity/process-classifier.ts";

/** Number of processes that are named. */
const MOST_TOLD = 3;
/** Highest number of programs whose leftovers are looked for at once: each takes a look at all processes. */
export const FEW = 5;

/** What is left out. */
interface But {
  /** Pids that are reported elsewhere. */
  readonly but?: ReadonlySet<number>;
  /** What runs now: its descendants are no stragglers. */
  readonly launch?: string | undefined;
  /** What was seen lately, where that will do: of all own processes, those that may be meant. */
  readonly among?: readonly TableEntry[];
  /** A launch that is on record no more, and was the program's, whatever it was called then. */
  readonly former?: string | undefined;
}

/**
 * What stems from earlier launches of a program, in sessions of its own (dumb-init puts its child into
 * one): it is not ended with the program, and may keep its port. Takes one read for each own process that
 * stands in the session of no program.
 */
export function stragglers(
  name: string,
  host: LifecyclePorts,
  { but, launch, among, former }: But = {},
): readonly TableEntry[] {
  const isOfFormer = ({ ref }: TableEntry): boolean =>
    former !== undefined && knownMark(ref, host)?.launch === former;
  const isOfEarlier = ({ ref }: TableEntry): boolean => {
    const mark = markOf(host.proc, ref.pid);
    return mark?.home === host.home && mark.launch !== launch;
  };
  // For a few that were seen lately, the mark comes first: who owns them may take a look at all records.
  const all = among?.filter(isOfEarlier) ?? host.table.scan({ thorough: true });
  return all
    .filter(({ ref }) => but?.has(ref.pid) !== true && host.ownerOf(ref) === undefined)
    .filter(({ session }) => host.ownerOfSession(session) === undefined)
    .filter((one) => among !== undefined || isOfEarlier(one))
    .filter((one) => isOfFormer(one) || relation(one.ref, name, host) === "own");
}

/** The same in words, one line each. */
export function describeStragglers(
  name: string,
  host: LifecyclePorts,
  but?: But,
): readonly string[] {
  return describeRunOn(stragglers(name, host, but), "an earlier start of it");
}

/** Of a program that does not run: what lives in the session of its last launch, or below it. */
export function leftOfLast(
  { launch, launched, image, session }: ProgramRecord,
  host: Pick<LifecyclePorts, "proc" | "table">,
): readonly TableEntry[] {
  if (launched === undefined) return [];
  const all = host.table.scan();
  const isNear = (one: TableEntry): boolean =>
    one.session === launched.pid || one.session === session || one.ppid === launched.pid;
  if (!all.some(isNear)) return []; // of a thousand programs that are down, hardly one has left something
  const its = offspring({ launch, launched, image, session }, all);
  // Somebody else may have got its pid, and the session of that number, when all had ended.
  return its.filter(({ ref }) => bearsLaunch(ref, { launch, image }, host.proc));
}

/** The same in words, one line each. */
export function describeLeft(left: readonly TableEntry[]): readonly string[] {
  return tell(left, "is left of its last start: a start ends it first, and usrsvc stop does");
}

/** In words, one line each: processes that stem from `origin`, and run on. */
export function describeRunOn(left: readonly TableEntry[], origin: string): readonly string[] {
  return describe(left, `${origin}, in a session of its own`);
}

function describe(left: readonly TableEntry[], origin: string): readonly string[] {
  return tell(left, `stems from ${origin}, and keeps running`);
}

/** The first few, one line each. */
function tell(left: readonly TableEntry[], what: string): readonly string[] {
  return left.slice(0, MOST_TOLD).map(({ ref, argv }) => {
    const words = shorten(argv.join(" ").trim(), 60);
    return `process ${ref.pid} (${words}) ${what}`;
  });
}

/** What a look shows of launches, by their ids and by the names that their programs had. */
export interface Marked {
  readonly byLaunch: ReadonlyMap<string, readonly TableEntry[]>;
  readonly byName: ReadonlyMap<string, readonly TableEntry[]>;
}

/** All own processes that bear a mark of this usrsvc. */
export function markedProcesses(host: Pick<LifecyclePorts, "table" | "proc" | "home">): Marked {
  const byLaunch = new Map<string, TableEntry[]>();
  const byName = new Map<string, TableEntry[]>();
  for (const one of host.table.scan()) {
    const mark = knownMark(one.ref, host);
    if (mark?.home !== host.home) continue;
    add(byLaunch, mark.launch, one);
    add(byName, mark.program, one);
  }
  return { byLaunch, byName };
}

function add(to: Map<string, TableEntry[]>, key: string, one: TableEntry): void {
  const known = to.get(key);
  if (known === undefined) to.set(key, [one]);
  else known.push(one);
}

/**
 * Before a launch of a program that has nothing on record, and does not run: what runs on of a launch whose
 * record was lost, in words, one line each. Nobody knows which of them are still wanted.
 */
export function describeStrays(
  name: string,
  marked: Marked,
  host: LifecyclePorts,
): readonly string[] {
  const strays = (marked.byName.get(name) ?? []).filter(
    ({ ref }) => sameProcess(host.proc.alive(ref.pid), ref) && relation(ref, name, host) === "own",
  );
  return describe(strays, "an earlier start of it, which is on record no more");
}
