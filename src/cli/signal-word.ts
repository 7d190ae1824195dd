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
 * A signal by its name or number.
 *
 * @throws {UsageError} for what is none
 */
export function readSignal(word: string): NodeJS.Signals {
  const signal = signalNamed(word) ?? signalNumbered(word);
  if (signal === undefined) throw new UsageError(describeUnknown(word));
  return signal;
}

function describeUnknown(word: string): string {
  const near = nearest(word.replace(/^SIG/i, ""), shortSignalNames);
  const advice =
    near === undefined
      ? `known are 1 to 31, ${usualSignals.join(", ")} …`
      : `did you mean ${near}?`;
  return `unknown signal "${word}"; ${advice}`;
}
