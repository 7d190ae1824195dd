/** Longer than that nobody waits for others, in ms: a launch may hang. */
const MOST_MS = 5;

/**
 * Launches of which nothing has been seen yet. What else takes time waits for them: the first process of a daemon may
 * leave within a few ms, and is known from then on only by what was seen of it.
 */
export class Sight {
  #unseen = 0;
  readonly #waiting = new Set<() => void>();

  /** One begins; call what it yields when it was seen. */
  begin(): () => void {
    this.#unseen += 1;
    let done = false;
    return () => {
      if (done) return;
      done = true;
      this.#unseen -= 1;
      if (this.#unseen > 0) return;
      this.#waiting.forEach((wake) => wake());
    };
  }

  /** Resolves when all that were begun have been seen. */
  async clear(): Promise<void> {
    if (this.#unseen === 0) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, MOST_MS);
      this.#waiting.add(wake);
    });
  }
}
