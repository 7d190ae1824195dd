import type { Exit } from "../../proc/exit.ts";
import type { ProcessHandle } from "../../proc/system/process-handle.ts";
import type { CommandSettings, StopSettings } from "../config/settings.ts";
import { monotonicMs, within } from "../lib/clock.ts";
import { type HookFailure, type Occasion, runHook } from "./hook.ts";
import { withWords } from "./last-words.ts";
import { runOwnCommand } from "./own-command.ts";
import type { LifecyclePorts } from "./ports.ts";
import { commandMs } from "./stop-plan.ts";

/** What came of `stop_command`. */
export interface Asked {
  /** How the process ended; undefined: it lives, and is to be signalled. */
  readonly exit?: Exit | undefined;
  /** What an operator should know of it. */
  readonly notes: readonly string[];
}

const notAsked: Asked = { notes: [] };

/**
 * Runs `stop_command`, if there is one. It has the time of the first signal, and so has the process to follow; where it
 * fails, the signals come at once.
 */
export async function askToEnd(
  watch: ProcessHandle,
  settings: StopSettings,
  host: LifecyclePorts,
  signal: AbortSignal | undefined,
): Promise<Asked> {
  const { stopCommand } = settings;
  if (stopCommand === undefined || !isWhole(settings)) return notAsked;
  const timeoutMs = commandMs(settings);
  const end = monotonicMs() + timeoutMs;
  const { pid } = watch.ref;
  const options = { pid, inherited: host.env, timeoutMs, signal };
  const failure = await runOwnCommand(stopCommand, settings, options);
  const leftMs = failure === undefined ? Math.max(0, end - monotonicMs()) : 0;
  const exit = await within(watch.exited, leftMs, signal);
  if (failure === undefined) return { exit, notes: [] };
  const { reason, output } = failure;
  return { exit, notes: [`stop_command failed: ${withWords(reason, output)}`] };
}

/** Runs before_stop, as far as all is known that it needs. */
export async function runBeforeStop(
  settings: StopSettings,
  occasion: Occasion,
  host: LifecyclePorts,
  signal: AbortSignal | undefined,
): Promise<HookFailure | undefined> {
  const { beforeStop, hookTimeoutMs } = settings;
  if (!isWhole(settings) || hookTimeoutMs === undefined) return undefined;
  const own = { ...settings, ...noHooks, beforeStop, hookTimeoutMs };
  return await runHook("before_stop", own, occasion, host, signal);
}

const noHooks = { beforeStart: undefined, afterStart: undefined, afterExit: undefined } as const;

function isWhole(settings: StopSettings): settings is StopSettings & CommandSettings {
  const { name, env, inheritEnv, directory, useshell, stderr } = settings;
  return [name, env, inheritEnv, directory, useshell, stderr].every((one) => one !== undefined);
}
