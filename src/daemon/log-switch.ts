import type { UsrsvcEvent } from "../events/event.ts";
import type { Log, LogTrouble, OpenLog } from "../events/log.ts";

/** A log that can be exchanged for another while it is written to. */
export class LogSwitch implements Log {
  #log: OpenLog;

  constructor(log: OpenLog) {
    this.#log = log;
  }

  /** What is written from now on goes to `log`. */
  exchange(log: OpenLog): void {
    const old = this.#log;
    this.#log = log;
    // Nobody waits for it: a disk that is full may keep it.
    old.close().then(
      () => old.end(),
      () => {},
    );
  }

  emit(event: UsrsvcEvent): void {
    this.#log.emit(event);
  }

  check(): LogTrouble | undefined {
    return this.#log.check();
  }

  reopen(): void {
    this.#log.reopen();
  }

  async close(): Promise<void> {
    await this.#log.close();
  }
}
