import { hasDependencies } from "../config/dependencies.ts";
import type { Found } from "../identity/found.ts";
import { monotonicMs } from "../lib/clock.ts";
import { describeExit } from "../lib/describe-exit.ts";
import { hasEndedInThisBoot, hasEndedWell, isSuccess } from "../state/ended-well.ts";
import type { ProgramRecord } from "../state/record.ts";
import { stateTraits } from "../state/states.ts";
import type { MutableSupervised } from "./context.ts";
import type { JobSchedule } from "./job-schedule.ts";
import { operatorOf } from "./last-end.ts";
import { transition } from "./machine.ts";
import type { Parts } from "./parts.ts";
import type { Context, Observed } from "./program-state.ts";

/** What only who looks can know: that a death was not seen, and that an operator's start is on record. */
type Unseen = Pick<Observed, "diedUnseen" | "startedByHand">;

/** What a program is like now, as facts for the machine: of the look, the record, the schedule and the order. */
export class Observer {
  readonly #now: MutableSupervised;
  readonly #by: Parts;

  constructor(now: MutableSupervised, by: Parts) {
    this.#now = now;
    this.#by = by;
  }

  /** What a look has found, for the machine. */
  observed(found: Found, { diedUnseen, startedByHand }: Unseen): Observed {
    const { record } = this.#by.ledger;
    const { exit } = this.#by.watched.main;
    return {
      kind: "observed",
      process: found.kind === "running" ? found.process : undefined,
      desired: record?.desired ?? "none",
      ranBefore: diedUnseen || this.#by.stopper.hasFinished || this.#hasRun(record),
      diedUnseen,
      startedByHand,
      reason: record?.reason,
      exit,
      ...(this.#now.settings.type === "job" && exit && { how: describeExit(exit) }),
      endedWell: this.#hasEndedWell(),
      ...(this.#by.schedule !== undefined && { isDue: this.#isDue(this.#by.schedule) }),
      ...(record?.state === "fatal" && { retryMs: msUntil(record.nextTryAt) }),
    };
  }

  /** What is to be down is due in vain, and what is held: with catch_up, that is made up for when it is released. */
  #isDue(schedule: JobSchedule): boolean {
    if (!schedule.isDue) return false;
    if (this.#by.holding.isHeld) {
      if (!this.#now.settings.catchUp) schedule.pass();
      return false;
    }
    const { settings } = this.#now;
    const isToRun = settings.enabled && this.#by.ledger.record?.desired !== "down";
    if (!isToRun) schedule.pass();
    return isToRun;
  }

  /** A job that has ended in this boot is not begun by autostart. */
  #hasRun(record: ProgramRecord | undefined): boolean {
    return hasRun(record) || (this.#now.settings.type === "job" && hasEndedInThisBoot(record));
  }

  /** What it waits for is asked only where it would be started: some of that is looked at from then on. */
  inOrder(event: Observed): Observed {
    const { settings, state, history } = this.#now;
    if (!hasDependencies(settings)) return event;
    const { effects } = transition(state, history, event, this.context());
    const wouldStart = effects.some(({ kind }) => kind === "start");
    return wouldStart ? { ...event, waitsFor: this.#by.around.order.waitsFor(settings) } : event;
  }

  /** What an operator, or a limit, has ended did not end by itself. */
  #hasEndedWell(): boolean {
    const { settings, state } = this.#now;
    if (settings.autorestart !== "on-failure" && settings.type !== "job") return false;
    if (this.#by.stopper.hasFinished) return false;
    if (state.kind !== "running") return hasEndedWell(this.#by.ledger.record, settings);
    if (operatorOf(state.process, this.#by.ledger.record) !== undefined) return false;
    // Of a start that was broken off: what writes its own pidfile goes to the background, and its first process ends.
    const isFirst = !settings.autopid && monotonicMs() - state.since < settings.successMs;
    return !isFirst && isSuccess(this.#by.watched.main.exit, settings);
  }

  /** What the machine goes by, besides what happened. */
  context(): Context {
    const { settings } = this.#now;
    const isNeeded = !settings.autostart && this.#by.around.order.isNeeded(settings.name);
    const asNeeded = isNeeded ? { ...settings, autostart: true } : settings;
    const { isHeld } = this.#by.holding;
    return { settings: asNeeded, now: monotonicMs(), chance: Math.random(), isHeld };
  }
}

/** Undefined for no time, or none that can be understood. */
function msUntil(iso: string | undefined): number | undefined {
  const ms = iso === undefined ? Number.NaN : Date.parse(iso) - Date.now();
  return Number.isNaN(ms) ? undefined : ms;
}

/** True when the record says that the program ran, or was kept running, in this boot. */
function hasRun(record: ProgramRecord | undefined): boolean {
  if (record === undefined) return false;
  const { state, process } = record;
  return process !== undefined || stateTraits[state].tellsThatItRan;
}
