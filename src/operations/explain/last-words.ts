import type { Host } from "../../host/host.ts";
import { maskSecrets } from "../../lib/secrets.ts";
import type { HistoryLine } from "../../state/history.ts";
import { historyTail } from "../../state/history-tail.ts";
import type { ProgramRecord } from "../../state/record.ts";

/** Number of lines that are shown of what it wrote last. */
const MOST_LINES = 10;

/** What the process on record as ended last wrote before that, as the history has it. */
export function lastWords(
  name: string,
  record: ProgramRecord | undefined,
  { state }: Host,
): readonly string[] {
  const pid = record?.lastExit?.pid;
  if (pid === undefined) return [];
  const isIts = (one: HistoryLine): boolean =>
    Array.isArray(one["output"]) && (one["pid"] === undefined || one["pid"] === pid);
  const line = firstOf(historyTail(state, name).lines, isIts);
  const output = line?.["output"];
  if (!Array.isArray(output) || line?.["pid"] !== pid) return [];
  return output.map((one) => maskSecrets(String(one))).slice(-MOST_LINES);
}

/** The youngest that fits. */
function firstOf(
  lines: Iterable<HistoryLine>,
  fits: (line: HistoryLine) => boolean,
): HistoryLine | undefined {
  for (const line of lines) if (fits(line)) return line;
  return undefined;
}
