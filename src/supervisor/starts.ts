import type { ProcessRef } from "../../proc/pid.ts";
import { sameProcess } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { LastEnd } from "../events/last-end.ts";
import type { StartCause } from "../events/start-events.ts";
import { type Found, isByMark } from "../identity/found.ts";
import { withUnseenEnd } from "../identity/recorded.ts";
import type { Pattern } from "../identity/match.ts";
import { undone, withoutUndone } from "../lifecycle/hook.ts";
import { jobEndOf } from "../lifecycle/job-end.ts";
import { withWords } from "../lifecycle/last-words.ts";
import { madeAs, takenFrom } from "../lifecycle/adopted.ts";
import { traits } from "../lifecycle/traits.ts";
import type { StartFailure } from "../lifecycle/start-outcome.ts";
import { startEndedWell } from "../state/ended-well.ts";
import { describeRun } from "../state/job-words.ts";
import type { Via } from "../state/record.ts";
import { counted, exited } from "../state/record-facts.ts";
import { adopted, backedOff, staysDown, stopped } from "../state/transitions.ts";
import type { Ledger } from "./ledger.ts";
import type { ProgramEvent } from "./program-state.ts";
import { jobFinished } from "./job-finished.ts";
import { launcherOf, noEnd } from "./last-end.ts";

/** What is written of how a program came to run, or did not: on record, and as events. */
export class Starts {
  readonly #ledger: Ledger;
  /** Why the start that is made follows. */
  #cause: string | undefined;
  #failure: LastEnd = noEnd;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** What the last failed start left behind, for the mail. */
  get failure(): LastEnd {
    return this.#failure;
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

  /** What was seen of a start that somebody else began. */
  note(text: string): void {
    this.#ledger.emit({ kind: "program.warning", what: "note", pid: undefined, text });
  }

  /** Why a start follows: what the record says now, which the start itself will not. */
  noteCause(): void {
    this.#cause = this.#ledger.record?.reason;
  }

  /** It is started, and not launched yet: its before_start runs. */
  noteBeforeStart(isAgain: boolean): void {
    const record = exited(this.#ledger.base());
    const reason = undone(isAgain ? withoutUndone(record.reason) : undefined, "before_start");
    const at = new Date().toISOString();
    const next = isAgain ? backedOff(record, at, reason) : staysDown(record, reason);
    this.#ledger.writeMeanwhile(next);
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
}
