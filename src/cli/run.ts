import { setMaxListeners } from "node:events";
import { ConfigError } from "../config/issue.ts";
import { ExitCode } from "../exit-code.ts";
import { StateDirError } from "../program/state-dir.ts";
import { UsageError } from "./args.ts";
import { HomeError } from "./home.ts";
import type { Screen } from "./screen.ts";

/**
 * Runs a command and turns what it throws into a message and an exit code. `name` is that of the
 * program, for hints.
 */
export async function run(
  name: "usrsvc" | "usrsvcd",
  screen: Screen,
  debug: boolean,
  command: () => Promise<ExitCode>,
): Promise<ExitCode> {
  try {
    const code = await command();
    if (screen.lost === undefined) return code;
    screen.complain(`${name}: results could not be written: ${screen.lost}`);
    return code === ExitCode.ok ? ExitCode.failure : code;
  } catch (error) {
    if (error instanceof UsageError) {
      screen.complain(`${name}: ${error.message}\n${name} --help tells more`);
      return error.code;
    }
    if (error instanceof ConfigError) {
      screen.complain(error.message);
      return ExitCode.invalidConfig;
    }
    if (error instanceof HomeError) {
      screen.complain(`${name}: ${error.message}`);
      return ExitCode.invalidConfig;
    }
    if (error instanceof StateDirError) {
      screen.complain(`${name}: ${error.message}`);
      return ExitCode.permission;
    }
    const { code, message, stack } = error as NodeJS.ErrnoException;
    screen.complain(`${name}: ${debug ? stack : message}`);
    return code === "EACCES" || code === "EPERM" ? ExitCode.permission : ExitCode.unknown;
  }
}

/**
 * Does `command`, which SIGINT, SIGTERM and SIGHUP ask to end in good order. A command that changes
 * nothing has no need of it: a signal just ends it.
 */
export async function untilSignalled<T>(command: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const off = abortOnSignals(controller);
  try {
    return await command(controller.signal);
  } finally {
    off();
  }
}

function abortOnSignals(controller: AbortController): () => void {
  setMaxListeners(0, controller.signal); // with -P, all programs listen
  const abort = (signal: NodeJS.Signals): void => {
    controller.abort(new Interrupted(signal));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, abort);
  return () => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.off(signal, abort);
  };
}

/** The user or the system wants the command to end. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
  }
}
