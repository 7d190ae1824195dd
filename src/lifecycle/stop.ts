import type { Exit } from "../../proc/exit.ts";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import type { StopSettings } from "../config/settings.ts";
import type { ProcessHandle } from "../../proc/system/process-handle.ts";
import { monotonicMs, sleep, within } from "../lib/clock.ts";
import { endGroups } from "./end-groups.ts";
import type { LifecyclePorts } from "./ports.ts";
import { signalWaking } from "./signal-one.ts";
import { stepsAfter, type StopStep, type StopSteps, stopPlan, type Target } from "./stop-plan.ts";

/** That it was ended, and by what. */
interface Ended {
  readonly kind: "terminated" | "killed";
  readonly exit: Exit;
  /** The signals that it was sent: the last one has ended it. */
  readonly sent: readonly StopStep[];
}

/** What it took to end a process. */
export type StopOutcome =
  | {
      readonly kind: "not-running";
      /** How many processes of its sessions and groups were ended all the same. */
      readonly leftBehind: number;
    }
  | (Ended & {
      /** From the first signal to the end, in ms. */
      readonly tookMs: number;
      /** How many processes of its sessions and groups were ended after it. */
      readonly leftBehind: number;
    })
  /** In uninterruptible sleep (state D) a process outlives SIGKILL until its I/O returns. */
  | { readonly kind: "stuck"; readonly state: string };

/** What else there is to know. */
export interface StopOptions {
  readonly signal?: AbortSignal | undefined;
  /**
   * Asked in the end: the program's process, should there be another by now. A wrapper may have started
   * one before it was ended itself.
   */
  readonly again?: () => ProcessRef | undefined;
  /** Since when nothing more can have been born of it, on our clock; else now. */
  readonly since?: number;
  /** Called before each signal. */
  readonly onSignal?: ((signal: NodeJS.Signals) => void) | undefined;
}

/** Longest duration of an exec, in ms. */
const EXEC_MS = 10;

/** Number of times that a program is ended that was started again meanwhile. */
const MOST_ROUNDS = 5;

/**
 * Ends a program as its plan has it: first the process, then what that left behind in the sessions and process
 * groups that are the program's own.
 */
export async function stop(
  target: Target,
  settings: StopSettings,
  host: LifecyclePorts,
  { signal, again, since, onSignal }: StopOptions = {},
): Promise<StopOutcome> {
  const began = monotonicMs();
  const { first, groups, steps } = stopPlan(target, settings, (pid) => statIfAny(host.proc, pid));
  // A child of ours that is dead may still be watched: its exit is to be told to who looks after it.
  const lives = first !== undefined && sameProcess(host.proc.alive(first.pid), first);
  using watch = lives ? host.watcher().open(first) : undefined;
  if (first === undefined || watch === undefined) {
    const leftBehind = await endGroups(groups, steps, host, { signal, since });
    return { kind: "not-running", leftBehind };
  }
  const end = await endProcess(watch, steps, { signal, onSignal });
  if (end === undefined) return { kind: "stuck", state: stateOf(first, host) };
  const tookMs = monotonicMs() - began;
  let leftBehind = await endGroups(groups, stepsAfter(steps, tookMs), host, { signal });
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const another = again && (await askAgain(again, signal));
    if (another === undefined || sameProcess(another, first)) break;
    const next = { ...target, process: another, main: undefined };
    const more = await stop(next, settings, host, { signal });
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
  steps: StopSteps,
  { signal, onSignal }: Pick<StopOptions, "signal" | "onSignal">,
): Promise<Ended | undefined> {
  for (const [index, step] of steps.entries()) {
    onSignal?.(step.signal);
    const isThere = signalWaking(watch, step.signal);
    const isGone = !isThere && index === 0;
    const exit = isGone ? await watch.exited : await within(watch.exited, step.patienceMs, signal);
    if (exit === undefined) continue;
    const kind = step.signal === "SIGKILL" && !isGone ? "killed" : "terminated";
    return { kind, exit, sent: steps.slice(0, index + 1) };
  }
  return undefined;
}

function stateOf(target: ProcessRef, host: LifecyclePorts): string {
  return statIfAny(host.proc, target.pid)?.state ?? "?";
}
