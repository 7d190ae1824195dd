import type { Emitter, EventOfOne } from "../events/event.ts";

/** Events are held back for so long at most, in ms, should the act have to wait. */
const MOMENT_MS = 20;

/** What happens to one program, as it is told: at once, or after an act that hurries. */
export class ProgramEvents {
  readonly #program: string;
  readonly #events: Emitter;
  /** Events that wait; undefined when each is told at once. */
  #heldBack: (() => void)[] | undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(program: string, events: Emitter) {
    this.#program = program;
    this.#events = events;
  }

  /** `make` is called when it is told. */
  emit(make: () => EventOfOne): void {
    const tell = (): void => this.#events.emit({ program: this.#program, ...make() });
    if (this.#heldBack === undefined) tell();
    else this.#heldBack.push(tell);
  }

  /** From now on events wait for `flush`, a moment: an act that hurries comes first. */
  defer(): void {
    this.#heldBack ??= [];
    this.#patience ??= setTimeout(() => this.flush(), MOMENT_MS);
  }

  /** Tells of what waits. */
  flush(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    const events = this.#heldBack ?? [];
    this.#heldBack = undefined;
    for (const tell of events) tell();
  }
}
