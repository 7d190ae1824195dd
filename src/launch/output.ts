import {
  closeSync,
  fstatSync,
  lstatSync,
  readdirSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { libc } from "../../proc/system/libc.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { isPrivateFolder, openForAppend, openForReading } from "../lib/open-log.ts";
import { setMode } from "../lib/private-file.ts";
import { maskSecrets } from "../lib/secrets.ts";

/** A program's log, opened for it. */
export interface Output {
  readonly fd: number;
  /** Its end at the opening, to know later what was added. */
  readonly end: LogEnd;
  /** Closes it; a second call does no harm. */
  close(): void;
}

/**
 * Opens a program's log for append, creating it if it is missing.
 *
 * Never waits: a FIFO that nobody reads is an error (ENXIO), not a hang. A terminal does not become
 * anybody's controlling one. What another account has put there is refused.
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
    return { fd, end: endOf(stat), close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Maximum number of bytes of a log that are read for its last lines. */
const TAIL_BYTES = 8192;

/** The end of a log at some moment. */
export interface LogEnd {
  /** In bytes; 0 for what is not a file. */
  readonly size: number;
  /** Which file it was; an `ino` of 0: none was there. */
  readonly dev: number;
  readonly ino: number;
}

/** No log was there: whatever is in it is new. */
export const NO_LOG: LogEnd = { size: 0, dev: 0, ino: 0 };

/** The ends of a program's logs. */
export interface LogEnds {
  readonly stdout: LogEnd;
  readonly stderr: LogEnd;
}

type Logs = Pick<ProgramSettings, "stdout" | "stderr">;

/** The ends of its logs now: what follows a death is the successor's. */
export function logEnds({ stdout, stderr }: Logs): LogEnds {
  const out = logEnd(stdout);
  return { stdout: out, stderr: stderr === stdout ? out : logEnd(stderr) };
}

function logEnd(path: string): LogEnd {
  try {
    return endOf(statSync(path));
  } catch {
    return NO_LOG;
  }
}

function endOf(stat: Stats): LogEnd {
  const { dev, ino } = stat;
  return { size: stat.isFile() ? stat.size : 0, dev, ino };
}

/** Number of lines that count as what a program wrote last. */
const LAST_WORDS = 15;

/** What a program wrote last, between two moments: its errors if they have a file of their own. */
export function lastWords(
  { stdout, stderr }: Logs,
  since: LogEnds,
  until?: LogEnds,
): readonly string[] {
  const errors = lastLines(stderr, since.stderr, LAST_WORDS, until?.stderr);
  return errors.length > 0 ? errors : lastLines(stdout, since.stdout, LAST_WORDS, until?.stdout);
}

/**
 * The last lines, at most `most`, that were written to a log between two moments. Of one that was rotated since,
 * those of the file that the program recreated, or those of the old one under its new name. What others may have
 * put there is not read: they may mean it to be shown.
 */
export function lastLines(
  path: string,
  since: LogEnd,
  most: number,
  until?: LogEnd,
): readonly string[] {
  const lines = linesOf(path, since, most, until);
  if (lines.length > 0 || since.ino === 0) return lines;
  const old = renamedLog(path, since);
  return old === undefined ? [] : linesOf(old, since, most, undefined);
}

function linesOf(
  path: string,
  since: LogEnd,
  most: number,
  until: LogEnd | undefined,
): readonly string[] {
  try {
    return tail(path, since, until)
      .split("\n")
      .map(printable)
      .filter((line) => line !== "")
      .slice(-most);
  } catch {
    return []; // a log that cannot be read back is no reason to fail
  }
}

/** @throws what Node throws, and {ForeignFile} */
function tail(path: string, since: LogEnd, until: LogEnd | undefined): string {
  const fd = openForReading(path);
  try {
    const stat = fstatSync(fd);
    const size = sizeBefore(path, stat, since);
    if (size === undefined) return "";
    const most = until?.ino === stat.ino ? until.size : stat.size; // truncated since, perhaps
    const end = Math.min(stat.size, most);
    const from = Math.max(end < size ? 0 : size, end - TAIL_BYTES);
    const buffer = Buffer.alloc(end - from);
    const text = buffer.toString("utf8", 0, readSync(fd, buffer, 0, buffer.length, from));
    // Half a line may be half a secret.
    return from > size ? text.slice(text.indexOf("\n") + 1) : text;
  } finally {
    closeSync(fd);
  }
}

/** How much of a file was there before; undefined: it must not be read. */
function sizeBefore(path: string, stat: Stats, { size, dev, ino }: LogEnd): number | undefined {
  if (!stat.isFile()) return undefined;
  if (ino === 0 || (stat.ino === ino && stat.dev === dev)) return size;
  return isPrivateFolder(dirname(path)) ? 0 : undefined;
}

/** The name that a log has got since, such as logrotate gives it: `web.log.1`, `web.log-20261127`. */
function renamedLog(path: string, { dev, ino }: LogEnd): string | undefined {
  try {
    const folder = dirname(path);
    const name = readdirSync(folder).find((one) => {
      if (!one.startsWith(basename(path)) || one === basename(path)) return false;
      const stat = lstatSync(join(folder, one), { throwIfNoEntry: false });
      return stat?.ino === ino && stat.dev === dev;
    });
    return name === undefined ? undefined : join(folder, name);
  } catch {
    return undefined; // the folder is gone, or closed
  }
}

/**
 * Control characters (including colours) do not reach the terminal of whoever reads this, nor passwords
 * those who get mail.
 */
function printable(line: string): string {
  const text = stripVTControlCharacters(line)
    .replaceAll("\t", " ")
    .replaceAll(/\p{Cc}/gu, "");
  return maskSecrets(text).trimEnd().slice(0, 500);
}
