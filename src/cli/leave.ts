import { libc } from "../../proc/system/libc.ts";

/** Time that Node may take to end by itself when all is done, in ms. */
const PATIENCE_MS = 100;

/**
 * Ends the process when it does not end by itself. A thread that reads about a process whose memory
 * lock is held may hang as long as that, and Node waits for its threads, in `process.exit` too.
 */
export function leaveSoon(code: number): void {
  setTimeout(() => leaveNow(code), PATIENCE_MS).unref();
}

/** Ends the process, whatever its threads wait for. */
export function leaveNow(code: number): void {
  process.once("exit", () => libc()?.exitNow(code)); // the last of the listeners
  process.exit(code);
}
