import type { ProcessRef } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { Log } from "../log.ts";
import type { Host } from "../program/host.ts";
import { fileStem } from "../program/state-dir.ts";
import type { Owner } from "../program/taken.ts";
import { LaunchTurns } from "./launch-turns.ts";
import type { ProgramState } from "./machine.ts";
import { SupervisedProgram, type Surroundings } from "./program.ts";
import { type StateWatch, watchState } from "./state-watch.ts";

/** How many shells are forked at once: enough for two cores, and few enough for 1,000 programs. */
const LAUNCHES_AT_ONCE = 8;
/** The slow look that finds what was started by hand, and backs up lost notices, in ms. */
const SLOW_LOOK_MS = 10_000;
/** Without inotify the records are looked at this often, in ms. */
const DEGRADED_LOOK_MS = 1000;

/** All programs under supervision. */
export class Supervisor implements AsyncDisposable {
  readonly #host: Host;
  readonly #log: Log;
  readonly #owners: Map<number, Owner>;
  readonly #programs = new Map<string, SupervisedProgram>();
  readonly #byFile = new Map<string, SupervisedProgram>();
  readonly #turns = new LaunchTurns(LAUNCHES_AT_ONCE);
  readonly #leaving = new AbortController();
  readonly #onState: () => void;
  #watch: StateWatch | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `owners` is kept up to date here, and read by the host. */
  constructor(host: Host, log: Log, owners: Map<number, Owner>, onState: () => void) {
    this.#host = host;
    this.#log = log;
    this.#owners = owners;
    this.#onState = onState;
  }

  /** Takes up or starts what is configured, side by side. */
  async begin(programs: Iterable<ProgramSettings>): Promise<void> {
    // Watched before the first look, so that nothing falls between.
    this.#watch = await watchState(this.#host.state, {
      changed: (file) => this.#byFile.get(file)?.noticeRecord(),
      lost: () => this.#lookAtAll(),
      degraded: (reason) => this.#degrade(reason),
    });
    for (const settings of programs) this.add(settings);
    this.#timer ??= setInterval(() => this.#slowLook(), SLOW_LOOK_MS);
  }

  /** A program is new. */
  add(settings: ProgramSettings): void {
    const program = new SupervisedProgram(settings, this.#surroundings());
    this.#programs.set(settings.name, program);
    this.#byFile.set(`${fileStem(settings.name)}.json`, program);
    program.look();
  }

  /** A program is no longer configured: it is left alone, running or not. */
  remove(name: string): void {
    this.#programs.get(name)?.close();
    this.#programs.delete(name);
    this.#byFile.delete(`${fileStem(name)}.json`);
    this.#onState();
  }

  /** The settings of a program have changed. */
  change(settings: ProgramSettings): void {
    this.#programs.get(settings.name)?.configure(settings);
  }

  /** How many programs are in each state. */
  counts(): ReadonlyMap<ProgramState["kind"], number> {
    const counts = new Map<ProgramState["kind"], number>();
    for (const { state } of this.#programs.values()) {
      counts.set(state.kind, (counts.get(state.kind) ?? 0) + 1);
    }
    return counts;
  }

  /** Leaves all programs as they are. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#leaving.abort(new Error("usrsvcd leaves"));
    clearInterval(this.#timer);
    for (const program of this.#programs.values()) program.close();
    await this.#watch?.[Symbol.asyncDispose]();
  }

  #surroundings(): Surroundings {
    return {
      host: this.#host,
      signal: this.#leaving.signal,
      log: (level, event, fields, message) => this.#log.write(level, event, fields, message),
      launchTurn: async () => await this.#turns.take(),
      claim: (name, process) => this.#claim(name, process),
      onState: this.#onState,
    };
  }

  #claim(name: string, process: ProcessRef | undefined): void {
    const old = this.#claims.get(name);
    if (old !== undefined && this.#owners.get(old)?.name === name) this.#owners.delete(old);
    if (process === undefined) {
      this.#claims.delete(name);
      return;
    }
    this.#claims.set(name, process.pid);
    this.#owners.set(process.pid, { name, process });
  }

  readonly #claims = new Map<string, number>();

  #slowLook(): void {
    this.#watch?.check();
    const waiting = [...this.#programs.values()].filter((program) => program.waitsForProcess);
    if (waiting.length === 0 || this.#host.table.isCurrent()) return;
    for (const program of waiting) program.look();
  }

  #lookAtAll(): void {
    for (const program of this.#programs.values()) program.noticeRecord();
  }

  #degrade(reason: string): void {
    const message =
      `what usrsvc does is noticed only once a second: the state folder cannot be watched (${reason}); ` +
      "is fs.inotify.max_user_watches or max_user_instances used up?";
    this.#log.write("warn", "daemon.degraded", { reason }, message);
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#slowLook(), DEGRADED_LOOK_MS);
  }
}
