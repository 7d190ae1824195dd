import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

/**
 * Opens a program's log for append, making it if it is missing.
 *
 * Never waits: a FIFO that nobody reads is an error (ENXIO), not a hang. The descriptor that is
 * returned is a blocking one, as programs expect theirs to be.
 */
export function openOutput(path: string): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK, O_NOCTTY } = constants;
  const flags = O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY;
  const fd = openSync(path, flags | O_NONBLOCK, 0o666);
  try {
    return openSync(`/proc/self/fd/${fd}`, flags & ~O_CREAT);
  } finally {
    closeSync(fd);
  }
}

/** Most bytes of a log that are read for its last lines. */
const TAIL_BYTES = 8192;

/** Size of a file now, to tell later what was added; 0 when there is none. */
export function outputSize(path: string): number {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      return stat.isFile() ? stat.size : 0;
    } finally {
      closeSync(fd);
    }
  } catch {
    return 0;
  }
}

/** The last lines, at most `most`, that were written to a file since it had the size `since`. */
export function lastLines(path: string, since: number, most: number): readonly string[] {
  let text: string;
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) return [];
      const from = Math.max(stat.size < since ? 0 : since, stat.size - TAIL_BYTES);
      const buffer = Buffer.alloc(stat.size - from);
      text = buffer.toString("utf8", 0, readSync(fd, buffer, 0, buffer.length, from));
    } finally {
      closeSync(fd);
    }
  } catch {
    return []; // a log that cannot be read back is no reason to fail
  }
  return text
    .split("\n")
    .map(printable)
    .filter((line) => line !== "")
    .slice(-most);
}

/** Control characters (colours among them) do not get to the terminal of whoever reads this. */
function printable(line: string): string {
  return stripVTControlCharacters(line)
    .replaceAll("\t", " ")
    .replaceAll(/\p{Cc}/gu, "")
    .trimEnd()
    .slice(0, 500);
}
