import { existsSync } from "node:fs";
import { decodeShellStatus, type Exit } from "../../proc/exit.ts";
import { parsePid, type Pid, type ProcessRef } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import type { Spawn, Spawned } from "../../proc/spawn.ts";
import { LINE_BREAK, quote } from "./launch-line.ts";
import type { ProcessTable } from "./process-table.ts";

const SHELL = "/bin/sh";
/** Last word of each launcher, for people who look at `ps`. */
const NAME = "usrsvc-launcher";
const setsidPaths = ["/usr/bin/setsid", "/bin/setsid", "/usr/local/bin/setsid"];

/** A launcher is asked for its pid for so long, in ms. */
const ANSWER_MS = 10_000;

const readLine = `read -r USRSVC_LINE <&3 || exit 0
eval "$USRSVC_LINE"`;

/**
 * The shell around a start. Its foreground subshell reports its own pid on descriptor 3 and waits
 * there for a line of shell, so that the pid is on record before the program exists; if we die
 * before that, it reads the end of the file, or half a line, and leaves. By that line it becomes
 * the program. (A job in the background would have SIGINT and SIGQUIT ignored for ever.) The shell
 * itself waits, tells the exit status, and is ended when the start window closes, which hands the
 * program to init.
 */
const LAUNCHER = `${LINE_BREAK}='\n'
(read -r USRSVC_PID USRSVC_REST </proc/self/stat; echo "pid $USRSVC_PID" >&3
${readLine})
echo "exit $?" >&3`;

/** What the subshell becomes to be warm: the leader of its session, with nothing left to do. */
const WARM = `${LINE_BREAK}='\n'
${readLine}`;

/** The launch itself failed: nothing was started. */
export class LaunchError extends Error {
  override readonly name = "LaunchError";
}

/** True for the command line of a process that has not become a program yet. */
export function isLauncherCommand(argv: readonly string[]): boolean {
  return argv[0] === SHELL && argv[1] === "-c" && (argv[2] === LAUNCHER || argv[2] === WARM);
}

/** What making a launcher asks of the machine. */
export interface LauncherPorts {
  readonly spawn: Spawn;
  readonly proc: ProcReader;
  readonly table: Pick<ProcessTable, "leaveOut">;
  /** What it hands on, all of it. */
  readonly env: Readonly<Record<string, string>>;
}

/** A process that waits to become a program, and the shell that waits for its end. */
export class Launcher {
  /** What is to become the program. */
  readonly process: ProcessRef;
  /** The shell that waits for it. */
  readonly shell: ProcessRef;
  readonly #spawned: Spawned;
  readonly #talk: Talk;
  readonly #setsid: string;
  readonly #leftOut: Disposable;
  #isWarm = false;

  private constructor(
    refs: Pick<Launcher, "process" | "shell">,
    spawned: Spawned,
    talk: Talk,
    setsid: string,
    leftOut: Disposable,
  ) {
    this.process = refs.process;
    this.shell = refs.shell;
    this.#spawned = spawned;
    this.#talk = talk;
    this.#setsid = setsid;
    this.#leftOut = leftOut;
    talk.onOver = () => leftOut[Symbol.dispose](); // the numbers may be another's soon
  }

  /**
   * Makes one, up to the point where its pid is known.
   *
   * @throws {LaunchError} when there is no shell or setsid, or when no process can be made
   */
  static async open({ spawn, proc, table, env }: LauncherPorts): Promise<Launcher> {
    const setsid = setsidPaths.find((path) => existsSync(path));
    if (setsid === undefined) {
      throw new LaunchError(`no setsid(1) in ${setsidPaths.join(", ")}: install util-linux`);
    }
    const talk = new Talk();
    const patience = setTimeout(() => talk.giveUp(), ANSWER_MS);
    let spawned: Spawned;
    try {
      spawned = await spawn([SHELL, "-c", LAUNCHER, NAME], env, talk);
    } catch (cause) {
      clearTimeout(patience);
      throw new LaunchError(`no launcher can be made: ${(cause as Error).message}`, { cause });
    }
    try {
      const process = proc.alive(await talk.pid);
      const shell = proc.alive(spawned.pid);
      if (process === undefined || shell === undefined) throw gone();
      const leftOut = table.leaveOut(process.pid, shell.pid);
      return new Launcher({ process, shell }, spawned, talk, setsid, leftOut);
    } catch (error) {
      spawned.end();
      throw error;
    } finally {
      clearTimeout(patience);
    }
  }

  /** How the process ended; pending while it runs, and for ever after `release`. */
  get exited(): Promise<Exit> {
    return this.#talk.exited;
  }

  /** True while it can still become a program, as far as is known. */
  isUsable(): boolean {
    return !this.#talk.isOver;
  }

  /** Pays in advance what it can: what is left to do then is one exec. */
  warm(): void {
    this.#isWarm = true;
    this.#spawned.send(`exec ${this.#setsid} ${SHELL} -c ${quote(WARM)} ${NAME}\n`);
  }

  /** Path of setsid(1) if the line must call it, since the process does not lead a session yet. */
  get setsid(): string | undefined {
    return this.#isWarm ? undefined : this.#setsid;
  }

  /** Makes it run a line of shell, up to where that waits for another one. */
  prepare(line: string): void {
    this.#spawned.send(line);
  }

  /** Lets it go on, and become the program. */
  go(): void {
    this.#spawned.send("\n");
  }

  /** Ends the shell. Before `go`, that ends the process too; after, init becomes its parent. */
  release(): void {
    this.#spawned.end();
    this.#leftOut[Symbol.dispose]();
  }
}

/** What a launcher says: `pid N`, then `exit N`. */
class Talk {
  readonly pid: Promise<Pid>;
  readonly exited: Promise<Exit>;
  isOver = false;
  onOver: () => void = () => {};
  #text = "";
  #settlePid: (pid: Pid) => void = () => {};
  #failPid: (error: Error) => void = () => {};
  #settleExit: (exit: Exit) => void = () => {};

  constructor() {
    this.pid = new Promise((resolve, reject) => {
      this.#settlePid = resolve;
      this.#failPid = reject;
    });
    this.pid.catch(() => {}); // it may be that nobody waits for it any more
    this.exited = new Promise((resolve) => {
      this.#settleExit = resolve;
    });
  }

  heard(text: string): void {
    this.#text += text;
    const [, word] = /^pid (\d+)\n/.exec(this.#text) ?? [];
    const pid = word === undefined ? undefined : parsePid(word);
    if (pid !== undefined) this.#settlePid(pid);
    const [, status] = /\nexit (\d+)\n/.exec(this.#text) ?? [];
    if (status === undefined) return;
    this.#end();
    this.#settleExit(decodeShellStatus(Number(status)));
  }

  lost(): void {
    this.#end();
    this.#failPid(gone());
  }

  /** It does not say its pid: somebody may have stopped it. */
  giveUp(): void {
    this.#failPid(new LaunchError(`the launcher has not answered for ${ANSWER_MS / 1000} s`));
  }

  #end(): void {
    this.isOver = true;
    this.onOver();
  }
}

function gone(): LaunchError {
  return new LaunchError("the launcher ended before it could start the program");
}
