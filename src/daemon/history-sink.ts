import type { Emitter, UsrsvcEvent } from "../events/event.ts";
import { shownLine } from "../events/shown-line.ts";
import { addHistory, type HistoryLine } from "../state/history.ts";
import type { StateDir } from "../state/state-dir.ts";

/** Lines wait for so long at most, in ms: those of a moment are written at once, and no successor waits for them. */
const WAIT_MS = 20;

/** Keeps what happened to each program in its history. What cannot be written (a full disk) is only in the log. */
export class HistorySink implements Emitter, Disposable {
  readonly #state: StateDir;
  readonly #waiting = new Map<string | undefined, HistoryLine[]>();
  #timer: NodeJS.Timeout | undefined;

  constructor(state: StateDir) {
    this.#state = state;
  }

  emit(event: UsrsvcEvent): void {
    const { level, msg, fields } = shownLine(event);
    if (level === "debug") return;
    const line = { time: new Date().toISOString(), level, event: event.kind, ...fields, msg };
    const program = "program" in event ? event.program : undefined;
    const lines = this.#waiting.get(program);
    if (lines === undefined) this.#waiting.set(program, [line]);
    else lines.push(line);
    this.#timer ??= setTimeout(() => this.#write(), WAIT_MS);
  }

  /** Writes what waits. */
  [Symbol.dispose](): void {
    this.#write();
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const [program, lines] of all) {
      try {
        addHistory(this.#state, program, lines);
      } catch {
        // the log has them
      }
    }
  }
}
