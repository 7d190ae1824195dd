import { lately } from "../lib/clock.ts";
import type { ProcessRef } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { Emitter } from "../events/event.ts";
import { makeMonitors } from "../monitors/monitors.ts";
import type { Host } from "../host/host.ts";
import { holdStem } from "../state/hold-file.ts";
import { removeOldRequests, stopRequestStem } from "../state/stop-request.ts";
import { fileStem } from "../state/state-dir.ts";
import { markedProcesses } from "../lifecycle/stragglers.ts";
import type { ProgramState } from "./program-state.ts";
import { SharedLogs } from "./shared-logs.ts";
import { StartOrder } from "./start-order.ts";
import { SupervisedProgram } from "./supervised-program.ts";
import { endOneByOne } from "./end-of-machine.ts";
import { TableNews } from "./table-news.ts";
import { StateWatch } from "./state-watch.ts";
import type { SupervisorContext } from "./context.ts";

/** How many programs are looked at in one turn of the event loop at most, when there are many. */
const LOOKS_A_TURN = 16;
/** The slow look that finds what was started by hand, and backs up lost notices, in ms. */
const SLOW_LOOK_MS = 10_000;
/** After the first starts. */
const FIRST_LOOK_MS = 500;
/** Without inotify the records are looked at this often, in ms. */
const DEGRADED_LOOK_MS = 1000;
/** What bears our marks is read once for all programs that are started within so many ms. */
const MARKED_MS = 1000;

/** What supervision asks for. */
export interface SupervisorPorts {
  readonly host: Host;
  readonly events: Emitter;
  /** Called when a program may have got another state. */
  readonly onState: () => void;
  /** Called with files of the records' folder that are no records; undefined: there may be some. */
  readonly onOtherFile: (file: string | undefined) => void;
  /** Called with each slow look: for what else is looked at now and then, in one awakening. */
  readonly onSlowLook: () => void;
  /** True while the state folder is somewhere else, and is not to be made anew. */
  readonly isMovedAway: () => boolean;
  /** True while what an operator asked for is done to a program from here, which `look` is called after. */
  readonly isActedOn: (name: string) => boolean;
}

/** All programs under supervision. */
export class Supervisor implements Disposable {
  readonly #host: Host;
  readonly #events: Emitter;
  readonly #programs = new Map<string, SupervisedProgram>();
  readonly #byFile = new Map<string, SupervisedProgram>();
  readonly #onState: () => void;
  readonly #onSlowLook: () => void;
  readonly #onOtherFile: SupervisorPorts["onOtherFile"];
  readonly #surroundings: SupervisorContext;
  readonly #order: StartOrder;
  readonly #table: TableNews;
  readonly #sharedLogs = new SharedLogs(() => this.#programs.values());
  #watch: StateWatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #firstLook: NodeJS.Timeout | undefined;
  #isDegraded = false;

  constructor(ports: SupervisorPorts) {
    const { host, events, onState, onSlowLook, onOtherFile, isMovedAway, isActedOn } = ports;
    this.#onOtherFile = onOtherFile;
    this.#host = host;
    this.#events = events;
    this.#onState = onState;
    this.#onSlowLook = onSlowLook;
    this.#order = new StartOrder(this.#programs, host);
    this.#table = new TableNews(host.table);
    this.#surroundings = {
      host,
      events,
      monitors: makeMonitors(host.proc),
      isSharedLog: (logs) => this.#sharedLogs.has(logs),
      marked: lately(MARKED_MS, () => markedProcesses(host)),
      onState: (name) => {
        this.#order.noteState(name);
        onState();
      },
      order: this.#order,
      isMovedAway,
      isActedOn,
    };
  }

  /** Takes up or starts what is configured, side by side. */
  begin(programs: Iterable<ProgramSettings>): void {
    // Watched before the first look, so that nothing falls between.
    this.#watch = new StateWatch(this.#host.state, {
      changed: (file) => this.#changed(file),
      lost: () => this.#lookAtAll(),
      degraded: (reason) => this.#degrade(reason),
      recovered: () => this.#recover(),
    });
    this.add(programs);
    this.#timer ??= setInterval(() => this.#slowLook(), SLOW_LOOK_MS);
    this.#firstLook = setTimeout(() => {
      this.#table.settle();
      this.#removeOldRequests();
    }, FIRST_LOOK_MS);
  }

  /** These programs are new. */
  add(programs: Iterable<ProgramSettings>): void {
    this.#sharedLogs.forget();
    const added = [...programs].map((settings) => {
      const program = new SupervisedProgram(settings, this.#surroundings);
      this.#programs.set(settings.name, program);
      this.#byFile.set(`${fileStem(settings.name)}.json`, program);
      return program;
    });
    this.#order.configure();
    // Before any looks: a process that is on record for one is no candidate for another.
    for (const program of added) program.claimRecorded();
    void this.#lookInTurn(added); // nothing in it can fail
  }

  /**
   * No faster than the first ones are launched: what waits for its turn to launch holds a lock, and
   * a thousand are not looked at before the first one starts.
   */
  async #lookInTurn(programs: readonly SupervisedProgram[]): Promise<void> {
    for (const [index, program] of programs.entries()) {
      const endTurn = await this.#host.launchTurn();
      endTurn();
      program.look();
      if (index % LOOKS_A_TURN === LOOKS_A_TURN - 1) await new Promise(setImmediate);
    }
  }

  /** A program is no longer configured: it is left alone. Yields its process, if it runs. */
  remove(name: string): ProcessRef | undefined {
    const program = this.#programs.get(name);
    const process = program?.process;
    program?.close();
    if (process !== undefined) this.#host.table.expire(); // it may go on under another name
    this.#programs.delete(name);
    this.#byFile.delete(`${fileStem(name)}.json`);
    this.#order.configure();
    this.#onState();
    return process;
  }

  /** Something was done to a program. */
  look(name: string): void {
    this.#programs.get(name)?.look();
  }

  /** The settings of a program have changed. True when its process was launched with others. */
  change(settings: ProgramSettings): boolean {
    this.#sharedLogs.forget();
    const program = this.#programs.get(settings.name);
    program?.configure(settings);
    this.#order.configure();
    return program?.isOutdated === true;
  }

  /** The programs that run, whatever has become of their records. */
  running(): readonly string[] {
    return [...this.#programs]
      .filter(([, { process }]) => process !== undefined)
      .map(([name]) => name);
  }

  /** How many programs are in each state. */
  counts(): ReadonlyMap<ProgramState["kind"], number> {
    const counts = new Map<ProgramState["kind"], number>();
    for (const { state } of this.#programs.values()) {
      counts.set(state.kind, (counts.get(state.kind) ?? 0) + 1);
    }
    return counts;
  }

  /**
   * Ends all programs, each before those that it starts after, else the last configured first; the next when the
   * one before is gone, after a minute all that are left at once.
   */
  async endAll(): Promise<void> {
    for (const program of this.#programs.values()) program.close();
    const last = this.#order.inOrder.toReversed();
    await endOneByOne(
      last.flatMap((name) => this.#programs.get(name) ?? []),
      this.#events,
    );
  }

  /** Leaves all programs as they are. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    clearTimeout(this.#firstLook);
    for (const program of this.#programs.values()) program.close();
    this.#order[Symbol.dispose]();
    this.#watch?.[Symbol.dispose]();
  }

  #slowLook(): void {
    this.#onSlowLook();
    if (this.#surroundings.isMovedAway()) return;
    this.#watch?.check();
    for (const program of this.#programs.values()) {
      if (program.isDue || program.isLoose || program.isShell || program.lacksPidfile)
        program.look();
    }
    const waiting = [...this.#programs.values()].filter((program) => program.waitsForProcess);
    if (waiting.length === 0 || !this.#table.isNews()) this.#table.settle();
    else void this.#lookInBatches(waiting); // nothing in it can fail
  }

  /** Not all at once: what a thousand looks need together would be kept long after them. */
  async #lookInBatches(programs: readonly SupervisedProgram[]): Promise<void> {
    for (const [index, program] of programs.entries()) {
      program.look();
      if (index % LOOKS_A_TURN === LOOKS_A_TURN - 1) await new Promise(setImmediate);
    }
  }

  #removeOldRequests(): void {
    try {
      removeOldRequests(this.#host.state, this.#host.proc);
    } catch {
      // no descriptor left just now (EMFILE): they mean nothing, and go with the next one
    }
  }

  #changed(file: string): void {
    const stem = stopRequestStem(file);
    const held = holdStem(file);
    if (stem !== undefined) this.#byFile.get(`${stem}.json`)?.noticeStopRequest();
    else if (held !== undefined) this.#byFile.get(`${held}.json`)?.noticeHold();
    else if (file.endsWith(".json")) this.#byFile.get(file)?.noticeRecord();
    else this.#onOtherFile(file);
  }

  #lookAtAll(): void {
    this.#onOtherFile(undefined);
    for (const program of this.#programs.values()) {
      program.noticeRecord();
      program.noticeHold();
    }
  }

  #degrade(reason: string): void {
    if (this.#isDegraded) return;
    this.#isDegraded = true;
    this.#events.emit({ kind: "daemon.degraded", what: "no-inotify", reason });
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#slowLook(), DEGRADED_LOOK_MS);
  }

  #recover(): void {
    this.#isDegraded = false;
    this.#events.emit({ kind: "daemon.degraded", what: "inotify" });
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#slowLook(), SLOW_LOOK_MS);
  }
}
