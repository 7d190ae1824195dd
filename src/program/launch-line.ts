import type { ProgramSettings } from "../config/settings.ts";
import type { Host } from "./host.ts";

/**
 * Names that a shell does not hand on (`java.opts`), or that mean something to it: assigning to
 * them may end it (dash's OPTIND, bash's UID) or its wait (TMOUT). They are given by env(1).
 */
const unshellable =
  /[^A-Za-z0-9_]|^[0-9]|^$|^(BASH|EPOCH)|^(COMP_WORDBREAKS|DIRSTACK|EUID|FUNCNAME|GROUPS|HISTCMD|IFS|LINENO|OPTERR|OPTIND|POSIXLY_CORRECT|PPID|PS4|RANDOM|SECONDS|SHELLOPTS|SRANDOM|TMOUT|UID)$/;
/** Names that a shell sets by itself. */
const shellsOwn = ["PWD", "OLDPWD", "SHLVL", "_"];

/** What the program gets of our environment, and what its own section sets. */
export function programEnvironment(
  program: Pick<ProgramSettings, "inheritEnv" | "env" | "directory">,
  inherited: Readonly<Record<string, string>>,
): Record<string, string> {
  return {
    ...(program.inheritEnv ? inherited : {}),
    PWD: program.directory, // else the shell's idea of it would be handed on
    ...Object.fromEntries(program.env),
  };
}

/** The part of an environment that a shell can be started with and hands on. */
export function shellEnvironment(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !unshellable.test(name)));
}

/**
 * The line of shell by which a launcher, which has `inherited` as its environment, gets ready to
 * become the program, and becomes it when it is sent one more line. `setsid`: its path, for a
 * launcher that does not lead a session yet.
 *
 * The outputs are opened before the session is its own: a terminal among them would become the
 * program's controlling terminal.
 */
export function launchLine(
  program: ProgramSettings,
  host: Pick<Host, "env" | "openFiles">,
  setsid: string | undefined,
): string {
  const { argv, directory, stdout, stderr, umask } = program;
  const env = programEnvironment(program, host.env);
  const odd = Object.entries(env).filter(([name]) => unshellable.test(name));
  // Without PATH a shell has ideas of its own where commands are; env(1) does as execvp(3).
  const needsPath = env["PATH"] === undefined && argv[0]?.includes("/") === false;
  const steps = [
    `cd ${quote(directory)} || exit 126`,
    `exec >>${quote(stdout)} ${stderr === stdout ? "2>&1" : `2>>${quote(stderr)}`}`,
    ...(host.openFiles === undefined ? [] : [`ulimit -S -n ${host.openFiles}`]),
    ...(umask === undefined ? [] : [`umask ${umask.toString(8).padStart(4, "0")}`]),
    "read -r USRSVC_LINE <&3 || exit 0",
    ...environmentSteps(env, host.env),
    [
      "exec",
      ...(setsid === undefined ? [] : [setsid]),
      ...(odd.length > 0 || needsPath ? ["/usr/bin/env"] : []),
      ...[...odd.map(([name, value]) => `${name}=${value}`), ...argv].map(quote),
      "3>&-",
    ].join(" "),
  ];
  return `${steps.join("; ")}\n`;
}

/** From the environment that the launcher has to the one that the program gets. */
function environmentSteps(
  env: Readonly<Record<string, string>>,
  inherited: Readonly<Record<string, string>>,
): readonly string[] {
  const names = [...shellsOwn, ...Object.keys(inherited)];
  const unwanted = names.filter((name) => env[name] === undefined && !unshellable.test(name));
  const wanted = Object.entries(env).filter(
    ([name, value]) =>
      !unshellable.test(name) && (inherited[name] !== value || shellsOwn.includes(name)),
  );
  return [
    ...(unwanted.length > 0 ? [`unset ${[...new Set(unwanted)].join(" ")}`] : []),
    ...(wanted.length > 0
      ? [`export ${wanted.map(([name, value]) => `${name}=${quote(value)}`).join(" ")}`]
      : []),
  ];
}

/** One word of shell, on one line: a line break comes from a variable of the launcher's script. */
export function quote(word: string): string {
  const quoted = word.replaceAll("'", `'\\''`).replaceAll("\n", `'"$${LINE_BREAK}"'`);
  return `'${quoted}'`;
}

/** Variable of the launcher that holds a line break. */
export const LINE_BREAK = "USRSVC_NL";
