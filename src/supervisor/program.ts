import type { Exit } from "../../proc/exit.ts";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { ageMs } from "../../proc/uptime.ts";
import type { ProcessWatch } from "../../proc/watch.ts";
import type { Alert, AlertKind } from "../alerts/alert.ts";
import { callAt, monotonicMs } from "../clock.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { formatDuration } from "../format.ts";
import { ActivityMonitor, fileActivity } from "../monitors/activity.ts";
import type { MemoryMonitor } from "../monitors/memory.ts";
import type { Violation } from "../monitors/violation.ts";
import type { Host } from "../program/host.ts";
import type { Found } from "../program/identify.ts";
import { type Lock, lockHolder, programLock, tryLock } from "../program/lock.ts";
import { lastLines } from "../program/output.ts";
import { removePidfile, writePidfile } from "../program/pidfile.ts";
import { start, type StartOutcome } from "../program/start.ts";
import { stop } from "../program/stop.ts";
import { lookFor, type Subject, subjectOf } from "../program/subject.ts";
import { Ledger, type WriteLog } from "./ledger.ts";
import {
  type Effect,
  type History,
  noHistory,
  type ProgramEvent,
  type ProgramState,
  type Step,
  transition,
} from "./machine.ts";

/** What the programs under supervision share. */
export interface Surroundings {
  readonly host: Host;
  /** Ends all that goes on when usrsvcd is to leave. */
  readonly signal: AbortSignal;
  readonly log: WriteLog;
  readonly alert: (alert: Alert, to: readonly string[]) => void;
  /** A turn to launch: so that a thousand starts at once do not fork a thousand shells at once. */
  readonly launchTurn: () => Promise<() => void>;
  /** Watches the memory of all. */
  readonly memory: MemoryMonitor;
  /** Tells which process belongs to which program. */
  readonly claim: (name: string, process: ProcessRef | undefined) => void;
  /** Called when a program may have got another state. */
  readonly onState: () => void;
}

/** A look through all processes may be this old when many programs ask at once, in ms. */
const SHARED_LOOK_MS = 50;
/** While another actor holds the lock, it is asked for again after these pauses, in ms. */
const LOCK_PAUSES_MS = [10, 20, 40, 80, 150, 250];
/** After something outside of the machine failed (disk full, folder gone), in ms. */
const TROUBLE_PAUSE_MS = 10_000;

/**
 * One program under supervision: a mailbox with one worker. Any notice (an end, a changed record,
 * a timer) only leads to a look; the look goes to the machine; what the machine asks for is done.
 */
export class SupervisedProgram {
  readonly name: string;
  readonly #around: Surroundings;
  readonly #ledger: Ledger;
  #subject: Subject;
  #settings: ProgramSettings;
  #state: ProgramState = { kind: "unknown" };
  #history: History = noHistory;
  #watch: ProcessWatch | undefined;
  /** How the watched process ended, until a look has taken note of it. */
  #exit: Exit | undefined;
  /** A limit that the running process exceeded, until a look has dealt with it. */
  #violation: { readonly process: ProcessRef; readonly reason: string } | undefined;
  /** Each ends one monitor. */
  readonly #monitors: (() => void)[] = [];
  #cancelWake: () => void = () => {};
  #busyLooks = 0;
  #working = false;
  #again = false;
  #closed = false;

  constructor(settings: ProgramSettings, around: Surroundings) {
    this.name = settings.name;
    this.#settings = settings;
    this.#around = around;
    this.#subject = subjectOf(settings, around.host);
    this.#ledger = new Ledger(settings.name, around.host, around.log, (alert) =>
      around.alert(alert, this.#settings.emailAlerts),
    );
  }

  get state(): ProgramState {
    return this.#state;
  }

  /** True when only a look through the processes could bring news. */
  get waitsForProcess(): boolean {
    const { kind } = this.#state;
    return kind === "stopped" || kind === "backoff" || kind === "fatal";
  }

  /** The configuration changed. Nothing is restarted; the next look follows the new settings. */
  configure(settings: ProgramSettings): void {
    this.#settings = settings;
    this.#subject = subjectOf(settings, this.#around.host);
    if (this.#watch !== undefined) this.#monitor(this.#watch.ref);
    this.look();
  }

  /** Something may have happened: look now. */
  look(): void {
    if (this.#closed) return;
    this.#again = true;
    if (!this.#working) void this.#work();
  }

  /** The record file changed. */
  noticeRecord(): void {
    if (this.#ledger.isOutdated()) this.look();
  }

  /** The machine shuts down: ends the program, and looks at nothing any more. */
  async end(): Promise<void> {
    this.#cancelWake();
    this.#unmonitor();
    this.#ledger.read(); // a start that was broken off just now has left its process there
    const { record } = this.#ledger;
    const process = this.#state.kind === "running" ? this.#state.process : record?.process;
    if (process === undefined) return;
    const { host } = this.#around;
    const outcome = await stop(process, record?.launched, this.#settings.termToKillMs, host);
    const fields = { pid: process.pid, outcome: outcome.kind };
    this.#ledger.log("info", "program.stopped", { ...fields, why: "shutdown" }, "ended");
  }

  /** Leaves the program alone from now on. */
  close(): void {
    this.#closed = true;
    this.#cancelWake();
    this.#unwatch();
    this.#around.claim(this.name, undefined);
  }

  async #work(): Promise<void> {
    this.#working = true;
    try {
      while (this.#again && !this.#closed && !this.#around.signal.aborted) {
        this.#again = false;
        await this.#turn();
      }
    } catch (error) {
      if (!this.#around.signal.aborted) this.#report(error);
    } finally {
      this.#working = false;
    }
  }

  #report(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const again = formatDuration(TROUBLE_PAUSE_MS);
    this.#ledger.log("error", "program.error", {}, `${message}; looked at again in ${again}`);
    // A start that broke in the middle left the machine waiting for its outcome.
    if (this.#state.kind === "starting") this.#state = { kind: "unknown" };
    this.#wakeAt(monotonicMs() + TROUBLE_PAUSE_MS);
  }

  /** One look, and what follows from it. */
  async #turn(): Promise<void> {
    const { host } = this.#around;
    this.#readRecord();
    const settled = this.#state.kind === "running";
    const found = this.#find(!settled);
    const isNews = found.kind !== "running" || !this.#isKnown(found.process);
    if (!isNews && this.#violation === undefined) return;
    using lock = await tryLock(programLock(host.state, this.name));
    if (lock === undefined) {
      this.#lookWhenFree();
      return;
    }
    this.#busyLooks = 0;
    await this.#turnLocked(lock, found);
  }

  async #turnLocked(_held: Lock, before: Found): Promise<void> {
    this.#readRecord(); // what the last holder of the lock wrote
    const found = before.kind === "running" ? before : this.#lookAgain();
    const { record } = this.#ledger;
    const violation = this.#violation;
    this.#violation = undefined;
    if (violation !== undefined && found.kind === "running" && record?.wish !== "down") {
      const { process } = violation;
      const step = this.#decide({ kind: "limit-exceeded", process, reason: violation.reason });
      if (step.effects.length > 0) return await this.#apply(step, found);
    }
    const step = this.#decide({
      kind: "observed",
      process: found.kind === "running" ? found.process : undefined,
      wish: record?.wish ?? "none",
      ranBefore: record?.process !== undefined,
      exit: this.#exit,
    });
    await this.#apply(step, found);
  }

  /**
   * The quick look found nothing; now that the lock is held, the record may say otherwise. Where a
   * start follows, the thorough look is made while the launcher gets ready; elsewhere here.
   */
  #lookAgain(): Found {
    const startFollows =
      this.#state.kind === "running" &&
      this.#settings.autorestart &&
      this.#settings.enabled &&
      this.#ledger.record?.wish !== "down";
    return this.#find(!startFollows);
  }

  #find(scan: boolean): Found {
    const options = { scan, maxAgeMs: SHARED_LOOK_MS };
    return lookFor(this.#subject, this.#ledger.record, this.#around.host, options);
  }

  #isKnown(process: ProcessRef): boolean {
    return (
      this.#state.kind === "running" &&
      sameProcess(this.#state.process, process) &&
      this.#watch !== undefined
    );
  }

  /** An operator's start, which another wrote to the record, begins a new count. */
  #readRecord(): void {
    if (!this.#ledger.read()) return;
    this.#history = { ...this.#history, restarts: this.#ledger.record?.restarts ?? 0 };
  }

  #decide(event: ProgramEvent): Step {
    const context = { settings: this.#settings, now: monotonicMs(), chance: Math.random() };
    const step = transition(this.#state, this.#history, event, context);
    this.#state = step.state;
    this.#history = step.history;
    return step;
  }

  async #apply(step: Step, found: Found): Promise<void> {
    for (const effect of step.effects) await this.#perform(effect, found, step);
    if (this.#state.kind !== "running") this.#unwatch();
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
        return this.#noteDeath(effect.process, effect.exit);
      case "note-stopped":
        this.#cancelWake();
        return this.#ledger.stopped(effect.why);
      case "back-off": {
        const { maxrestarts } = this.#settings;
        const { delayMs, reason } = effect;
        return this.#ledger.backedOff(delayMs, reason, this.#history, maxrestarts);
      }
      case "give-up":
        return this.#ledger.gaveUp(effect.reason, this.#history);
      case "wake":
        return this.#wakeAt(effect.at);
    }
  }

  /** What a start is, for people: the first, one after a death, or after a limit was exceeded. */
  #cause({ effects }: Step): AlertKind {
    const isAfterDeath = effects.some(({ kind }) => kind === "note-death");
    if (isAfterDeath)
      return this.#ledger.record?.phase === "stopping" ? "limit-exceeded" : "restarted";
    return this.#history.failures > 0 ? "restarted" : "started";
  }

  async #start(cause: AlertKind): Promise<void> {
    const { host, signal } = this.#around;
    const endTurn = await this.#around.launchTurn();
    const { restarts, failures } = this.#history;
    const isRestart = restarts > (this.#ledger.record?.restarts ?? 0);
    const reason = this.#ledger.record?.reason;
    this.#ledger.noteCause();
    let outcome: StartOutcome;
    try {
      outcome = await start(this.#settings, {
        host,
        pattern: this.#subject.pattern,
        record: { ...this.#ledger.base(), restarts, failures },
        signal,
        onLaunched: (process) => {
          endTurn();
          this.#around.claim(this.name, process);
          const msg = `${isRestart ? "starting again" : "starting"}: ${this.#settings.command}`;
          this.#ledger.log("info", "program.starting", { pid: process.pid, reason }, msg);
        },
        findRunning: () => {
          // After a death the launch came first; otherwise a look was made just now.
          if (cause !== "restarted") return undefined;
          const found = lookFor(this.#subject, undefined, host, { maxAgeMs: SHARED_LOOK_MS });
          return found.kind === "running" ? found.process : undefined;
        },
        onRecord: (text) => this.#ledger.noteText(text),
      });
    } finally {
      endTurn();
    }
    await this.#afterStart(outcome, cause);
  }

  async #afterStart(outcome: StartOutcome, cause: AlertKind): Promise<void> {
    if (outcome.kind === "interrupted") return; // usrsvcd leaves; whoever comes next takes it up
    if (outcome.kind === "failed") {
      this.#around.claim(this.name, undefined);
      this.#ledger.startFailed(outcome);
      const step = this.#decide({ kind: "start-failed", reason: outcome.reason });
      await this.#apply(step, { kind: "absent", pidfile: { kind: "none" } });
      return;
    }
    const { process, record, notes, via } = outcome;
    const { pid } = process;
    this.#ledger.noteRecord(record);
    this.#decide({ kind: "started", process });
    this.#hold(process);
    const lived = formatDuration(this.#settings.successMs);
    this.#ledger.started(process, via, lived, cause, () =>
      this.#settings.emailAlerts.length > 0 ? lastLines(this.#settings.stderr, 0, 5) : [],
    );
    for (const note of notes) this.#ledger.log("warn", "program.warning", { pid }, note);
  }

  /** A limit was exceeded. What follows is decided by the next look. */
  async #stop(process: ProcessRef, reason: string): Promise<void> {
    const { host, signal } = this.#around;
    this.#ledger.stopping(process, reason);
    const { termToKillMs } = this.#settings;
    const outcome = await stop(process, this.#ledger.record?.launched, termToKillMs, host, signal);
    if (outcome.kind === "stuck") {
      this.#ledger.stuck(process, outcome.state);
      this.#wakeAt(monotonicMs() + TROUBLE_PAUSE_MS);
      return;
    }
    if (outcome.kind !== "not-running") this.#exit = outcome.exit;
    this.#again = true;
  }

  /** The limits of `[[Monitor]]`, for this process and until it ends. */
  #monitor(process: ProcessRef): void {
    this.#unmonitor();
    const { monitor } = this.#settings;
    const { memory, host } = this.#around;
    const onViolation = (violation: Violation): void => {
      this.#violation = { process, reason: violation.reason };
      this.#ledger.exceeded(process, violation);
      this.look();
    };
    if (monitor.rssLimitBytes > 0) {
      const { rssLimitBytes, monitorAfterMs } = monitor;
      this.#monitors.push(memory.watch(process, rssLimitBytes, monitorAfterMs, onViolation));
    }
    if (monitor.activityfile !== undefined) {
      const age = ageMs(process.startTime, host.proc.uptime());
      const activity = new ActivityMonitor({
        path: monitor.activityfile,
        limitMs: monitor.activityfileLimitMs,
        notBefore: monotonicMs() + Math.max(0, monitor.monitorAfterMs - age),
        onViolation,
        onDegraded: (reason) => {
          const msg = `activity file is only looked at when its time is up: ${reason}`;
          this.#ledger.log("warn", "program.warning", { reason }, msg);
        },
        ports: fileActivity,
      });
      this.#monitors.push(() => activity[Symbol.dispose]());
    }
  }

  #unmonitor(): void {
    for (const end of this.#monitors.splice(0)) end();
  }

  /** A process that was not started from here: hold on to it, and mend the pidfile. */
  #takeUp(found: Found): void {
    if (found.kind !== "running") return;
    this.#endOrphanedLauncher();
    this.#ledger.takenUp(found);
    this.#hold(found.process);
    const { pid } = found.process;
    const { autopid, pidfile } = this.#settings;
    if (!autopid || (found.pidfile.kind === "pid" && found.pidfile.pid === pid)) return;
    try {
      writePidfile(pidfile, pid);
      const msg = `pidfile ${pidfile} written anew`;
      this.#ledger.log("info", "program.pidfile-mended", { pid, pidfile }, msg);
    } catch (error) {
      const msg = `pidfile ${pidfile} could not be written: ${(error as Error).message}`;
      this.#ledger.log("warn", "program.warning", { pid, pidfile }, msg);
    }
  }

  /** A starter that was killed in the start window leaves the shell that waits for the program. */
  #endOrphanedLauncher(): void {
    const launcher = this.#ledger.record?.launcher;
    if (launcher === undefined) return;
    using watch = this.#around.host.watcher().open(launcher);
    watch?.signal("SIGKILL");
  }

  #noteDeath(process: ProcessRef, exit: Exit | undefined): void {
    this.#exit = undefined;
    this.#unwatch();
    this.#around.claim(this.name, undefined);
    this.#ledger.died(process, exit ?? { kind: "unknown" });
    if (this.#settings.autopid) removePidfile(this.#settings.pidfile, process.pid);
  }

  /** Holds on to the program's process: its end is noticed at once from now on. */
  #hold(process: ProcessRef): void {
    this.#around.claim(this.name, process);
    this.#cancelWake();
    if (sameProcess(this.#watch?.ref, process)) return;
    this.#unwatch();
    this.#exit = undefined;
    const watch = this.#around.host.watcher().open(process);
    this.#watch = watch;
    if (watch === undefined) {
      this.look(); // gone already
      return;
    }
    this.#monitor(process);
    void watch.exited.then((exit) => {
      if (this.#watch !== watch) return;
      this.#exit = exit;
      this.#unwatch();
      this.look();
    });
  }

  #unwatch(): void {
    this.#unmonitor();
    this.#watch?.[Symbol.dispose]();
    this.#watch = undefined;
  }

  #wakeAt(at: number): void {
    this.#cancelWake();
    this.#cancelWake = callAt(at, () => this.look());
  }

  /** Somebody else acts on the program: never interfere, look again when he is done. */
  #lookWhenFree(): void {
    const pause = LOCK_PAUSES_MS[Math.min(this.#busyLooks, LOCK_PAUSES_MS.length - 1)] ?? 250;
    if (this.#busyLooks === 0) {
      const holder = lockHolder(programLock(this.#around.host.state, this.name)) ?? "another";
      this.#ledger.log("debug", "program.busy", {}, `left alone: ${holder} is at work on it`);
    }
    this.#busyLooks += 1;
    this.#wakeAt(monotonicMs() + pause);
  }
}
