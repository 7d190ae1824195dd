import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { ProcReader } from "../../proc/reader.ts";
import { ageMs } from "../../proc/uptime.ts";
import { monotonicMs } from "../lib/clock.ts";
import { formatBytes } from "../lib/format.ts";
import { TimeoutPool } from "../lib/timeout-pool.ts";
import type { Measured, Measurement } from "./measurement.ts";
import type { OnViolation } from "./violation.ts";

/** Interval at which all limits are checked together, in ms. */
const INTERVAL_MS = 5000;
/**
 * Age up to which a measurement below the limit is trusted, in ms. Private memory cannot grow more
 * than resident memory does, except for shared pages that become private.
 */
const TRUST_MS = 60_000;

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
 * process is measured (which is expensive: the kernel walks its page tables) only when its resident
 * memory, which is cheap to read and never smaller, is above the limit.
 */
export class MemoryMonitor {
  readonly #proc: ProcReader;
  readonly #watched = new Set<Watched>();
  readonly #patience = new TimeoutPool();
  #timer: NodeJS.Timeout | undefined;

  constructor(proc: ProcReader) {
    this.#proc = proc;
  }

  /** Watches one process until the returned function is called, or a violation was reported. */
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

  /** One check of all. */
  round(): void {
    const uptime = orUndefined(() => this.#proc.uptime());
    if (uptime === undefined) return;
    const now = monotonicMs();
    for (const watched of this.#watched) {
      if (watched.isMeasured || ageMs(watched.process.startTime, uptime) < watched.monitorAfterMs) {
        continue;
      }
      const resident = this.#resident(watched);
      if (resident === undefined || resident <= watched.limitBytes) continue;
      if (resident < watched.fineBelowBytes && now < watched.fineUntil) continue;
      watched.isMeasured = true;
      void this.#measure(watched);
    }
  }

  /** Undefined for one that is gone (its end is noticed elsewhere), and when files cannot be opened. */
  #resident({ process }: Watched): number | undefined {
    return orUndefined(() => this.#proc.residentBytes(process.pid));
  }

  /** A read that hangs stays "measured" until it returns, so that reads do not pile up. */
  async #measure(watched: Watched): Promise<void> {
    const { process, limitBytes } = watched;
    let resident = 0;
    let privateBytes: number;
    try {
      ({ privateBytes } = await this.#patience.run(
        async () => {
          resident = this.#resident(watched) ?? 0;
          return await this.#proc.smapsRollup(process.pid);
        },
        () => (watched.isMeasured = false),
      ));
    } catch {
      return; // gone, hanging, or hardened against its own user
    }
    const now = orUndefined(() => this.#proc.alive(process.pid));
    if (!this.#watched.has(watched) || !sameProcess(now, process)) return;
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

/** What it would measure now: private memory, which was read before. */
export function measureMemory(limit: number, { memory, notYet }: Measured): Measurement {
  const key = "rss_limit";
  if (typeof memory !== "number") {
    const why = memory === undefined ? "nothing was measured" : unmeasured[memory];
    return { key, text: `${why}; the limit is ${formatBytes(limit)}${notYet}`, limit };
  }
  const share = Math.round((memory / limit) * 100);
  const text = `private memory is ${formatBytes(memory)} of ${formatBytes(limit)} (${share} %)${notYet}`;
  return { key, text, isOk: memory <= limit, measured: memory, limit };
}

const unmeasured = {
  gone: "the process has just ended",
  hidden: "the process hides its memory",
  hangs: "the kernel does not answer about its memory",
} as const;

/** A round that fails (no file can be opened, for example) is made up for by the next. */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof TypeError) throw error; // a bug
    return undefined;
  }
}
