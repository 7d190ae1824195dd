import { isLaunchShell, SHELL, SHELL_NAME } from "../identity/launch-shell.ts";
import { DEFAULT_PATH, findOnPath, readShebang } from "../lib/executable.ts";
import { statSync } from "node:fs";
import type { Exit } from "../../proc/exit.ts";
import type { ProcessRef } from "../../proc/pid.ts";
import { AttributeError } from "../../proc/system/attributes.ts";
import { HELD_FD, type SpawnOrder } from "../../proc/system/spawner.ts";
import type { ProcessHandle } from "../../proc/system/process-handle.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { shellWord, shorten } from "../lib/format.ts";
import { faultWords } from "../lib/fault.ts";
import { shownName } from "../lib/secrets.ts";
import { attributesOf, describeAttributeError } from "./attributes.ts";
import { programEnvironment } from "./environment.ts";
import { makeFolders } from "../state/folders.ts";
import type { LaunchPorts } from "./ports.ts";
import { isMark, launchMark } from "../identity/mark.ts";
import { isHeard, noticePath } from "../notify/status-text.ts";
import { type LogEnds, openOutput, type Output } from "./output.ts";

/*
 * From settings to a process. What is launched is the program itself, as a child of ours that leads
 * its own session; there is nothing in between. Only where something is to be set that posix_spawn(3)
 * has no words for (umask, limits, nice …), a shell sets it and then becomes the program: the same process.
 */

/** A program that was just executed. */
export interface Launched {
  readonly process: ProcessRef;
  /** How it ended; pending while it lives, and for ever after `release`. */
  readonly exited: Promise<Exit>;
  /** The ends of the logs before it. */
  readonly logged: LogEnds;
  /** A shell was executed, which will become the program. */
  readonly isThroughShell: boolean;
  /** What an operator should know of the launch. */
  readonly notes: readonly string[];
  /** Looks whether it has ended, should its notice take long. */
  look(): void;
  /** Stops watching it from here. */
  release(): void;
}

/**
 * Launches a program, with `id` as its mark. The caller holds the program's lock, and has `id` on
 * record: if we are killed in here, whoever comes next finds the process by it.
 *
 * @throws an error with a `code` when a log cannot be opened, when no process can be made or when
 * the command cannot be executed; `describeLaunchError` words it
 */
export async function launch(
  program: ProgramSettings,
  id: string,
  host: LaunchPorts,
): Promise<Launched> {
  makeFolders(program, host.state);
  const stdout = openOutput(program.stdout);
  let stderr: Output = stdout;
  let over: Promise<void> | undefined;
  try {
    if (program.stderr !== program.stdout) stderr = openOutput(program.stderr);
    const { order, notes } = prepare(program, id, host, { stdout, stderr });
    const child = await spawn(order, host, program.directory);
    const leftOut = host.table.leaveOut(child.ref.pid); // it is this program's, and no other's
    return {
      process: child.ref,
      exited: child.exited,
      logged: { stdout: stdout.end, stderr: stderr.end },
      isThroughShell: isLaunchShell(order.argv),
      notes,
      look: () => child.look(),
      release() {
        leftOut[Symbol.dispose]();
        child[Symbol.dispose]();
      },
    };
  } catch (error) {
    ({ over } = error as { readonly over?: Promise<void> });
    throw error;
  } finally {
    const close = (): void => {
      stdout.close();
      stderr.close();
    };
    if (over === undefined) close();
    else void over.then(close);
  }
}

/** A text without "#!" is handed to the shell, as execvp(3) does. */
async function spawn(
  order: SpawnOrder,
  host: LaunchPorts,
  directory: string,
): Promise<ProcessHandle> {
  try {
    return await host.spawner().spawn(order);
  } catch (error) {
    const isUnknown = (error as NodeJS.ErrnoException).code === "ENOEXEC";
    if (!isUnknown || !isShellText(order.file, directory)) throw error;
    const argv = [SHELL, order.file, ...order.argv.slice(1)] as const;
    return await host.spawner().spawn({ ...order, file: SHELL, argv });
  }
}

/** What to execute, and with what. */
function prepare(
  program: ProgramSettings,
  id: string,
  host: LaunchPorts,
  { stdout, stderr }: { readonly stdout: Output; readonly stderr: Output },
): { readonly order: SpawnOrder; readonly notes: readonly string[] } {
  const { directory, umask } = program;
  const { openFiles } = host;
  const spawner = host.spawner();
  const argv = program.argv as SpawnOrder["argv"]; // a command has at least one word
  const { env, path } = environment(program, host);
  const file = executable(argv[0], directory, path);
  const hasOwnLimit = program.limitNofile !== undefined;
  const limits = openFiles !== undefined && spawner.limitsOpenFiles(openFiles, stdout.fd);
  const order: SpawnOrder = {
    file,
    argv,
    env: [...env, ...launchMark(program.name, id)],
    directory: spawner.entersFolders ? directory : undefined,
    stdout: stdout.fd,
    stderr: stderr.fd,
    openFiles: limits && !hasOwnLimit ? openFiles : undefined,
    held: attributesOf(program),
  };
  const steps = [
    ...(order.held === undefined ? [] : HOLD),
    ...(spawner.entersFolders ? [] : [`cd ${shellWord(directory)} || exit 126`]),
    ...(umask === undefined ? [] : [`umask ${umask.toString(8).padStart(4, "0")}`]),
    ...(openFiles === undefined || limits || hasOwnLimit ? [] : [`ulimit -S -n ${openFiles}`]),
  ];
  if (steps.length === 0) return { order, notes: [] };
  const lost = [...program.env.keys()].filter((name) => !isShellable(name));
  const note =
    `${lost.map(shownName).join(", ")} of [[Env]] ${lost.length > 1 ? "are" : "is"} not passed on: a shell ` +
    "sets umask or limits first, and either has no such variable or uses it for something else";
  const withPath = path === undefined ? [...steps, `PATH=${DEFAULT_PATH}`] : steps; // not exported
  return { order: throughShell(order, withPath, directory), notes: lost.length > 0 ? [note] : [] };
}

/** A shell waits with these, until its attributes are set; it ends should we end before. */
const HOLD = [`read -r _ <&${HELD_FD} || exit 126`, `exec ${HELD_FD}<&-`];

interface Environment {
  /** `NAME=value` each. */
  readonly env: readonly string[];
  readonly path: string | undefined;
}

/** Variables that all programs inherit share one text. */
const inherited = new WeakMap<LaunchPorts["env"], Map<string, string>>();

function lineOf(name: string, value: string, env: LaunchPorts["env"]): string {
  const line = `${name}=${value}`;
  if (env[name] !== value) return line;
  let lines = inherited.get(env);
  if (lines === undefined) inherited.set(env, (lines = new Map<string, string>()));
  const known = lines.get(name);
  if (known === undefined) lines.set(name, line);
  return known ?? line;
}

/** Prepared before a death, from the first launch on: neither settings nor our environment change. */
const environments = new WeakMap<ProgramSettings, Environment>();

function environment(program: ProgramSettings, host: LaunchPorts): Environment {
  const known = environments.get(program);
  if (known !== undefined) return known;
  const all = { ...programEnvironment(program, host.env), ...noticeVariables(program, host) };
  const env = Object.entries(all)
    .filter(([name]) => !isMark(name))
    .map(([name, value]) => lineOf(name, value, host.env));
  const made = { env, path: all["PATH"] };
  environments.set(program, made);
  return made;
}

/** Where it is to be heard, and how often, as sd_notify(3) and sd_watchdog_enabled(3) have it. */
function noticeVariables(
  program: ProgramSettings,
  { state }: Pick<LaunchPorts, "state">,
): Readonly<Record<string, string>> {
  if (!isHeard(program)) return {};
  const { watchdogMs } = program.monitor;
  const socket = { NOTIFY_SOCKET: noticePath(state, program.name) };
  return watchdogMs > 0 ? { ...socket, WATCHDOG_USEC: String(watchdogMs * 1000) } : socket;
}

/** The path that execvp(3) would execute for the first word of a command. */
function executable(name: string, directory: string, path: string | undefined): string {
  if (name.includes("/")) return name;
  const found = findOnPath(name, directory, path);
  if (found === undefined) throw Object.assign(new Error(`${name}: ENOENT`), { code: "ENOENT" });
  return found;
}

/**
 * Names of variables that some shell does not pass on unchanged: it may have no such names
 * (`java.opts`), or a meaning of its own for them (dash's OPTIND, which may end it, bash's UID).
 */
const UNSHELLABLE =
  /[^A-Za-z0-9_]|^[0-9]|^$|^(BASH|EPOCH)|^(COMP_WORDBREAKS|DIRSTACK|EUID|FUNCNAME|GROUPS|HISTCMD|IFS|LINENO|OPTERR|OPTIND|POSIXLY_CORRECT|PPID|PS4|RANDOM|SECONDS|SHELLOPTS|SRANDOM|TMOUT|UID)$/;

/** The intended PWD, for the shell alone. */
const GIVEN_PWD = "USRSVC_PWD";

function isShellable(name: string): boolean {
  return !UNSHELLABLE.test(name);
}

/** The same process, by way of a shell that takes some steps and then executes the command. */
function throughShell(order: SpawnOrder, steps: readonly string[], directory: string): SpawnOrder {
  const { argv, file } = order;
  const env = order.env.filter((line) => isShellable(nameOf(line)));
  // A shell would interpret a text without "#!" itself, and keep showing its own command line.
  const words = isShellText(file, directory) ? [SHELL, file, ...argv.slice(1)] : argv;
  const given = new Map(env.map((one) => [nameOf(one), one.slice(one.indexOf("=") + 1)]));
  const pwd = given.get("PWD") ?? directory;
  const own = ["OLDPWD", "SHLVL"].filter((name) => !given.has(name)); // the shell's
  const line = [
    ...steps,
    ...own.map((name) => `unset ${name}`),
    // It has set its own PWD. Everybody can see the words of a shell: no variable of [[Env]] is among them.
    ...(pwd === directory
      ? [`PWD=${shellWord(pwd)}`]
      : [`PWD=$${GIVEN_PWD}`, `unset ${GIVEN_PWD}`]),
    'exec "$@"',
  ].join("; ");
  if (pwd !== directory) env.push(`${GIVEN_PWD}=${pwd}`);
  return { ...order, file: SHELL, env, argv: [SHELL, "-c", line, SHELL_NAME, ...words] };
}

function isShellText(file: string, directory: string): boolean {
  const shebang = readShebang(file.startsWith("/") ? file : `${directory}/${file}`);
  return shebang?.interpreter === SHELL && shebang.option === undefined;
}

function nameOf(variable: string): string {
  return variable.slice(0, variable.indexOf("="));
}

/** Why a launch failed, for people; undefined for what is not an error of a system call. */
export function describeLaunchError(error: unknown, program: ProgramSettings): string | undefined {
  if (error instanceof AttributeError) return describeAttributeError(error, program);
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === undefined) return undefined;
  if (path !== undefined) {
    return code === "ENXIO"
      ? `${path} is a ${isSocket(path) ? "socket, not a file: write another path" : "FIFO that nobody reads"}`
      : `${path} cannot be opened: ${faultWords(code) ?? code}`;
  }
  const why = REASONS[code] ?? `the kernel says ${code}`;
  return `"${shorten(program.command)}" cannot be executed: ${why}`;
}

function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false; // gone in the meantime
  }
}

/** What execve(2) and clone(2) mean by their errors. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "the file, its interpreter or its loader does not exist",
  ENOTDIR: "a part of its path is not a folder",
  EACCES:
    "not permitted: the file is not executable, a folder above it cannot be entered, or its file system is mounted noexec",
  EPERM: "not permitted",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "a path is too long",
  ENOEXEC: "this machine does not understand its format",
  ELIBBAD: "its loader is damaged",
  EINVAL: "this machine does not understand its format",
  ETXTBSY: "the file is being written right now",
  E2BIG: "its arguments and environment are longer than the kernel accepts (see ulimit -s)",
  ENOMEM: "out of memory",
  EAGAIN: "no more processes can be created (ulimit -u, or TasksMax of the unit)",
  EMFILE: "too many open files in usrsvc",
  ENFILE: "too many open files on this machine",
  EIO: "its file system has an error",
  ESTALE: "its file system is no longer available",
  ETIMEDOUT: "nothing happened for 10 s, so the launch was given up: does its file system respond?",
};
