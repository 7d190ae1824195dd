import { type Pid, type ProcessRef, sameProcess, type Ticks } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import { isDead } from "../../proc/stat.ts";
import type { LifecyclePorts } from "./ports.ts";

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

/** How long a process may outlive SIGKILL before it is called stuck, in ms. */
export const KILL_GRACE_MS = 5000;

/** A process group that is the program's own. */
export interface OwnGroup {
  readonly leader: ProcessRef;
  /** The leader led a session of that number, too. */
  readonly isSession: boolean;
}

/** No process has it: the leader of a session that we know by its number only is gone. */
const NO_TIME = -1 as Ticks;

/** The groups and sessions that are its own. */
export function ownGroups(
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
