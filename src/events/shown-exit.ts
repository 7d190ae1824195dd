import type { Exit } from "../../proc/exit.ts";

/** Who ended a process, where no usrsvc has, and nobody else is known. */
export const NOT_USRSVC = "not usrsvc";

/** Who sent the signal that ended a process, where an operator did: for what follows, it has ended by itself. */
export const BY_SIGNAL = "usrsvc signal";

/** False where usrsvc or usrsvcd meant a process to end. */
export function endedByItself(by: string | undefined): boolean {
  return by === undefined || by === NOT_USRSVC || by === BY_SIGNAL;
}

/** True where an operator has stopped or restarted it. */
export function endedByOperator(by: string | undefined): boolean {
  return by?.startsWith("usrsvc ") === true && by !== BY_SIGNAL;
}

/** How a process ended, flat for jq: one of `code`, `signal`, `unknown`. */
export interface ShownExit {
  readonly at?: string;
  readonly pid?: number;
  readonly code?: number;
  readonly signal?: string;
  readonly coreDumped?: true;
  readonly unknown?: true;
  /** Who ended it: "usrsvc stop", "usrsvcd: …", "not usrsvc". */
  readonly by?: string;
  /** The line of its last words that tells most. */
  readonly wrote?: string;
  /** Of a job: how long it ran. */
  readonly tookSeconds?: number;
}

/** The flat form of an exit. */
export function showExit(exit: Exit, at?: string, pid?: number): ShownExit {
  const when = { ...(at === undefined ? {} : { at }), ...(pid === undefined ? {} : { pid }) };
  if (exit.kind === "code") return { ...when, code: exit.code };
  if (exit.kind === "unknown") return { ...when, unknown: true };
  return {
    ...when,
    signal: exit.signal,
    ...(exit.coreDumped ? { coreDumped: true as const } : {}),
  };
}
