import type { ProcessRef } from "../../proc/pid.ts";
import { monotonicMs } from "../lib/clock.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { Found } from "../identity/found.ts";
import { programOf } from "../identity/program.ts";
import { stop } from "../lifecycle/stop.ts";
import { settingsDigest } from "../state/digest.ts";
import { type Lock, lockHolder, programLock, tryLock } from "../state/lock.ts";
import type { ProgramRecord } from "../state/record.ts";
import { checkStateDir, makeStateDir } from "../state/state-dir.ts";
import { forgive } from "./backoff.ts";
import { claimRecorded, claimSession } from "./claim-recorded.ts";
import type { Supervised, SupervisorContext } from "./context.ts";
import { Ends } from "./ends.ts";
import { Effects } from "./effects.ts";
import { Elsewhere } from "./elsewhere.ts";
import { ProcessFinder } from "./find-process.ts";
import { Leftovers } from "./leftovers.ts";
import { Ledger } from "./ledger.ts";
import { isQuiet, transition } from "./machine.ts";
import { Mailbox } from "./mailbox.ts";
import {
  type Context,
  type History,
  noHistory,
  type Observed,
  type ProgramEvent,
  type ProgramState,
  type Step,
} from "./program-state.ts";
import { Starts } from "./starts.ts";
import { Starter } from "./starter.ts";
import { Stopper } from "./stopper.ts";
import { Trouble } from "./trouble.ts";
import { WatchedProcess } from "./watched-process.ts";

/** While another actor holds the lock, it is asked for again after these pauses, in ms. */
const LOCK_PAUSES_MS = [10, 20, 40, 80, 150, 250];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * One program under supervision: a mailbox with one worker. Any notice (an end, a changed record,
 * a timer) only leads to a look; the look goes to the machine; what the machine asks for is done.
 */
export class SupervisedProgram {
  readonly name: string;
  readonly #around: SupervisorContext;
  readonly #ledger: Ledger;
  readonly #ends: Ends;
  readonly #starts: Starts;
  readonly #now: Mutable<Supervised>;
  readonly #mailbox: Mailbox<ProgramEvent>;
  readonly #finder: ProcessFinder;
  readonly #watched: WatchedProcess;
  readonly #stopper: Stopper;
  readonly #trouble: Trouble;
  readonly #elsewhere: Elsewhere;
  readonly #effects: Effects;
  /** The history before what this turn has decided; undefined while it has not decided anything. */
  #undo: History | undefined;
  #busyLooks = 0;
  /** The record as it is was dealt with, under the lock. */
  #isSettled = false;
  /** An operator's start or restart is on record, and was not dealt with yet. */
  #isOperatorsStart = false;
  /** Ends what goes on. */
  #leaving: AbortController | undefined;
  readonly #leftovers: Leftovers;
  readonly #starter: Starter;

  constructor(settings: ProgramSettings, around: SupervisorContext) {
    this.name = settings.name;
    this.#around = around;
    this.#now = {
      settings,
      program: programOf(settings, around.host),
      state: { kind: "unknown" },
      history: noHistory,
    };
    this.#mailbox = new Mailbox({
      turn: async () => await this.#turn(),
      failed: async (error) => await this.#noteTrouble(error),
      rested: () => this.#rest(),
    });
    this.#ledger = new Ledger(settings.name, around.host, around.events);
    this.#ends = new Ends(this.#ledger);
    this.#starts = new Starts(this.#ledger);
    this.#leftovers = new Leftovers(around.host, () => this.#leavingSignal());
    const ledger = this.#ledger;
    const mailbox = this.#mailbox;
    const ends = this.#ends;
    const starts = this.#starts;
    this.#starter = new Starter(around, { ledger, ends, starts }, this.#leftovers);
    this.#watched = new WatchedProcess(this.#now, { around, ledger, ends, mailbox });
    this.#finder = new ProcessFinder(this.#now, {
      host: around.host,
      ledger,
      ends,
      main: this.#watched.main,
      leftovers: this.#leftovers,
    });
    this.#stopper = new Stopper(this.#now, {
      host: around.host,
      ledger,
      ends,
      mailbox,
      finder: this.#finder,
      watched: this.#watched,
      signal: () => this.#leavingSignal(),
    });
    this.#effects = new Effects(this.#now, {
      around,
      ledger,
      ends,
      starts,
      mailbox,
      leftovers: this.#leftovers,
      starter: this.#starter,
      stopper: this.#stopper,
      watched: this.#watched,
    });
    this.#trouble = new Trouble(this.#ledger);
    this.#elsewhere = new Elsewhere(this.#ledger, around.host);
  }

  get state(): ProgramState {
    return this.#now.state;
  }

  /** The process that is held; undefined while there is none. */
  get process(): ProcessRef | undefined {
    return this.#watched.main.process;
  }

  /** True while its process was launched with other settings, or nobody knows with which. */
  get isOutdated(): boolean {
    return (
      this.process !== undefined &&
      this.#ledger.record?.digest !== settingsDigest(this.#now.settings)
    );
  }

  /** True when only a look through the processes could bring news. */
  get waitsForProcess(): boolean {
    const { kind } = this.#now.state;
    return kind === "stopped" || kind === "backoff" || kind === "fatal";
  }

  /** The files that it writes to. */
  get logs(): readonly string[] {
    return [this.#now.settings.stdout, this.#now.settings.stderr];
  }

  /** True for a shell line, of which another process may do the work by now. */
  get isShell(): boolean {
    return this.#now.program.pattern.isShell;
  }

  /** True while the program runs and nobody would notice its end: something failed in between. */
  get isLoose(): boolean {
    return this.#now.state.kind === "running" && this.#watched.main.process === undefined;
  }

  /** True while its pidfile could not be written: the disk is full, perhaps. */
  get lacksPidfile(): boolean {
    return this.#watched.pidfile.isLacking && this.#watched.main.process !== undefined;
  }

  /** Notes the process on record, before any program is looked for. */
  claimRecorded(): void {
    try {
      this.#ledger.read();
    } catch {
      return; // cannot be read just now: the first look will say so
    }
    this.#noteRecord();
    claimRecorded(this.#now.settings, this.#ledger, this.#around.host);
  }

  /** The configuration changed. Nothing is restarted; the next look follows the new settings. */
  configure(settings: ProgramSettings): void {
    this.#now.settings = settings;
    this.#now.program = programOf(settings, this.#around.host);
    this.#watched.configure();
    this.look();
  }

  /** Something may have happened: look now. */
  look(): void {
    this.#mailbox.look();
  }

  /** The record file changed. */
  noticeRecord(): void {
    if (this.#ledger.isOutdated()) this.look();
  }

  /** An operator wants to stop the program, and waits for the lock. */
  noticeStopRequest(): void {
    this.#starter.noticeStopRequest();
  }

  /** The machine shuts down: ends the program, and looks at nothing any more. */
  async end(): Promise<void> {
    this.#watched.unwatchLimits();
    await this.#mailbox.rest();
    this.#ledger.read(); // a start that was broken off just now has left its process there
    const { record } = this.#ledger;
    const process = this.#now.state.kind === "running" ? this.#now.state.process : record?.process;
    if (process === undefined) return;
    const { host } = this.#around;
    const target = { process, launched: record?.launched, session: record?.session };
    const outcome = await stop(target, this.#now.settings, host);
    const fields = { pid: process.pid, outcome: outcome.kind };
    this.#ledger.emit({ kind: "program.stopped", why: "shutdown", ...fields });
  }

  /** Leaves the program alone from now on. */
  close(): void {
    this.#mailbox.close();
    this.#ledger.flush();
    this.#leaving?.abort(new Error("left alone"));
    this.#starter.close();
    this.#watched.letGo();
    this.#around.host.claim(this.name, undefined);
  }

  /** Made when it is first needed: most of a thousand programs never end. */
  #leavingSignal(): AbortSignal {
    this.#leaving ??= new AbortController();
    if (this.#mailbox.isClosed) this.#leaving.abort(new Error("left alone"));
    return this.#leaving.signal;
  }

  /** What a turn needed would stay for as long as the program is known: half a kB with its listeners. */
  #rest(): void {
    this.#undo = undefined;
    if (!this.#mailbox.isClosed) this.#leaving = undefined;
  }

  /** Something outside of the machine has failed. */
  async #noteTrouble(error: unknown): Promise<void> {
    const { process, exit } = this.#watched.main;
    const undo = this.#undo;
    const isDown = process === undefined;
    const end = this.#finder.isEndTold && undo === undefined ? exit : undefined;
    const isLate = isDown && (undo !== undefined || end !== undefined);
    this.#trouble.begin(error, { isDown: isLate, end });
    this.#mendState();
    await this.#act(this.#decide({ kind: "trouble", process, undo }));
  }

  /** The state folder may have been deleted: without it nothing can be locked or written. */
  #mendState(): void {
    if (this.#around.isMovedAway()) return;
    try {
      makeStateDir(this.#around.host.state);
    } catch {
      // that is what was reported
    }
  }

  /** One look, and what follows from it. */
  async #turn(): Promise<void> {
    this.#undo = undefined;
    await this.#lookAndAct();
    if (this.#busyLooks === 0) this.#trouble.end();
  }

  async #lookAndAct(): Promise<void> {
    const { host } = this.#around;
    checkStateDir(host.state);
    let before: Found | undefined;
    if (!this.#finder.isEndTold) {
      this.#readRecord();
      before = this.#finder.lookFirst();
    }
    if (before !== undefined && !this.#finder.isHeld(before)) {
      await this.#watched.main.awaitEnd();
      if (this.#finder.isEndTold) before = undefined;
    }
    if (this.#elsewhere.isTaken()) {
      this.#watched.letGo();
      return await this.#act(this.#decide({ kind: "taken-elsewhere" }));
    }
    if (before !== undefined && this.#isQuiet(before)) return;
    using lock = await tryLock(programLock(host.state, this.name));
    if (lock === undefined) {
      this.#lookWhenFree();
      return;
    }
    this.#busyLooks = 0;
    try {
      await this.#actLocked(lock, before);
    } catch (error) {
      const isDown = this.#undo !== undefined && this.process === undefined;
      if (isDown && !this.#mailbox.isClosed) {
        this.#trouble.note((error as Error).message);
      }
      throw error;
    }
  }

  async #actLocked(lock: Lock, before: Found | undefined): Promise<void> {
    const { host } = this.#around;
    this.#readRecord(); // what the last holder of the lock wrote
    this.#ledger.mend(lock);
    if (await this.#ledger.completeLaunch(lock, this.#now.settings)) {
      claimSession(this.#ledger, host);
    }
    const isGood = before?.kind === "running" && !this.#finder.isTaken(before.process);
    const heir = isGood ? undefined : await this.#finder.findHeir();
    const found = isGood ? before : (heir ?? this.#finder.lookAgain());
    const { record: unfinished } = this.#ledger;
    const judged = await this.#leftovers.judgeUnfinished(this.#now.settings, unfinished, found);
    if ("pendingMs" in judged) return this.#mailbox.wakeAt(monotonicMs() + judged.pendingMs);
    if (judged.ended > 0) this.#starts.brokenOff(judged.ended);
    if (this.#finder.wasQuicker(found)) return this.#mailbox.look();
    if (found.kind === "running" && this.#stopper.isHalfStopped(found.process)) {
      const event = await this.#stopper.finish(found.process);
      if (event !== undefined) await this.#act(this.#decide(event));
      return;
    }
    const diedUnseen = this.#finder.noteUnseenDeath(found);
    const { state } = this.#now;
    const dead = this.#finder.isEndTold && state.kind === "running" ? state.process : undefined;
    const step = this.#decide(this.#observed(found, diedUnseen));
    this.#isOperatorsStart = false;
    this.#stopper.forgetFinished();
    this.#isSettled = true;
    if (found.kind === "running" && dead !== undefined) {
      const how =
        heir === undefined ? "started" : this.#finder.isOwn(found.process) ? "heir" : found.via;
      this.#ends.replaced(dead, this.#watched.main.exit, found.process, how);
    }
    await this.#act(step, lock, found);
    if (this.isLoose && this.#now.state.kind === "running") {
      this.#watched.take(this.#now.state.process);
    }
    if (found.kind === "running" && this.#finder.isHeld(found)) this.#watched.follow(found);
  }

  /** Does what a step asks for, then what follows from what came of it, until nothing more has happened. */
  async #act(first: Step, lock?: Lock, found?: Found): Promise<void> {
    await this.#effects.perform(first.effects, { lock, found });
    if (lock === undefined) return;
    for (let event = this.#nextEvent(); event !== undefined; event = this.#nextEvent()) {
      await this.#effects.perform(this.#decide(event).effects, { lock, found });
    }
  }

  /** What is to be down is not ended to be started again. */
  #nextEvent(): ProgramEvent | undefined {
    const event = this.#mailbox.take();
    const isToBeDown = this.#ledger.record?.desired === "down";
    return isToBeDown && event?.kind === "limit-exceeded" ? this.#nextEvent() : event;
  }

  /** True where nothing is to be done: the machine would ask for nothing, and all is as it should be. */
  #isQuiet(found: Found): boolean {
    if (this.#mailbox.hasEvents || this.#ledger.isLost) return false;
    const { state, history } = this.#now;
    const event = this.#observed(found, false);
    if (!isQuiet(state, history, event, this.#context())) return false;
    if (found.kind === "absent") return this.#isSettled;
    return (
      this.#finder.isHeld(found) &&
      !this.#stopper.isHalfStopped(found.process) &&
      this.#watched.isFollowed(found)
    );
  }

  #observed(found: Found, diedUnseen: boolean): Observed {
    const { record } = this.#ledger;
    return {
      kind: "observed",
      process: found.kind === "running" ? found.process : undefined,
      desired: record?.desired ?? "none",
      ranBefore: diedUnseen || this.#stopper.hasFinished || hasRun(record),
      diedUnseen,
      startedByHand: this.#isOperatorsStart,
      reason: record?.reason,
      exit: this.#watched.main.exit,
    };
  }

  #context(): Context {
    return { settings: this.#now.settings, now: monotonicMs(), chance: Math.random() };
  }

  #decide(event: ProgramEvent): Step {
    const { state, history } = this.#now;
    this.#undo ??= history;
    const step = transition(state, history, event, this.#context());
    this.#now.state = step.state;
    this.#now.history = step.history;
    return step;
  }

  #readRecord(): void {
    if (this.#ledger.read()) this.#noteRecord();
  }

  /** An operator's start, which another wrote to the record, begins a new count. */
  #noteRecord(): void {
    this.#isSettled = false;
    const { record } = this.#ledger;
    this.#isOperatorsStart = record?.by === "usrsvc" && record.desired === "up";
    const history = { ...this.#now.history, restarts: record?.restarts ?? 0 };
    this.#now.history = this.#isOperatorsStart ? forgive(history) : history;
  }

  /** Somebody else acts on the program: never interfere, look again when he is done. */
  #lookWhenFree(): void {
    const pause = LOCK_PAUSES_MS[Math.min(this.#busyLooks, LOCK_PAUSES_MS.length - 1)] ?? 250;
    if (this.#busyLooks === 0) {
      const worker = lockHolder(programLock(this.#around.host.state, this.name)) ?? "another";
      this.#ledger.emit({ kind: "program.busy", from: undefined, worker });
    }
    this.#busyLooks += 1;
    this.#mailbox.wakeAt(monotonicMs() + pause);
  }
}

/** True when the record says that the program ran, or was kept running, in this boot. */
function hasRun(record: ProgramRecord | undefined): boolean {
  if (record === undefined) return false;
  const { state, process } = record;
  return process !== undefined || ["starting", "running", "backoff", "fatal"].includes(state);
}
