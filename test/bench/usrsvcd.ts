import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Home } from "./home.ts";
import { type Commands, type Manager, ManagerProcess } from "./manager.ts";
import { Tail } from "./tail.ts";
import { waitFor } from "./wait.ts";

/** What the programs of a scene have set. */
export interface ProgramOptions {
  readonly activityFile?: boolean;
  readonly autostart?: boolean;
  readonly successSeconds?: number;
}

/** Each start is followed for so long; a program that dies sooner has failed to start. */
export const SUCCESS_SECONDS = 0.5;

/** Whose goals are judged. */
export const USRSVCD = "usrsvcd";

/** usrsvcd, and usrsvc. */
export class Usrsvcd implements Manager {
  readonly name = USRSVCD;
  readonly commands: Commands;
  readonly #home: Home;
  readonly #process: ManagerProcess;
  readonly #started = new Map<string, number>();
  readonly #usrsvc: string;
  readonly #usrsvcd: string;
  #log: Tail | undefined;

  constructor(home: Home) {
    this.#home = home;
    this.#process = new ManagerProcess(home);
    this.#usrsvc = join(home.dist, "usrsvc.cjs");
    this.#usrsvcd = join(home.dist, "usrsvcd.cjs");
    this.commands = {
      status: (ids) => [this.#usrsvc, "status", ...ids],
      stop: (ids) => [this.#usrsvc, "stop", "-P", ...ids],
      start: (ids) => [this.#usrsvc, "start", "-P", ...ids],
      add: (id) => {
        this.write(id, [id]);
        return this.reread;
      },
    };
  }

  get pid(): number {
    return this.#process.pid;
  }

  get reread(): readonly [string, ...string[]] {
    return [this.#usrsvcd, "reread"];
  }

  configure(ids: readonly string[], options: ProgramOptions = {}): void {
    const { path } = this.#home;
    for (const name of ["cfg", "run", "logs", "activity", ".local"]) this.#home.freshFolder(name);
    const main = `[Main]\nconfig_dir = ${path}/cfg\n`;
    writeFileSync(join(path, "usrsvc.cfg"), main, { mode: 0o600 });
    this.write("all", ids, options);
  }

  /** Writes a file of the configuration, with these programs. */
  write(file: string, ids: readonly string[], options: ProgramOptions = {}): void {
    const text = ids.map((id) => this.#section(id, options)).join("\n");
    writeFileSync(join(this.#home.path, "cfg", `${file}.cfg`), text, { mode: 0o600 });
    if (options.activityFile !== true) return;
    for (const id of ids) writeFileSync(this.#activityFile(id), "");
  }

  launch(): number {
    const path = join(this.#home.path, "usrsvcd.log");
    const out = openSync(path, "w");
    try {
      this.#started.clear();
      this.#log = new Tail(path, (line) => this.#take(line));
      return this.#process.launch([this.#usrsvcd, "start", "--foreground"], ["ignore", out, out]);
    } finally {
      closeSync(out);
    }
  }

  /** Waits until usrsvcd has called the last start of each of `ids` a success. */
  async settled(ids: readonly string[]): Promise<void> {
    const { services, signal } = this.#home;
    const isSettled = (id: string): boolean => {
      const pid = services.latest([id])[0]?.pid;
      return pid !== undefined && this.#started.get(id) === pid;
    };
    const look = (): true | undefined => {
      this.#log?.read();
      return ids.every(isSettled) ? true : undefined;
    };
    await waitFor(`usrsvcd sees ${ids.length} programs run`, look, signal);
  }

  async end(): Promise<void> {
    await this.#process.end("SIGTERM");
    this.#log?.[Symbol.dispose]();
    this.#log = undefined;
  }

  #section(id: string, options: ProgramOptions): string {
    const { path, services } = this.#home;
    const { activityFile = false, autostart = true, successSeconds = SUCCESS_SECONDS } = options;
    const { command, log, kind } = services;
    return [
      `[Program:${id}]`,
      `command = ${command} ${log} ${id}`,
      `pidfile = ${path}/run/${id}.pid`,
      `stdout = ${path}/logs/${id}.log`,
      `success_seconds = ${successSeconds}`,
      ...(autostart ? [] : ["autostart = False"]),
      ...(kind === "sh" ? [`proctitle_re = ${command} .* ${id}$`] : []),
      ...(activityFile
        ? ["[[Monitor]]", `activityfile = ${this.#activityFile(id)}`, "activityfile_limit = 2h"]
        : []),
      "",
    ].join("\n");
  }

  #activityFile(id: string): string {
    return join(this.#home.path, "activity", id);
  }

  #take(line: string): void {
    if (!/"program[.](started|adopted)"/.test(line)) return;
    const { program, pid } = JSON.parse(line) as { program: string; pid: number };
    this.#started.set(program, pid);
  }
}
