import type { UsrsvcEvent } from "../events/event.ts";
import type { LogTrouble, OpenLog } from "../events/log.ts";

/** Highest number of waiting lines. */
const MOST_LINES = 2000;

interface Waiting {
  readonly event: UsrsvcEvent;
  /** When it happened, since the line itself is written later. */
  readonly at: string;
}

/** Stands in for a log that cannot be opened just now (disk read-only, no descriptor left): its lines wait. */
export class WaitingLog implements OpenLog {
  readonly #open: () => Promise<OpenLog>;
  readonly #since = new Date().toISOString();
  #reason: string;
  #events: Waiting[] = [];
  #lost = 0;
  #isTrying = false;
  readonly #onOpened: (log: OpenLog) => void;

  /** `onOpened` gets the log when it can be opened, with all that waited written to it. */
  constructor(reason: string, open: () => Promise<OpenLog>, onOpened: (log: OpenLog) => void) {
    this.#reason = reason;
    this.#open = open;
    this.#onOpened = onOpened;
  }

  emit(event: UsrsvcEvent): void {
    const at = new Date().toISOString();
    if (this.#events.length < MOST_LINES) this.#events.push({ event, at });
    else this.#lost += 1;
  }

  reopen(): void {
    void this.#try(); // told by onOpened
  }

  check(): LogTrouble {
    void this.#try();
    return this.#trouble;
  }

  async close(): Promise<void> {
    await this.#try(); // the last chance
  }

  end(): void {
    this.#events = [];
  }

  get #trouble(): LogTrouble {
    return { since: this.#since, reason: this.#reason, lost: this.#lost };
  }

  async #try(): Promise<void> {
    if (this.#isTrying) return;
    this.#isTrying = true;
    try {
      const log = await this.#open();
      for (const { event, at } of this.#events) log.emit(event, at);
      this.#events = [];
      this.#onOpened(log);
    } catch (error) {
      this.#reason = (error as Error).message;
      this.#isTrying = false;
    }
  }
}
