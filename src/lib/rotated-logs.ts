import { createReadStream, lstatSync, readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** A file that a log was rotated to. */
export interface RotatedLog {
  readonly path: string;
  /** When it was written to last, in ms since 1970. */
  readonly modifiedMs: number;
  /** To be unpacked with gzip. */
  readonly isPacked: boolean;
}

/** A number, a date, or both, as logrotate, newsyslog, rotating handlers and pino-roll have them. */
const COUNT = String.raw`(?:\d{1,6}|\d{4}-?\d\d(?:-?\d\d)?(?:[-_.T]?\d{1,10}|[T_-]\d\d[:-]?\d\d(?:[:-]?\d\d)?)?)`;
const AFTER = new RegExp(`^[.-]${COUNT}(?:\\.\\d{1,6})?(\\.gz)?$`);
/** Before the ending: `web.2026-11-27.log`, `web.3.log`. A dash and a number would be an instance. */
const MIDDLE = `(?:\\.${COUNT}(?:\\.\\d{1,6})?|-\\d{4}-?\\d\\d-?\\d\\d(?:[-_.T]\\d{1,6})?)`;
const BETWEEN = new RegExp(`^${MIDDLE}$`);
/** The same in a name that a link leads to. */
const WITHIN = new RegExp(`${MIDDLE}(?=\\.[A-Za-z]+$)`);
const NUMBERED = new RegExp(`[.-]${COUNT}(?:\\.\\d{1,6})?$`);

/**
 * What was in a log before it was rotated, the youngest first. Known by their names (`web.log.1`, `web.log-20261127.gz`,
 * `web.2026-11-27.log`); where the path is a link to the file that is written to (`web.log` → `web.log.7`), those beside that
 * file. In order of the time at which they were written to last, which packing leaves as it is.
 */
export function rotatedLogs(
  path: string,
  isOthers: (path: string) => boolean,
): readonly RotatedLog[] {
  try {
    const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    // The file itself may not be there again yet.
    const target = isLink ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path));
    const named = basename(target);
    const base = isLink ? named.replace(NUMBERED, "").replace(WITHIN, "") : named;
    const folder = dirname(target);
    return readdirSync(folder)
      .filter((name) => name !== named && isRotated(name, base))
      .map((name) => join(folder, name))
      .filter((one) => !isOthers(one))
      .flatMap((one) => {
        const stat = lstatSync(one, { throwIfNoEntry: false });
        if (stat?.isFile() !== true) return [];
        return [{ path: one, modifiedMs: stat.mtimeMs, isPacked: one.endsWith(".gz") }];
      })
      .toSorted((a, b) => b.modifiedMs - a.modifiedMs || compareNumbers(a.path, b.path));
  } catch {
    return []; // not there, or not ours to list
  }
}

function isRotated(name: string, base: string): boolean {
  if (name.startsWith(base)) return AFTER.test(name.slice(base.length));
  const dot = base.lastIndexOf(".");
  if (dot <= 0) return false;
  const [stem, ending] = [base.slice(0, dot), base.slice(dot)];
  const packed = name.endsWith(".gz") ? name.slice(0, -3) : name;
  if (!packed.startsWith(stem) || !packed.endsWith(ending)) return false;
  return BETWEEN.test(packed.slice(stem.length, -ending.length));
}

/** `web.log.1` is younger than `web.log.2`. */
function compareNumbers(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** The bytes of one that was packed. What is damaged ends where it is. */
export async function* unpacked(path: string): AsyncGenerator<Buffer> {
  const { createGunzip } = await import("node:zlib"); // 3 ms, and only needed here
  const packed = createReadStream(path);
  const stream = packed.pipe(createGunzip());
  packed.on("error", (error) => stream.destroy(error));
  try {
    for await (const bytes of stream) yield bytes as Buffer;
  } catch {
    // half a file, as while it is being packed: what was read is given
  } finally {
    packed.destroy();
    stream.destroy();
  }
}
