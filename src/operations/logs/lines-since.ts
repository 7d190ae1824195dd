import { closeSync } from "node:fs";
import { placeOfTime } from "../../lib/find-time.ts";
import { LineTimes } from "../../lib/line-time.ts";
import { linesOf, readPieces } from "../../lib/lines-from-end.ts";
import { lastOf, type Row } from "../../lib/merge-lines.ts";
import { type RotatedLog, unpacked } from "../../lib/rotated-logs.ts";
import { openRotated } from "./latest-lines.ts";
import type { OpenLog, ReadAsked, ReadLine } from "./reading.ts";

/** Lines before the first with a time that count as being of that time. */
const MOST_HELD = 1000;

type Asked = ReadAsked & { readonly sinceMs: number };

/** The lines of a log since a time that are accepted, in their order; those of rotated files as well. */
export async function* linesSince(
  log: OpenLog | undefined,
  rotated: readonly RotatedLog[],
  asked: Asked,
): AsyncGenerator<readonly ReadLine[]> {
  const all = allSince(log, rotated, asked);
  const { most } = asked;
  if (most === undefined) {
    yield* all;
    return;
  }
  yield await lastOf(all, most);
}

async function* allSince(
  log: OpenLog | undefined,
  rotated: readonly RotatedLog[],
  asked: Asked,
): AsyncGenerator<readonly ReadLine[]> {
  // What was not written to since then has nothing younger.
  for (const { path, isPacked, modifiedMs } of rotated
    .filter(({ modifiedMs }) => modifiedMs >= asked.sinceMs)
    .toReversed()) {
    asked.onProgress(path);
    if (isPacked) {
      yield* timedSince(linesOf(unpacked(path)), new LineTimes(() => modifiedMs), asked);
      continue;
    }
    const older = openRotated(path);
    if (older === undefined) continue;
    try {
      yield* fileSince(older, asked);
    } finally {
      closeSync(older.fd);
    }
  }
  if (log !== undefined) yield* fileSince(log, asked);
}

async function* fileSince(
  { fd, size, modifiedMs }: OpenLog,
  asked: Asked,
): AsyncGenerator<readonly ReadLine[]> {
  const times = new LineTimes(() => modifiedMs);
  const from = placeOfTime(fd, size, asked.sinceMs, times);
  yield* timedSince(linesOf(readPieces(fd, from, size)), times, asked);
}

/** A line without a time is of the one before it; those at the very beginning, of the first that has one. */
async function* timedSince(
  row: Row<string>,
  times: LineTimes,
  { sinceMs, filter }: Asked,
): AsyncGenerator<readonly ReadLine[]> {
  let held: string[] | undefined = [];
  let isWanted = false;
  for await (const texts of row) {
    const lines: ReadLine[] = [];
    for (const text of texts) {
      const timeMs = times.read(text);
      if (timeMs !== undefined) {
        isWanted = timeMs >= sinceMs;
        const before = isWanted ? (held ?? []) : [];
        lines.push(...before.map((one) => ({ text: one, timeMs: undefined })));
        held = undefined;
      } else if (held !== undefined && held.length < MOST_HELD) held.push(text);
      if (isWanted) lines.push({ text, timeMs });
    }
    yield lines.filter(({ text }) => filter.accepts(text));
  }
}
