import { sleep } from "../lib/clock.ts";
import type { Host } from "../host/host.ts";
import { programLock, tryLock } from "../state/lock.ts";
import { checkStateDir } from "../state/state-dir.ts";
import { namesOf, together } from "../lifecycle/move-records.ts";
import type { Move } from "../lifecycle/renamed.ts";

/** How often is looked whether somebody is at work still, in ms. */
const LOOK_EVERY_MS = 250;

/**
 * Sections that were renamed while somebody is at work on what runs. They are not looked after until
 * that is done: what is started meanwhile is theirs, and another would be one too many.
 */
export class WaitingMoves implements Disposable {
  readonly #host: Host;
  readonly #onFree: () => void;
  #moves: readonly Move[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** `onFree`: called when nobody is at work on one any more; `wait` is to be called then. */
  constructor(host: Host, onFree: () => void) {
    this.#host = host;
    this.#onFree = onFree;
  }

  /** The names of all that are not looked after meanwhile. */
  get names(): ReadonlySet<string> {
    return namesOf(this.#moves);
  }

  /** From now on these are waited for, and no others. */
  wait(moves: readonly Move[]): void {
    clearTimeout(this.#timer);
    this.#moves = moves;
    this.#lookLater();
  }

  /** They are waited for still. */
  again(): void {
    this.wait(this.#moves);
  }

  /** Resolves when the program is none of those that are waited for, or when told to leave. */
  async settled(name: string, signal: AbortSignal): Promise<void> {
    while (this.names.has(name) && !signal.aborted) {
      await sleep(LOOK_EVERY_MS, signal).catch(() => {}); // told to leave
    }
  }

  [Symbol.dispose](): void {
    this.wait([]);
  }

  #lookLater(): void {
    if (this.#moves.length === 0) return;
    this.#timer = setTimeout(() => void this.#look(), LOOK_EVERY_MS);
  }

  async #look(): Promise<void> {
    const moves = this.#moves;
    for (const group of together(moves)) {
      const isFree = await this.#isFree(namesOf(group));
      if (moves !== this.#moves) return; // others are waited for by now
      if (isFree) return this.#onFree();
    }
    this.#lookLater();
  }

  async #isFree(names: Iterable<string>): Promise<boolean> {
    for (const name of names) {
      try {
        checkStateDir(this.#host.state); // to look makes the file of the lock
        using lock = await tryLock(programLock(this.#host.state, name));
        if (lock === undefined) return false;
      } catch {
        return false; // no descriptor left just now (EMFILE), for example
      }
    }
    return true;
  }
}
