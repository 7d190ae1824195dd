import { ProcError } from "../../proc/error.ts";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import { ageMs } from "../../proc/uptime.ts";
import { monotonicMs, within } from "../clock.ts";
import { formatBytes } from "../format.ts";
import type { OnViolation } from "./violation.ts";

/** All limits are checked together, so often, in ms. */
const INTERVAL_MS = 5000;
/** `smaps_rollup` waits for the memory lock of the process, which may hang: given up after, in ms. */
const READ_DEADLINE_MS = 3000;
/**
 * Private memory cannot grow more than resident memory does, but for shared pages that become
 * private: so long a measurement that was fine is trusted at most, in ms.
 */
const TRUST_MS = 60_000;
/** So many processes are measured at once: the reads run in threads that others need, too. */
const MEASURED_AT_ONCE = 2;

interface Watched {
  readonly process: ProcessRef;
  readonly limitBytes: number;
  readonly monitorAfterMs: number;
  readonly onViolation: OnViolation;
  /** Resident memory up to which the last measurement says that all is well, and until when. */
  fineBelowBytes: number;
  fineUntil: number;
  isMeasured: boolean;
}

/**
 * Watches the private memory of all programs that have an `rss_limit`, in one round every 5 s. A
 * process is measured (which is dear: the kernel walks its page tables) only when its resident
 * memory, which is cheap to read and never smaller, is above the limit.
 */
export class MemoryMonitor {
  readonly #proc: ProcReader;
  readonly #watched = new Set<Watched>();
  readonly #queue: Watched[] = [];
  #measuring = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(proc: ProcReader) {
    this.#proc = proc;
  }

  /** Watches one process until the returned function is called, or a violation was told. */
  watch(
    process: ProcessRef,
    limitBytes: number,
    monitorAfterMs: number,
    onViolation: OnViolation,
  ): () => void {
    const watched: Watched = {
      process,
      limitBytes,
      monitorAfterMs,
      onViolation,
      fineBelowBytes: 0,
      fineUntil: 0,
      isMeasured: false,
    };
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => this.round(), INTERVAL_MS);
    return () => this.#forget(watched);
  }

  /** One look at all. */
  round(): void {
    const uptime = this.#proc.uptime();
    const now = monotonicMs();
    for (const watched of this.#watched) {
      if (watched.isMeasured || ageMs(watched.process.startTime, uptime) < watched.monitorAfterMs) {
        continue;
      }
      const resident = this.#resident(watched);
      if (resident === undefined || resident <= watched.limitBytes) continue;
      if (resident < watched.fineBelowBytes && now < watched.fineUntil) continue;
      watched.isMeasured = true;
      this.#queue.push(watched);
    }
    this.#pump();
  }

  #resident({ process }: Watched): number | undefined {
    try {
      return this.#proc.residentBytes(process.pid);
    } catch (error) {
      if (error instanceof ProcError) return undefined; // gone: its end is told elsewhere
      throw error;
    }
  }

  #pump(): void {
    while (this.#measuring < MEASURED_AT_ONCE) {
      const watched = this.#queue.shift();
      if (watched === undefined) return;
      this.#measuring += 1;
      void this.#measure(watched).finally(() => {
        this.#measuring -= 1;
        this.#pump();
      });
    }
  }

  async #measure(watched: Watched): Promise<void> {
    const { process, limitBytes } = watched;
    const resident = this.#resident(watched) ?? 0;
    const reading = this.#proc.smapsRollup(process.pid).then(
      ({ privateBytes }) => privateBytes,
      () => undefined, // gone, or hardened against its own user
    );
    // A read that hangs stays "measured" until it returns, so that reads do not pile up.
    void reading.then(() => (watched.isMeasured = false));
    const privateBytes = await within(reading, READ_DEADLINE_MS);
    if (privateBytes === undefined || !this.#watched.has(watched)) return;
    if (!sameProcess(this.#proc.alive(process.pid), process)) return;
    if (privateBytes <= limitBytes) {
      watched.fineBelowBytes = resident + (limitBytes - privateBytes);
      watched.fineUntil = monotonicMs() + TRUST_MS;
      return;
    }
    this.#forget(watched);
    watched.onViolation({
      monitor: "rss_limit",
      measured: privateBytes,
      limit: limitBytes,
      reason: `private memory ${formatBytes(privateBytes)} exceeds rss_limit ${formatBytes(limitBytes)}`,
    });
  }

  #forget(watched: Watched): void {
    this.#watched.delete(watched);
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
