import { ExitCode } from "../exit-code.ts";

/** The meaning of each exit code, in a few words. */
export const exitCodes: readonly (readonly [ExitCode, string])[] = [
  [ExitCode.ok, "done"],
  [ExitCode.failure, "failed, or not running"],
  [ExitCode.tryAgain, "busy, try again"],
  [ExitCode.invalidConfig, "invalid configuration"],
  [ExitCode.invalidAction, "unknown action"],
  [ExitCode.disabled, "disabled"],
  [ExitCode.undefinedProgram, "no such program"],
  [ExitCode.exitedUnexpectedly, "ended unexpectedly"],
  [ExitCode.alreadyRunning, "usrsvcd is already running"],
  [ExitCode.permission, "permissions"],
  [ExitCode.failedToLaunch, "could not be launched"],
  [ExitCode.notReady, "not ready within start_timeout"],
  [ExitCode.notInTime, "not over within --timeout"],
  [ExitCode.unknown, "unexpected error"],
];
