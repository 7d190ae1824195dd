import type { Emitter } from "../events/event.ts";
import { readMetrics, writeMetrics } from "../operations/looking/metrics.ts";
import type { Site } from "../operations/site.ts";

/** At least so often while nothing happens, in ms: memory and processor time change without an event. */
const EVERY_MS = 15_000;
/** So long after an event, in ms: what comes together is written together. */
const SOON_MS = 250;

/** What it needs. */
export interface MetricsPorts {
  /** The file, as the settings have it now; undefined: none is wanted. */
  readonly path: () => string | undefined;
  readonly events: Emitter;
  /** For the looks, and for nothing else: what a look claims is not to be mixed with what is supervised. */
  readonly openSite: () => Site;
}

/** Keeps `[Main] metrics_file` up to date. Without one it costs nothing. */
export class MetricsFile implements Emitter {
  readonly #ports: MetricsPorts;
  #timer: NodeJS.Timeout | undefined;
  #isSoon = false;
  #isWriting = false;
  /** The file that could not be written, the last time. */
  #trouble: string | undefined;

  constructor(ports: MetricsPorts) {
    this.#ports = ports;
  }

  /** Something happened. */
  emit(): void {
    if (this.#isSoon || this.#ports.path() === undefined) return;
    this.#isSoon = true;
    this.#wait(SOON_MS);
  }

  /** Usrsvcd leaves: whoever reads the file is to know. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#isSoon = true; // no more of it
    await this.#write(false);
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#isWriting) {
        this.#wait(SOON_MS); // what is written now may not have it
        return;
      }
      this.#isSoon = false;
      void this.#write(true).then(() => {
        if (!this.#isSoon && this.#ports.path() !== undefined) this.#wait(EVERY_MS);
      });
    }, ms).unref();
  }

  async #write(isDaemonUp: boolean): Promise<void> {
    const path = this.#ports.path();
    if (path === undefined) return;
    this.#isWriting = true;
    try {
      using site = this.#ports.openSite();
      writeMetrics(path, await readMetrics(site, isDaemonUp));
      if (this.#trouble === path) {
        this.#ports.events.emit({ kind: "daemon.degraded", what: "metrics-written", path });
      }
      this.#trouble = undefined;
    } catch (error) {
      const reason = (error as Error).message.replace(`${path} cannot be written: `, "");
      this.#fail(path, reason);
    } finally {
      this.#isWriting = false;
    }
  }

  /** Told once for a file; tried again each time. */
  #fail(path: string, reason: string): void {
    const isKnown = this.#trouble === path;
    this.#trouble = path;
    if (isKnown) return;
    this.#ports.events.emit({ kind: "daemon.degraded", what: "metrics-unwritable", path, reason });
  }
}
