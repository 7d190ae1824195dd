import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { ageMs } from "../../proc/uptime.ts";
import type { AlertKind } from "../events/alert.ts";
import { monotonicMs } from "../lib/clock.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { formatDuration } from "../lib/format.ts";
import { settingsDigest } from "../state/digest.ts";
import type { Found } from "../identity/identify.ts";
import { type Lock, lockHolder, programLock, tryLock } from "../state/lock.ts";
import { lastWords, logEnds, type LogEnds, NO_LOG } from "../launch/output.ts";
import type { ProgramRecord } from "../state/record.ts";
import type { StartOutcome } from "../lifecycle/start-outcome.ts";
import { stop } from "../lifecycle/stop.ts";
import { checkStateDir, makeStateDir } from "../state/state-dir.ts";
import { programOf } from "../identity/program.ts";
import { MainProcess } from "./main-process.ts";
import { claimRecorded, claimSession } from "./claim-recorded.ts";
import { Elsewhere } from "./elsewhere.ts";
import { ProcessFinder } from "./find-process.ts";
import { PidfileUpkeep } from "./pidfile-upkeep.ts";
import { ShellMain } from "./shell-main.ts";
import { Trouble, TROUBLE_PAUSE_MS } from "./trouble.ts";
import { Ledger } from "./ledger.ts";
import { hasLimits, Limits } from "./limits.ts";
import { Mailbox } from "./mailbox.ts";
import { Leftovers } from "./leftovers.ts";
import { Starter } from "./starter.ts";
import type { Supervised, SupervisorContext } from "./context.ts";
import {
  type Effect,
  type History,
  noHistory,
  type ProgramEvent,
  type ProgramState,
  type Step,
  transition,
} from "./machine.ts";

/** While another actor holds the lock, it is asked for again after these pauses, in ms. */
const LOCK_PAUSES_MS = [10, 20, 40, 80, 150, 250];
/** After an operator called a start off, so that he gets the lock, in ms. */
const CALLED_OFF_PAUSE_MS = 100;
/** So many lines of what a process wrote last are told. */
const LAST_WORDS = 15;

/** The step of a shell line that follows one that has ended is there within, in ms. */
const NEXT_STEP_MS = 300;

const ABSENT: Found = { kind: "absent", pidfile: { kind: "none" } };

type LimitExceeded = ProgramEvent & { kind: "limit-exceeded" };
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * One program under supervision: a mailbox with one worker. Any notice (an end, a changed record,
 * a timer) only leads to a look; the look goes to the machine; what the machine asks for is done.
 */
export class SupervisedProgram {
  readonly name: string;
  readonly #around: SupervisorContext;
  readonly #ledger: Ledger;
  readonly #now: Mutable<Supervised>;
  readonly #mailbox: Mailbox<LimitExceeded>;
  /** As it was when this turn began. */
  #before: History = noHistory;
  readonly #finder: ProcessFinder;
  readonly #held: MainProcess;
  readonly #main: ShellMain;
  /** Sizes of its logs when it was launched, or when it was taken up. */
  #logged: LogEnds = { stdout: NO_LOG, stderr: NO_LOG };
  /** What another had begun to end is ended, of which the record says no more. */
  #hasFinished = false;
  /** It outlives SIGKILL. */
  #stuck: ProcessRef | undefined;
  readonly #trouble: Trouble;
  readonly #pidfile: PidfileUpkeep;
  readonly #elsewhere: Elsewhere;
  /** The turn that is made got as far as a decision. */
  #hasDecided = false;
  /** Before the last decision: it was being ended for a limit. */
  #wasStopping = false;
  /** Made when there are some to watch. */
  #limits: Limits | undefined;
  #busyLooks = 0;
  /** The settings with which the record as it is was dealt with last. */
  #settledWith: ProgramSettings | undefined;
  /** Held while a turn is made. */
  #lock: Lock | undefined;
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
      failed: (error) => this.#report(error),
      rested: () => this.#rest(),
    });
    this.#ledger = new Ledger(settings.name, around.host, around.log, (alert) =>
      around.alert(alert, this.#now.settings.emailAlerts),
    );
    this.#leftovers = new Leftovers(around.host, () => this.#leavingSignal());
    this.#starter = new Starter(around, this.#ledger, this.#leftovers);
    this.#held = new MainProcess(around.host, () => this.look());
    this.#main = new ShellMain(around.host, () => {
      this.look();
      this.#mailbox.wakeAt(monotonicMs() + NEXT_STEP_MS);
    });
    this.#finder = new ProcessFinder(this.#now, {
      host: around.host,
      ledger: this.#ledger,
      main: this.#held,
      leftovers: this.#leftovers,
    });
    this.#trouble = new Trouble(this.#ledger);
    this.#pidfile = new PidfileUpkeep(this.#ledger);
    this.#elsewhere = new Elsewhere(this.#ledger, around.host);
  }

  get state(): ProgramState {
    return this.#now.state;
  }

  /** The process that is held; undefined while there is none. */
  get process(): ProcessRef | undefined {
    return this.#held.process;
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
    return this.#now.state.kind === "running" && this.#held.process === undefined;
  }

  /** True while its pidfile could not be written: the disk is full, perhaps. */
  get lacksPidfile(): boolean {
    return this.#pidfile.isLacking && this.#held.process !== undefined;
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
    const process = this.#main.process ?? this.#held.process;
    if (process !== undefined) this.#watchLimits(process);
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
    this.#limits?.unwatch();
    await this.#mailbox.rest();
    this.#ledger.read(); // a start that was broken off just now has left its process there
    const { record } = this.#ledger;
    const process = this.#now.state.kind === "running" ? this.#now.state.process : record?.process;
    if (process === undefined) return;
    const { host } = this.#around;
    const target = { process, launched: record?.launched, session: record?.session };
    const outcome = await stop(target, this.#now.settings, host);
    const fields = { pid: process.pid, outcome: outcome.kind };
    this.#ledger.log("info", "program.stopped", { ...fields, why: "shutdown" }, "ended");
  }

  /** Leaves the program alone from now on. */
  close(): void {
    this.#mailbox.close();
    this.#ledger.flush();
    this.#leaving?.abort(new Error("left alone"));
    this.#starter.close();
    this.#letGo();
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
    this.#lock = undefined;
    if (!this.#mailbox.isClosed) this.#leaving = undefined;
  }

  #report(error: unknown): void {
    const isDown = this.#held.process === undefined;
    const end = this.#finder.isEndTold && !this.#hasDecided ? this.#held.exit : undefined;
    const isLate = isDown && (this.#hasDecided || end !== undefined);
    this.#trouble.begin(error, { isDown: isLate, end });
    // What was decided was not done: the next look begins anew. What was noticed of the end stays.
    if (isDown && this.#hasDecided) {
      this.#now.state = { kind: "unknown" };
      this.#now.history = this.#before;
    }
    this.#mendState();
    this.#mailbox.wakeAt(monotonicMs() + TROUBLE_PAUSE_MS);
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
    this.#hasDecided = false;
    this.#before = this.#now.history;
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
      await this.#held.awaitEnd();
      if (this.#finder.isEndTold) before = undefined;
    }
    if (this.#elsewhere.isTaken()) {
      this.#leaveAlone();
      return;
    }
    if (before !== undefined && this.#isAsKnown(before)) return;
    using lock = await tryLock(programLock(host.state, this.name));
    if (lock === undefined) {
      this.#lookWhenFree();
      return;
    }
    this.#busyLooks = 0;
    try {
      await this.#turnLocked(lock, before);
    } catch (error) {
      if (this.#hasDecided && this.#held.process === undefined && !this.#mailbox.isClosed) {
        this.#ledger.noteTrouble((error as Error).message, TROUBLE_PAUSE_MS);
      }
      throw error;
    }
  }

  #leaveAlone(): void {
    this.#letGo();
    this.#now.state = { kind: "unknown" };
    this.#mailbox.wakeAt(monotonicMs() + TROUBLE_PAUSE_MS);
  }

  async #turnLocked(lock: Lock, before: Found | undefined): Promise<void> {
    const { host } = this.#around;
    this.#readRecord(); // what the last holder of the lock wrote
    this.#ledger.mend(lock);
    if (await this.#ledger.completeLaunch(lock, this.#now.settings))
      claimSession(this.#ledger, host);
    const isGood = before?.kind === "running" && !this.#finder.isTaken(before.process);
    const heir = isGood ? undefined : await this.#finder.findHeir();
    const found = isGood ? before : (heir ?? this.#finder.lookAgain());
    const { record: unfinished } = this.#ledger;
    const judged = await this.#leftovers.judgeUnfinished(this.#now.settings, unfinished, found);
    if ("pendingMs" in judged) return this.#mailbox.wakeAt(monotonicMs() + judged.pendingMs);
    if (judged.ended > 0) this.#ledger.brokenOff(judged.ended);
    if (this.#finder.wasQuicker(found)) {
      this.#mailbox.look();
      return;
    }
    if (found.kind === "running" && this.#isHalfStopped(found.process)) {
      return await this.#finishStop(found.process);
    }
    const diedUnseen = this.#finder.noteUnseenDeath(found);
    const dead = this.#now.state.kind === "running" ? this.#now.state.process : undefined;
    this.#lock = lock;
    const { record } = this.#ledger;
    const violation = this.#mailbox.take();
    if (violation !== undefined && isOf(violation, found) && record?.desired !== "down") {
      const step = this.#decide(violation);
      if (step.effects.length > 0) return await this.#apply(step, found);
    }
    const step = this.#decide({
      kind: "observed",
      process: found.kind === "running" ? found.process : undefined,
      desired: record?.desired ?? "none",
      ranBefore: diedUnseen || this.#hasFinished || hasRun(record),
      startedByHand: this.#isOperatorsStart,
      reason: record?.reason,
      exit: this.#held.exit,
    });
    this.#isOperatorsStart = false;
    this.#hasFinished = false;
    this.#settledWith = this.#now.settings;
    if (this.#finder.isEndTold && found.kind === "running" && dead !== undefined) {
      const how =
        heir === undefined ? "started" : this.#finder.isOwn(found.process) ? "heir" : found.via;
      this.#ledger.replaced(dead, this.#held.exit, found.process, how);
    }
    await this.#apply(step, found);
    if (this.#now.state.kind === "running" && this.isLoose) this.#hold(this.#now.state.process);
    this.#follow(found);
  }

  /** Where a shell line has come to, and what became of the pidfile. */
  #follow(found: Found): void {
    if (found.kind !== "running" || !this.#finder.isHeld(found)) return;
    const main = this.#main.of(found);
    if (!this.#main.is(main)) {
      this.#main.set(main);
      this.#watchLimits(main ?? found.process);
    }
    if (!this.#isPidfileRight(found)) {
      this.#pidfile.mend(this.#now.settings, (this.#main.of(found) ?? found.process).pid);
    }
  }

  /** True also where it could not be written before. */
  #isPidfileRight(found: Found & { kind: "running" }): boolean {
    const { pid } = this.#main.of(found) ?? found.process;
    return this.#pidfile.isRight(this.#now.settings, found, pid);
  }

  /** True where the machine would ask for nothing: it was asked already, with all that it hears. */
  #isAsKnown(found: Found): boolean {
    const { kind } = this.#now.state;
    if (found.kind === "absent") {
      const isIdle = kind === "stopped" || kind === "fatal";
      return isIdle && this.#settledWith === this.#now.settings && !this.#ledger.isLost;
    }
    return (
      kind === "running" &&
      !this.#mailbox.hasEvents &&
      !this.#isHalfStopped(found.process) &&
      !this.#ledger.isLost &&
      this.#isPidfileRight(found) &&
      this.#main.is(this.#main.of(found)) &&
      sameProcess(this.#now.state.process, found.process) &&
      sameProcess(this.#held.process, found.process)
    );
  }

  /** An operator's start, which another wrote to the record, begins a new count. */
  #readRecord(): void {
    if (this.#ledger.read()) this.#noteRecord();
  }

  #noteRecord(): void {
    this.#settledWith = undefined;
    const { record } = this.#ledger;
    this.#now.history = { ...this.#now.history, restarts: record?.restarts ?? 0 };
    this.#isOperatorsStart = record?.by === "usrsvc" && record.desired === "up";
    if (this.#isOperatorsStart) this.#now.history = { ...this.#now.history, early: 0, streak: 0 };
  }

  #decide(event: ProgramEvent): Step {
    const context = { settings: this.#now.settings, now: monotonicMs(), chance: Math.random() };
    this.#hasDecided = true;
    this.#wasStopping = this.#now.state.kind === "stopping";
    const step = transition(this.#now.state, this.#now.history, event, context);
    this.#now.state = step.state;
    this.#now.history = step.history;
    return step;
  }

  async #apply(step: Step, found: Found): Promise<void> {
    // A start is not kept waiting by what is written about the reason for it.
    if (startFollows(step)) this.#ledger.defer();
    try {
      for (const effect of step.effects) await this.#perform(effect, found, step);
    } finally {
      this.#ledger.flush();
    }
    if (this.#now.state.kind !== "running") this.#letGo();
    this.#around.onState();
  }

  async #perform(effect: Effect, found: Found, step: Step): Promise<void> {
    switch (effect.kind) {
      case "start":
        return await this.#start(this.#cause(step));
      case "stop":
        return await this.#stop(effect.process, effect.reason);
      case "take-up":
        return this.#takeUp(found);
      case "note-death":
        this.#noteDeath(effect, step);
        // Its workers would go on, hold its port, and look like the program. A start ends them itself.
        if (!startFollows(step))
          await this.#starter.endLeftovers(this.#now.settings, pauseFollows(step));
        return;
      case "note-stopped":
        this.#mailbox.cancelWake();
        // Who has ended it may have been killed before he came to the rest of its session.
        await this.#starter.endLeftovers(this.#now.settings, false);
        this.#pidfile.dropStale(this.#now.program, this.#now.settings, this.#around.host);
        return this.#ledger.stopped(effect.why);
      case "back-off": {
        const { maxrestarts } = this.#now.settings;
        const { delayMs, reason } = effect;
        return this.#ledger.backedOff(delayMs, reason, this.#now.history, maxrestarts);
      }
      case "give-up":
        return this.#ledger.gaveUp(
          effect.reason,
          this.#now.history,
          this.#now.settings.maxrestarts,
        );
      case "wake":
        return this.#mailbox.wakeAt(effect.at);
    }
  }

  /** What a start is, for people: the first, one after a death, or after a limit was exceeded. */
  #cause({ effects }: Step): AlertKind {
    const isAfterDeath = effects.some(({ kind }) => kind === "note-death");
    // A record that says "stopping" may be that of a restart whose maker was killed in the middle.
    if (isAfterDeath) return this.#wasStopping ? "limit-exceeded" : "restarted";
    return this.#now.history.failures > 0 || this.#leftovers.isNoted ? "restarted" : "started";
  }

  async #start(cause: AlertKind): Promise<void> {
    if (this.#lock === undefined) throw new TypeError("a start without the lock");
    const outcome = await this.#starter.run(this.#lock, () => ({
      settings: this.#now.settings,
      program: this.#now.program,
      history: this.#now.history,
      cause,
    }));
    if (outcome === undefined) this.#callOff();
    else await this.#afterStart(outcome, cause);
  }

  /** An operator wants to stop it, and waits for the lock: nothing was launched yet. */
  #callOff(): void {
    if (this.#mailbox.isClosed) return;
    const until = monotonicMs() + CALLED_OFF_PAUSE_MS;
    this.#now.state = { kind: "backoff", until, reason: "called off" };
    this.#ledger.calledOff();
    this.#mailbox.wakeAt(until);
  }

  async #afterStart(outcome: StartOutcome, cause: AlertKind): Promise<void> {
    if (this.#mailbox.isClosed) return; // whoever comes next takes it up
    if (outcome.kind === "interrupted") {
      this.#decide({ kind: "started", process: outcome.process });
      this.#hold(outcome.process);
      return;
    }
    if (outcome.kind === "failed") {
      this.#around.host.claim(this.name, undefined);
      // None of the program's: it does not count as one of maxrestarts, and is tried until it works.
      if (outcome.trouble !== undefined) {
        throw Object.assign(new Error(outcome.reason), { code: outcome.trouble });
      }
      this.#ledger.startFailed(outcome);
      const step = this.#decide({ kind: "start-failed", reason: outcome.reason });
      await this.#apply(step, ABSENT);
      return;
    }
    const { process, record, notes, via } = outcome;
    const { pid } = process;
    this.#ledger.noteRecord(record);
    this.#decide({ kind: "started", process });
    this.#hold(process, outcome.main);
    if (outcome.logged !== undefined) this.#logged = outcome.logged;
    const { proc } = this.#around.host;
    // One that was found instead may be older, or younger, than any window.
    const isFound = outcome.logged === undefined;
    const livedMs = isFound
      ? ageMs(process.startTime, proc.uptime())
      : this.#now.settings.successMs;
    const lived = formatDuration(livedMs);
    this.#ledger.started(process, via, lived, cause);
    for (const note of notes) this.#ledger.log("warn", "program.warning", { pid }, note);
    if (cause !== "started" && !isFound) this.#starter.lookBehind();
    this.#pidfile.noteStart(this.#now.settings, (outcome.main ?? process).pid);
  }

  /** A limit was exceeded. What follows is decided by the next look. */
  async #stop(process: ProcessRef, reason: string): Promise<void> {
    const { host } = this.#around;
    const signal = this.#leavingSignal();
    this.#ledger.stopping(process, reason);
    const { termToKillMs } = this.#now.settings;
    const { launched, session } = this.#ledger.base();
    const target = { process, main: this.#main.process, launched, session };
    const outcome = await stop(target, this.#now.settings, host, { signal });
    if (outcome.kind === "stuck") return this.#isStuck(process, outcome.state);
    if (outcome.kind === "killed") this.#ledger.killed(termToKillMs);
    if (outcome.kind !== "not-running") this.#held.noteExit(outcome.exit);
    this.#mailbox.look();
  }

  /** Whoever was ending it has left in the middle of that: nobody else holds the lock. */
  #isHalfStopped(process: ProcessRef): boolean {
    const { record } = this.#ledger;
    if (record?.state !== "stopping" || sameProcess(this.#stuck, process)) return false;
    if (sameProcess(record.process, process)) return true;
    // What was told to end did so, and left this: the rest of a shell line, for example.
    return record.desired === "down" && this.#finder.isOwn(process);
  }

  /** What was asked for last is done: it is ended, and stays so or is started again. */
  async #finishStop(process: ProcessRef): Promise<void> {
    const { host } = this.#around;
    this.#ledger.finishing(process);
    const { launched, session } = this.#ledger.base();
    const target = { process, main: this.#main.process, launched, session };
    const outcome = await stop(target, this.#now.settings, host, { signal: this.#leavingSignal() });
    if (outcome.kind === "stuck") return this.#isStuck(process, outcome.state);
    const told = this.#ledger.record?.process ?? process;
    const isRest = !sameProcess(told, process);
    const exit = isRest || outcome.kind === "not-running" ? undefined : outcome.exit;
    if (exit !== undefined) this.#held.noteExit(exit);
    this.#ledger.finished(told, exit, this.process !== undefined || this.#held.hasEnded);
    this.#hasFinished = true;
    this.#mailbox.look();
  }

  #isStuck(process: ProcessRef, state: string): void {
    this.#stuck = process;
    this.#ledger.stuck(process, state);
    this.#mailbox.wakeAt(monotonicMs() + TROUBLE_PAUSE_MS);
  }

  /** A process that was not started from here: hold on to it, and mend the pidfile. */
  #takeUp(found: Found): void {
    if (found.kind !== "running") return;
    this.#hold(found.process, found.main);
    this.#ledger.takenUp(found, this.#now.program.pattern);
  }

  #noteDeath({ process, exit }: Effect & { kind: "note-death" }, step: Step): void {
    this.#held.noteExit(undefined);
    this.#letGo();
    const { host } = this.#around;
    host.claim(this.name, undefined);
    this.#leftovers.note(process, this.#ledger.record);
    const settings = this.#now.settings;
    const since = this.#logged;
    const until = logEnds(settings);
    this.#ledger.died(process, exit ?? { kind: "unknown" }, () =>
      this.#around.isSharedLog(settings) ? [] : lastWords(settings, since, until, LAST_WORDS),
    );
    // A start removes the pidfile itself.
    if (!startFollows(step)) this.#pidfile.drop(this.#now.settings, process.pid);
  }

  /** From now on this is the program's process. */
  #hold(process: ProcessRef, main?: ProcessRef): void {
    if (this.#mailbox.isClosed) return;
    const { launched, session, launch } = this.#ledger.base();
    this.#around.host.claim(this.name, { process, launched, session, launch });
    this.#mailbox.cancelWake();
    this.#main.set(main);
    this.#pidfile.renew();
    this.#logged = logEnds(this.#now.settings); // what it wrote before may be another's
    if (this.#held.take(process)) this.#watchLimits(main ?? process);
    else this.look(); // gone already
  }

  #watchLimits(process: ProcessRef): void {
    const { monitor } = this.#now.settings;
    if (hasLimits(monitor)) this.#limits ??= this.#makeLimits();
    this.#limits?.watch(process, monitor);
  }

  #makeLimits(): Limits {
    const { memory, host } = this.#around;
    return new Limits(memory, host.proc, {
      exceeded: (process, violation) => {
        // Of a shell line another process is measured than the one that is held.
        const held = this.#held.process ?? process;
        this.#ledger.exceeded(process, violation);
        this.#mailbox.post({ kind: "limit-exceeded", process: held, reason: violation.reason });
      },
      degraded: (reason) => {
        const msg = `activity file is only looked at when its time is up: ${reason}`;
        this.#ledger.log("warn", "program.warning", { reason }, msg);
      },
    });
  }

  #letGo(): void {
    this.#main.set(undefined);
    this.#limits?.unwatch();
    this.#held.release();
  }

  /** Somebody else acts on the program: never interfere, look again when he is done. */
  #lookWhenFree(): void {
    const pause = LOCK_PAUSES_MS[Math.min(this.#busyLooks, LOCK_PAUSES_MS.length - 1)] ?? 250;
    if (this.#busyLooks === 0) {
      const holder = lockHolder(programLock(this.#around.host.state, this.name)) ?? "another";
      this.#ledger.log("debug", "program.busy", {}, `left alone: ${holder} is at work on it`);
    }
    this.#busyLooks += 1;
    this.#mailbox.wakeAt(monotonicMs() + pause);
  }
}

function startFollows({ effects }: Step): boolean {
  return effects.some(({ kind }) => kind === "start");
}

function pauseFollows({ effects }: Step): boolean {
  return effects.some(({ kind }) => kind === "back-off" || kind === "give-up");
}

/** True when the record says that the program ran, or was kept running, in this boot. */
function hasRun(record: ProgramRecord | undefined): boolean {
  if (record === undefined) return false;
  const { state, process } = record;
  return process !== undefined || ["starting", "running", "backoff", "fatal"].includes(state);
}

/** An operator may have restarted it meanwhile: what the process before did is no concern any more. */
function isOf({ process }: { readonly process: ProcessRef }, found: Found): boolean {
  return found.kind === "running" && sameProcess(found.process, process);
}
