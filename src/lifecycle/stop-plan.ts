import { type Pid, type ProcessRef, sameProcess, type Ticks } from "../../proc/pid.ts";
import { isDead, type Stat } from "../../proc/stat.ts";
import type { CommandSettings, CommandText, StopSettings } from "../config/settings.ts";
import type { ProgramRecord } from "../state/record.ts";

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
  /** What is on record of it: tells what descends from it. */
  readonly record?: Pick<ProgramRecord, "name" | "launch" | "image"> | undefined;
}

/** One signal, and how long it is given. */
export interface StopStep {
  readonly signal: NodeJS.Signals;
  readonly patienceMs: number;
  /** The setting that its patience is, where `stop` does not say how long it is. */
  readonly key?: "term_to_kill_seconds";
}

/** The signals that end a process, in their order. */
export type StopSteps = readonly [StopStep, ...StopStep[]];

/** A command of the program that is run before the first signal. */
export interface StopCommand {
  /** The setting that it is: `stop_command` is to end the process, and the signals are for what has outlived it. */
  readonly key: "before_stop" | "stop_command";
  readonly command: CommandText;
  /** Longest time that it may take, in ms. */
  readonly timeoutMs: number;
  /** Whose it is. */
  readonly program: CommandSettings;
}

/** A process group that is the program's own. */
export interface OwnGroup {
  readonly leader: ProcessRef;
  /** The leader led a session of that number, too. */
  readonly isSession: boolean;
}

/** How a program is ended: made here, carried out by `stop`. */
export interface StopPlan {
  /** Is signalled alone, so that it can end its children itself; undefined: nobody knows it. */
  readonly first: ProcessRef | undefined;
  /** Come before the signals, in this order. */
  readonly commands: readonly StopCommand[];
  /** Are ended when that is gone: what it has left behind. */
  readonly groups: readonly OwnGroup[];
  /** Each signal goes to all at once, though. */
  readonly isTogether: boolean;
  readonly steps: StopSteps;
}

/** How long a process may outlive SIGKILL before it is called stuck, in ms. */
const KILL_GRACE_MS = 5000;

/** What a look at a process shows; undefined for one that is gone. */
export type Look = (
  pid: Pid,
) => Pick<Stat, "startTime" | "state" | "pgrp" | "session" | "threads"> | undefined;

/**
 * Of all that is known of a program: the process that does the work comes first, and its own are the session of
 * `launched`, which we made, a group that the program leads itself, and `session`.
 */
export function stopPlan(target: Target, settings: StopSettings, look: Look): StopPlan {
  return {
    first: target.main ?? target.process,
    commands: stopCommands(settings),
    groups: ownGroups(target, look),
    isTogether: settings.stopGroup === true,
    steps: stopSteps(settings),
  };
}

/** Those of a program of which all is known that a command needs. */
function stopCommands(settings: StopSettings): readonly StopCommand[] {
  if (!isWhole(settings)) return [];
  const { beforeStop, stopCommand, hookTimeoutMs = 0 } = settings;
  const all: StopCommand[] = [];
  if (beforeStop !== undefined) {
    const timeoutMs = hookTimeoutMs;
    all.push({ key: "before_stop", command: beforeStop, timeoutMs, program: settings });
  }
  if (stopCommand !== undefined) {
    const timeoutMs = commandMs(settings);
    all.push({ key: "stop_command", command: stopCommand, timeoutMs, program: settings });
  }
  return all;
}

function isWhole(settings: StopSettings): settings is StopSettings & CommandSettings {
  const { name, env, inheritEnv, directory, useshell, stderr } = settings;
  return [name, env, inheritEnv, directory, useshell, stderr].every((one) => one !== undefined);
}

/** How long `stop_command` may take, in ms: as long as the first signal. */
function commandMs(settings: StopSettings): number {
  const [first] = stopSteps(settings);
  return first.signal === "SIGKILL" ? settings.termToKillMs : first.patienceMs;
}

/**
 * The signals of `stop`, and SIGKILL for what is still there after them, whether `stop` says so or not. A signal without
 * a wait of its own is given term_to_kill_seconds.
 */
export function stopSteps({ stop = USUAL, termToKillMs }: StopSettings): StopSteps {
  const asked = stop
    .filter(({ signal }) => signal !== "SIGKILL")
    .map(({ signal, waitMs }): StopStep =>
      waitMs === undefined
        ? { signal, patienceMs: termToKillMs, key: "term_to_kill_seconds" }
        : { signal, patienceMs: waitMs },
    );
  const [first, ...more] = asked;
  return first === undefined ? [KILL] : [first, ...more, KILL];
}

const USUAL: NonNullable<StopSettings["stop"]> = [{ signal: "SIGTERM", waitMs: undefined }];
const KILL: StopStep = { signal: "SIGKILL", patienceMs: KILL_GRACE_MS };

/** The same steps, where `spentMs` of the patience has been spent already; the last one keeps its own. */
export function stepsAfter(steps: StopSteps, spentMs: number): StopSteps {
  const [step, next, ...more] = steps;
  if (next === undefined) return steps;
  const left = Math.max(0, step.patienceMs - spentMs);
  const spentOnNext = Math.max(0, spentMs - step.patienceMs);
  return [{ ...step, patienceMs: left }, ...stepsAfter([next, ...more], spentOnNext)];
}

/** The step whose time it is `ms` after the first signal; the last one also when all patience is at its end. */
export function stepAt(steps: StopSteps, ms: number): StopStep {
  const [step, next, ...more] = steps;
  if (next === undefined || ms < step.patienceMs) return step;
  return stepAt([next, ...more], ms - step.patienceMs);
}

/** After so long, in ms, what still lives is given up. */
export function patienceMs(steps: readonly StopStep[]): number {
  return steps.reduce((sum, step) => sum + step.patienceMs, 0);
}

/** When SIGKILL comes, in ms after the stop began: who asks for an end waits for so long at least. */
export function untilKillMs(settings: StopSettings): number {
  const before = stopCommands(settings).reduce((sum, { timeoutMs }) => sum + timeoutMs, 0);
  return before + patienceMs(stopSteps(settings).slice(0, -1));
}

function ownGroups({ process, main, launched, session }: Target, look: Look): readonly OwnGroup[] {
  const groups: OwnGroup[] = [];
  if (launched !== undefined) groups.push({ leader: launched, isSession: true });
  for (const one of [main, process]) {
    if (one === undefined || groups.some(({ leader }) => sameProcess(leader, one))) continue;
    const stat = look(one.pid); // undefined: gone while we looked
    if (stat?.pgrp === one.pid) groups.push({ leader: one, isSession: stat.session === one.pid });
  }
  const isNew = session !== undefined && !groups.some(({ leader }) => leader.pid === session);
  if (isNew) groups.push({ leader: leaderOfDead(session as Pid, look), isSession: true });
  return groups;
}

/** No process has it: the leader of a session that we know by its number only is gone. */
const NO_TIME = -1 as Ticks;

/** It may wait as a zombie for whoever reaps it; as long as anybody is in its session, nobody else has its pid. */
function leaderOfDead(pid: Pid, look: Look): ProcessRef {
  const stat = look(pid);
  return { pid, startTime: stat !== undefined && isDead(stat) ? stat.startTime : NO_TIME };
}
