import type { ShownExit } from "../events/shown-exit.ts";
import { tame } from "../lib/tame.ts";
import { type Alert, alertKinds } from "./alert.ts";

/** A mail, ready to be sent. */
export interface Message {
  readonly subject: string;
  readonly body: string;
}

/** Where the program runs. */
export interface Sender {
  readonly host: string;
  readonly user: string;
}

/** Longest subject; mail programs show no more. */
const LONGEST_SUBJECT = 150;
/** Number of the latest events that are described in full. */
const TOLD_IN_FULL = 10;

/**
 * One mail for one or many events of a program. `total` is how many there were; of a storm, only
 * the latest are kept.
 */
export function composeMessage(
  alerts: readonly Alert[],
  total: number,
  { host, user }: Sender,
): Message {
  const last = alerts.at(-1);
  if (last === undefined) throw new TypeError("a mail about nothing");
  const what = alertKinds[last.kind];
  const many = total > 1 ? ` (${total} events)` : "";
  // What looks like an encoded word (RFC 2047) would be decoded, line breaks and all.
  const subject = oneLine(
    `[${user}@${host}] ${last.program} ${what}${many}: ${last.reason}`,
  ).replaceAll("=?", "= ?");
  const told = alerts.slice(-TOLD_IN_FULL);
  const head =
    total > 1
      ? `${total} events of program ${oneLine(last.program)} of user ${user} on ${host}, the latest ${told.length === 1 ? "one" : told.length} in full:`
      : `Program ${oneLine(last.program)} of user ${user} on ${host}:`;
  return {
    subject: subject.length > LONGEST_SUBJECT ? `${subject.slice(0, LONGEST_SUBJECT)}…` : subject,
    body: [head, "", ...told.map(describeAlert), "-- ", "usrsvcd"].join("\n"),
  };
}

function describeAlert(alert: Alert): string {
  const rows: (readonly [string, string])[] = [
    ["When", oneLine(alert.at)],
    ["What", alertKinds[alert.kind]],
    ["Why", oneLine(alert.reason)],
  ];
  if (alert.exit !== undefined) rows.push(["Exit", describeShownExit(alert.exit)]);
  if (alert.pid !== undefined) rows.push(["Process", String(alert.pid)]);
  rows.push(["Next", oneLine(alert.next)]);
  const lines = rows.map(([key, value]) => `  ${key}:`.padEnd(12) + value);
  const output = alert.output.map((line) => `    | ${oneLine(line)}`);
  return [...lines, ...(output.length > 0 ? ["  Last output:", ...output] : []), ""].join("\n");
}

function describeShownExit(exit: ShownExit): string {
  if (exit.code !== undefined) return `code ${exit.code}`;
  if (exit.signal === undefined) return "unknown";
  return exit.coreDumped === true ? `${exit.signal} (core dumped)` : exit.signal;
}

/** Names and reasons come from configurations and programs: no line break gets into a header. */
function oneLine(text: string): string {
  return tame(text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ").trim());
}
