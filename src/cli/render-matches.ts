import { shorten } from "../lib/format.ts";
import { groupsOf, shownPids } from "./groups.ts";
import type { MatchReport } from "../operations/explain/match.ts";

/** Number of processes that are shown. */
const MOST = 100;
/** Longest command line that is shown, in characters. */
const LONGEST = 120;

/** What an expression finds, for people. */
export function renderMatches({
  processes,
  otherAccounts,
  warnings,
  nearest,
}: MatchReport): string {
  const others = Object.entries(otherAccounts);
  const count = others.reduce((sum, [, one]) => sum + one, 0);
  const head =
    processes.length === 0
      ? "it finds no process of this account"
      : `it finds ${processes.length} process${processes.length === 1 ? "" : "es"} of this account`;
  const alike = (one: MatchReport["processes"][number]): string =>
    one.below === undefined ? "" : JSON.stringify([one.command, one.below, describe(one)]);
  const rows = groupsOf(processes.slice(0, MOST), alike).flatMap(([first, ...others]) => {
    const indent = first.below === undefined ? "" : "  ";
    const pids = shownPids([first, ...others].map(({ pid }) => pid));
    return [
      `${indent}${pids}  ${shorten(first.command, LONGEST)}`,
      `${indent}    ${others.length === 0 ? "" : "(each) "}${describe(first)}`,
    ];
  });
  const left = processes.length - MOST;
  return [
    head,
    ...rows,
    ...(left > 0 ? [`and ${left} more`] : []),
    ...(nearest === undefined ? [] : [nearest]),
    ...(count === 0
      ? []
      : [
          `${count} more belong${count === 1 ? "s" : ""} to other accounts, and ${count === 1 ? "is" : "are"} never taken: ${others
            .map(([name, one]) => `${name} (${one})`)
            .join(", ")}`,
        ]),
    ...warnings.map((warning) => `warning: ${warning}`),
  ].join("\n");
}

function describe({
  program,
  below,
  isMeant,
  why,
  trace,
}: MatchReport["processes"][number]): string {
  if (program !== undefined) return `belongs to ${program}: it ${why ?? "is on record for it"}`;
  if (why !== undefined) return `is not taken: it ${why}`;
  if (below !== undefined) return `is a worker of ${below}`;
  if (trace !== undefined)
    return `belongs to nobody yet, but ${trace}, and would be taken for that`;
  if (isMeant === true) return "is what a program with this proctitle_re would be";
  return "belongs to nobody, but is younger than the one that would be taken";
}
