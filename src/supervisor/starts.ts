import type { ProcessRef } from "../../proc/pid.ts";
import { sameProcess } from "../../proc/pid.ts";
import type { Alert, AlertKind } from "../events/alert.ts";
import { showExit } from "../events/shown-exit.ts";
import { type Found, withUnseenEnd } from "../identity/identify.ts";
import type { Pattern } from "../identity/match.ts";
import { countLeftOvers, formatDuration, isoTime } from "../lib/format.ts";
import { withWords } from "../lifecycle/describe-exit.ts";
import { madeAs, takenFrom } from "../lifecycle/adopted.ts";
import { traits } from "../lifecycle/traits.ts";
import type { StartFailure } from "../lifecycle/start-outcome.ts";
import type { Via } from "../state/record.ts";
import { adopted, backedOff, counted, gaveUp, stopped } from "../state/transitions.ts";
import type { Ledger } from "./ledger.ts";
import type { History } from "./machine.ts";
import { describeTakeUp, lastEnd } from "./words.ts";

/** What is written of how a program came to run, or did not: on record, in the log, and by mail. */
export class Starts {
  readonly #ledger: Ledger;
  /** Why the start that is made follows. */
  #cause: string | undefined;
  /** What the last failed start left behind, for the mail. */
  #failure: Pick<Alert, "exit" | "pid" | "output"> = {
    exit: undefined,
    pid: undefined,
    output: [],
  };

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** A process that was not started from here. */
  takenUp(found: Found & { kind: "running" }, pattern: Pattern): void {
    const { process, via, others } = found;
    const { pid } = process;
    const record = this.#ledger.record;
    this.#ledger.log("info", "program.taken-up", { pid, via }, describeTakeUp(found, record));
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
    const msg = `further processes match and are left alone: ${otherPids.join(", ")}`;
    this.#ledger.log("warn", "program.warning", { pid, otherPids }, msg);
  }

  /** Somebody was killed in its start window, and what he launched did not match by the end of it. */
  brokenOff(count: number): void {
    const msg = `${countLeftOvers(count)} of a start that was broken off ended: nothing matched within success_seconds`;
    this.#ledger.log("warn", "program.warning", { leftBehind: count }, msg);
  }

  /** Why a start follows: what the record says now, which the start itself will not. */
  noteCause(): void {
    this.#cause = this.#ledger.record?.reason;
  }

  /** A start from here has succeeded: for the log, and for whoever wants mail of it. */
  started({ pid }: ProcessRef, via: Via, lived: string, kind: AlertKind): void {
    this.#ledger.log("info", "program.started", { pid, via }, `runs, pid ${pid}, since ${lived}`);
    const { lastExit } = this.#ledger.base();
    this.#ledger.alert({
      kind,
      pid,
      reason: this.#cause ?? "it was not running",
      exit: kind === "started" || lastExit === undefined ? undefined : showExit(lastExit.exit),
      next: "usrsvcd watches it",
      output: this.#ledger.takeWords(), // not what the new one writes
    });
  }

  startFailed({ exit, pid, reason, details, output, code }: StartFailure): void {
    const at = new Date().toISOString();
    const lastExit =
      exit === undefined || pid === undefined ? this.#ledger.record?.lastExit : { at, pid, exit };
    const fields = {
      pid,
      reason,
      code,
      exit: exit === undefined ? undefined : showExit(exit),
      details: details.length > 0 ? details : undefined,
      output: output.length > 0 ? output : undefined,
    };
    this.#ledger.log("error", "program.start-failed", fields, `could not be started: ${reason}`);
    this.#failure = { exit: fields.exit, pid, output: [...details, ...output] };
    this.#ledger.write(
      stopped(this.#ledger.base(), { lastExit, reason: withWords(reason, output) }),
    );
  }

  backedOff(
    delayMs: number,
    reason: string,
    { failures, restarts }: History,
    maxrestarts: number,
  ): void {
    const nextTryAt = isoTime(Date.now() + delayMs);
    const nth =
      maxrestarts > 0
        ? `failure ${failures} of ${maxrestarts} (maxrestarts)`
        : `failure ${failures}`;
    const count = failures === 0 ? reason : nth;
    const msg = `${count}; next try in ${formatDuration(delayMs)}`;
    this.#ledger.log("warn", "program.backoff", { failures, delayMs, nextTryAt, reason }, msg);
    const next = `usrsvcd tries again in ${formatDuration(delayMs)} (${count})`;
    if (failures > 0) this.#ledger.alert({ kind: "start-failed", reason, next, ...this.#failure });
    else
      this.#ledger.alert({
        kind: "keeps-ending",
        reason: this.#ledger.base().reason ?? reason,
        next,
        ...lastEnd(this.#ledger.base()),
      });
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

  gaveUp(why: string, { failures, restarts }: History, maxrestarts: number): void {
    const known = this.#ledger.base().reason;
    const reason = known?.startsWith(why) === true ? known : why; // with what it wrote
    const msg =
      `given up after ${failures} failed start${failures === 1 ? "" : "s"} ` +
      `(maxrestarts = ${maxrestarts}): ${reason}; ` +
      `mend it, then: usrsvc start ${this.#ledger.name}`;
    this.#ledger.log("error", "program.gave-up", { failures, reason }, msg);
    const next = `nothing, until you mend it and run: usrsvc start ${this.#ledger.name}`;
    this.#ledger.alert({ kind: "gave-up", reason, next, ...this.#failure });
    this.#ledger.write(gaveUp(counted(this.#ledger.base(), { failures, restarts })));
  }
}
