import { callAt, monotonicMs } from "../lib/clock.ts";
import { type Cron, nextTime } from "../lib/cron.ts";
import { isoTime } from "../lib/format.ts";
import { dueNoted } from "../state/record-facts.ts";
import type { Supervised } from "./context.ts";
import type { Ledger } from "./ledger.ts";
import type { Mailbox } from "./mailbox.ts";
import type { ProgramEvent } from "./program-state.ts";

/** A clock that was set back by more than this, in ms, was wrong before: what was dealt with by it counts no more. */
const MOST_BACK_MS = 3 * 3_600_000;

/**
 * Up to when all times count as dealt with, in ms since 1970. A clock that is set back a little makes nothing due
 * twice, and one that was far ahead keeps nothing from being due.
 */
export function dealtWithUntil(until: number, now: number): number {
  return until - now > MOST_BACK_MS ? now : until;
}

/** The first time that is not dealt with, in ms since 1970; undefined: there is none. However many have passed, they are one. */
export function nextDue(times: Cron, until: number, now: number): number | undefined {
  return nextTime(times, new Date(dealtWithUntil(until, now)))?.getTime();
}

/** What the schedule of a job asks for. */
export interface SchedulePorts {
  readonly ledger: Ledger;
  readonly mailbox: Mailbox<ProgramEvent>;
}

/**
 * When a job is due. That a time has come is only a reason to look: it is due until somebody has answered to it, by a
 * start or otherwise, and never before.
 */
export class JobSchedule {
  readonly #now: Supervised;
  readonly #by: SchedulePorts;
  readonly #times: Cron;
  /** Times up to this one are dealt with, in ms since 1970. */
  #until: number;
  /** With catch_up: that is not on record yet. */
  #isUnnoted: boolean;
  #cancel: () => void = () => {};

  /** `isNew`: no other schedule has counted before in the life of this usrsvcd. */
  constructor(now: Supervised, by: SchedulePorts, times: Cron, isNew: boolean) {
    this.#now = now;
    this.#by = by;
    this.#times = times;
    const noted = isNew && now.settings.catchUp ? by.ledger.record?.dueUntil : undefined;
    const until = noted === undefined ? Number.NaN : Date.parse(noted);
    this.#until = Number.isNaN(until) ? Date.now() : until;
    this.#isUnnoted = Number.isNaN(until);
    this.#plan();
  }

  /** True for the schedule that these settings have. */
  isOf(times: Cron): boolean {
    return this.#times.text === times.text;
  }

  /** A time has come, and was not answered to. */
  get isDue(): boolean {
    const now = Date.now();
    return (nextDue(this.#times, this.#until, now) ?? Infinity) <= now;
  }

  /** What is due is answered to: it goes on record with what follows. */
  answer(): void {
    if (!this.isDue) return;
    this.pass();
    if (this.#now.settings.catchUp) this.#by.ledger.keep(this.#noted());
  }

  /** What is due is nothing to answer to: an operator has stopped the job, say. */
  pass(): void {
    this.#until = Date.now();
    this.#isUnnoted = true;
    this.#plan();
  }

  /** With catch_up: whoever comes next is to know up to when all was dealt with, and does not yet. */
  get isUnnoted(): boolean {
    return this.#isUnnoted && this.#now.settings.catchUp;
  }

  /** Puts that on record; only while the lock is held. */
  note(): void {
    if (this.isUnnoted) this.#by.ledger.write(this.#noted());
  }

  /** Nothing is due any more. */
  end(): void {
    this.#cancel();
  }

  #noted(): ReturnType<Ledger["base"]> {
    this.#isUnnoted = false;
    return dueNoted(this.#by.ledger.base(), isoTime(this.#until));
  }

  #plan(): void {
    this.#cancel();
    const now = Date.now();
    const at = nextDue(this.#times, this.#until, now);
    if (at === undefined) return;
    this.#cancel = callAt(monotonicMs() + Math.max(0, at - now), () => {
      if (this.isDue) this.#by.mailbox.look();
      else this.#plan(); // the clock was set
    });
  }
}
