import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Kind, LOOK_ALIKE, neighbours, type Part } from "./kinds.ts";

const dist = join(import.meta.dirname, "../../dist");

/** What a command came to. */
export interface Call {
  readonly words: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
  readonly ms: number;
}

/** What /proc shows of a home: pids by role. */
export type Census = ReadonlyMap<string, readonly number[]>;

/** Roles that no program has. */
export const TOOL = "usrsvc";
export const DAEMON = "usrsvcd";
export const UNKNOWN = "unknown";

/** Longer than any command takes here, even where all cores are busy. */
const COMMAND_MS = 60_000;

/** For so long a process is believed to be none of ours, in ms: a pid does not come again so soon. */
const FOREIGN_MS = 2000;
const EMPTY_MS = 50;

let worlds = 0;

/** A home with one program, its neighbours, and strangers beside it. All that runs in it is counted in /proc. */
export class World {
  readonly path = mkdtempSync(join(tmpdir(), "usrsvc-killpoint-"));
  readonly config = join(this.path, "usrsvc.cfg");
  readonly pidfile = join(this.path, "run", "one.pid");
  readonly state = join(this.path, "state");
  /** Tells this home from all others of this run. */
  readonly number = (worlds += 1);
  /** Further lines of `[Main]`. */
  main = "";
  #parts: readonly Part[] = [];
  #strangers: readonly ChildProcess[] = [];
  /** All calls since the beginning. */
  readonly calls: Call[] = [];
  #touching: ChildProcess | undefined;
  /** Pids of processes that are not of this home, until when that is believed. */
  readonly #foreign = new Map<number, number>();

  get env(): NodeJS.ProcessEnv {
    const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: _context, ...env } = process.env;
    return { ...env, HOME: this.path };
  }

  /** As it is before anything was started. */
  async begin(kind: Kind): Promise<void> {
    this.keepTouching(undefined);
    await this.endAll();
    for (const file of readdirSync(this.path)) {
      rmSync(join(this.path, file), { recursive: true, force: true });
    }
    for (const folder of ["run", "log"]) mkdirSync(join(this.path, folder));
    this.main = "";
    this.calls.length = 0;
    this.#parts = [...kind.parts, ...neighbours];
    this.#strangers = this.#strangers.filter(isUp);
    if (this.#strangers.length === 0) {
      const env = { ...this.env, HOME: "/", USRSVC_PROGRAM: "one", USRSVC_LAUNCH: "0-0-m1-other" };
      const [command = "", ...words] = LOOK_ALIKE;
      this.#strangers = [spawn(command, words, { env, stdio: "ignore", detached: true })];
    }
  }

  /** Writes the configuration: the program `one`, and `more` sections by their names. */
  configure(
    settings: Readonly<Record<string, string>>,
    more: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
    sections = "",
  ): void {
    const all = { one: settings, ...more };
    const texts = Object.entries(all).map(([name, keys]) => {
      const lines = Object.entries({
        pidfile: join(this.path, "run", `${name}.pid`),
        stdout: join(this.path, "log", `${name}.log`),
        success_seconds: "0.1",
        term_to_kill_seconds: "2",
        ...keys,
      }).map(([key, value]) => `${key} = ${value}`);
      return `[Program:${name}]\n${lines.join("\n")}\n${name === "one" ? sections : ""}`;
    });
    writeFileSync(
      this.config,
      `[Main]\nstate_dir = ${this.state}\n${this.main}\n${texts.join("\n")}`,
    );
    chmodSync(this.config, 0o600);
  }

  /** An executable script. */
  script(name: string, text: string): string {
    const path = join(this.path, name);
    writeFileSync(path, text, { mode: 0o755 });
    return path;
  }

  /** The words that run a command of ours. */
  command(name: "usrsvc" | "usrsvcd", ...words: readonly string[]): readonly string[] {
    return [process.execPath, join(dist, `${name}.cjs`), ...words];
  }

  /** Runs `usrsvc WORDS`. */
  async usrsvc(...words: readonly string[]): Promise<Call> {
    return await this.run(this.command("usrsvc", ...words));
  }

  /** Runs `usrsvcd WORDS`. */
  async usrsvcd(...words: readonly string[]): Promise<Call> {
    return await this.run(this.command("usrsvcd", ...words));
  }

  /** Runs a command to its end. */
  async run(command: readonly string[]): Promise<Call> {
    const began = performance.now();
    const child = this.spawn(command);
    let out = "";
    let err = "";
    child.stdout?.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (err += chunk.toString()));
    const timer = setTimeout(() => child.kill("SIGKILL"), COMMAND_MS);
    const closed = new Promise((resolve) => child.once("close", resolve));
    await new Promise((resolve) => child.once("exit", resolve));
    clearTimeout(timer);
    // What it has started may hold its pipes, should it be killed in the middle.
    await Promise.race([closed, pause(3000)]);
    const { exitCode: code, signalCode: signal } = child;
    const shown = command.map((word) => word.replace(`${dist}/`, "")).slice(1);
    const call = { words: shown.join(" "), code, signal, out, err, ms: performance.now() - began };
    this.calls.push(call);
    return call;
  }

  /** Starts a command, and leaves it to the caller. */
  spawn(command: readonly string[]): ChildProcess {
    const [file = "", ...words] = command;
    return spawn(file, words, {
      env: this.env,
      cwd: this.path,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Pids of the strace that is at work here. */
  straces(): readonly number[] {
    return this.#living().flatMap(({ pid, words }) => (words.startsWith("strace ") ? [pid] : []));
  }

  /** What lives in this home, by /proc alone. A process that has just been forked looks like its parent. */
  census(): Census {
    const found = new Map<string, number[]>();
    for (const { pid, words } of this.#living()) {
      const role = this.#roleOf(words);
      found.set(role, [...(found.get(role) ?? []), pid]);
    }
    return found;
  }

  /**
   * What is wrong with what runs: `copies` of the program, and of the neighbours those named, no more and
   * no less. Undefined when all is right.
   */
  odd(copies: 0 | 1, others: readonly string[] = []): string | undefined {
    const census = this.census();
    const wrong = this.#parts.flatMap(({ role, least, most }) => {
      const isThere = neighbours.some((one) => one.role === role)
        ? others.includes(role)
        : copies === 1;
      const count = census.get(role)?.length ?? 0;
      const isRight = isThere ? count >= least && count <= most : count === 0;
      return isRight ? [] : [`${count} × ${role}`];
    });
    for (const role of [UNKNOWN, TOOL]) {
      const count = census.get(role)?.length ?? 0;
      if (count > 0) wrong.push(`${count} × ${role}`);
    }
    if ((census.get(DAEMON)?.length ?? 0) > 1) wrong.push("more than one usrsvcd");
    return wrong.length === 0 ? undefined : wrong.join(", ");
  }

  /** What there is too much of, however it is going on. */
  excess(): string | undefined {
    const census = this.census();
    const wrong = this.#parts.flatMap(({ role, most }) => {
      const count = census.get(role)?.length ?? 0;
      return count > most ? [`${count} × ${role}`] : [];
    });
    return wrong.length === 0 ? undefined : wrong.join(", ");
  }

  /** Waits until the program runs once, and of the neighbours those named. */
  async whole(others: readonly string[] = []): Promise<void> {
    await waitFor("the program to run", () => this.odd(1, others) === undefined, 40_000);
  }

  /** What usrsvc has on record of the program; undefined while there is no whole record. */
  recorded(
    name = "one",
  ): { readonly state: string; readonly desired: string; readonly pid?: number } | undefined {
    try {
      const { state, desired, process } = JSON.parse(
        this.read(`state/programs/${name}.json`) ?? "",
      ) as {
        state: string;
        desired: string;
        process?: { pid: number };
      };
      return { state, desired, ...(process === undefined ? {} : { pid: process.pid }) };
    } catch {
      return undefined;
    }
  }

  /** What of the strangers is there no more. */
  lostStrangers(): readonly string[] {
    return this.#strangers
      .filter((one) => !isUp(one))
      .map(({ pid, signalCode, exitCode }) => `pid ${pid} (${signalCode ?? exitCode})`);
  }

  /** Text of a file of this home; undefined while there is none. */
  read(name: string): string | undefined {
    const path = join(this.path, name);
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  }

  /** Ends all that runs in this home, by pid. */
  async endAll(): Promise<void> {
    await waitFor("all of this home to end", () => {
      const left = this.#living();
      for (const { pid } of left) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // gone
        }
      }
      return left.length === 0;
    });
  }

  /** A process of its own touches this file again and again, as a program does that is at work; undefined: no more. */
  keepTouching(path: string | undefined): void {
    this.#touching?.kill("SIGKILL");
    this.#touching = undefined;
    if (path === undefined) return;
    const words = ["-c", 'while [ -e "$0" ]; do touch "$0"; sleep 0.2; done', path];
    this.#touching = spawn("sh", words, { env: { ...this.env, HOME: "/" }, stdio: "ignore" });
  }

  /** Leaves nothing behind. */
  async end(): Promise<void> {
    this.keepTouching(undefined);
    await this.endAll();
    for (const one of this.#strangers) one.kill("SIGKILL");
    rmSync(this.path, { recursive: true, force: true });
  }

  /** A machine may have thousands of processes, and is looked at often: what is not of this home is known for a moment. */
  #living(): readonly { readonly pid: number; readonly words: string }[] {
    const now = performance.now();
    return readdirSync("/proc").flatMap((name) => {
      const pid = Number(name);
      if (Number.isNaN(pid) || (this.#foreign.get(pid) ?? 0) > now) return [];
      const environ = textOf(`/proc/${name}/environ`);
      if (!`\0${environ}`.includes(`\0HOME=${this.path}\0`)) {
        // Without any it may be in mid-exec, and somebody else in a moment.
        this.#foreign.set(pid, now + (environ === "" ? EMPTY_MS : FOREIGN_MS));
        return [];
      }
      return [{ pid, words: textOf(`/proc/${name}/cmdline`).replaceAll("\0", " ").trim() }];
    });
  }

  #roleOf(words: string): string {
    if (words.startsWith("strace ")) return TOOL;
    if (words.includes("/usrsvc.cjs")) return TOOL;
    if (words.includes("/usrsvcd.cjs")) return DAEMON;
    return this.#parts.find((part) => part.words.test(words))?.role ?? UNKNOWN;
  }
}

/** Empty where it is gone, or another's. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** True while a child has not ended. */
export function isUp(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** Waits until `look` yields something true; throws after `ms`, naming `what`. */
export async function waitFor<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  ms = 30_000,
): Promise<T> {
  const end = performance.now() + ms;
  for (let pauseMs = 5; ; pauseMs = Math.min(80, pauseMs * 1.5)) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > end) throw new Error(`waited ${ms} ms in vain for ${what}`);
    await pause(pauseMs);
  }
}
