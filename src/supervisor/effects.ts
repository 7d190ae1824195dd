import { ageMs } from "../../proc/uptime.ts";
import { assertNever } from "../lib/assert-never.ts";
import type { Found } from "../identity/found.ts";
import type { Pid } from "../../proc/pid.ts";
import { runHook } from "../lifecycle/hook.ts";
import type { StartFailure, StartOutcome } from "../lifecycle/start-outcome.ts";
import type { Lock } from "../state/lock.ts";
import type { Supervised, SupervisorContext } from "./context.ts";
import { noteDown } from "./down.ts";
import type { Ends } from "./ends.ts";
import { describeCause, isOnRecord, runAfterExit, tellFailure } from "./hooks.ts";
import type { Holding } from "./holding.ts";
import type { JobSchedule } from "./job-schedule.ts";
import type { Leftovers } from "./leftovers.ts";
import type { Ledger } from "./ledger.ts";
import type { Mailbox } from "./mailbox.ts";
import type { DownEffect, Effect, ProgramEvent, StartCause } from "./program-state.ts";
import { startKind } from "./start-kind.ts";
import type { Starter } from "./starter.ts";
import type { Starts } from "./starts.ts";
import type { Stopper } from "./stopper.ts";
import type { WatchedProcess } from "./watched-process.ts";

/** What acting on one program asks for. */
export interface EffectPorts {
  readonly around: SupervisorContext;
  readonly ledger: Ledger;
  readonly ends: Ends;
  readonly holding: Pick<Holding, "hold">;
  readonly starts: Starts;
  readonly mailbox: Mailbox<ProgramEvent>;
  readonly leftovers: Leftovers;
  readonly starter: Starter;
  readonly stopper: Stopper;
  readonly watched: WatchedProcess;
  readonly schedule: JobSchedule | undefined;
}

/** With what the effects of a step are carried out. */
export interface Means {
  /** Held all the while. */
  readonly lock: Lock | undefined;
  /** What was seen. */
  readonly found: Found | undefined;
}

/** Carries out what the machine asks for. What comes of it is put into the mailbox: the machine is not called. */
export class Effects {
  readonly #now: Supervised;
  readonly #ports: EffectPorts;

  constructor(now: Supervised, ports: EffectPorts) {
    this.#now = now;
    this.#ports = ports;
  }

  /** All of a step, one after the other. */
  async perform(effects: readonly Effect[], means: Means): Promise<void> {
    const { ledger } = this.#ports;
    // A start is not kept waiting by what is written about the reason for it.
    if (effects.some(({ kind }) => kind === "start")) ledger.defer();
    try {
      for (const effect of effects) await this.#perform(effect, means);
    } finally {
      ledger.flush();
    }
    this.#ports.around.onState(ledger.name);
  }

  async #perform(effect: Effect, { lock, found }: Means): Promise<void> {
    const { ends, mailbox, stopper, watched } = this.#ports;
    switch (effect.kind) {
      case "start":
        return await this.#start(effect.cause, lock);
      case "stop": {
        if (effect.cause.kind === "due") this.#ports.schedule?.answer();
        const event = await stopper.stop(effect.process, effect.cause);
        if (event !== undefined) mailbox.reply(event);
        return watched.letGo();
      }
      case "take-up":
        return this.#takeUp(found);
      case "note-death":
        return await this.#noteDeath(effect);
      case "note-stopped":
      case "note-done":
        return await this.#noteOver(effect);
      case "note-waiting":
        this.#ports.schedule?.answer();
        return this.#noteDown(effect);
      case "note-called-off":
      case "back-off":
      case "give-up":
      case "note-retry":
        return this.#noteDown(effect);
      case "note-overlap":
        this.#ports.schedule?.answer();
        return ends.overlapped(effect.overlap);
      case "wake":
        return mailbox.wakeAt(effect.at);
      default:
        return assertNever(effect);
    }
  }

  async #start(cause: StartCause, lock: Lock | undefined): Promise<void> {
    if (lock === undefined) throw new TypeError("a start without the lock");
    const { schedule, starter, mailbox, ledger } = this.#ports;
    const { afterStart } = this.#now.settings;
    const why = afterStart && describeCause(cause, ledger.base().reason);
    schedule?.answer();
    const outcome = await starter.run(lock, () => {
      const { settings, program, history } = this.#now;
      return { settings, program, history, cause };
    });
    if (mailbox.isClosed) return; // whoever comes next takes it up
    if (outcome?.kind === "failed") await this.endOfStart(outcome);
    mailbox.reply(
      outcome === undefined ? { kind: "start-called-off" } : this.#noteOutcome(outcome, cause),
    );
    if (outcome?.kind !== "started" || outcome.logged === undefined || why === undefined) return;
    await starter.afterStart(this.#now.settings, outcome.main ?? outcome.process, why);
  }

  /** A start has failed: its process has ended as others do. */
  async endOfStart({ pid, exit, reason }: StartFailure): Promise<void> {
    const { settings } = this.#now;
    if (settings.afterExit === undefined || pid === undefined) return;
    const { around, ledger, mailbox } = this.#ports;
    const occasion = { pid: pid as Pid, exit, reason };
    const { host } = around;
    tellFailure(ledger, await runHook("after_exit", settings, occasion, host, mailbox.signal));
  }

  /** Notes what became of a start, and says it to the machine. */
  #noteOutcome(outcome: StartOutcome, cause: StartCause): ProgramEvent {
    const { around, ledger, starts, watched } = this.#ports;
    switch (outcome.kind) {
      case "started":
        this.#noteStarted(outcome, cause);
        return { kind: "started", process: outcome.process };
      case "interrupted":
        watched.take(outcome.process);
        return { kind: "started", process: outcome.process };
      case "failed":
        around.host.claim(ledger.name, undefined);
        // None of the program's: it does not count as one of maxrestarts, and is tried until it works.
        if (outcome.trouble !== undefined) {
          throw Object.assign(new Error(outcome.reason), { code: outcome.trouble });
        }
        return starts.startFailed(outcome, this.#now.settings);
      default:
        return assertNever(outcome);
    }
  }

  #noteStarted(outcome: StartOutcome & { kind: "started" }, cause: StartCause): void {
    const { around, ledger, starts, starter, watched } = this.#ports;
    const { process, record, notes, via } = outcome;
    const { pid } = process;
    ledger.keep(record);
    watched.take(process, outcome.main);
    watched.noteStart(outcome);
    const { proc } = around.host;
    // One that was found instead may be older, or younger, than any window.
    const isFound = outcome.logged === undefined;
    const livedMs =
      isFound || this.#now.settings.ready !== undefined
        ? ageMs(process.startTime, proc.uptime())
        : this.#now.settings.successMs;
    // That a job runs is no news for a mail: how it ends is.
    const kind = this.#now.settings.type === "job" ? "planned" : startKind(cause);
    starts.started(process, via, livedMs, kind);
    for (const text of notes) ledger.emit({ kind: "program.warning", what: "note", pid, text });
    if (kind !== "started" && !isFound) starter.lookBehind();
  }

  /** A process that was not started from here: hold on to it, and mend the pidfile. */
  #takeUp(found: Found | undefined): void {
    if (found?.kind !== "running") return;
    this.#ports.watched.take(found.process, found.main);
    this.#ports.starts.takenUp(found, this.#now.program.pattern);
  }

  async #noteDeath({ process, exit, next }: Effect & { kind: "note-death" }): Promise<void> {
    const { around, ledger, ends, leftovers, starter, watched } = this.#ports;
    const { settings } = this.#now;
    watched.main.noteExit(undefined);
    watched.letGo();
    around.host.claim(ledger.name, undefined);
    leftovers.note(process, ledger.record);
    const isOwed = isOnRecord(process, ledger.record);
    const { state } = this.#now;
    const isSuccess = state.kind === "stopped" && state.why === "succeeded";
    const tookMs = ageMs(process.startTime, around.host.proc.uptime());
    const job = settings.type === "job" ? { settings, tookMs } : undefined;
    ends.died(process, exit ?? { kind: "unknown" }, watched.lastWords(), isSuccess, job);
    if (next === "held") {
      // What it left, its pidfile and its after_exit are dealt with when it is released; an operator has seen to that.
      if (isOwed) ends.noteHeld(undefined);
      return;
    }
    // An operator who has ended it has seen to that as well.
    if (isOwed && settings.afterExit !== undefined) {
      watched.pidfile.drop(settings, process.pid);
      await runAfterExit(this.#ports, settings, { process, exit, comesBack: next !== "nothing" });
    }
    if (next === "start") return; // removes the pidfile, and ends what is left, itself
    watched.pidfile.drop(settings, process.pid);
    // Its workers would go on, hold its port, and look like the program.
    await starter.endLeftovers(settings, next === "pause");
  }

  /** It is to stay down. */
  async #noteOver(effect: DownEffect & { kind: "note-stopped" | "note-done" }): Promise<void> {
    const { around, mailbox, starter, watched } = this.#ports;
    const { settings, program } = this.#now;
    mailbox.cancelWake();
    if (effect.kind === "note-done" || effect.why !== "held") {
      // Who has ended it may have been killed before the rest of its session was ended.
      await starter.endLeftovers(settings, false);
      watched.pidfile.dropStale(program, settings, around.host);
    }
    this.#noteDown(effect);
  }

  #noteDown(effect: DownEffect): void {
    const { holding, ledger, starts } = this.#ports;
    const { history, settings } = this.#now;
    noteDown(effect, ledger, { history, settings, failure: starts.failure, hold: holding.hold });
  }
}
