import type { Exit } from "../../proc/exit.ts";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { statIfAny } from "../../proc/reader.ts";
import type { ProcessHandle } from "../../proc/system/process-handle.ts";
import type { StopSettings } from "../config/settings.ts";
import { monotonicMs, sleep, within } from "../lib/clock.ts";
import type { Asked, askToEnd, AskOptions } from "./ask-to-end.ts";
import type { LifecyclePorts } from "./ports.ts";
import { Rest } from "./rest.ts";
import { signalWaking } from "./signal-one.ts";
import { stepsAfter, type StopStep, type StopSteps, stopPlan, type Target } from "./stop-plan.ts";

/** That a process was ended, and by what. */
interface Ended {
  readonly kind: "terminated" | "killed";
  readonly exit: Exit;
  /** The signals that it was sent: the last one has ended it; where there is none, `stop_command` has. */
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
      /** From the first signal (or the command) to the end, in ms. */
      readonly tookMs: number;
      /** How many processes of its sessions and groups were ended after it. */
      readonly leftBehind: number;
      /** What an operator should know. */
      readonly notes: readonly string[];
    })
  /** In uninterruptible sleep (state D) a process outlives SIGKILL until its I/O returns. */
  | { readonly kind: "stuck"; readonly state: string; readonly notes: readonly string[] };

/** What else there is to know. */
export interface StopOptions extends AskOptions {
  /**
   * Asked in the end: the program's process, should there be another by now. A wrapper may have started
   * one before it was ended itself.
   */
  readonly again?: () => ProcessRef | undefined;
  /** Since when nothing more can have been born of it, on our clock; else now. */
  readonly since?: number;
  /** True where the commands that come before the signals were run already. */
  readonly isAsked?: true;
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
  options: StopOptions = {},
): Promise<StopOutcome> {
  const { signal, again, since, onStep, isAsked } = options;
  const plan = stopPlan(target, settings, (pid) => statIfAny(host.proc, pid));
  const { first, commands, steps, isTogether } = plan;
  // A child of ours that is dead may still be watched: its exit is to be told to who looks after it.
  const lives = first !== undefined && sameProcess(host.proc.alive(first.pid), first);
  using watch = lives ? host.watcher().open(first) : undefined;
  const rest = new Rest(target, plan, settings, host);
  if (first === undefined || watch === undefined) {
    return { kind: "not-running", leftBehind: await rest.end(steps, { signal, since }) };
  }
  const asked =
    isAsked === true || commands.length === 0
      ? undefined
      : await ask(commands, watch, host, options);
  const { exit, notes = [], began = monotonicMs() } = asked ?? {};
  const signalledAt = monotonicMs();
  const tell = async (what: NodeJS.Signals): Promise<boolean> => {
    onStep?.(`${what} to pid ${first.pid}`);
    return isTogether ? await rest.signalWith(watch, what) : signalWaking(watch, what);
  };
  const end: Ended | undefined =
    exit === undefined
      ? await endProcess(watch, steps, tell, signal)
      : { kind: "terminated", exit, sent: [] };
  if (end === undefined) return { kind: "stuck", state: stateOf(first, host), notes };
  const tookMs = monotonicMs() - began;
  const { sent } = end;
  const left = stepsAfter(steps, sent.length === 0 ? 0 : monotonicMs() - signalledAt);
  let leftBehind = isTogether
    ? await endTold(rest, left, sent.length, signal)
    : await rest.end(left, { signal });
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const another = again && (await askAgain(again, signal));
    if (another === undefined || sameProcess(another, first)) break;
    const next = { ...target, process: another, main: undefined };
    const more = await stop(next, settings, host, { signal, isAsked: true });
    if (more.kind === "stuck") return more;
    leftBehind += 1 + more.leftBehind;
  }
  return { ...end, tookMs, leftBehind, notes };
}

/** What runs the commands is loaded where there is one. */
async function ask(...args: Parameters<typeof askToEnd>): Promise<Asked> {
  const { askToEnd } = await import("./ask-to-end.ts");
  return await askToEnd(...args);
}

/** Ends what was told with the process, by so many of the signals: first it has the rest of its time. */
async function endTold(
  rest: Rest,
  left: StopSteps,
  count: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  await rest.untilGone(left[count - 1]?.patienceMs ?? 0, signal);
  const [next = left.at(-1), ...more] = left.slice(count);
  return next === undefined ? 0 : await rest.end([next, ...more], { signal });
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
  tell: (what: NodeJS.Signals) => Promise<boolean>,
  signal: AbortSignal | undefined,
): Promise<Ended | undefined> {
  for (const [index, step] of steps.entries()) {
    const isThere = await tell(step.signal);
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
