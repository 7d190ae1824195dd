import { join } from "node:path";
import { type ProcReader, procReader } from "../../proc/reader.ts";

/** The folder that stands for /proc; its README tells what is in it. */
export const fixtureRoot = join(import.meta.dirname, "../fixtures/proc");

/** A reader of the fixtures. */
export function fixtures(): ProcReader {
  return procReader(fixtureRoot);
}
