import type { Exit } from "../../proc/exit.ts";
import { assertNever } from "../lib/assert-never.ts";
import { formatDuration } from "../lib/format.ts";
import { describeEnding } from "./end-events.ts";
import { type Rows, unlogged } from "./row.ts";

/** A run of a job has ended, and no operator ended it. */
interface JobFinished {
  readonly kind: "program.job-finished";
  readonly pid: number;
  readonly exit: Exit;
  /** Who ended it; undefined: it did so itself, or nobody knows. */
  readonly by: string | undefined;
  readonly isSuccess: boolean;
  /** Undefined: nobody saw its end. */
  readonly tookMs: number | undefined;
  /** Why it was ended, or what is known where nobody saw its end. */
  readonly reason: string | undefined;
  /** When it runs again. */
  readonly next: string;
  readonly output: readonly string[];
}

interface JobOverlap {
  readonly kind: "program.job-overlap";
  /** What becomes of it. */
  readonly overlap: "skip" | "queue";
}

/** Of a job. */
export type JobEvent = { readonly program: string } & (JobFinished | JobOverlap);

export const jobEvents = {
  "program.job-finished": {
    level: { among: ["info", "error"], of: ({ isSuccess }) => (isSuccess ? "info" : "error") },
    mailed: true, // where it has failed
    sentence: (event) =>
      `${event.program}: ${event.isSuccess ? "done" : "failed"}: ${describeJobEnd(event)}`,
    about: "a job (`type = job`) has ended",
    fields: {
      pid: "",
      exit: "",
      by: "who ended it",
      isSuccess: "as `success_exit` says",
      tookMs: "how long it ran",
      output: "what it wrote last",
      reason: unlogged,
      next: unlogged,
    },
  },
  "program.job-overlap": {
    level: { among: ["info", "warn"], of: ({ overlap }) => (overlap === "skip" ? "warn" : "info") },
    sentence: ({ program, overlap }) => `${program}: is due, and still runs: ${outcomes(overlap)}`,
    about: "a job is due by its `schedule` while it runs",
    fields: { overlap: "skip, queue" },
  },
} satisfies Rows<JobEvent>;

/** How a run ended, and how long it took. */
export function describeJobEnd({ exit, by, tookMs, reason }: JobFinished): string {
  const how = reason ?? describeEnding(exit, by);
  if (tookMs === undefined) return how;
  const took = formatDuration(tookMs);
  return reason === undefined ? `${how}, after ${took}` : `${how}; ended after ${took}`;
}

function outcomes(overlap: JobOverlap["overlap"]): string {
  switch (overlap) {
    case "skip":
      return "this time is left out (overlap = skip)";
    case "queue":
      return "it runs once more after that (overlap = queue)";
    default:
      return assertNever(overlap);
  }
}
