import { closeSync, fstatSync, type Stats, statSync } from "node:fs";
import { LineSplitter } from "./line-splitter.ts";
import { read } from "./lines-from-end.ts";
import { openForReading } from "./open-log.ts";
import { rotatedLogs } from "./rotated-logs.ts";

/** What a look at a followed file yields. */
export type FileNews =
  | { readonly kind: "line"; readonly text: string }
  /** It was emptied, or has begun anew. */
  | { readonly kind: "truncated" }
  /** Another file has its name now, as after a rotation. */
  | { readonly kind: "replaced" }
  /** It cannot be read: told once. */
  | { readonly kind: "fault"; readonly message: string };

/** A place in a file, to go on from later. */
export interface FilePlace {
  /** Which file it is, whatever it is called by then. */
  readonly id: string;
  /** In bytes from its begin. */
  readonly at: number;
}

/** What is there later is read from its beginning. */
export const NOT_THERE: FilePlace = { id: "", at: 0 };

/** So much is read at a look, in bytes; the rest at the next. */
const MOST_BYTES = 1024 * 1024;
/** So many that were renamed are read on: what does not open its log again is rotated away further and further. */
export const MOST_FORMER = 4;
/** Bytes before the place up to which a file was read, to know it again by. */
const KNOWN_BYTES = 64;

/** An open file, and how far it was read. */
interface Opened {
  readonly fd: number;
  readonly id: string;
  at: number;
  /** What is just before `at`. */
  known: Buffer;
  readonly lines: LineSplitter;
}

/**
 * Reads what is added to the file at a path, across truncation, rotation and replacement. Of one that was renamed it
 * reads on as well, since its program goes on writing to it until it opens the new one.
 */
export class FileFollower implements Disposable {
  readonly #path: string;
  #current: Opened | undefined;
  /** Those before it, under whatever names, the youngest first. */
  #former: readonly Opened[] = [];
  #fault: string | undefined;

  /** Begins at the end of what is there now, or at `from`; with what is there later, at its begin. */
  constructor(path: string, from?: FilePlace) {
    this.#path = path;
    const opened = this.#open();
    // Since that was looked at, it may have been rotated: what was added before that comes first.
    const moved = from === undefined || from.id === opened?.id ? undefined : this.#openMoved(from);
    if (moved !== undefined) {
      if (opened !== undefined) closeSync(opened.fd);
      this.#current = moved;
      return;
    }
    if (opened === undefined) return;
    opened.at =
      from === undefined ? fstatSync(opened.fd).size : from.id === opened.id ? from.at : 0;
    remember(opened);
    this.#current = opened;
  }

  /** True where the last line has no line feed yet. */
  get isWithinLine(): boolean {
    return this.#all().some(({ lines }) => lines.isWithin);
  }

  /** Up to where its lines were told: of a line that has begun, not yet what is there of it. */
  get place(): FilePlace {
    if (this.#current === undefined) return NOT_THERE;
    const { id, at, lines } = this.#current;
    return { id, at: at - lines.begunBytes };
  }

  /** What has been added since the last look. `isMore`: not all of it was read. */
  look(): { readonly news: readonly FileNews[]; readonly isMore: boolean } {
    const news: FileNews[] = [];
    try {
      let isMore = false;
      for (const one of this.#all()) isMore = this.#readOn(one, news) || isMore;
      // Only when all of the old one is read, and of one that was created again while we were at it.
      if (!isMore && this.#isAnother()) {
        const next = this.#open(news);
        if (next !== undefined) {
          if (this.#current !== undefined) news.push({ kind: "replaced" });
          const former = [...(this.#current === undefined ? [] : [this.#current]), ...this.#former];
          for (const one of former.slice(MOST_FORMER)) this.#leave(one, news);
          this.#former = former.slice(0, MOST_FORMER);
          this.#current = next;
          isMore = this.#readOn(next, news);
        }
      }
      return { news, isMore };
    } catch (error) {
      this.#tellFault(error, news);
      return { news, isMore: false };
    }
  }

  /** The lines that have begun, as they are: their ends do not come. */
  flush(): readonly string[] {
    return this.#all().flatMap(({ lines }) => lines.flush() ?? []);
  }

  [Symbol.dispose](): void {
    for (const { fd } of this.#all()) closeSync(fd);
    this.#former = [];
    this.#current = undefined;
  }

  /** In the order in which they were written. */
  #all(): readonly Opened[] {
    const former = this.#former.toReversed();
    return this.#current === undefined ? former : [...former, this.#current];
  }

  #leave(one: Opened, news: FileNews[]): void {
    const rest = one.lines.flush();
    if (rest !== undefined) news.push({ kind: "line", text: rest });
    closeSync(one.fd);
  }

  /** True if the path names another file than the one that is open. */
  #isAnother(): boolean {
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    return stat !== undefined && idOf(stat) !== this.#current?.id;
  }

  /** The file of that identity, under the name that a rotation has given it; undefined: it is not there any more. */
  #openMoved({ id, at }: FilePlace): Opened | undefined {
    const found = rotatedLogs(this.#path, () => false).find(({ path }) => isIt(path, id));
    const opened = found && this.#open([], found.path);
    if (opened === undefined) return undefined;
    if (opened.id !== id) {
      closeSync(opened.fd); // renamed once more
      return undefined;
    }
    opened.at = at;
    remember(opened);
    return opened;
  }

  #open(news: FileNews[] = [], path = this.#path): Opened | undefined {
    let fd: number | undefined;
    try {
      fd = openForReading(path);
      const stat = fstatSync(fd);
      if (!stat.isFile()) throw new Error(`${path} is not a file`);
      this.#fault = undefined;
      const lines = new LineSplitter();
      return { fd, id: idOf(stat), at: 0, known: Buffer.alloc(0), lines };
    } catch (error) {
      if (fd !== undefined) closeSync(fd);
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") this.#tellFault(error, news);
      return undefined;
    }
  }

  #tellFault(error: unknown, news: FileNews[]): void {
    const { message } = error as Error;
    if (message === this.#fault) return;
    this.#fault = message;
    news.push({ kind: "fault", message });
  }

  /** True if there is more. */
  #readOn(one: Opened, news: FileNews[]): boolean {
    const { size } = fstatSync(one.fd);
    if (isTruncated(one, size)) {
      const rest = one.lines.flush();
      if (rest !== undefined) news.push({ kind: "line", text: rest });
      news.push({ kind: "truncated" });
      one.at = 0;
      one.known = Buffer.alloc(0);
    }
    if (size <= one.at) return false;
    const bytes = read(one.fd, one.at, Math.min(MOST_BYTES, size - one.at));
    for (const text of one.lines.push(bytes)) news.push({ kind: "line", text });
    one.at += bytes.length;
    remember(one, bytes);
    return bytes.length > 0 && one.at < size;
  }
}

/**
 * True for a file that is shorter than before, or was and has grown beyond that since. What is zero there now was
 * truncated under a program that does not append: what it writes is where it would be.
 */
function isTruncated({ fd, at, known }: Opened, size: number): boolean {
  if (size < at) return true;
  if (size === at || known.length === 0) return false;
  const now = read(fd, at - known.length, known.length);
  return !now.equals(known) && now.some((byte) => byte !== 0);
}

function remember(one: Opened, bytes?: Buffer): void {
  const length = Math.min(KNOWN_BYTES, one.at);
  one.known =
    bytes !== undefined && bytes.length >= length
      ? Buffer.from(bytes.subarray(bytes.length - length))
      : read(one.fd, one.at - length, length);
}

function isIt(path: string, id: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && idOf(stat) === id;
}

/** One file and no other. */
function idOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}
