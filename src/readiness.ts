import { closeSync, writeSync } from "node:fs";
import type { ExitCode } from "./exit-code.ts";

/** What a usrsvcd in the background tells the `usrsvcd start` that waits for it. */
export type Readiness =
  | { readonly ok: true; readonly pid: number; readonly log: string }
  | { readonly ok: false; readonly code: ExitCode; readonly message: string };

/** Descriptor on which a background usrsvcd reports, named in its environment. */
export const READY_FD_VARIABLE = "USRSVC_READY_FD";

/** Reports once to whoever waits; does nothing when nobody does. */
export function reporter(env: NodeJS.ProcessEnv): (readiness: Readiness) => void {
  let fd: number | undefined = Number(env[READY_FD_VARIABLE] ?? Number.NaN);
  return (readiness) => {
    if (fd === undefined || !Number.isInteger(fd)) return;
    try {
      writeSync(fd, `${JSON.stringify(readiness)}\n`);
      closeSync(fd);
    } catch {
      // whoever started us did not wait
    }
    fd = undefined;
  };
}
