import type { Exit } from "../../proc/exit.ts";
import { showExit } from "../events/shown-exit.ts";
import { formatDuration, isoTime } from "../lib/format.ts";
import { describeExit } from "../lifecycle/describe-exit.ts";
import { backedOff } from "../state/transitions.ts";
import type { Ledger } from "./ledger.ts";
import { lastEnd } from "./words.ts";

/** What is written of a program that cannot be looked after, for something that is none of its own. */
export class Troubles {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /**
   * It cannot be looked after. `isDown`: and does not run. `end`: how it ended, which is not on record yet.
   */
  troubled(reason: string, retryMs: number, isDown: boolean, end: Exit | undefined): void {
    const again = `tried again every ${formatDuration(retryMs)}`;
    const ended = end === undefined ? "" : `${describeExit(end)}, and stays down: `;
    const fields = { reason, exit: end && showExit(end) };
    const msg = `${ended}${reason}; ${again}, and told when it works`;
    this.#ledger.log("error", "program.error", fields, msg);
    if (!isDown) return;
    this.#ledger.alert({
      kind: "start-failed",
      reason,
      next: `usrsvcd: ${again}`,
      ...lastEnd(this.#ledger.base()),
    });
  }

  /** Only while the lock is held: what keeps it down, for `status`. */
  noteTrouble(reason: string, retryMs: number): void {
    const nextTryAt = isoTime(Date.now() + retryMs);
    try {
      this.#ledger.write(backedOff(this.#ledger.base(), nextTryAt, reason));
    } catch {
      // the same trouble, most likely: status sees that of the disk itself
    }
  }

  /** What kept it from being looked after is over. */
  recovered(reason: string, ms: number): void {
    const fields = { reason, lastedMs: Math.round(ms) };
    const msg = `is looked after again, after ${formatDuration(ms)}: it was ${reason}`;
    this.#ledger.log("info", "program.recovered", fields, msg);
  }
}
