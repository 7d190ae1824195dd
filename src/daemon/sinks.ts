import type { Emitter, UsrsvcEvent } from "../events/event.ts";

/** All who tell of events: the log, the mail. Whoever emits knows none of them. */
export class Sinks implements Emitter {
  readonly #sinks: Emitter[] = [];

  /** From now on this one is told as well, after those that were there before. */
  add(sink: Emitter): void {
    this.#sinks.push(sink);
  }

  emit(event: UsrsvcEvent): void {
    for (const sink of this.#sinks) sink.emit(event);
  }
}
