import type { Emitter, UsrsvcEvent } from "../events/event.ts";
import { shownLine } from "../events/shown-line.ts";
import { monotonicMs } from "../lib/clock.ts";
import { addHistories, type HistoryLine } from "../state/history.ts";
import type { StateDir } from "../state/state-dir.ts";

/**
 * Lines wait for a moment in which nothing happens, in ms: each program has a file of its own, and a hundred that are
 * started, or come back, do not wait for a hundred files.
 */
const QUIET_MS = 50;
/** So long at most, in ms. */
const MOST_MS = 1000;
/** Files that are written to in one go: a process may end meanwhile. */
const AT_ONCE = 10;

/** Keeps what happened to each program in its history. What cannot be written (a full disk) is only in the log. */
export class HistorySink implements Emitter, Disposable {
  readonly #state: StateDir;
  readonly #waiting = new Map<string | undefined, HistoryLine[]>();
  #timer: NodeJS.Timeout | undefined;
  /** When the oldest that waits was emitted. */
  #since = 0;

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
    const now = monotonicMs();
    if (this.#timer === undefined) this.#since = now;
    clearTimeout(this.#timer);
    const waitMs = Math.max(0, Math.min(QUIET_MS, this.#since + MOST_MS - now));
    this.#timer = setTimeout(() => this.#write(), waitMs);
  }

  /** Writes what waits. */
  [Symbol.dispose](): void {
    this.#write(Infinity);
  }

  #write(most = AT_ONCE): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = [...this.#waiting].slice(0, most);
    for (const [program] of now) this.#waiting.delete(program);
    addHistories(this.#state, now); // of what fails, the log tells
    if (this.#waiting.size > 0) this.#timer = setTimeout(() => this.#write(), 1);
  }
}
