import { describeCaller } from "../lib/caller.ts";
import { callAt, monotonicMs } from "../lib/clock.ts";
import { type Hold, isOver } from "../state/hold.ts";
import { holdStamp, isOthers, readHoldFile, removeHoldFile } from "../state/hold-file.ts";
import type { Ledger } from "./ledger.ts";

/** The clock of the machine is looked at again after this time at the latest, in ms: it may have been set. */
const LOOK_AGAIN_MS = 3_600_000;

const nothing = (): void => {};

/** What has changed. */
export type HoldChange = "begun" | "ended" | "none";

/**
 * Whether an operator holds a program. What counts is read while its lock is held; all else is a reason to do so. A
 * hold whose time is up is taken away here.
 */
export class Holding {
  readonly #ledger: Ledger;
  readonly #look: () => void;
  #hold: Hold | undefined;
  /** Of the file as it was read last; undefined: never. */
  #stamp: string | undefined;
  #cancel = nothing;

  /** `look`: has the program looked at. */
  constructor(ledger: Ledger, look: () => void) {
    this.#ledger = ledger;
    this.#look = look;
  }

  /** As of the last look at it: while it is true nothing is started and nothing ended. */
  get isHeld(): boolean {
    return this.#hold !== undefined;
  }

  get hold(): Hold | undefined {
    return this.#hold;
  }

  /** True where the file is another than was read, or the time of the hold is up. */
  isOutdated(): boolean {
    const { host, name } = this.#ledger;
    if (this.#hold !== undefined && isOver(this.#hold, Date.now())) return true;
    return holdStamp(host.state, name) !== this.#stamp;
  }

  /**
   * Only while the lock is held: reads it, and tells of what is news.
   *
   * @throws when it cannot be read just now
   */
  read(): HoldChange {
    const { host, name } = this.#ledger;
    const stamp = holdStamp(host.state, name);
    const isKnown = stamp === this.#stamp;
    if (isKnown && (this.#hold === undefined || !isOver(this.#hold, Date.now()))) return "none";
    const file = readHoldFile(host.state, name);
    const before = this.#hold;
    if (file === undefined || isOthers(file, host.config)) {
      if (before !== undefined) this.#tellEnd(before, undefined);
      return this.#set(undefined, stamp);
    }
    const { hold, released } = file;
    if (released !== undefined || isOver(hold, Date.now())) {
      removeHoldFile(host.state, name);
      this.#tellEnd(hold, released && describeCaller(released.by));
      return this.#set(undefined, holdStamp(host.state, name));
    }
    const isFound = this.#stamp === undefined;
    const change = this.#set(hold, stamp);
    const { since, until, reason } = hold;
    const by = describeCaller(hold.by);
    const what = isFound ? "found" : "set";
    this.#ledger.emit({ kind: "program.held", what, by, since, until, reason });
    return change;
  }

  /** No look is due any more. */
  close(): void {
    this.#cancel();
  }

  #set(hold: Hold | undefined, stamp: string): HoldChange {
    const wasHeld = this.isHeld;
    this.#hold = hold;
    this.#stamp = stamp;
    this.#plan();
    if (wasHeld === this.isHeld) return "none";
    return wasHeld ? "ended" : "begun";
  }

  #tellEnd({ by, since, until }: Hold, released: string | undefined): void {
    const isExpired =
      released === undefined && until !== undefined && isOver({ by, since, until }, Date.now());
    const lastedMs = Math.max(0, Date.now() - Date.parse(since));
    const why = isExpired ? "expired" : "asked";
    const heldBy = describeCaller(by);
    this.#ledger.emit({ kind: "program.released", why, by: released, heldBy, lastedMs });
  }

  #plan(): void {
    this.#cancel();
    this.#cancel = nothing;
    const { until } = this.#hold ?? {};
    if (until === undefined) return;
    const leftMs = Math.max(0, Date.parse(until) - Date.now());
    this.#cancel = callAt(monotonicMs() + Math.min(leftMs, LOOK_AGAIN_MS), () => {
      if (this.#hold !== undefined && isOver(this.#hold, Date.now())) this.#look();
      else this.#plan();
    });
  }
}
