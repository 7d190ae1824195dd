import type { RestartCounts } from "../events/failure-events.ts";
import type { LastEnd } from "../events/last-end.ts";
import { endedByItself } from "../events/shown-exit.ts";
import { assertNever } from "../lib/assert-never.ts";
import { describeCaller } from "../lib/caller.ts";
import { describeExit } from "../lib/describe-exit.ts";
import { formatDuration, isoTime } from "../lib/format.ts";
import type { Hold } from "../state/hold.ts";
import { describeDone } from "../state/job-words.ts";
import { counted } from "../state/record-facts.ts";
import { backedOff, done, gaveUp, staysDown, waiting } from "../state/transitions.ts";
import type { Supervised } from "./context.ts";
import { lastEnd } from "./last-end.ts";
import type { Ledger } from "./ledger.ts";
import type { DownEffect } from "./program-state.ts";

/** What else is known of a program that is down. */
export interface Down extends Pick<Supervised, "history" | "settings"> {
  /** What its last failed start left behind. */
  readonly failure: LastEnd;
  /** An operator has it left as it is. */
  readonly hold: Hold | undefined;
}

/** Writes why a program is down, and what comes next: on record, and as an event. */
export function noteDown(effect: DownEffect, ledger: Ledger, known: Down): void {
  switch (effect.kind) {
    case "note-stopped":
      return effect.why === "held"
        ? staysHeld(ledger, known)
        : staysStopped(effect.why, ledger, known);
    case "note-done": {
      const record = ledger.base();
      return ledger.write(done(record, describeDone(record)));
    }
    case "note-waiting":
      return waits(effect, ledger);
    case "note-called-off":
      // An operator called it off before anything was launched: how it ended is on record.
      return ledger.write(backedOff(ledger.base(), new Date().toISOString()));
    case "back-off":
      return backsOff(effect, ledger, known);
    case "give-up":
      return givesUp(effect, ledger, known);
    case "note-retry":
      return retries(effect, ledger);
    default:
      return assertNever(effect);
  }
}

type Of<Kind extends DownEffect["kind"]> = DownEffect & { readonly kind: Kind };

function staysStopped(
  why: Exclude<Of<"note-stopped">["why"], "held">,
  ledger: Ledger,
  { settings: { type, schedule } }: Down,
): void {
  const { record } = ledger;
  // Whoever was asked has put it on record, unless killed in the middle of it.
  if (
    record !== undefined &&
    why !== "succeeded" &&
    (why !== "asked" || record.state !== "stopped")
  ) {
    // Of a job that has exceeded a limit, that is the reason.
    const isLimit = type === "job" && why === "ended";
    const isAsked = record.state === "stopping" && !isLimit;
    const reason = isAsked ? "stopped by usrsvc" : record.reason;
    ledger.write(staysDown(record, reason));
  }
  // How a job ended was told, and that one with a schedule waits for that is no news.
  const isKnown = why === "ended" || (why === "not-started" && schedule !== undefined);
  if (type === "job" && isKnown) return;
  if (why !== "succeeded") {
    ledger.emit({ kind: "program.stopped", why });
    return;
  }
  const exit = record?.lastExit?.exit ?? { kind: "unknown" };
  const reason = `${describeExit(exit)}, a success`;
  ledger.write(counted(staysDown(ledger.base(), reason), { failures: 0 }));
  ledger.emit({ kind: "program.stopped", why, exit });
}

/** It stays down while it is held, whatever autorestart says. */
function staysHeld(ledger: Ledger, { hold }: Down): void {
  const { lastExit } = ledger.base();
  const output = ledger.takeWords();
  const last = { exit: lastExit?.exit, pid: lastExit?.pid, output };
  const heldBy = hold === undefined ? "an operator" : describeCaller(hold.by);
  const isMeant = !endedByItself(lastExit?.by);
  ledger.emit({ kind: "program.stopped", why: "held", heldBy, isMeant, last });
}

/** It is started when what it starts after is ready. */
function waits({ wait: { what, reason }, isNews }: Of<"note-waiting">, ledger: Ledger): void {
  if (isNews) ledger.emit({ kind: "program.waiting", waitsFor: what, reason });
  const why = reason === undefined ? "" : ` (${reason})`;
  const at = new Date().toISOString();
  ledger.write(waiting(ledger.base(), `${what}${why}`, at));
}

function backsOff(
  { delayMs, reason }: Of<"back-off">,
  ledger: Ledger,
  { history: { failures, restarts, ends }, settings, failure }: Down,
): void {
  const nextTryAt = isoTime(Date.now() + delayMs);
  const last = failures > 0 ? failure : lastEnd(ledger.base());
  const cause = ledger.base().reason ?? reason;
  const isJob = settings.type === "job";
  const pause = { failures, delayMs, nextTryAt, reason, cause, last, isJob };
  ledger.emit({ kind: "program.backoff", ...pause, ...countsOf(ends, settings) });
  const base = ledger.base();
  // How often lately: of a start that fails, the count says it.
  const why =
    failures === 0 && base.reason !== undefined ? `${base.reason}; ${reason}` : base.reason;
  ledger.write(backedOff(counted(base, { failures, restarts }), nextTryAt, why));
}

function givesUp(
  { reason: why, retryMs }: Of<"give-up">,
  ledger: Ledger,
  { history: { failures, restarts, ends }, settings, failure }: Down,
): void {
  const base = ledger.base();
  const known = base.reason;
  // With what it wrote; where no start has failed, how it ended.
  const isTold = known?.startsWith(why) === true || failures === 0;
  const reason = isTold ? (known ?? why) : why;
  const last = failures > 0 ? failure : lastEnd(base);
  const nextTryAt = timeIn(retryMs);
  const schedule = settings.type === "job" ? settings.schedule?.text : undefined;
  const when = { nextTryAt, retryMs, schedule };
  const told = { failures, reason, ...when, last, ...countsOf(ends, settings) };
  ledger.emit({ kind: "program.gave-up", ...told });
  ledger.write(gaveUp(counted(ledger.base(), { failures, restarts }), nextTryAt));
}

/** It was given up before; when it is tried again is news. */
function retries({ retryMs }: Of<"note-retry">, ledger: Ledger): void {
  const next =
    retryMs === undefined
      ? "not tried again: retry_after = 0"
      : `next try in ${formatDuration(retryMs)} (retry_after)`;
  const text = `was given up; ${next}`;
  ledger.emit({ kind: "program.warning", what: "note", pid: undefined, text });
  ledger.write(gaveUp(ledger.base(), timeIn(retryMs)));
}

/** What maxrestarts counts, for who is told. */
function countsOf(
  ends: readonly number[],
  { maxrestarts, restartWindowMs }: Down["settings"],
): RestartCounts {
  return restartWindowMs === 0
    ? { maxrestarts, windowMs: undefined, inWindow: undefined }
    : { maxrestarts, windowMs: restartWindowMs, inWindow: ends.length };
}

function timeIn(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : isoTime(Date.now() + ms);
}
