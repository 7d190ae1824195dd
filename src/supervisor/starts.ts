import type { ProcessRef } from "../../proc/pid.ts";
import { sameProcess } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { RestartCounts } from "../events/failure-events.ts";
import type { LastEnd } from "../events/last-end.ts";
import type { StartCause } from "../events/start-events.ts";
import { type Found, isByMark } from "../identity/found.ts";
import { withUnseenEnd } from "../identity/recorded.ts";
import type { Pattern } from "../identity/match.ts";
import { formatDuration, isoTime } from "../lib/format.ts";
import { jobEndOf } from "../lifecycle/job-end.ts";
import { withWords } from "../lifecycle/last-words.ts";
import { madeAs, takenFrom } from "../lifecycle/adopted.ts";
import { traits } from "../lifecycle/traits.ts";
import type { StartFailure } from "../lifecycle/start-outcome.ts";
import { startEndedWell } from "../state/ended-well.ts";
import { describeRun } from "../state/job-words.ts";
import type { Via } from "../state/record.ts";
import { adopted, backedOff, counted, gaveUp, stopped, waiting } from "../state/transitions.ts";
import type { Ledger } from "./ledger.ts";
import type { History, ProgramEvent, WaitsFor } from "./program-state.ts";
import { jobFinished } from "./job-finished.ts";
import { lastEnd, launcherOf, noEnd } from "./last-end.ts";

/** What is written of how a program came to run, or did not: on record, and as events. */
export class Starts {
  readonly #ledger: Ledger;
  /** Why the start that is made follows. */
  #cause: string | undefined;
  /** What the last failed start left behind, for the mail. */
  #failure: LastEnd = noEnd;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** A process that was not started from here. */
  takenUp(found: Found & { kind: "running" }, pattern: Pattern): void {
    const { process, via, others } = found;
    const { pid } = process;
    const record = this.#ledger.record;
    const known = isByMark(found.launch, record) ? "mark" : (launcherOf(record) ?? "record");
    this.#ledger.emit({ kind: "program.adopted", pid, via, known });
    if (record?.state !== "running" || !sameProcess(record.process, process)) {
      const from = takenFrom(record, found);
      const seen = traits(process, from.launched, pattern, this.#ledger.host);
      const before = counted(withUnseenEnd(this.#ledger.base(), this.#ledger.host.proc), {
        failures: 0,
      });
      this.#ledger.write(
        adopted(before, { process, via, ...from, ...seen, ...madeAs(record, found) }),
      );
    }
    if (others.length === 0) return;
    const otherPids = others.map((other) => other.pid);
    this.#ledger.emit({ kind: "program.warning", what: "others", pid, otherPids });
  }

  /** Whoever launched it was killed in its start window, and it did not match by the end of that. */
  brokenOff(count: number): void {
    this.#ledger.emit({ kind: "program.warning", what: "broken-off", leftBehind: count });
  }

  /** Why a start follows: what the record says now, which the start itself will not. */
  noteCause(): void {
    this.#cause = this.#ledger.record?.reason;
  }

  /** A start from here has succeeded. */
  started({ pid }: ProcessRef, via: Via, livedMs: number, cause: StartCause): void {
    const { lastExit } = this.#ledger.base();
    // Not what the new one writes.
    const output = this.#ledger.takeWords();
    const last = { exit: lastExit?.exit, pid: lastExit?.pid, output };
    const reason = this.#cause;
    this.#ledger.emit({ kind: "program.started", pid, via, livedMs, cause, reason, last });
  }

  /** What became of a start that has failed, for the machine. */
  startFailed(failure: StartFailure, settings: ProgramSettings): ProgramEvent {
    const { exit, pid, reason, details, output, code } = failure;
    const endedWell = startEndedWell(failure, settings);
    const at = new Date().toISOString();
    const job = jobEndOf(failure, settings);
    const lastExit =
      exit === undefined || pid === undefined
        ? this.#ledger.record?.lastExit
        : { at, pid, exit, ...(job && { tookMs: job.tookMs }) };
    if (job !== undefined) {
      this.#ledger.emit(jobFinished(job, settings));
    } else {
      const failed = { pid, reason, code, exit, details, output, action: undefined };
      this.#ledger.emit({ kind: "program.start-failed", ...failed });
    }
    this.#failure = { exit, pid, output: [...details, ...output] };
    const base = this.#ledger.base();
    const how = job === undefined ? reason : describeRun(job.exit, job.tookMs);
    const after = stopped(base, { lastExit, reason: withWords(how, job?.output ?? output) });
    // On record at once: should we be killed now, its end would be taken for a success.
    const isCounted = settings.autorestart === "on-failure" && !endedWell;
    this.#ledger.write(counted(after, { failures: base.failures + Number(isCounted) }));
    return { kind: "start-failed", reason: how, endedWell };
  }

  backedOff(
    delayMs: number,
    reason: string,
    { failures, restarts, ends }: History,
    settings: Counting,
  ): void {
    const nextTryAt = isoTime(Date.now() + delayMs);
    const last = failures > 0 ? this.#failure : lastEnd(this.#ledger.base());
    const cause = this.#ledger.base().reason ?? reason;
    const isJob = settings.type === "job";
    const pause = { failures, delayMs, nextTryAt, reason, cause, last, isJob };
    this.#ledger.emit({ kind: "program.backoff", ...pause, ...countsOf(ends, settings) });
    const base = this.#ledger.base();
    // How often lately: of a start that fails, the count says it.
    const why =
      failures === 0 && base.reason !== undefined ? `${base.reason}; ${reason}` : base.reason;
    this.#ledger.write(backedOff(counted(base, { failures, restarts }), nextTryAt, why));
  }

  /** An operator called the next start off before anything was launched: how it ended is on record. */
  calledOff(): void {
    this.#ledger.write(backedOff(this.#ledger.base(), new Date().toISOString()));
  }

  /** It is started when what it starts after is ready. */
  waits({ what, reason }: WaitsFor, isNews: boolean): void {
    if (isNews) this.#ledger.emit({ kind: "program.waiting", waitsFor: what, reason });
    const why = reason === undefined ? "" : ` (${reason})`;
    const at = new Date().toISOString();
    this.#ledger.write(waiting(this.#ledger.base(), `${what}${why}`, at));
  }

  gaveUp(
    why: string,
    retryMs: number | undefined,
    { failures, restarts, ends }: History,
    settings: Counting,
  ): void {
    const base = this.#ledger.base();
    const known = base.reason;
    // With what it wrote; where no start has failed, how it ended.
    const isTold = known?.startsWith(why) === true || failures === 0;
    const reason = isTold ? (known ?? why) : why;
    const last = failures > 0 ? this.#failure : lastEnd(base);
    const nextTryAt = timeIn(retryMs);
    const schedule = settings.type === "job" ? settings.schedule?.text : undefined;
    const when = { nextTryAt, retryMs, schedule };
    const told = { failures, reason, ...when, last, ...countsOf(ends, settings) };
    this.#ledger.emit({ kind: "program.gave-up", ...told });
    this.#ledger.write(gaveUp(counted(this.#ledger.base(), { failures, restarts }), nextTryAt));
  }

  /** It was given up before; when it is tried again is news. */
  retryNoted(retryMs: number | undefined): void {
    const next =
      retryMs === undefined
        ? "not tried again: retry_after = 0"
        : `next try in ${formatDuration(retryMs)} (retry_after)`;
    const text = `was given up; ${next}`;
    this.#ledger.emit({ kind: "program.warning", what: "note", pid: undefined, text });
    this.#ledger.write(gaveUp(this.#ledger.base(), timeIn(retryMs)));
  }
}

type Counting = Pick<ProgramSettings, "maxrestarts" | "restartWindowMs" | "type" | "schedule">;

/** What maxrestarts counts, for who is told. */
function countsOf(
  ends: readonly number[],
  { maxrestarts, restartWindowMs }: Counting,
): RestartCounts {
  return restartWindowMs === 0
    ? { maxrestarts, windowMs: undefined, inWindow: undefined }
    : { maxrestarts, windowMs: restartWindowMs, inWindow: ends.length };
}

function timeIn(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : isoTime(Date.now() + ms);
}
