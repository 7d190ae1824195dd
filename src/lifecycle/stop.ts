import { isGroup, signalGroupByNumber } from "../../proc/system/polling.ts";
import { type Pid, type ProcessRef, sameProcess, type Ticks } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import { isDead } from "../../proc/stat.ts";
import type { ProcessHandle } from "../../proc/system/process-handle.ts";
import { monotonicMs, sleep, within } from "../lib/clock.ts";
import type { Exit } from "../../proc/exit.ts";
import type { LifecyclePorts } from "./ports.ts";
import { type Launch, offspring } from "../identity/lineage.ts";
import type { TableEntry } from "../identity/process-classifier.ts";
import type { ProgramRecord } from "../state/record.ts";

/** What it took to end a process. */
export type StopOutcome =
  | {
      readonly kind: "not-running";
      /** How many processes of its sessions and groups were ended all the same. */
      readonly leftBehind: number;
    }
  | {
      readonly kind: "terminated" | "killed";
      readonly exit: Exit;
      /** From the first signal to the end, in ms. */
      readonly tookMs: number;
      /** How many processes of its sessions and groups were ended after it. */
      readonly leftBehind: number;
    }
  /** In uninterruptible sleep (state D) a process outlives SIGKILL until its I/O returns. */
  | { readonly kind: "stuck"; readonly state: string };

/** What is to be ended. */
export interface Target {
  /** The program's process; undefined: none is known, but something may be left of its launch. */
  readonly process: ProcessRef | undefined;
  /** Of a shell line: what does its work, and is signalled first. */
  readonly main?: ProcessRef | undefined;
  /** What was launched to become it, and leads a session that is the program's. */
  readonly launched: ProcessRef | undefined;
  /** Another session of the program. */
  readonly session?: number | undefined;
}

/** How it is ended. */
export interface StopOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Asked in the end: the program's process, should there be another by now. A wrapper may have started
   * one before it was ended itself.
   */
  readonly again?: () => ProcessRef | undefined;
  /** Since when nothing more can have been born of it, on our clock; else now. */
  readonly since?: number;
}

/** How long a process may outlive SIGKILL before it is called stuck. */
const KILL_GRACE_MS = 5000;

/** Longest duration of an exec, in ms. */
const EXEC_MS = 10;

/** Number of times that a program is ended that was started again meanwhile. */
const MOST_ROUNDS = 5;

/**
 * SIGTERM to the process, SIGKILL after `termToKillMs`; then the same for what it left behind in the
 * sessions and process groups that are the program's own: that of `launched`, which we made, one that it
 * leads itself, and `session`.
 */
export async function stop(
  target: Target,
  termToKillMs: number,
  host: LifecyclePorts,
  { signal, again, since }: StopOptions = {},
): Promise<StopOutcome> {
  const began = monotonicMs();
  const groups = ownGroups(target, host);
  const first = target.main ?? target.process;
  // A child of ours that is dead may still be watched: its exit is to be told to who looks after it.
  const lives = first !== undefined && sameProcess(host.proc.alive(first.pid), first);
  using watch = lives ? host.watcher().open(first) : undefined;
  if (first === undefined || watch === undefined) {
    return {
      kind: "not-running",
      leftBehind: await endGroups(groups, termToKillMs, host, { signal, since }),
    };
  }
  const end = await endProcess(watch, termToKillMs, signal);
  if (end === undefined) return { kind: "stuck", state: stateOf(first, host) };
  const tookMs = monotonicMs() - began;
  const patience = Math.max(0, termToKillMs - tookMs);
  let leftBehind = await endGroups(groups, patience, host, { signal });
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const another = again && (await askAgain(again, signal));
    if (another === undefined || sameProcess(another, first)) break;
    const more = await stop({ ...target, process: another, main: undefined }, termToKillMs, host, {
      signal,
    });
    if (more.kind === "stuck") return more;
    leftBehind += 1 + more.leftBehind;
  }
  return { ...end, tookMs, leftBehind };
}

/** Twice: in mid-exec a process shows neither its words nor whose it is. */
async function askAgain(
  again: () => ProcessRef | undefined,
  signal: AbortSignal | undefined,
): Promise<ProcessRef | undefined> {
  const first = again();
  if (first !== undefined) return first;
  await sleep(EXEC_MS, signal);
  return again();
}

async function endProcess(
  watch: ProcessHandle,
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

/**
 * Ends what is left of a program that does not run: workers of a dead master, a start that was broken off.
 *
 * @returns how many processes that were
 */
export async function endLeftOvers(
  { process, launched, launch, session, image, state }: ProgramRecord,
  termToKillMs: number,
  host: LifecyclePorts,
  signal?: AbortSignal,
): Promise<number> {
  const outcome = await stop(
    { process: undefined, launched: launched ?? process, session },
    termToKillMs,
    host,
    {
      signal,
    },
  );
  const count = outcome.kind === "stuck" ? 0 : outcome.leftBehind;
  if (state !== "starting" || launched === undefined) return count;
  const more = await endLaunch({ launch, launched, image }, [], termToKillMs, host, signal);
  return count + more.length;
}

/** A process group that is the program's own. */
interface OwnGroup {
  readonly leader: ProcessRef;
  /** The leader led a session of that number, too. */
  readonly isSession: boolean;
}

/** No process has it: the leader of a session that we know by its number only is gone. */
const NO_TIME = -1 as Ticks;

function ownGroups(
  { process, main, launched, session }: Target,
  host: LifecyclePorts,
): readonly OwnGroup[] {
  const groups: OwnGroup[] = [];
  if (launched !== undefined) groups.push({ leader: launched, isSession: true });
  for (const one of [main, process]) {
    if (one === undefined || groups.some(({ leader }) => sameProcess(leader, one))) continue;
    const stat = statIfAny(host.proc, one.pid); // undefined: gone while we looked
    if (stat?.pgrp === one.pid) groups.push({ leader: one, isSession: stat.session === one.pid });
  }
  const isNew = session !== undefined && !groups.some(({ leader }) => leader.pid === session);
  if (isNew) groups.push({ leader: leaderOfDead(session as Pid, host), isSession: true });
  return groups;
}

/** It may wait as a zombie for whoever reaps it; as long as anybody is in its session, nobody else has its pid. */
function leaderOfDead(pid: Pid, { proc }: LifecyclePorts): ProcessRef {
  const stat = statIfAny(proc, pid);
  return { pid, startTime: stat !== undefined && isDead(stat) ? stat.startTime : NO_TIME };
}

async function endGroups(
  groups: readonly OwnGroup[],
  patienceMs: number,
  host: LifecyclePorts,
  options: Pick<EndGroupOptions, "signal" | "since">,
): Promise<number> {
  const counts = await Promise.all(
    groups.map(
      async ({ leader, isSession }) =>
        await endOwnGroup(leader, patienceMs, host, { ...options, isSession }),
    ),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * Ends all that stems from a launch, in whatever session it is by now: SIGTERM, and SIGKILL after
 * `termToKillMs`. `seen`: what was seen of it, and may have lost all signs since.
 *
 * @returns what was there besides the launched process itself
 */
export async function endLaunch(
  launch: Launch,
  seen: Iterable<ProcessRef>,
  termToKillMs: number,
  host: LifecyclePorts,
  signal?: AbortSignal,
): Promise<readonly TableEntry[]> {
  const known = new Map([...seen].map((ref) => [ref.pid, ref]));
  const found = new Map<number, TableEntry>();
  const told = new Set<number>();
  const end = monotonicMs() + termToKillMs;
  for (let pauseMs = 2; ; pauseMs = Math.min(100, pauseMs * 2)) {
    const all = host.table.scan({ thorough: true });
    const stems = new Set(offspring(launch, all, host));
    const left = all.filter(
      (one) => stems.has(one) || sameProcess(known.get(one.ref.pid), one.ref),
    );
    if (left.length === 0) break;
    const isLate = monotonicMs() >= end;
    for (const one of left) {
      if (one.ref.pid !== launch.launched.pid) found.set(one.ref.pid, one);
      if (!isLate && told.has(one.ref.pid)) continue;
      told.add(one.ref.pid);
      tell(one.ref, isLate ? "SIGKILL" : "SIGTERM", host);
    }
    if (isLate && monotonicMs() >= end + KILL_GRACE_MS) break;
    await sleep(pauseMs, signal);
  }
  return [...found.values()];
}

/** How a group is ended. */
export interface EndGroupOptions {
  readonly signal?: AbortSignal | undefined;
  /** The leader led a session of that number, too: we launched it. */
  readonly isSession?: boolean;
  /** Since when nothing more can have been born of the leader, on our clock; else now. */
  readonly since?: number | undefined;
}

/**
 * Ends the rest of the group that `leader` led, or of its session: SIGTERM, and SIGKILL after
 * `termToKillMs`. In a session there may be groups besides: timeout(1) makes one, and so does a shell with
 * job control.
 *
 * @returns how many processes were found there
 */
export async function endOwnGroup(
  leader: ProcessRef | undefined,
  termToKillMs: number,
  host: LifecyclePorts,
  options: EndGroupOptions = {},
): Promise<number> {
  const { signal, isSession = false, since } = options;
  if (leader === undefined || (!isSession && !isGroup(leader.pid))) return 0;
  const rest = await members(leader, host, isSession, since);
  if (rest.length === 0) return 0;
  signalMembers(rest, leader, host, "SIGTERM");
  const left = async (): Promise<readonly Member[]> => await members(leader, host, isSession);
  const stubborn = await untilNone(left, termToKillMs, signal);
  if (stubborn.length === 0) return rest.length;
  signalMembers(stubborn, leader, host, "SIGKILL");
  await untilNone(left, KILL_GRACE_MS, signal); // what is started next would find its port taken
  return rest.length;
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

/** One process alone; a stopped one would keep SIGTERM until somebody wakes it. */
function tell(ref: ProcessRef, signal: "SIGTERM" | "SIGKILL", host: LifecyclePorts): void {
  using watch = host.watcher().open(ref);
  watch?.signal(signal);
  if (signal === "SIGTERM") watch?.signal("SIGCONT");
}

function signalMembers(
  members: readonly Member[],
  leader: ProcessRef,
  host: LifecyclePorts,
  signal: "SIGTERM" | "SIGKILL",
): void {
  signalGroupByNumber(host.proc, leader, signal);
  for (const { ref, pgrp } of members) if (pgrp !== leader.pid) tell(ref, signal, host);
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

function stateOf(target: ProcessRef, host: LifecyclePorts): string {
  return statIfAny(host.proc, target.pid)?.state ?? "?";
}
