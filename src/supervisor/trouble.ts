import type { Exit } from "../../proc/exit.ts";
import { monotonicMs } from "../lib/clock.ts";
import { machineFault } from "../lib/fault.ts";
import { isoTime } from "../lib/format.ts";
import { ForeignStateDir } from "../state/state-dir.ts";
import { backedOff } from "../state/transitions.ts";
import { TROUBLE_PAUSE_MS } from "./backoff.ts";
import type { Ledger } from "./ledger.ts";
import { lastEnd, noEnd } from "./last-end.ts";

/** What is known of a program when something fails. */
export interface TroubledProgram {
  /** It does not run, and somebody wants to know. */
  readonly isDown: boolean;
  /** How its process ended, which is not on record yet. */
  readonly end: Exit | undefined;
}

/**
 * Something outside of the machine keeps one program from being looked after: told when it begins and when it
 * is over, however often it comes in between.
 */
export class Trouble {
  readonly #ledger: Ledger;
  #current:
    | {
        /** The error of the system, or its words. */
        readonly kind: string;
        readonly reason: string;
        /** Monotonic, in ms. */
        readonly since: number;
      }
    | undefined;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Looking at it, or acting on it, has failed. */
  begin(error: unknown, { isDown, end }: TroubledProgram): void {
    const reason = error instanceof Error ? error.message : String(error);
    // The same lack comes from many places, in some of them in words only.
    const lack = machineFault(error) ?? /\bE[A-Z]{3,}\b/.exec(reason)?.[0] ?? reason;
    const kind = end === undefined ? lack : `${lack}, ended`;
    // Of a folder that is not ours usrsvcd tells once for all programs.
    if (end === undefined && error instanceof ForeignStateDir) return;
    if (this.#current?.kind !== kind) {
      this.#tell(reason, isDown, end);
    }
    this.#current = { since: monotonicMs(), ...this.#current, kind, reason };
  }

  /** It is looked after again. */
  end(): void {
    if (this.#current === undefined) return;
    const { since, reason } = this.#current;
    this.#current = undefined;
    const lastedMs = Math.round(monotonicMs() - since);
    this.#ledger.emit({ kind: "program.recovered", reason, lastedMs });
  }

  /** Only while the lock is held: what keeps it down, for `status`. */
  note(reason: string): void {
    const nextTryAt = isoTime(Date.now() + TROUBLE_PAUSE_MS);
    try {
      this.#ledger.write(backedOff(this.#ledger.base(), nextTryAt, reason));
    } catch {
      // the same trouble, most likely: status sees that of the disk itself
    }
  }

  #tell(reason: string, isDown: boolean, end: Exit | undefined): void {
    const last = isDown ? lastEnd(this.#ledger.base()) : noEnd;
    const retryMs = TROUBLE_PAUSE_MS;
    const trouble = { what: "trouble", reason, exit: end, retryMs, isDown, last } as const;
    this.#ledger.emit({ kind: "program.error", ...trouble });
  }
}
