import type { Exit } from "../../proc/exit.ts";
import type { ProcessRef } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { describeEnding } from "../events/end-events.ts";
import { BY_SIGNAL, NOT_USRSVC } from "../events/shown-exit.ts";
import { undone, withoutUndone } from "../lifecycle/hook.ts";
import type { ProgramRecord, Via } from "../state/record.ts";
import { isSuccess as endedWell } from "../state/ended-well.ts";
import { describeEnded, describeRun } from "../state/job-words.ts";
import { wasSignalled } from "../state/signalled.ts";
import { exited, exitNoted, signed } from "../state/record-facts.ts";
import { endingLeftovers } from "../state/transitions.ts";
import type { Ledger, Output } from "./ledger.ts";
import { nextRun } from "./job-finished.ts";
import { launcherOf, operatorOf, plainEnd } from "./last-end.ts";

/** What is written of a process of a program that has ended: on record, and in the log. */
export class Ends {
  readonly #ledger: Ledger;
  /** What is known of the process that ended last, for who ends what it left. */
  #dead: Pick<ProgramRecord, "process" | "launched" | "session"> | undefined;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /**
   * Not written to disk: what follows (a start, a pause, an end) is written at once after. `words`: what
   * it wrote last, which is read when it is needed: a successor need not wait for it.
   */
  died(
    process: ProcessRef,
    exit: Exit,
    words: Output,
    isSuccess: boolean,
    job?: { readonly settings: ProgramSettings; readonly tookMs: number },
  ): void {
    const { pid } = process;
    const operator = operatorOf(process, this.#ledger.record);
    const isOwn = this.#ledger.record?.by === "usrsvcd";
    const record = this.#ledger.base();
    const isStopped = operator !== undefined;
    // A limit that was exceeded is the reason; that we killed it then is not.
    const limit = record.state === "stopping" && isOwn ? record.reason : undefined;
    const by = isStopped
      ? operator
      : limit === undefined
        ? this.#senderOf(process, exit)
        : `usrsvcd: ${limit}`;
    const how = describeEnding(exit, by);
    const isZero = exit.kind === "code" && exit.code === 0;
    // Whatever follows: the next run may have been due by then.
    const isGood =
      job === undefined ? isSuccess : limit === undefined && endedWell(exit, job.settings);
    const isClean = isStopped || limit !== undefined || isZero || isGood;
    let output: readonly string[] | undefined;
    const read = (): readonly string[] => (output ??= isClean ? [] : words());
    this.#ledger.expectWords(read);
    const { launched, session } = record;
    this.#dead = { process, launched, session };
    // What an operator has ended may be followed on record by what came of a start.
    const isLater =
      operator !== undefined && record.state !== "stopping" && record.lastExit?.pid !== pid;
    const tookMs = job && Math.round(job.tookMs);
    const lastExit = {
      at: new Date().toISOString(),
      pid,
      exit,
      by,
      ...(tookMs !== undefined && { tookMs }),
    };
    const reason =
      tookMs === undefined
        ? (limit ?? how)
        : limit === undefined
          ? describeRun(exit, tookMs)
          : describeEnded(limit, tookMs);
    this.#ledger.keep(exited(record, isLater ? undefined : { lastExit, reason }));
    if (job !== undefined && !isStopped) {
      const next = nextRun(job.settings);
      const told = { pid, exit, by, isSuccess: isGood, tookMs, reason: limit, next };
      this.#ledger.emitLater(() => ({ kind: "program.job-finished", ...told, output: read() }));
      return;
    }
    this.#ledger.emitLater(() => ({ ...plainEnd, pid, exit, by, isSuccess, output: read() }));
  }

  /**
   * What the dead process left takes its time to end: until then the record tells how it died, and whose
   * is what is left, should usrsvcd be killed meanwhile. `comesBack`: it is started again after that.
   */
  noteLeftovers(comesBack: boolean): void {
    const next = comesBack ? "is ended before the next start" : "is being ended";
    const { reason = "it ended" } = this.#ledger.base();
    this.#noteMeanwhile(comesBack, `${reason}; what it left ${next}`);
  }

  /** The same while after_exit runs. */
  noteAfterExit(comesBack: boolean): void {
    const { reason = "it ended" } = this.#ledger.base();
    this.#noteMeanwhile(comesBack, undone(withoutUndone(reason), "after_exit"));
  }

  #noteMeanwhile(comesBack: boolean, reason: string): void {
    const record = this.#ledger.base();
    if (this.#dead === undefined) return;
    const nextTryAt = comesBack ? new Date().toISOString() : undefined;
    const meanwhile = endingLeftovers(record, this.#dead, reason, nextTryAt);
    this.#ledger.writeMeanwhile(meanwhile);
  }

  /**
   * It has ended while it is held: it is on record as one of which all is yet to be done that follows an end. `before`:
   * the record with its process, where nobody has seen its end.
   */
  noteHeld(before: ProgramRecord | undefined): void {
    const record = this.#ledger.base();
    const { process, launched, session } = before ?? this.#dead ?? record;
    const dead = { process, launched, session };
    this.#ledger.write(endingLeftovers(record, dead, record.reason ?? "it ended", undefined));
  }

  /** It ran when usrsvcd was last seen, and does not now. */
  diedUnseen({ pid }: ProcessRef, reason: string, settings: ProgramSettings): void {
    const exit: Exit = { kind: "unknown" };
    const lastExit = { at: new Date().toISOString(), pid, exit };
    this.#ledger.keep(exited(this.#ledger.base(), { lastExit, reason }));
    if (settings.type === "job") {
      const told = { pid, exit, by: undefined, isSuccess: false, tookMs: undefined, reason };
      const next = nextRun(settings);
      this.#ledger.emit({ kind: "program.job-finished", ...told, next, output: [] });
      return;
    }
    this.#ledger.emit({ ...plainEnd, pid, exit, by: undefined, reason });
  }

  /**
   * Its process has ended, and there is another: one that stems from it (an upgrade of gunicorn, a daemon
   * whose first process left), one that matches, or one that an operator has started since.
   */
  replaced(
    dead: ProcessRef,
    end: Exit | undefined,
    { pid: successor }: ProcessRef,
    how: "heir" | "started" | Via,
  ): void {
    const { pid } = dead;
    const operator = operatorOf(dead, this.#ledger.record);
    const asked = launcherOf(this.#ledger.record) ?? "started";
    const record = this.#ledger.base();
    const exit = end ?? { kind: "unknown" };
    const by = operator ?? this.#senderOf(dead, exit);
    this.#ledger.emit({
      kind: "program.exited",
      pid,
      exit,
      by,
      output: [],
      successor,
      how: how === "started" ? asked : how,
      reason: undefined,
    });
    const { lastExit } = record;
    // Who started it since may have seen only that the one before was gone.
    if (lastExit?.pid === pid && lastExit.exit.kind !== "unknown") return;
    const writer = this.#ledger.record?.by ?? record.by;
    const told = exitNoted(record, { at: new Date().toISOString(), pid, exit, by });
    this.#ledger.write(signed(told, { by: writer, config: record.config }));
  }

  /** A job was due while it ran. */
  overlapped(overlap: "skip" | "queue"): void {
    this.#ledger.emit({ kind: "program.job-overlap", overlap });
    if (this.#ledger.record?.dueUntil !== undefined) this.#ledger.write(this.#ledger.base());
  }

  /** Who has sent the signal that ended it, where it was not meant to end. */
  #senderOf(dead: ProcessRef, exit: Exit): string | undefined {
    if (exit.kind !== "signal") return undefined;
    const { host, name } = this.#ledger;
    return wasSignalled(host.state, name, dead, exit) ? BY_SIGNAL : NOT_USRSVC;
  }
}
