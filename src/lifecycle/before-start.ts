import { ExitCode } from "../exit-code.ts";
import { type HookSettings, runHook } from "./hook.ts";
import type { LifecyclePorts } from "./ports.ts";
import { failure, type StartFailure } from "./start-outcome.ts";

/**
 * Runs before_start, if there is one, before a turn to launch is taken: it may take long. Where it fails, so does the
 * start, and nothing is launched.
 *
 * @throws what `signal` says
 */
export async function beforeStart(
  settings: HookSettings,
  reason: () => string,
  host: LifecyclePorts,
  signal: AbortSignal,
): Promise<StartFailure | undefined> {
  if (settings.beforeStart === undefined) return undefined;
  const occasion = { pid: undefined, reason: reason() };
  const failed = await runHook("before_start", settings, occasion, host, signal);
  if (failed === undefined) return undefined;
  const why = `before_start failed: ${failed.reason}; nothing was launched`;
  return { ...failure(ExitCode.failedToLaunch, why), output: failed.output };
}
