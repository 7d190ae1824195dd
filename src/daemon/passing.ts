import { machineFault } from "../lib/fault.ts";
import { StateDirError } from "../state/state-dir.ts";

/** True for what is mended without us, and to be tried again. */
export function isPassing(error: unknown): boolean {
  return error instanceof StateDirError || machineFault(error) !== undefined;
}
