import { formatDuration, isoTime } from "../lib/format.ts";
import { callAt, monotonicMs } from "../lib/clock.ts";
import { type Alert, alertOf } from "./alert.ts";
import { type Emitter, isMailed, type UsrsvcEvent } from "../events/event.ts";
import { composeMessage, type Sender } from "./message.ts";
import type { AlertQueue, Pending } from "./queue.ts";
import type { Transport } from "./transport.ts";
import { failureOf, type MailTrouble, mailTrouble } from "./trouble.ts";

/** What sending asks for. */
export interface AlerterPorts {
  readonly queue: AlertQueue;
  /** Looked for at each mail: it may be installed later. */
  readonly transport: () => Transport | undefined;
  readonly sender: Sender;
  /** At most one mail a program within this time, in ms. */
  readonly intervalMs: () => number;
  /** Whom to mail about a program. */
  readonly recipients: (program: string) => readonly string[];
  /** Gets what becomes of mails. */
  readonly events: Emitter;
}

/** Shortest and longest wait between tries, in ms: 1, 2, 4 ... minutes, at most an hour. */
const FIRST_RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 3_600_000;
/** Age at which an unsent mail is dropped, in ms: it would help nobody any more. */
export const DROPPED_AFTER_MS = 3 * 24 * 3_600_000;
/** Number of mails on their way at once: one server that hangs does not hold back the others. */
const AT_ONCE = 4;

/**
 * Mails what happened. Alerts wait on disk; the first of a program goes out at once, those that
 * follow within the interval become one mail that says how many it stands for.
 */
export class Alerter implements Emitter, Disposable {
  readonly #ports: AlerterPorts;
  readonly #sending = new Set<string>();
  /** Something waits in memory only. */
  #isUnsaved = false;
  #cancelTimer: () => void = () => {};
  readonly #leaving = new AbortController();

  constructor(ports: AlerterPorts) {
    this.#ports = ports;
    this.#sendDue();
  }

  /** Takes what people are mailed about, and passes over all else. */
  emit(event: UsrsvcEvent): void {
    if (!isMailed(event)) return;
    const alert = alertOf(event, isoTime(Date.now()));
    const to = this.#ports.recipients(event.program);
    if (alert !== undefined && to.length > 0) this.#take(alert, to);
  }

  /** A full disk is reported, and does not hold back the mail. */
  #take(alert: Alert, to: readonly string[]): void {
    try {
      this.#ports.queue.add(alert, to);
    } catch (error) {
      const isNews = !this.#isUnsaved;
      this.#isUnsaved = true;
      const { program } = alert;
      if (isNews) {
        const reason = (error as Error).message;
        this.#ports.events.emit({ kind: "alert.unsaved", program, reason });
      }
    }
    this.#sendDue();
  }

  /** Writes what waits in memory only. To be called now and then. */
  check(): void {
    if (!this.#isUnsaved) return;
    if (!this.#ports.queue.save()) return;
    this.#isUnsaved = false;
    this.#ports.events.emit({ kind: "alert.saved" });
  }

  /** What to report while mails are not sent. */
  trouble(): MailTrouble | undefined {
    const now = Date.now();
    return mailTrouble(this.#ports.queue.all(), (pending) => this.#dueAt(pending, now));
  }

  /** An operator may have fixed what held mails back: those are tried at once. */
  retry(): void {
    for (const { program, retryAt } of this.#ports.queue.all()) {
      if (retryAt > 0) this.#settle(program, 0, { retryAt: 0 });
    }
    this.#sendDue();
  }

  /** What is on its way is broken off, and sent by the next usrsvcd. */
  [Symbol.dispose](): void {
    this.#leaving.abort(new Error("usrsvcd leaves"));
    this.#cancelTimer();
  }

  #sendDue(): void {
    if (this.#leaving.signal.aborted) return;
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    const due: Pending[] = [];
    for (const pending of this.#ports.queue.all()) {
      if (pending.total === 0 || this.#sending.has(pending.program)) continue;
      const at = this.#dueAt(pending, now);
      if (at > now) next = Math.min(next, at);
      else due.push(pending);
    }
    this.#cancelTimer();
    if (Number.isFinite(next)) {
      this.#cancelTimer = callAt(monotonicMs() + (next - now), () => this.#sendDue());
    }
    // One that is over leads here again.
    for (const pending of due.slice(0, AT_ONCE - this.#sending.size)) void this.#send(pending);
  }

  /** A clock that was set back must not hold mails for ever. */
  #dueAt({ lastSentAt, retryAt }: Pending, now: number): number {
    const interval = this.#ports.intervalMs();
    const afterLast = lastSentAt > now ? 0 : lastSentAt + interval;
    return Math.max(afterLast, retryAt > now + LONGEST_RETRY_MS ? 0 : retryAt);
  }

  async #send(pending: Pending): Promise<void> {
    const { program, alerts, total, to } = pending;
    this.#sending.add(program);
    try {
      await Promise.resolve(); // what fails at once must not lead back here before the caller is done
      const transport = this.#ports.transport();
      if (transport === undefined) throw new Error("no sendmail on this machine, and no smtp_url");
      await transport(composeMessage(alerts, total, this.#ports.sender), to, this.#leaving.signal);
      const sent = { attempts: 0, retryAt: 0, lastSentAt: Date.now(), failure: undefined };
      this.#settle(program, total, sent);
      this.#ports.events.emit({ kind: "alert.sent", program, events: total });
    } catch (error) {
      if (this.#leaving.signal.aborted) return;
      this.#failed(pending, error instanceof Error ? error.message : String(error));
    } finally {
      this.#sending.delete(program);
      this.#sendDue();
    }
  }

  #failed(pending: Pending, reason: string): void {
    const { program, total, attempts, alerts } = pending;
    const failure = failureOf(reason);
    const oldest = Date.parse(alerts[0]?.at ?? "");
    if (Date.now() - oldest > DROPPED_AFTER_MS) {
      this.#settle(program, total, { attempts: 0, retryAt: 0, failure });
      const why = `not sent for ${formatDuration(DROPPED_AFTER_MS)}: ${reason}`;
      this.#ports.events.emit({ kind: "alert.dropped", program, events: total, reason: why });
      return;
    }
    const retryMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempts, 10));
    this.#settle(program, 0, { attempts: attempts + 1, retryAt: Date.now() + retryMs, failure });
    this.#ports.events.emit({
      kind: "alert.failed",
      program,
      reason,
      attempts: attempts + 1,
      retryMs,
    });
  }

  /** Takes `told` events off the queue; what came meanwhile stays. */
  #settle(program: string, told: number, change: Partial<Pending>): void {
    const now = this.#ports.queue.get(program);
    if (now === undefined) return;
    const total = now.total - told;
    try {
      this.#ports.queue.put({
        ...now,
        ...change,
        total,
        alerts:
          told === 0
            ? now.alerts
            : now.alerts.slice(now.alerts.length - Math.min(total, now.alerts.length)),
      });
    } catch {
      this.#isUnsaved = true; // on disk it would be mailed once more; better twice than never
    }
  }
}
