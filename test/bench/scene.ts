import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Services } from "./services.ts";
import { Tail } from "./tail.ts";
import { now, waitFor } from "./wait.ts";

const root = dirname(dirname(import.meta.dirname));

/** A throw-away home with a copy of dist/, programs, and perhaps a usrsvcd that runs them. */
export class Scene {
  readonly services: Services;
  readonly home: string;
  readonly usrsvc: string;
  readonly #usrsvcd: string;
  readonly #started = new Map<string, number>();
  readonly #signal: AbortSignal;
  readonly #successSeconds: number;
  #daemon: ChildProcess | undefined;
  #log: Tail | undefined;

  constructor(successSeconds: number, signal: AbortSignal) {
    this.#signal = signal;
    this.#successSeconds = successSeconds;
    const base = /^[\w/.+-]+$/.test(tmpdir()) ? tmpdir() : "/tmp";
    this.home = fs.realpathSync(fs.mkdtempSync(join(base, "usrsvc-bench-")));
    // A copy: somebody may build while we measure.
    const app = join(this.home, "app");
    fs.cpSync(join(root, "dist"), join(app, "dist"), { recursive: true });
    fs.cpSync(join(root, "package.json"), join(app, "package.json"));
    fs.symlinkSync(join(root, "node_modules"), join(app, "node_modules"));
    this.usrsvc = join(app, "dist", "usrsvc.cjs");
    this.#usrsvcd = join(app, "dist", "usrsvcd.cjs");
    for (const name of ["cfg", "run", "logs"]) fs.mkdirSync(join(this.home, name), { mode: 0o700 });
    const main = `[Main]\nconfig_dir = ${this.home}/cfg\n`;
    fs.writeFileSync(join(this.home, "usrsvc.cfg"), main, { mode: 0o600 });
    this.services = new Services(this.home);
  }

  /** Writes a file of the configuration with these programs. */
  configure(file: string, ids: readonly string[]): void {
    const text = ids.map((id) => this.#section(id)).join("\n");
    fs.writeFileSync(join(this.home, "cfg", `${file}.cfg`), text, { mode: 0o600 });
  }

  /** Launches usrsvcd; yields the time before. */
  launchDaemon(): number {
    const path = join(this.home, "usrsvcd.log");
    const out = fs.openSync(path, "w");
    this.#log = new Tail(path, (line) => this.#take(line));
    const since = now();
    this.#daemon = spawn(this.#usrsvcd, ["start", "--foreground"], {
      env: this.#env(),
      stdio: ["ignore", out, out],
      detached: true,
    });
    fs.closeSync(out);
    return since;
  }

  get daemonPid(): number {
    const pid = this.#daemon?.pid;
    if (pid === undefined || this.#daemon?.exitCode !== null) throw new Error("no usrsvcd runs");
    return pid;
  }

  /** Waits until usrsvcd has called the last start of each of `ids` a success. */
  async settled(ids: readonly string[]): Promise<void> {
    const isSettled = (id: string): boolean => {
      const pid = this.services.latest([id])[0]?.pid;
      return pid !== undefined && this.#started.get(id) === pid;
    };
    const look = (): true | undefined => {
      this.#log?.read();
      return ids.every(isSettled) ? true : undefined;
    };
    await waitFor(`usrsvcd sees ${ids.length} programs run`, look, this.#signal);
  }

  /** Runs a command to its end; yields the wall time in ms. */
  async time(command: "usrsvc" | "usrsvcd" | "node", words: readonly string[]): Promise<number> {
    const files = { usrsvc: this.usrsvc, usrsvcd: this.#usrsvcd, node: process.execPath };
    const began = performance.now();
    const child = spawn(files[command], words, {
      env: this.#env(),
      stdio: "ignore",
      signal: this.#signal,
      killSignal: "SIGKILL",
    });
    const code = await new Promise((resolve, reject) => {
      child.once("error", reject).once("exit", resolve);
    });
    const tookMs = performance.now() - began;
    this.#signal.throwIfAborted();
    if (code !== 0) throw new Error(`${command} ${words.join(" ")}: exit code ${String(code)}`);
    return tookMs;
  }

  /** Ends usrsvcd and all that it or we have started here. */
  async clear(): Promise<void> {
    const patience = AbortSignal.timeout(60_000);
    const daemon = this.#daemon;
    if (daemon?.exitCode === null && daemon.signalCode === null) {
      const exit = new Promise((resolve) => daemon.once("exit", resolve));
      daemon.kill("SIGTERM");
      const late = setTimeout(() => daemon.kill("SIGKILL"), 5000);
      await exit;
      clearTimeout(late);
    }
    this.#daemon = undefined;
    this.#started.clear();
    this.#log?.[Symbol.dispose]();
    this.#log = undefined;
    await waitFor(
      "the end of all",
      () => (this.#killRest() === 0 ? true : undefined),
      patience,
      30,
    );
    for (const name of ["cfg", "run", "logs"]) this.#empty(name);
    fs.rmSync(join(this.home, ".local"), { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.clear();
    this.services[Symbol.dispose]();
    fs.rmSync(this.home, { recursive: true, force: true });
  }

  #section(id: string): string {
    return `[Program:${id}]
command = ${this.services.command} ${this.services.log} ${id}
pidfile = ${this.home}/run/${id}.pid
stdout = ${this.home}/logs/${id}.log
success_seconds = ${this.#successSeconds}
${this.services.kind === "sh" ? "proctitle_re = " + this.services.command + " .* " + id + "$" : ""}
`;
  }

  #env(): NodeJS.ProcessEnv {
    return { ...process.env, HOME: this.home, NODE_OPTIONS: "" };
  }

  #take(line: string): void {
    if (!/"program[.](started|taken-up)"/.test(line)) return;
    const { program, pid } = JSON.parse(line) as { program: string; pid: number };
    this.#started.set(program, pid);
  }

  /** Kills the processes that name our folder, which nobody else knows; yields how many there were. */
  #killRest(): number {
    let count = 0;
    for (const name of fs.readdirSync("/proc").filter((one) => /^\d+$/.test(one))) {
      try {
        const pid = Number(name);
        const words = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8");
        if (pid === process.pid || !words.includes(`${this.home}/`)) continue;
        count++;
        process.kill(pid, "SIGKILL");
      } catch {
        // gone meanwhile, or another user's
      }
    }
    return count;
  }

  #empty(name: string): void {
    execFileSync("find", [join(this.home, name), "-mindepth", "1", "-delete"]);
  }
}
