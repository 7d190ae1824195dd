import { isGroup, signalGroupByNumber } from "../../proc/polling.ts";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import { isDead } from "../../proc/stat.ts";
import type { ProcessWatch } from "../../proc/watch.ts";
import { monotonicMs, sleep, within } from "../clock.ts";
import type { Exit } from "../../proc/exit.ts";
import type { Host } from "./host.ts";
import type { TableEntry } from "./process-judge.ts";

/** What it took to end a process. */
export type StopOutcome =
  | { readonly kind: "not-running" }
  | {
      readonly kind: "terminated" | "killed";
      readonly exit: Exit;
      /** From the first signal to the end, in ms. */
      readonly tookMs: number;
      /** How many processes of its group were ended after it. */
      readonly leftBehind: number;
    }
  /** In uninterruptible sleep (state D) a process outlives SIGKILL until its I/O returns. */
  | { readonly kind: "stuck"; readonly state: string };

/** How long a process may outlive SIGKILL before it is called stuck. */
const KILL_GRACE_MS = 5000;

/**
 * SIGTERM to `target`, SIGKILL after `termToKillMs`; then the same for what it left behind in its
 * process group, if that group is its own: `target` leads it, or `launched` does, which we made.
 */
export async function stop(
  target: ProcessRef,
  launched: ProcessRef | undefined,
  termToKillMs: number,
  host: Host,
  signal?: AbortSignal,
): Promise<StopOutcome> {
  const began = monotonicMs();
  // A child of ours that is dead may still be watched: its exit is to be told to who looks after it.
  const lives = sameProcess(host.proc.alive(target.pid), target);
  using watch = lives ? host.watcher().open(target) : undefined;
  if (watch === undefined) {
    await endOwnGroup(launched, termToKillMs, host, { signal, isSession: true });
    return { kind: "not-running" };
  }
  const leader = groupLeader(target, launched, host);
  const end = await endProcess(watch, termToKillMs, signal);
  if (end === undefined) return { kind: "stuck", state: stateOf(target, host) };
  const tookMs = monotonicMs() - began;
  const patience = Math.max(0, termToKillMs - tookMs);
  const isSession = leader !== undefined && leader === launched;
  const leftBehind = await endOwnGroup(leader, patience, host, { signal, isSession });
  return { ...end, tookMs, leftBehind };
}

async function endProcess(
  watch: ProcessWatch,
  termToKillMs: number,
  signal: AbortSignal | undefined,
): Promise<{ kind: "terminated" | "killed"; exit: Exit } | undefined> {
  if (!watch.signal("SIGTERM")) return { kind: "terminated", exit: await watch.exited };
  watch.signal("SIGCONT"); // a stopped process would keep SIGTERM until somebody wakes it
  const polite = await within(watch.exited, termToKillMs, signal);
  if (polite !== undefined) return { kind: "terminated", exit: polite };
  watch.signal("SIGKILL");
  const exit = await within(watch.exited, KILL_GRACE_MS, signal);
  return exit === undefined ? undefined : { kind: "killed", exit };
}

/** Who leads the group of `target`, if the group is the program's own. */
function groupLeader(
  target: ProcessRef,
  launched: ProcessRef | undefined,
  host: Host,
): ProcessRef | undefined {
  if (launched !== undefined && sameProcess(launched, target)) return launched; // for all its life
  const stat = statIfAny(host.proc, target.pid);
  if (stat === undefined) return undefined; // gone while we looked
  const { pgrp, session } = stat;
  if (pgrp === target.pid) return target;
  // What we launched leads a session of its own; a group of that number elsewhere is another's.
  return pgrp === launched?.pid && session === pgrp ? launched : undefined;
}

/** How a group is ended. */
export interface EndGroupOptions {
  readonly signal?: AbortSignal | undefined;
  /** The leader led a session of that number, too: we launched it. */
  readonly isSession?: boolean;
  /** Since when nothing more can have been born of the leader, on our clock; else now. */
  readonly since?: number;
}

/**
 * Ends the rest of the group that `leader` led: SIGTERM, and SIGKILL after `termToKillMs`.
 *
 * @returns how many processes were found there
 */
export async function endOwnGroup(
  leader: ProcessRef | undefined,
  termToKillMs: number,
  host: Host,
  options: EndGroupOptions = {},
): Promise<number> {
  const { signal, isSession = false, since } = options;
  if (leader === undefined || !isGroup(leader.pid)) return 0;
  const rest = await members(leader, host, isSession, since);
  if (rest.length === 0) return 0;
  signalGroupByNumber(host.proc, leader, "SIGTERM");
  const end = monotonicMs() + termToKillMs;
  for (let pauseMs = 2; monotonicMs() < end; pauseMs = Math.min(100, pauseMs * 2)) {
    await sleep(Math.min(pauseMs, Math.max(1, end - monotonicMs())), signal);
    if ((await members(leader, host, isSession)).length === 0) return rest.length;
  }
  signalGroupByNumber(host.proc, leader, "SIGKILL");
  return rest.length;
}

/** The living members of the group, `leader` included. Zombies only wait for their parent. */
async function members(
  leader: ProcessRef,
  host: Host,
  isSession: boolean,
  since?: number,
): Promise<readonly ProcessRef[]> {
  const now = host.proc.alive(leader.pid);
  if (now !== undefined && !sameProcess(now, leader)) return []; // the number is another's
  const isMember = (one: Pick<TableEntry, "pgrp" | "session">): boolean =>
    one.pgrp === leader.pid && (!isSession || one.session === leader.pid);
  const all = await host.table.sweepSoon(since);
  const others = all
    .filter(({ ref, pgrp, session }) => {
      if (ref.pid === leader.pid || (pgrp !== leader.pid && session !== leader.pid)) return false;
      const stat = statIfAny(host.proc, ref.pid);
      return stat?.startTime === ref.startTime && !isDead(stat) && isMember(stat);
    })
    .map(({ ref }) => ref);
  return now === undefined ? others : [leader, ...others];
}

function stateOf(target: ProcessRef, host: Host): string {
  return statIfAny(host.proc, target.pid)?.state ?? "?";
}
