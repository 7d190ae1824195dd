import { shortSignalNames, signalNamed, signalNumbered } from "../../proc/signal.ts";
import { nearest } from "../config/nearest.ts";
import { UsageError } from "./args.ts";

/** Those that programs answer most often. */
export const usualSignals = [
  "HUP",
  "INT",
  "QUIT",
  "USR1",
  "USR2",
  "TERM",
  "STOP",
  "CONT",
  "KILL",
  "WINCH",
];

/**
 * A signal by its name or number; `others`: the words before it, among which it may have been put by mistake.
 *
 * @throws {UsageError} for what is none
 */
export function readSignal(word: string, others: readonly string[]): NodeJS.Signals {
  const signal = signalNamed(word) ?? signalNumbered(word);
  if (signal === undefined) throw new UsageError(describeUnknown(word, others));
  return signal;
}

function describeUnknown(word: string, others: readonly string[]): string {
  const first = others.find((other) => signalNamed(other) !== undefined);
  if (first !== undefined) {
    const names = [word, ...others.filter((other) => other !== first)].join(" ");
    return `the signal comes last: usrsvc signal ${names} ${first}`;
  }
  const near = nearest(word.replace(/^SIG/i, ""), shortSignalNames);
  const advice =
    near === undefined
      ? `known are 1 to 31, ${usualSignals.join(", ")} …`
      : `did you mean ${near}?`;
  return `unknown signal "${word}"; ${advice}`;
}
