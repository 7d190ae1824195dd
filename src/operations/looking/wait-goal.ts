import type { ShownExit } from "../../events/shown-exit.ts";
import { ExitCode, programCode } from "../../exit-code.ts";
import { stateTraits } from "../../state/states.ts";
import type { ProgramStatus } from "../../status/status.ts";
import type { ActionResult } from "../operation.ts";

/** What `usrsvc wait` can wait for, and what it means. */
export const goals = {
  running: "it has a process",
  ready: "it has run for success_seconds, or its check (ready) is true; a job is done",
  stopped: "it is down, and nothing is about to start it",
  exit: "the process that it has now has ended",
  done: "the job is done",
} as const;

/** One of them. */
export type Goal = keyof typeof goals;

/** The outcome of a wait for one program. `--json` prints it. */
export type WaitResult = Omit<ActionResult, "action"> & { readonly action: "wait" };

/** What is known of a program while it is waited for. */
export interface Seen {
  readonly status: ProgramStatus;
  readonly isJob: boolean;
  /** The process that it had at first; undefined: none. */
  readonly first: number | undefined;
  /** How that ended, where it was seen. */
  readonly end: ShownExit | undefined;
  /** Its process has ended, and nobody is there who could put on record how. */
  readonly isUnseen?: boolean;
}

/** What came of it; undefined: it has not come yet, and may. */
export function judge(goal: Goal, seen: Seen): WaitResult | undefined {
  switch (goal) {
    case "running":
      return seen.status.pid === undefined ? judgeLost(seen) : reached(seen, "running");
    case "ready":
      return judgeReady(seen);
    case "stopped":
      return judgeStopped(seen);
    case "exit":
      return judgeExit(seen);
    case "done":
      return seen.isJob ? judgeRun(seen) : noJob(seen);
  }
}

/** In a few words, what it is now. */
export function describeNow({ state, reason, next }: ProgramStatus): string {
  const why = reason === undefined ? "" : `: ${reason}`;
  return `${state}${why}${next === undefined ? "" : `; next: ${next}`}`;
}

function judgeReady(seen: Seen): WaitResult | undefined {
  if (seen.isJob) return judgeRun(seen);
  return seen.status.state === "running" ? reached(seen, "ready") : judgeLost(seen);
}

function judgeStopped(seen: Seen): WaitResult | undefined {
  const { state, pid } = seen.status;
  const { isUp, isToCome } = stateTraits[state];
  return pid === undefined && !isUp && !isToCome ? reached(seen, "stopped") : undefined;
}

function judgeExit(seen: Seen): WaitResult | undefined {
  const { first, end, status } = seen;
  if (first === undefined) {
    const { lastExit } = status;
    const was = lastExit === undefined ? "" : `; last exit: ${describeShown(lastExit)}`;
    const message = `is not running${was}`;
    return { ...base(seen, "exit", lastExit), result: "down", message };
  }
  if (end === undefined) return undefined;
  const message = `pid ${first} has ended: ${describeShown(end)}`;
  return { ...base(seen, "exit", end), result: "exit", pid: first, message };
}

/** Of a job: how its run ended. */
function judgeRun(seen: Seen): WaitResult | undefined {
  const { state, lastRun, lastExit, reason } = seen.status;
  const { isUp, isToCome } = stateTraits[state];
  if (isUp || isToCome) return undefined;
  if (lastRun === undefined) return seen.isUnseen === true ? ended(seen) : undefined;
  if (lastRun === "done") return reached(seen, "done");
  const code = programCode(lastExit) || ExitCode.failure;
  const why = lastRun === "stopped" ? "it was stopped" : (reason ?? "its last run failed");
  return { ...base(seen, "done", lastExit), code, result: lastRun, message: `not done: ${why}` };
}

/** Nothing would be waited for any more. */
function ended(seen: Seen): WaitResult {
  const { lastExit, program } = seen.status;
  const message = `not done: it has ended while nothing was watching, and nobody knows how; usrsvc start ${program} runs it again, and waits for its end`;
  return { ...base(seen, "done", lastExit), code: ExitCode.failure, result: "failed", message };
}

/** What of a program keeps everybody from starting it. */
export interface Unstartable {
  /** Its settings have errors. */
  readonly isFaulty?: boolean;
  /** It is in no configuration file any more. */
  readonly isRemoved?: boolean;
}

/** Down, and nobody can start it as it is configured: waiting would be in vain. */
export function judgeStartable(
  goal: Goal,
  { program, pid, enabled, state }: ProgramStatus,
  { isFaulty = false, isRemoved = false }: Unstartable,
): WaitResult | undefined {
  if (goal === "exit" || goal === "stopped" || pid !== undefined || state === "done") {
    return undefined;
  }
  const never = (result: WaitResult["result"], code: ExitCode, why: string): WaitResult => {
    const message = `would never be ${goal}: it is down, and ${why}`;
    return { program, action: "wait", result, code, message };
  };
  if (isRemoved) {
    return never("failed", ExitCode.undefinedProgram, "it is in no configuration file any more");
  }
  if (!enabled) return never("disabled", ExitCode.disabled, "it is disabled (enabled = False)");
  if (!isFaulty) return undefined;
  return never("failed", ExitCode.invalidConfig, "its settings have errors: usrsvcd checkconfig");
}

/** It is given up: waiting would be in vain. */
function judgeLost(seen: Seen): WaitResult | undefined {
  const { state, nextTryAt } = seen.status;
  if (state !== "fatal" || nextTryAt !== undefined) return undefined;
  const message = `given up, ${describeNow(seen.status)}`;
  return { ...base(seen, "ready"), code: ExitCode.exitedUnexpectedly, result: "fatal", message };
}

function noJob(seen: Seen): WaitResult {
  const message = "is no job (type = job), and so never done; use --for exit or --for stopped";
  return { ...base(seen, "done"), code: ExitCode.failure, result: "refused", message };
}

function reached(seen: Seen, goal: Goal): WaitResult {
  const { pid, state } = seen.status;
  const who = pid === undefined ? "" : `, pid ${pid}`;
  const word = goal === "running" && state !== "running" ? `running (${state})` : goal;
  return { ...base(seen, goal), result: goal, message: `${word}${who}` };
}

/** With the exit code of the program, where it has one. */
function base(
  { status: { program, pid } }: Seen,
  goal: Goal,
  exit?: ShownExit,
): Omit<WaitResult, "message" | "result"> {
  const isOfExit = goal === "exit" && exit !== undefined;
  return {
    program,
    action: "wait",
    code: isOfExit ? programCode(exit) : ExitCode.ok,
    ...(pid === undefined ? {} : { pid }),
    ...(exit === undefined ? {} : { exit }),
  };
}

function describeShown({ code, signal }: ShownExit): string {
  if (code !== undefined) return `code ${code}`;
  return signal ?? "nobody knows how";
}
