import { sameProcess } from "../../proc/pid.ts";
import { shorten } from "../lib/format.ts";
import type { LifecyclePorts } from "./ports.ts";
import { knownMark, relation } from "../identity/lineage.ts";
import { markOf } from "../identity/mark.ts";
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
  /** What was seen lately, where that will do: of all own processes, those that bear the program's mark. */
  readonly among?: readonly TableEntry[];
}

/**
 * What stems from earlier launches of a program, in sessions of its own (dumb-init puts its child into
 * one): it is not ended with the program, and may keep its port. Takes one read for each own process that
 * stands in the session of no program.
 */
export function stragglers(
  name: string,
  host: LifecyclePorts,
  { but, launch, among }: But = {},
): readonly TableEntry[] {
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
    .filter(({ ref }) => relation(ref, name, host) === "own");
}

/** The same in words, one line each. */
export function describeStragglers(
  name: string,
  host: LifecyclePorts,
  but?: But,
): readonly string[] {
  return describeRunOn(stragglers(name, host, but), "an earlier start of it");
}

/** In words, one line each: processes that descend from `origin`, and still run. */
export function describeRunOn(left: readonly TableEntry[], origin: string): readonly string[] {
  return describe(left, `${origin}, in a session of its own`);
}

function describe(left: readonly TableEntry[], origin: string): readonly string[] {
  return left.slice(0, MOST_TOLD).map(({ ref, argv }) => {
    const words = shorten(argv.join(" ").trim(), 60);
    return `process ${ref.pid} (${words}) stems from ${origin}, and runs on`;
  });
}

/** What a look shows of launches, by the name of the program. */
export type Marked = ReadonlyMap<string, readonly TableEntry[]>;

/** All own processes that bear a mark of this usrsvc. */
export function markedProcesses(host: Pick<LifecyclePorts, "table" | "proc" | "home">): Marked {
  const all = new Map<string, TableEntry[]>();
  for (const one of host.table.scan()) {
    const mark = knownMark(one.ref, host);
    if (mark?.home !== host.home) continue;
    const known = all.get(mark.program);
    if (known === undefined) all.set(mark.program, [one]);
    else known.push(one);
  }
  return all;
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
  const strays = (marked.get(name) ?? []).filter(
    ({ ref }) => sameProcess(host.proc.alive(ref.pid), ref) && relation(ref, name, host) === "own",
  );
  return describe(strays, "an earlier start of it, which is on record no more");
}
