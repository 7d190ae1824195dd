import { signalName } from "./signal.ts";

/** How a process ended. `unknown`: it was reaped before its status could be read. */
export type Exit =
  | { readonly kind: "code"; readonly code: number }
  | { readonly kind: "signal"; readonly signal: string; readonly coreDumped: boolean }
  | { readonly kind: "unknown" };

/** Decodes a wait status, as waitpid(2) and field 52 of proc_pid_stat(5) have it. */
export function decodeWaitStatus(status: number): Exit {
  const signal = status & 0x7f;
  if (signal === 0) return { kind: "code", code: (status >> 8) & 0xff };
  return { kind: "signal", signal: signalName(signal), coreDumped: (status & 0x80) !== 0 };
}
