import { signalNumber } from "../proc/signal.ts";

/** The exit codes of both commands, as 1.x has them. */
export const ExitCode = {
  ok: 0,
  /** General failure, or `status` of a program that is not running. */
  failure: 1,
  /** Another usrsvc or usrsvcd is at work on this program: try again. */
  tryAgain: 11,
  invalidConfig: 130,
  invalidAction: 131,
  disabled: 132,
  undefinedProgram: 133,
  exitedUnexpectedly: 134,
  alreadyRunning: 135,
  permission: 136,
  failedToLaunch: 137,
  /** Its check (`ready`) was not true within `start_timeout`. */
  notReady: 140,
  /** Not over within `--timeout`. */
  notInTime: 141,
  unknown: 254,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/**
 * The exit code of a program for who waited for it, as a shell has it: 128 and the number of the signal that ended it.
 * Where nobody knows it, a failure.
 */
export function programCode(
  exit: { readonly code?: number; readonly signal?: string } = {},
): ExitCode {
  const { code, signal } = exit;
  const number = signal === undefined ? undefined : signalNumber(signal);
  return (code ?? (number === undefined ? ExitCode.failure : 128 + number)) as ExitCode;
}

const DENIED: ReadonlySet<string | undefined> = new Set(["EACCES", "EPERM", "EROFS"]);

/** For an error that nobody has foreseen: the system's, a full disk say, is a failure like others. */
export function exitCodeOf(error: unknown): ExitCode {
  const { code, errno, cause } = error as NodeJS.ErrnoException;
  if (DENIED.has(code)) return ExitCode.permission;
  if (errno !== undefined) return ExitCode.failure;
  return cause instanceof Error ? exitCodeOf(cause) : ExitCode.unknown;
}
