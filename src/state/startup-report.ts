import { closeSync, fstatSync, writeSync } from "node:fs";
import type { ExitCode } from "../exit-code.ts";

/**
 * Descriptor on which a usrsvcd in the background tells its exit code, 0 when it supervises, to
 * whoever started it and waits; named in its environment.
 */
export const READY_FD_VARIABLE = "USRSVC_READY_FD";

/** Set where `start` in the words of a usrsvcd in the background was `restart`. */
export const RESTART_VARIABLE = "USRSVC_RESTART";

/** True where a restart is meant; the variable is removed. */
export function takeRestart(env: NodeJS.ProcessEnv): boolean {
  const isMeant = env[RESTART_VARIABLE] !== undefined;
  delete env[RESTART_VARIABLE];
  return isMeant;
}

/** The descriptor on which the exit code is told; undefined where nobody waits for it. */
export function readyDescriptor(env: NodeJS.ProcessEnv): number | undefined {
  const word = env[READY_FD_VARIABLE];
  if (word === undefined || !/^[3-9]$/.test(word)) return undefined;
  try {
    const stat = fstatSync(Number(word));
    return stat.isFIFO() || stat.isSocket() ? Number(word) : undefined;
  } catch {
    return undefined; // not from us
  }
}

/** Tells the exit code to whoever waits. Once: then nobody does. */
export function tellReady(fd: number, code: ExitCode): void {
  try {
    writeSync(fd, `${code}\n`);
    closeSync(fd);
  } catch {
    // whoever started us did not wait
  }
}
