import { maskSecrets } from "../lib/secrets.ts";
import { isoTime, localSecond, shorten } from "../lib/format.ts";
import type { Failure, Pending } from "./queue.ts";

/** What `status` says about mails that are not sent. */
export interface MailTrouble {
  /** ISO time of what waits longest. */
  readonly since: string;
  readonly text: string;
}

/** Number of programs that are named. */
const MOST_NAMED = 3;
const LONGEST_REASON = 300;

/**
 * That mails wait and why, while the last try of one has failed; undefined while all go out. What only
 * waits for the interval between two mails is no trouble by itself. `dueAt`: when a mail is tried next.
 */
export function mailTrouble(
  all: readonly Pending[],
  dueAt: (pending: Pending) => number,
): MailTrouble | undefined {
  const failed = all.filter(({ failure }) => failure !== undefined);
  const last = failed
    .flatMap(({ failure }) => failure ?? [])
    .sort(byTime)
    .at(-1);
  if (last === undefined) return undefined;
  const waiting = all.filter(({ total }) => total > 0);
  const why = `the last try failed: ${last.reason}`;
  const mend = "check smtp_url and sendmail_path in [Main], or the mail server";
  if (waiting.length === 0) {
    return { since: last.at, text: `a mail was given up: ${why}; ${mend}` };
  }
  const since = waiting.map(({ alerts }) => alerts[0]?.at ?? last.at).sort()[0] ?? last.at;
  const next = describeNext(failed.filter(({ total }) => total > 0).map(dueAt));
  const text = `${describeWaiting(waiting)}; ${why}; ${next}${mend}: usrsvcd reread tries at once`;
  return { since, text };
}

function describeNext(times: readonly number[]): string {
  if (times.length === 0) return "";
  const at = Math.min(...times);
  return at > Date.now() ? `next try ${localSecond(isoTime(at))}; ` : "the next is under way; ";
}

/** A try that failed, fit to be shown: in one line, with no secret. */
export function failureOf(reason: string): Failure {
  const line = maskSecrets(reason.replaceAll(/\s+/g, " ").trim());
  return { at: new Date().toISOString(), reason: shorten(line, LONGEST_REASON) };
}

function describeWaiting(waiting: readonly Pending[]): string {
  const names = waiting.slice(0, MOST_NAMED).map(({ program }) => program);
  const more = waiting.length - names.length;
  const about = [...names, ...(more > 0 ? [`${more} more`] : [])].join(", ");
  const events = waiting.reduce((sum, { total }) => sum + total, 0);
  const mails = waiting.length === 1 ? "1 mail waits" : `${waiting.length} mails wait`;
  return `${mails} to be sent (${about}; ${events} ${events === 1 ? "event" : "events"})`;
}

function byTime(a: Failure, b: Failure): number {
  return a.at < b.at ? -1 : 1;
}
