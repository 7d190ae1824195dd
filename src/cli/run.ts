import { setMaxListeners } from "node:events";
import { ConfigError } from "../config/issue.ts";
import { ExitCode, exitCodeOf } from "../exit-code.ts";
import { callAt, monotonicMs } from "../lib/clock.ts";
import { formatDuration } from "../lib/format.ts";
import { Interrupted } from "../operations/interrupted.ts";
import { StateDirError } from "../state/state-dir.ts";
import { UsageError } from "./args.ts";
import { HomeError } from "../lib/home.ts";
import type { Screen } from "./screen.ts";

/**
 * Runs a command and turns what it throws into a message and an exit code. `name` is that of the
 * program, for hints; `onFailure` gets the same.
 */
export async function run(
  name: "usrsvc" | "usrsvcd",
  screen: Screen,
  debug: boolean,
  command: () => Promise<ExitCode>,
  onFailure: (code: ExitCode, message: string) => void = () => {},
): Promise<ExitCode> {
  const fail = (code: ExitCode, message: string, shown = `${name}: ${message}`): ExitCode => {
    screen.complain(shown);
    onFailure(code, message);
    return code;
  };
  try {
    const code = await command();
    if (screen.lost === undefined) return code;
    screen.complain(`${name}: results could not be written: ${screen.lost}`);
    return code === ExitCode.ok ? ExitCode.failure : code;
  } catch (error) {
    const { message, stack } = error as Error;
    if (error instanceof UsageError) {
      return fail(error.code, message, `${name}: ${message}\n${name} --help shows more`);
    }
    if (error instanceof ConfigError) return fail(ExitCode.invalidConfig, message, message);
    if (error instanceof HomeError) return fail(ExitCode.invalidConfig, message);
    if (error instanceof StateDirError) return fail(ExitCode.permission, message);
    if (error instanceof Interrupted) return fail(error.code, message);
    const shown = `${name}: ${debug ? stack : message}`;
    return fail(exitCodeOf(error), message, shown);
  }
}

/**
 * Does `command`, which SIGINT, SIGTERM and SIGHUP ask to end in good order. A command that changes
 * nothing does not need it: a signal just ends it. `timeoutMs`: so does the end of that time.
 */
export async function untilSignalled<T>(
  command: (signal: AbortSignal) => Promise<T>,
  timeoutMs?: number,
): Promise<T> {
  const controller = new AbortController();
  const off = abortOnSignals(controller);
  const cancel =
    timeoutMs === undefined
      ? () => {}
      : callAt(monotonicMs() + timeoutMs, () => controller.abort(outOfTime(timeoutMs)));
  try {
    return await command(controller.signal);
  } finally {
    cancel();
    off();
  }
}

function outOfTime(ms: number): Interrupted {
  return new Interrupted(`not over within ${formatDuration(ms)} (--timeout)`, ExitCode.notInTime);
}

/**
 * Does `follow`, until a signal asks to end it, or nobody reads the results any more: it calls `onShown` after each that it
 * has shown.
 */
export async function untilNobodyReads(
  screen: Screen,
  follow: (signal: AbortSignal, onShown: () => void) => Promise<void>,
): Promise<void> {
  await untilSignalled(async (signal) => {
    const left = new AbortController();
    const leave = (): void => left.abort();
    signal.addEventListener("abort", leave, { once: true });
    const onShown = (): void => {
      if (screen.isAbandoned) leave();
    };
    onShown();
    await follow(left.signal, onShown);
  });
}

function abortOnSignals(controller: AbortController): () => void {
  setMaxListeners(0, controller.signal); // with -P, all programs listen
  const abort = (signal: NodeJS.Signals): void => {
    controller.abort(new Interrupted(`interrupted by ${signal}`));
  };
  return onSignals(abort);
}

/** Calls `listener` for each signal that asks to end, until what is returned is called. */
export function onSignals(listener: (signal: NodeJS.Signals) => void): () => void {
  for (const signal of ENDING) process.on(signal, listener);
  return () => {
    for (const signal of ENDING) process.off(signal, listener);
  };
}

const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
