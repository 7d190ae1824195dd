/** The shell that prepares a launch, where one is needed for it. */
export const SHELL = "/bin/sh";
/** Name of the shell that prepares a launch, for people who look at `ps`. */
export const SHELL_NAME = "usrsvc-launch";

/** True for the command line of a shell that has not become a program yet. */
export function isLaunchShell(argv: readonly string[]): boolean {
  return argv[0] === SHELL && argv[1] === "-c" && argv[3] === SHELL_NAME;
}
