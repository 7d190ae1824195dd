import type { Exit } from "../../proc/exit.ts";
import type { ProcessHandle } from "../../proc/system/process-handle.ts";
import { assertNever } from "../lib/assert-never.ts";
import { monotonicMs, within } from "../lib/clock.ts";
import { type HookFailure, runHook } from "./hook.ts";
import { withWords } from "./last-words.ts";
import { runOwnCommand } from "./own-command.ts";
import type { LifecyclePorts } from "./ports.ts";
import type { StopCommand } from "./stop-plan.ts";

/** What came of the commands that come before the signals. */
export interface Asked {
  /** How the process ended; undefined: it lives, and is to be signalled. */
  readonly exit?: Exit | undefined;
  /** What an operator should know of it. */
  readonly notes: readonly string[];
  /** Since when it is being ended, on our clock: before that it was only prepared. */
  readonly began: number;
}

/** What else there is to know. */
export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  /** Why it is ended, in a sentence, for before_stop. */
  readonly reason?: string | undefined;
  /** Called when before_stop has failed. */
  readonly onFailedHook?: ((failure: HookFailure) => void) | undefined;
  /** Called before a command, for whoever shows progress. */
  readonly onStep?: ((what: string) => void) | undefined;
}

/**
 * Runs what comes before the signals. stop_command has the time of the first signal, and so has the process to follow;
 * where it fails, the signals come at once.
 */
export async function askToEnd(
  commands: readonly StopCommand[],
  watch: ProcessHandle,
  host: LifecyclePorts,
  { signal, reason = "", onFailedHook, onStep }: AskOptions,
): Promise<Asked> {
  const { pid } = watch.ref;
  let began = monotonicMs();
  let exit: Exit | undefined;
  const notes: string[] = [];
  for (const { key, command, timeoutMs, program } of commands) {
    onStep?.(`${key} for pid ${pid}`);
    switch (key) {
      case "before_stop": {
        const settings = { ...program, ...noHooks, beforeStop: command, hookTimeoutMs: timeoutMs };
        const failure = await runHook(key, settings, { pid, reason }, host, signal);
        if (failure !== undefined) onFailedHook?.(failure);
        began = monotonicMs();
        break;
      }
      case "stop_command": {
        const end = monotonicMs() + timeoutMs;
        const options = { pid, inherited: host.env, timeoutMs, signal };
        const failure = await runOwnCommand(command, program, options);
        const leftMs = failure === undefined ? Math.max(0, end - monotonicMs()) : 0;
        exit = await within(watch.exited, leftMs, signal);
        if (failure === undefined) break;
        notes.push(`stop_command failed: ${withWords(failure.reason, failure.output)}`);
        break;
      }
      default:
        return assertNever(key);
    }
  }
  return { exit, notes, began };
}

const noHooks = { beforeStart: undefined, afterStart: undefined, afterExit: undefined } as const;
