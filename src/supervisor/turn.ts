import { monotonicMs } from "../lib/clock.ts";
import type { Found } from "../identity/found.ts";
import { type Lock, programLock, tryLock } from "../state/lock.ts";
import { lockHolder } from "../state/lock-text.ts";
import type { StartFailure } from "../lifecycle/start-outcome.ts";
import { endHookOfKilled } from "../lifecycle/hook.ts";
import { checkStateDir, makeStateDir } from "../state/state-dir.ts";
import { startAnew } from "./backoff.ts";
import { claimSession } from "./claim-recorded.ts";
import type { MutableSupervised } from "./context.ts";
import { owedOf, runOwedAfterExit } from "./hooks.ts";
import { isQuiet, transition } from "./machine.ts";
import { Observer } from "./observer.ts";
import type { Parts } from "./parts.ts";
import type { History, Observed, ProgramEvent, Step } from "./program-state.ts";

/** While another actor holds the lock, it is asked for again after these pauses, in ms. */
const LOCK_PAUSES_MS = [10, 20, 40, 80, 150, 250];

/**
 * A turn of one program: a look, what the machine says to it, and what it asks for. Where it would ask for nothing no
 * lock is taken.
 */
export class Turn {
  readonly #now: MutableSupervised;
  readonly #by: Parts;
  readonly #observer: Observer;
  /** The history before what this turn has decided; undefined while it has not decided anything. */
  #undo: History | undefined;
  #busyLooks = 0;
  /** The record as it is was dealt with, under the lock. */
  #isSettled = false;
  /** An operator's start or restart is on record, and was not dealt with yet. */
  #isOperatorsStart = false;

  constructor(now: MutableSupervised, by: Parts) {
    this.#now = now;
    this.#by = by;
    this.#observer = new Observer(now, by);
  }

  /** What a turn needed would stay for as long as the program is known. */
  rest(): void {
    this.#undo = undefined;
  }

  /** Something outside of the machine has failed. */
  async failed(error: unknown): Promise<void> {
    const { process, exit } = this.#by.watched.main;
    const undo = this.#undo;
    const isDown = process === undefined;
    const end = this.#by.finder.isEndTold && undo === undefined ? exit : undefined;
    const isLate = isDown && (undo !== undefined || end !== undefined);
    this.#by.trouble.begin(error, { isDown: isLate, end });
    this.#mendState();
    await this.#act(this.#decide({ kind: "trouble", process, undo }));
  }

  /** The state folder may have been deleted: without it nothing can be locked or written. */
  #mendState(): void {
    if (this.#by.around.isMovedAway()) return;
    try {
      makeStateDir(this.#by.around.host.state);
    } catch {
      // that is what was reported
    }
  }

  /** Makes it. */
  async make(): Promise<void> {
    this.#undo = undefined;
    await this.#lookAndAct();
    if (this.#busyLooks === 0) this.#by.trouble.end();
  }

  async #lookAndAct(): Promise<void> {
    const { host } = this.#by.around;
    checkStateDir(host.state);
    let before: Found | undefined;
    if (!this.#by.finder.isEndTold) {
      this.#readRecord();
      before = this.#by.finder.lookFirst();
    }
    if (before !== undefined && !this.#by.finder.isHeld(before)) {
      await this.#by.watched.main.awaitEnd();
      if (this.#by.finder.isEndTold) before = undefined;
    }
    if (this.#by.elsewhere.isTaken()) {
      this.#by.watched.letGo();
      return await this.#act(this.#decide({ kind: "taken-elsewhere" }));
    }
    if (before !== undefined && this.#isQuiet(before)) return;
    using lock = await tryLock(programLock(host.state, this.#by.ledger.name));
    if (lock === undefined) {
      this.#lookWhenFree();
      return;
    }
    this.#busyLooks = 0;
    try {
      await this.#actLocked(lock, before);
    } catch (error) {
      const isDown = this.#undo !== undefined && this.#by.watched.main.process === undefined;
      if (isDown && !this.#by.mailbox.isClosed && !this.#by.holding.isHeld) {
        this.#by.trouble.note((error as Error).message);
      }
      throw error;
    }
  }

  async #actLocked(lock: Lock, before: Found | undefined): Promise<void> {
    const { host } = this.#by.around;
    this.#readHold();
    const { isHeld } = this.#by.holding;
    if (!isHeld) await endHookOfKilled(this.#now.settings, host);
    this.#readRecord(); // what the last holder of the lock wrote
    this.#by.ledger.mend(lock);
    if (await this.#by.ledger.completeLaunch(lock, this.#now.settings)) {
      claimSession(this.#by.ledger, host);
    }
    this.#by.schedule?.note();
    const isGood = before?.kind === "running" && !this.#by.finder.isTaken(before.process);
    const heir = isGood ? undefined : await this.#by.finder.findHeir();
    const found = isGood ? before : (heir ?? this.#by.finder.lookAgain());
    const { unfinished, ledger } = this.#by;
    const judged = isHeld
      ? { ended: 0 }
      : await unfinished.judge(this.#now.settings, ledger.record, found);
    if ("pendingMs" in judged) return this.#by.mailbox.wakeAt(monotonicMs() + judged.pendingMs);
    if ("unready" in judged) return await this.#notReady(judged.unready, lock);
    if (judged.ended > 0) this.#by.starts.brokenOff(judged.ended);
    if (judged.note !== undefined) this.#by.starts.note(judged.note);
    if (this.#by.finder.wasQuicker(found)) return this.#by.mailbox.look();
    if (!isHeld && found.kind === "running" && this.#by.stopper.isHalfStopped(found.process)) {
      const event = await this.#by.stopper.finish(found.process);
      if (event !== undefined) await this.#act(this.#decide(event));
      return;
    }
    const known = ledger.record;
    const owed = !isHeld && found.kind === "absent" && owedOf(this.#now, known, this.#by.around);
    const isUnseen = this.#by.finder.noteUnseenDeath(found);
    if (isHeld && isUnseen) this.#by.ends.noteHeld(known);
    // While it is held, a death of which a record tells already is no news.
    const diedUnseen = isUnseen && !(isHeld && known?.state !== "running");
    if (owed) await runOwedAfterExit(this.#by, this.#now.settings, owed);
    const { state } = this.#now;
    const dead = this.#by.finder.isEndTold && state.kind === "running" ? state.process : undefined;
    const step = this.#decide(this.#observed(found, diedUnseen));
    this.#isOperatorsStart = false;
    this.#by.stopper.forgetFinished();
    this.#isSettled = true;
    if (found.kind === "running" && dead !== undefined) {
      const how =
        heir === undefined ? "started" : this.#by.finder.isOwn(found.process) ? "heir" : found.via;
      this.#by.ends.replaced(dead, this.#by.watched.main.exit, found.process, how);
    }
    await this.#act(step, lock, found);
    const after = this.#now.state;
    if (after.kind === "running" && this.#by.watched.main.process === undefined) {
      this.#by.watched.take(after.process);
    }
    if (isHeld || found.kind !== "running") return;
    if (this.#by.finder.isHeld(found)) this.#by.watched.follow(found);
  }

  /** A start that somebody else began has failed: it counts as one of ours. */
  async #notReady(failure: StartFailure, lock: Lock): Promise<void> {
    this.#by.watched.letGo();
    this.#by.around.host.claim(this.#by.ledger.name, undefined);
    await this.#by.effects.endOfStart(failure);
    const failed = this.#by.starts.startFailed(failure, this.#now.settings);
    this.#now.state = { kind: "starting", cause: { kind: "resumed" } };
    await this.#act(this.#decide(failed), lock);
  }

  /** Does what a step asks for, then what follows from what came of it, until nothing more has happened. */
  async #act(first: Step, lock?: Lock, found?: Found): Promise<void> {
    await this.#by.effects.perform(first.effects, { lock, found });
    if (lock === undefined) return;
    for (let event = this.#nextEvent(); event !== undefined; event = this.#nextEvent()) {
      await this.#by.effects.perform(this.#decide(event).effects, { lock, found });
    }
  }

  /** What is to be down is not ended to be started again. */
  #nextEvent(): ProgramEvent | undefined {
    const event = this.#by.mailbox.take();
    const isToBeDown = this.#by.ledger.record?.desired === "down";
    return isToBeDown && event?.kind === "limit-exceeded" ? this.#nextEvent() : event;
  }

  /** True where nothing is to be done: the machine would ask for nothing, and all is as it should be. */
  #isQuiet(found: Found): boolean {
    if (this.#by.mailbox.hasEvents || this.#by.ledger.isLost) return false;
    if (this.#by.holding.isOutdated()) return false;
    const { isHeld } = this.#by.holding;
    if (this.#by.schedule?.isUnnoted === true) return false;
    const { state, history } = this.#now;
    const event = this.#observed(found, false);
    if (!isQuiet(state, history, event, this.#observer.context())) return false;
    if (found.kind === "absent") return this.#isSettled;
    if (isHeld) return this.#by.finder.isHeld(found);
    return (
      this.#by.finder.isHeld(found) &&
      !this.#by.stopper.isHalfStopped(found.process) &&
      this.#by.watched.isFollowed(found)
    );
  }

  #observed(found: Found, diedUnseen: boolean): Observed {
    const startedByHand = this.#isOperatorsStart;
    return this.#observer.inOrder(this.#observer.observed(found, { diedUnseen, startedByHand }));
  }

  #decide(event: ProgramEvent): Step {
    const { state, history } = this.#now;
    this.#undo ??= history;
    const step = transition(state, history, event, this.#observer.context());
    this.#now.state = step.state;
    this.#now.history = step.history;
    return step;
  }

  /** Only while the lock is held. A hold that is over leaves the program as it would be at the first look. */
  #readHold(): void {
    switch (this.#by.holding.read()) {
      case "begun":
        this.#by.watched.unwatchLimits();
        this.#isSettled = false;
        return;
      case "ended":
        this.#decide({ kind: "released" });
        this.#by.watched.configure();
        this.#isSettled = false;
        return;
      case "none":
    }
  }

  #readRecord(): void {
    if (this.#by.ledger.read()) this.noteRecord();
  }

  /** The record is news. An operator's start, which another wrote there, begins a new count. */
  noteRecord(): void {
    this.#isSettled = false;
    const { record } = this.#by.ledger;
    this.#isOperatorsStart = record?.by === "usrsvc" && record.desired === "up";
    const restarts = record?.restarts ?? 0;
    if (this.#now.history.restarts !== restarts) {
      this.#now.history = { ...this.#now.history, restarts };
    }
    if (this.#isOperatorsStart) this.#now.history = startAnew(this.#now.history);
  }

  /** Somebody else acts on the program: never interfere, look again when that is done. */
  #lookWhenFree(): void {
    const pause = LOCK_PAUSES_MS[Math.min(this.#busyLooks, LOCK_PAUSES_MS.length - 1)] ?? 250;
    if (this.#busyLooks === 0) {
      const worker =
        lockHolder(programLock(this.#by.around.host.state, this.#by.ledger.name)) ?? "another";
      this.#by.ledger.emit({ kind: "program.busy", from: undefined, worker });
    }
    this.#busyLooks += 1;
    // We ourselves: a start may take a minute, and a hundred that are asked for begin at once.
    if (this.#by.around.isActedOn(this.#by.ledger.name)) return;
    this.#by.mailbox.wakeAt(monotonicMs() + pause);
  }
}
