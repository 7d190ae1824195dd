import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync } from "node:fs";
import type { Duplex } from "node:stream";
import { sealDescriptors } from "../../proc/descriptors.ts";
import { decodeShellStatus, type Exit } from "../../proc/exit.ts";
import { libc } from "../../proc/libc.ts";
import { parsePid, type Pid, type ProcessRef } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { Host } from "./host.ts";
import { openOutput } from "./output.ts";

/**
 * The shell around a start. Its foreground subshell reports its own pid on descriptor 3 and waits
 * there for the word to go, so that the pid is on record before the program exists; if we die
 * before that, it reads the end of the file and leaves. Then it becomes the program, through
 * setsid(1), as the leader of a session and process group of its own. (A job in the background
 * would have SIGINT and SIGQUIT ignored for ever.) The shell itself waits, tells the exit status,
 * and is ended when the start window closes, which hands the program to init. Its own standard
 * error is closed: a shell remarks there on signals ("Killed").
 *
 * Words: soft limit of open files or `-`, umask or `-`, setsid, then the command.
 */
export const LAUNCHER = `exec 4>&2 2>/dev/null
(read -r pid _ </proc/self/stat; echo "pid $pid" >&3
read -r word <&3 && [ "$word" = go ] || exit 0
[ "$1" = - ] || ulimit -S -n "$1"; [ "$2" = - ] || umask "$2"; shift 2
exec 2>&4 3>&- 4>&- "$@")
echo "exit $?" >&3`;

const SHELL = "/bin/sh";
const setsidPaths = ["/usr/bin/setsid", "/bin/setsid", "/usr/local/bin/setsid"];

/** A process that waits for the word to become the program. */
export interface Launched {
  /** What is to become the program. */
  readonly process: ProcessRef;
  /** The shell that waits for it. */
  readonly launcher: ProcessRef;
  /** Lets it become the program. */
  go(): void;
  /** How it ended, told by the launcher; pending while it runs, and for ever after `release`. */
  readonly exited: Promise<Exit>;
  /** Ends the launcher. Before `go`, that ends the process too; after, init becomes its parent. */
  release(): void;
}

/** The launch itself failed: nothing was started. */
export class LaunchError extends Error {
  override readonly name = "LaunchError";
}

/**
 * Starts the launcher of a program, up to the point where the pid is known.
 *
 * @throws {LaunchError} when there is no shell or setsid, or when no process can be made
 */
export async function launch(program: ProgramSettings, host: Host): Promise<Launched> {
  const setsid = setsidPaths.find((path) => existsSync(path));
  if (setsid === undefined) {
    throw new LaunchError(`no setsid(1) in ${setsidPaths.join(", ")}: install util-linux`);
  }
  const c = libc();
  if (c !== undefined) sealDescriptors(c);
  const opened: number[] = [];
  try {
    const stdout = keep(opened, openOutput(program.stdout));
    const isOneFile = program.stderr === program.stdout;
    const stderr = isOneFile ? stdout : keep(opened, openOutput(program.stderr));
    return await followLauncher(spawnLauncher(program, host, setsid, stdout, stderr), host);
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}

function keep(opened: number[], fd: number): number {
  opened.push(fd);
  return fd;
}

function spawnLauncher(
  program: ProgramSettings,
  host: Host,
  setsid: string,
  stdout: number,
  stderr: number,
): ChildProcess {
  const env = programEnvironment(program, host.env);
  return spawn(
    SHELL,
    [
      "-c",
      LAUNCHER,
      "usrsvc-launcher",
      ...limits(program, host),
      setsid,
      ...unshellable(env),
      ...program.argv,
    ],
    {
      cwd: program.directory,
      env,
      stdio: ["ignore", stdout, stderr, "pipe"],
      detached: true,
    },
  );
}

/** Variables whose names a shell does not hand on (`java.opts`) are given by env(1). */
function unshellable(env: Readonly<Record<string, string>>): readonly string[] {
  const pairs = Object.entries(env).filter(([name]) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (pairs.length === 0) return [];
  return ["/usr/bin/env", ...pairs.map(([name, value]) => `${name}=${value}`)];
}

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

function limits(program: ProgramSettings, host: Host): readonly string[] {
  const openFiles = host.openFiles === undefined ? "-" : String(host.openFiles);
  const umask = program.umask === undefined ? "-" : program.umask.toString(8).padStart(4, "0");
  return [openFiles, umask];
}

async function followLauncher(child: ChildProcess, host: Host): Promise<Launched> {
  // Told later, as an event; without a listener it would end us.
  const failed = new Promise<never>((_resolve, reject) => {
    child.once("error", (cause) => {
      reject(new LaunchError(`${SHELL} cannot be run: ${cause.message}`, { cause }));
    });
  });
  // Missing when node had no descriptor left for it (EMFILE).
  const talk = (child.stdio as typeof child.stdio | undefined)?.[3] as Duplex | undefined;
  if (talk === undefined) return await failed;
  failed.catch(() => {});
  const told = listen(talk);
  const pid = await Promise.race([told.pid, failed]).catch((error: unknown) => {
    talk.destroy();
    throw error;
  });
  const process = host.proc.alive(pid);
  const launcher = host.proc.alive(child.pid as Pid);
  if (process === undefined || launcher === undefined) {
    child.kill("SIGKILL");
    throw new LaunchError("the launcher ended before it could start the program");
  }
  return {
    process,
    launcher,
    go: () => void talk.write("go\n"),
    exited: told.exited,
    release() {
      child.kill("SIGKILL"); // our own child, not yet reaped: its pid cannot be another's
      talk.destroy();
      child.unref();
    },
  };
}

/** Reads the launcher's lines: `pid N`, then `exit N`. */
function listen(talk: Duplex): { pid: Promise<Pid>; exited: Promise<Exit> } {
  let text = "";
  let settleExit: (exit: Exit) => void = () => {};
  const exited = new Promise<Exit>((resolve) => {
    settleExit = resolve;
  });
  const pid = new Promise<Pid>((resolve, reject) => {
    talk.on("error", () => {}); // the launcher is gone: its end is told by "close"
    talk.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const [, word] = /^pid (\d+)\n/.exec(text) ?? [];
      const parsed = word === undefined ? undefined : parsePid(word);
      if (parsed !== undefined) resolve(parsed);
      const [, status] = /\nexit (\d+)\n/.exec(text) ?? [];
      if (status !== undefined) settleExit(decodeShellStatus(Number(status)));
    });
    talk.once("close", () => reject(new LaunchError("the launcher ended without a word")));
  });
  return { pid, exited };
}
