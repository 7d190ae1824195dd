import { constants } from "node:os";

const SIG = "SIG";

const all = Object.entries(constants.signals) as readonly (readonly [NodeJS.Signals, number])[];

/** If a number has two names, the first is the usual one: SIGABRT, SIGIOT; SIGIO, SIGPOLL. */
const names: ReadonlyMap<number, NodeJS.Signals> = new Map(
  all.toReversed().map(([name, number]) => [number, name]),
);

/** The usual name of a signal number; `SIG34` and the like for real-time signals. */
export function signalName(number: number): string {
  return names.get(number) ?? `SIG${number}`;
}

/** All that have a name, each without SIG. */
export const shortSignalNames: readonly string[] = [...names.values()]
  .map(shortSignal)
  .toReversed();

/** Its name without SIG. */
export function shortSignal(signal: NodeJS.Signals): string {
  return signal.slice(SIG.length);
}

/** The signal of this name, with or without SIG, in any case; undefined where there is none. */
export function signalNamed(name: string): NodeJS.Signals | undefined {
  const upper = name.toUpperCase();
  const full = upper.startsWith(SIG) ? upper : `${SIG}${upper}`;
  return all.find(([known]) => known === full)?.[0];
}

/** The signal of this number; undefined where it has no name. */
export function signalNumbered(text: string): NodeJS.Signals | undefined {
  return /^\d{1,2}$/.test(text) ? names.get(Number(text)) : undefined;
}

/**
 * The name that an exit has of a signal, given with or without SIG, in any case: the usual one, and of a real-time
 * signal SIG34 and the like. Undefined for what is no signal.
 */
export function exitSignalNamed(word: string): string | undefined {
  const known = signalNamed(word);
  if (known !== undefined) return signalName(constants.signals[known]);
  const name = `${SIG}${word.toUpperCase().replace(/^SIG/, "")}`;
  return /^SIG(3[4-9]|[45]\d|6[0-4])$/.test(name) ? name : undefined;
}

/** The number of a signal by its name, of `SIG34` and the like too; undefined where there is none. */
export function signalNumber(name: string): number | undefined {
  const [, number] = /^SIG(\d+)$/.exec(name) ?? [];
  return number === undefined ? all.find(([known]) => known === name)?.[1] : Number(number);
}
