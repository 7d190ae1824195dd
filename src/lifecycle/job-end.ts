import type { Exit } from "../../proc/exit.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { isSuccess } from "../state/ended-well.ts";
import type { StartFailure } from "./start-outcome.ts";

/** How a run of a job ended. */
export interface JobEnd {
  readonly pid: number;
  readonly exit: Exit;
  readonly tookMs: number;
  readonly isSuccess: boolean;
  /** What it wrote last, where it was no success. */
  readonly output: readonly string[];
}

/** Undefined where that is no job, or none that has run: its command could not be executed, say. */
export function jobEndOf(
  { exit, pid, output, tookMs }: StartFailure,
  settings: Pick<ProgramSettings, "type" | "successExit">,
): JobEnd | undefined {
  if (settings.type !== "job") return undefined;
  if (exit === undefined || pid === undefined || tookMs === undefined) return undefined;
  const isGood = isSuccess(exit, settings);
  return { pid, exit, tookMs, isSuccess: isGood, output: isGood ? [] : output };
}
