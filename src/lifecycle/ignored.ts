import { formatDuration } from "../lib/format.ts";
import type { StopStep } from "./stop-plan.ts";

/** What a process has ignored, in words: all signals that it was sent, but for the one that has ended it. */
export function describeIgnored(sent: readonly StopStep[]): string {
  const ignored = sent.slice(0, -1).map(describeStep);
  const last = ignored.pop() ?? "";
  return `it ignored ${ignored.length === 0 ? last : `${ignored.join(", ")} and ${last}`}`;
}

function describeStep({ signal, patienceMs, key }: StopStep): string {
  const patience = formatDuration(patienceMs);
  return `${signal} for ${key === undefined ? patience : `${key}, ${patience}`}`;
}
