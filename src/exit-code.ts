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
  unknown: 254,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

const DENIED: ReadonlySet<string | undefined> = new Set(["EACCES", "EPERM", "EROFS"]);

/** For an error that nobody has foreseen: the system's, a full disk say, is a failure like others. */
export function exitCodeOf(error: unknown): ExitCode {
  const { code, errno, cause } = error as NodeJS.ErrnoException;
  if (DENIED.has(code)) return ExitCode.permission;
  if (errno !== undefined) return ExitCode.failure;
  return cause instanceof Error ? exitCodeOf(cause) : ExitCode.unknown;
}
