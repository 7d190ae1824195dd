import { constants } from "node:os";

/** How a process ended. `unknown`: it was reaped before its status could be read. */
export type Exit =
  | { readonly kind: "code"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: string; readonly coreDumped: boolean }
  | { readonly kind: "unknown" };

/** If a number has two names, the first is the usual one: SIGABRT, SIGIOT; SIGIO, SIGPOLL. */
const signalNames: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.signals)
    .toReversed()
    .map(([name, number]) => [number, name]),
);

/** The usual name of a signal number; `SIG34` and the like for real-time signals. */
export function signalName(number: number): string {
  return signalNames.get(number) ?? `SIG${number}`;
}

/**
 * The usual name of a signal, given with or without SIG, in any case; of a real-time signal SIG34 and the like.
 * Undefined for what is no signal.
 */
export function signalNamed(word: string): string | undefined {
  const name = `SIG${word.toUpperCase().replace(/^SIG/, "")}`;
  if (Object.hasOwn(constants.signals, name))
    return signalName(constants.signals[name as "SIGTERM"]);
  return /^SIG(3[4-9]|[45]\d|6[0-4])$/.test(name) ? name : undefined;
}

/** The usual names of all signals that have one. */
export const allSignals: readonly string[] = [...new Set(signalNames.values())];

/** Decodes a wait status, as waitpid(2) and field 52 of proc_pid_stat(5) have it. */
export function decodeWaitStatus(status: number): Exit {
  const signal = status & 0x7f;
  if (signal === 0) return { kind: "code", code: (status >> 8) & 0xff };
  return { kind: "signal", signal: signalName(signal), coreDumped: (status & 0x80) !== 0 };
}
