import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { libc } from "../../proc/libc.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { openForAppend } from "../open-log.ts";
import { setMode } from "../private-file.ts";
import { maskSecrets } from "../secrets.ts";

/** A program's log, opened for it. */
export interface Output {
  readonly fd: number;
  /** In bytes; 0 for what is no file. To tell later what was added. */
  readonly size: number;
  /** Once; again does no harm. */
  close(): void;
}

/**
 * Opens a program's log for append, making it if it is missing.
 *
 * Never waits: a FIFO that nobody reads is an error (ENXIO), not a hang. A terminal becomes nobody's
 * controlling one. What another account has put there is refused.
 */
export function openOutput(path: string): Output {
  const fd = openForAppend(path);
  let isOpen = true;
  const close = (): void => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
  try {
    libc()?.makeBlocking(fd); // without koffi Node does it in the child
    const stat = fstatSync(fd);
    // With a umask of 777 it could not be opened a second time.
    if ((stat.mode & 0o600) !== 0o600) setMode(fd, (stat.mode & 0o777) | 0o600);
    return { fd, size: stat.isFile() ? stat.size : 0, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Most bytes of a log that are read for its last lines. */
const TAIL_BYTES = 8192;

/** Sizes of a program's logs, in bytes. */
export interface LogSizes {
  readonly stdout: number;
  readonly stderr: number;
}

type Logs = Pick<ProgramSettings, "stdout" | "stderr">;

/** How much is in its logs now: what comes after a death is the successor's. */
export function logSizes({ stdout, stderr }: Logs): LogSizes {
  const out = sizeOf(stdout);
  return { stdout: out, stderr: stderr === stdout ? out : sizeOf(stderr) };
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0; // no log, no words
  }
}

/** What a program wrote last, between two moments: its errors where they have a file of their own. */
export function lastWords(
  { stdout, stderr }: Logs,
  since: LogSizes,
  until: LogSizes | undefined,
  most: number,
): readonly string[] {
  const errors = lastLines(stderr, since.stderr, most, until?.stderr);
  return errors.length > 0 ? errors : lastLines(stdout, since.stdout, most, until?.stdout);
}

/**
 * The last lines, at most `most`, that were written to a file since it had the size `since`, until it had
 * the size `until`.
 */
export function lastLines(
  path: string,
  since: number,
  most: number,
  until?: number,
): readonly string[] {
  let text: string;
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) return [];
      const end = Math.min(stat.size, until ?? stat.size); // truncated since, perhaps
      const from = Math.max(end < since ? 0 : since, end - TAIL_BYTES);
      const buffer = Buffer.alloc(end - from);
      text = buffer.toString("utf8", 0, readSync(fd, buffer, 0, buffer.length, from));
      // Of half a line nobody can tell whether it is half a secret.
      if (from > since) text = text.slice(text.indexOf("\n") + 1);
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

/**
 * Control characters (colours among them) do not get to the terminal of whoever reads this, nor passwords
 * to those who get mail.
 */
function printable(line: string): string {
  const text = stripVTControlCharacters(line)
    .replaceAll("\t", " ")
    .replaceAll(/\p{Cc}/gu, "");
  return maskSecrets(text).trimEnd().slice(0, 500);
}
