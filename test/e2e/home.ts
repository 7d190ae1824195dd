import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Pid } from "../../proc/pid.ts";
import { procReader } from "../../proc/reader.ts";
import { cleanUp } from "../support/clean-up.ts";

const dist = join(import.meta.dirname, "../../dist");

/** What a command came to. */
export interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** One line of usrsvcd's log. */
export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly program?: string;
  readonly pid?: number;
  readonly msg: string;
  readonly [key: string]: unknown;
}

/** One object of `usrsvc status --json` and of the actions. */
export type Json = Readonly<Record<string, unknown>>;

let sleepers = 0;

/** A command that no other process on this machine has. */
export function sleeper(): string {
  sleepers += 1;
  return `/bin/sleep ${10_000 + sleepers}.${process.pid}`;
}

/** A throw-away home with a configuration; all that was started in it is ended with the test. */
export class Home {
  readonly path: string;
  readonly config: string;
  readonly #programs = new Map<string, string>();
  readonly #started: ChildProcess[] = [];

  constructor(t: TestContext, main = "") {
    this.path = mkdtempSync(join(tmpdir(), "usrsvc-test-"));
    this.config = join(this.path, "usrsvc.cfg");
    for (const folder of ["run", "log"]) mkdirSync(join(this.path, folder));
    this.#main = main;
    cleanUp(t, async () => await this.#end());
  }

  #main: string;

  /** Sets all of `[Main]` but `state_dir`. */
  main(text: string): this {
    this.#main = text;
    return this.write();
  }

  /** Sets or replaces a program; keys as in the file, `command` first. */
  program(name: string, settings: Readonly<Record<string, string>>, sections = ""): this {
    const all = {
      pidfile: join(this.path, "run", `${name.replaceAll("/", "_")}.pid`),
      stdout: join(this.path, "log", `${name.replaceAll("/", "_")}.log`),
      // What is known by an expression has to show it by then.
      success_seconds: "proctitle_re" in settings ? "1.5" : "0.3",
      ...settings,
    };
    const lines = Object.entries(all).map(([key, value]) => `${key} = ${value}`);
    this.#programs.set(name, `[Program:${name}]\n${lines.join("\n")}\n${sections}`);
    return this.write();
  }

  /** Takes a program out of the configuration. */
  without(name: string): this {
    this.#programs.delete(name);
    return this.write();
  }

  /** Adds a text as it is (faulty, for example). */
  text(name: string, text: string): this {
    this.#programs.set(name, text);
    return this.write();
  }

  write(): this {
    const main = `[Main]\nstate_dir = ${join(this.path, "state")}\n${this.#main}\n`;
    writeFileSync(this.config, main + [...this.#programs.values()].join("\n"));
    return this;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** An executable script. */
  script(name: string, text: string): string {
    writeFileSync(this.file(name), text, { mode: 0o755 });
    return this.file(name);
  }

  /** The text of a file; empty while there is none. */
  read(name: string): string {
    try {
      return readFileSync(this.file(name), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
      throw error;
    }
  }

  get env(): NodeJS.ProcessEnv {
    const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: _context, ...env } = process.env;
    return { ...env, HOME: this.path };
  }

  /** Runs `usrsvc WORDS`. */
  async usrsvc(...words: readonly string[]): Promise<Result> {
    return await this.run("usrsvc.cjs", words);
  }

  /** Runs `usrsvcd WORDS`. */
  async usrsvcd(...words: readonly string[]): Promise<Result> {
    return await this.run("usrsvcd.cjs", words);
  }

  async run(
    command: string,
    words: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): Promise<Result> {
    return await finished(this.spawn(command, words, env));
  }

  /** Path of a built command. */
  command(name: string): string {
    return join(dist, name);
  }

  /** Starts a command, and leaves it to the test. */
  spawn(command: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const child = spawn(join(dist, command), [...words], {
      env: { ...this.env, ...env },
      cwd: this.path,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#started.push(child);
    return child;
  }

  /** The objects of `usrsvc status --json`. */
  async status(...names: readonly string[]): Promise<readonly Json[]> {
    const { out } = await this.usrsvc("status", "--json", ...names);
    return lines(out);
  }

  /** The status of one program. */
  async statusOf(name: string): Promise<Json> {
    const [status] = await this.status(name);
    if (status === undefined) throw new Error(`no status of ${name}`);
    return status;
  }

  /** The log of a usrsvcd in the background. */
  log(): readonly LogLine[] {
    return lines(this.read("state/usrsvcd.log")) as unknown as readonly LogLine[];
  }

  /** The pid in a pidfile of a program; undefined while there is none. */
  pid(name: string): Pid | undefined {
    const text = this.read(`run/${name}.pid`).trim();
    return text === "" ? undefined : (Number(text) as Pid);
  }

  /** Waits until a program's pidfile names a living process, and not `but`. */
  async running(name: string, but?: number): Promise<Pid> {
    return await waitFor(`${name} to run`, () => {
      const pid = this.pid(name);
      return pid !== undefined && pid !== but && isAlive(pid) ? pid : undefined;
    });
  }

  /** What a test left behind: processes that have this home in their environment, or work in it. */
  #strays(): readonly Pid[] {
    return reader.pids().filter((pid) => {
      try {
        const environ = `\0${readFileSync(`/proc/${pid}/environ`, "utf8")}`;
        const at = `${readlinkSync(`/proc/${pid}/cwd`)}/`;
        return environ.includes(`\0HOME=${this.path}\0`) || at.startsWith(`${this.path}/`);
      } catch {
        return false; // gone, or another's
      }
    });
  }

  /** usrsvcd first, which would start them again; killed, since most are only sleepers. */
  async #end(): Promise<void> {
    for (const child of this.#started) if (child.exitCode === null) child.kill("SIGKILL");
    const strays = this.#strays();
    const isDaemon = (pid: Pid): boolean => commandOf(pid).includes(this.command("usrsvcd.cjs"));
    for (const pid of strays.toSorted((a, b) => Number(isDaemon(b)) - Number(isDaemon(a))))
      kill(pid);
    // One that has left the home, and written a title over its environment.
    if (this.#hasLivingRecord()) await this.usrsvc("stop", "all", "-P");
    // Until none is seen twice: one that is killed may just have forked, and may write here until it is gone.
    let looks = 0;
    await waitFor("all of a test to end", () => {
      const left = this.#strays();
      left.forEach(kill);
      looks = left.length === 0 ? looks + 1 : 0;
      return looks === 2;
    });
    rmSync(this.path, { recursive: true, force: true });
  }

  /** True where a record names a process that lives, or is no ordinary file. */
  #hasLivingRecord(): boolean {
    const folder = this.file("state/programs");
    try {
      return readdirSync(folder).some((name) => {
        const file = join(folder, name);
        const stat = lstatSync(file);
        if (!stat.isFile() || stat.size > 100_000) return true;
        const text = readFileSync(file, "utf8");
        return [...text.matchAll(/"pid": *([0-9]+)/g)].some(([, pid]) => isAlive(Number(pid)));
      });
    } catch {
      return existsSync(folder);
    }
  }
}

/** What a child prints, and how it ends. */
export async function finished(child: ChildProcess): Promise<Result> {
  let out = "";
  let err = "";
  child.stdout?.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  return { code, out, err };
}

const reader = procReader();

/** The command line of a process; empty for one that is gone. */
function commandOf(pid: Pid): readonly string[] {
  try {
    return reader.cmdline(pid);
  } catch {
    return [];
  }
}

/** SIGKILL to a process that may be gone by now. */
function kill(pid: Pid): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** True for a process that is there and no zombie. */
export function isAlive(pid: number): boolean {
  return reader.alive(pid as Pid) !== undefined;
}

/**
 * Time that anything waited for may take, in ms: no test fails because a machine is slow. Looks that usrsvcd makes
 * every 10 s are waited for with the same patience.
 */
const PATIENCE_MS = 30_000;

/** Waits until `look` yields something; fails after `ms`, naming `what`. */
export async function waitFor<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  ms = PATIENCE_MS,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const begin = performance.now();
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    const now = performance.now();
    if (now > end) throw new Error(`waited ${ms} ms in vain for ${what}`);
    // A look that is a command of its own would take its time from what is waited for.
    await new Promise((resolve) => setTimeout(resolve, Math.max(10, now - begin)));
  }
}

/** Parses JSON lines; a line that is still being written is left out. */
export function lines(text: string): readonly Json[] {
  return text
    .split("\n")
    .slice(0, -1)
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Json);
}
