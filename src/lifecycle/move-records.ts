import { sameProcess } from "../../proc/pid.ts";
import { monotonicMs } from "../lib/clock.ts";
import type { LifecyclePorts } from "./ports.ts";
import { moveHolds } from "../state/hold-file.ts";
import { type Lock, programLock, waitLock } from "../state/lock.ts";
import { emptyRecord, type ProgramRecord } from "../state/record.ts";
import { readRecord, writeRecord } from "../state/record-file.ts";
import { renamed } from "../state/record-facts.ts";
import { checkStateDir } from "../state/state-dir.ts";
import type { Move } from "./renamed.ts";

/* What was found to go by another name (renamed.ts) gets it, as far as nobody is at work on it. */

/** Longest wait for all who are at work on some of them, in ms: they may be about to finish. */
const PATIENCE_MS = 200;

/** What the records would be after the moves; undefined: nothing is known of it any more. */
export function movedRecords(
  moves: readonly Move[],
  host: LifecyclePorts,
): ReadonlyMap<string, ProgramRecord | undefined> {
  return new Map<string, ProgramRecord | undefined>([
    ...moves.map(({ from }) => [from, undefined] as const),
    ...moves.map(({ to, record }) => [to, renamed(record, to, host)] as const),
  ]);
}

/** Notes the moves for what is looked at from here; on disk all stays as it is. */
export function claimMoves(
  after: ReadonlyMap<string, ProgramRecord | undefined>,
  host: LifecyclePorts,
): void {
  for (const name of after.keys()) host.claim(name, undefined);
  for (const [name, record] of after) if (record !== undefined) host.claim(name, record);
}

/**
 * Moves the records, each under the locks of all that it hangs together with: two that were swapped, for
 * example. Where somebody is at work on one, or has been since, all stays as it is: they are `left`, until they
 * are looked for again.
 */
export async function applyMoves(
  moves: readonly Move[],
  host: LifecyclePorts,
): Promise<{ readonly made: readonly Move[]; readonly left: readonly Move[] }> {
  const end = monotonicMs() + PATIENCE_MS;
  const made: Move[] = [];
  const left: Move[] = [];
  for (const group of together(moves)) {
    const isWaiting = group.some(({ isPassing }) => isPassing);
    const isMade = !isWaiting && (await applyTogether(group, host, end));
    (isMade ? made : left).push(...group);
  }
  return { made, left };
}

/** All programs that a move takes something from, or gives something. */
export function namesOf(moves: readonly Move[]): ReadonlySet<string> {
  return new Set(moves.flatMap(({ from, to }) => [from, to]));
}

/** Those that can only be made at once. */
export function together(moves: readonly Move[]): readonly (readonly Move[])[] {
  let groups: readonly (readonly Move[])[] = [];
  for (const move of moves) {
    const touches = (group: readonly Move[]): boolean =>
      [move.from, move.to].some((name) => namesOf(group).has(name));
    const joined = groups.filter(touches).flat();
    groups = [...groups.filter((group) => !touches(group)), [...joined, move]];
  }
  return groups;
}

async function applyTogether(
  found: readonly Move[],
  host: LifecyclePorts,
  end: number,
): Promise<boolean> {
  const locks = new Map<string, Lock>();
  checkStateDir(host.state);
  try {
    for (const name of [...namesOf(found)].toSorted()) {
      const path = programLock(host.state, name);
      const lock = await waitLock(path, Math.max(0, end - monotonicMs()), undefined);
      if (lock === undefined) return false;
      locks.set(name, lock);
    }
    const moves = found.flatMap((move) => asItIs(move, host) ?? []);
    if (moves.length < found.length) return false;
    const after = movedRecords(moves, host);
    const noteOf = new Map(moves.map(({ from, to }) => [to, locks.get(from)?.note ?? ""]));
    // First what is there in the end: were we killed, two records would name a process, and none is lost.
    const filled = [...after].toSorted(([, a], [, b]) => Number(!a) - Number(!b));
    for (const [name, record] of filled) {
      locks.get(name)?.writeNote(noteOf.get(name) ?? "");
      writeRecord(host.state, record ?? emptyRecord(name, host.proc.bootId()));
    }
    moveHolds(host.state, moves);
    claimMoves(after, host);
    return true;
  } finally {
    for (const lock of locks.values()) lock[Symbol.dispose]();
  }
}

/** With the record as whoever was at work on it has left it; undefined: it is not that process any more. */
function asItIs(move: Move, host: LifecyclePorts): Move | undefined {
  const { process } = move.record;
  const { record } = readRecord(host.state, move.from, host.proc.bootId());
  const isSame = process === undefined ? !record?.process : sameProcess(record?.process, process);
  if (record === undefined || !isSame) return undefined;
  return record.state === "stopping" ? undefined : { ...move, record };
}
