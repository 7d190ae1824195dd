import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import { isDead } from "../../proc/stat.ts";
import { isGroup, signalGroupByNumber } from "../../proc/system/polling.ts";
import type { TableEntry } from "../identity/process-classifier.ts";
import { monotonicMs, sleep } from "../lib/clock.ts";
import type { LifecyclePorts } from "./ports.ts";
import { signalOne } from "./signal-one.ts";
import type { OwnGroup, StopSteps } from "./stop-plan.ts";

/** How a group is ended. */
export interface EndGroupOptions {
  readonly signal?: AbortSignal | undefined;
  /** The leader led a session of that number, too: we launched it. */
  readonly isSession?: boolean;
  /** Since when nothing more can have been born of the leader, on our clock; else now. */
  readonly since?: number | undefined;
}

/**
 * Ends the rest of the group that `leader` led, or of its session. In a session there may be groups besides:
 * timeout(1) makes one, and so does a shell with job control.
 *
 * @returns how many processes were found there
 */
export async function endOwnGroup(
  leader: ProcessRef | undefined,
  steps: StopSteps,
  host: LifecyclePorts,
  options: EndGroupOptions = {},
): Promise<number> {
  const { signal, isSession = false, since } = options;
  if (leader === undefined || (!isSession && !isGroup(leader.pid))) return 0;
  const all = await members(leader, host, isSession, since);
  const look = async (): Promise<readonly Member[]> => await members(leader, host, isSession);
  let left = all;
  for (const step of steps) {
    if (left.length === 0) break;
    signalMembers(left, leader, host, step.signal);
    // After the last one as well: what is started next would find its port taken.
    left = await untilNone(look, step.patienceMs, signal);
  }
  return all.length;
}

/** Ends several at once. */
export async function endGroups(
  groups: readonly OwnGroup[],
  steps: StopSteps,
  host: LifecyclePorts,
  options: Pick<EndGroupOptions, "signal" | "since">,
): Promise<number> {
  const counts = await Promise.all(
    groups.map(
      async ({ leader, isSession }) =>
        await endOwnGroup(leader, steps, host, { ...options, isSession }),
    ),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Signals all members of several at once, and yields them. One that was stopped is woken, but for SIGKILL. */
export async function signalGroups(
  groups: readonly OwnGroup[],
  signal: NodeJS.Signals,
  host: LifecyclePorts,
): Promise<readonly ProcessRef[]> {
  const all = await membersOf(groups, host);
  const told = groups.filter(({ leader }) => all.some(({ pgrp }) => pgrp === leader.pid));
  for (const { leader } of told) signalGroupByNumber(host.proc, leader, signal);
  for (const { ref, pgrp } of all) {
    if (!told.some(({ leader }) => leader.pid === pgrp)) signalOne(ref, signal, host);
  }
  return all.map(({ ref }) => ref);
}

/** The living members of several, each once. */
export async function groupMembers(
  groups: readonly OwnGroup[],
  host: LifecyclePorts,
): Promise<readonly ProcessRef[]> {
  return (await membersOf(groups, host)).map(({ ref }) => ref);
}

async function membersOf(
  groups: readonly OwnGroup[],
  host: LifecyclePorts,
): Promise<readonly Member[]> {
  const all = await Promise.all(
    groups.map(async ({ leader, isSession }) => await members(leader, host, isSession)),
  );
  return [...new Map(all.flat().map((one) => [one.ref.pid, one])).values()];
}

/** Looks again and again for `ms`: yields what is left then. */
async function untilNone(
  left: () => Promise<readonly Member[]>,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<readonly Member[]> {
  const end = monotonicMs() + ms;
  for (let pauseMs = 2; monotonicMs() < end; pauseMs = Math.min(100, pauseMs * 2)) {
    await sleep(Math.min(pauseMs, Math.max(1, end - monotonicMs())), signal);
    if ((await left()).length === 0) return [];
  }
  return await left();
}

function signalMembers(
  members: readonly Member[],
  leader: ProcessRef,
  host: LifecyclePorts,
  signal: NodeJS.Signals,
): void {
  signalGroupByNumber(host.proc, leader, signal);
  for (const { ref, pgrp } of members) if (pgrp !== leader.pid) signalOne(ref, signal, host);
}

/** One that is in a session or group. */
type Member = Pick<TableEntry, "ref" | "pgrp">;

/** The living members of the group, or session, `leader` included. Zombies only wait for their parent. */
async function members(
  leader: ProcessRef,
  host: LifecyclePorts,
  isSession: boolean,
  since?: number,
): Promise<readonly Member[]> {
  const now = host.proc.alive(leader.pid);
  if (now !== undefined && !sameProcess(now, leader)) return []; // the number is another's
  const all = await host.table.scanSoon(since);
  const others = all.flatMap(({ ref, pgrp, session }): readonly Member[] => {
    if (ref.pid === leader.pid || ref.pid === process.pid) return [];
    if (pgrp !== leader.pid && session !== leader.pid) return [];
    const stat = statIfAny(host.proc, ref.pid);
    if (stat?.startTime !== ref.startTime || isDead(stat)) return [];
    const isMember = (isSession ? stat.session : stat.pgrp) === leader.pid;
    return isMember ? [{ ref, pgrp: stat.pgrp }] : [];
  });
  return now === undefined ? others : [{ ref: leader, pgrp: leader.pid }, ...others];
}
