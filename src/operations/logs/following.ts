import { FileFollower, type FileNews, type FilePlace } from "../../lib/file-follower.ts";
import { LineTimes } from "../../lib/line-time.ts";
import { PathWatch } from "../../lib/path-watch.ts";
import type { LineFilter } from "./line-filter.ts";
import type { LogLine, LogNote } from "./line.ts";
import { type Cursor, printCursor } from "../../lib/cursor.ts";
import type { LogSource } from "./sources.ts";

/** A log that is followed. */
export interface FollowedLog {
  readonly source: LogSource;
  /** Up to where it was shown; undefined: to its end. */
  readonly from: FilePlace | undefined;
}

/** Who is told what comes. */
export interface LogListener {
  readonly onLines: (lines: readonly LogLine[]) => void;
  readonly onNote: (note: LogNote) => void;
  /** Told after lines, and at first: a text with which a later call goes on after all that was told. */
  readonly onCursor?: ((cursor: string) => void) | undefined;
}

/** Changes are gathered for so long, in ms: a busy log changes a thousand times a second. */
const GATHER_MS = 20;
/** A line that has begun is shown as it is when nothing was added for so long, in ms: a question, for example. */
const QUIET_MS = 1000;

/** Tells what is added to logs, until the signal is aborted. */
export async function followLogs(
  logs: readonly FollowedLog[],
  filter: LineFilter,
  listener: LogListener,
  signal: AbortSignal,
): Promise<void> {
  let isBegun = false;
  const tellCursor = (): void => {
    if (isBegun) listener.onCursor?.(printCursor(placesOf(all)));
  };
  const all = logs.map((log) => new Following(log, filter, listener, tellCursor));
  try {
    for (const one of all) one.look();
    isBegun = true;
    tellCursor();
    // What watches the files keeps Node alive; where nothing is watched, there is nothing to wait for.
    const forever = setInterval(() => {}, 2 ** 31 - 1);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    clearInterval(forever);
  } finally {
    for (const one of all) one[Symbol.dispose]();
  }
}

function placesOf(all: readonly Following[]): Cursor {
  return new Map(all.map(({ path, place }) => [path, place]));
}

class Following implements Disposable {
  readonly #source: LogSource;
  readonly #filter: LineFilter;
  readonly #listener: LogListener;
  readonly #onTold: () => void;
  readonly #follower: FileFollower;
  readonly #watch: PathWatch;
  readonly #times = new LineTimes();
  #timer: NodeJS.Timeout | undefined;
  #quiet: NodeJS.Timeout | undefined;
  #obstacle: string | undefined;

  constructor(
    { source, from }: FollowedLog,
    filter: LineFilter,
    listener: LogListener,
    onTold: () => void,
  ) {
    this.#onTold = onTold;
    this.#source = source;
    this.#filter = filter;
    this.#listener = listener;
    this.#watch = new PathWatch(source.path, () => this.#soon(GATHER_MS));
    this.#watch.arm(); // before it is looked at: what comes in between is told
    this.#follower = new FileFollower(source.path, from);
  }

  get path(): string {
    return this.#source.path;
  }

  get place(): FilePlace {
    return this.#follower.place;
  }

  /** Tells what was added since the last look, or since what was shown before. */
  look(): void {
    clearTimeout(this.#quiet);
    this.#watch.arm();
    this.#tellObstacle();
    const { news, isMore } = this.#follower.look();
    let lines: string[] = [];
    for (const one of news) {
      if (one.kind === "line") {
        lines.push(one.text);
        continue;
      }
      this.#tellLines(lines);
      lines = [];
      this.#note(describe(one, this.#source.file));
    }
    this.#tellLines(lines);
    if (news.length > 0) this.#onTold();
    if (isMore) this.#soon(0);
    else if (this.#follower.isWithinLine) {
      this.#quiet = setTimeout(() => {
        this.#tellLines(this.#follower.flush());
        this.#onTold();
      }, QUIET_MS);
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#quiet);
    this.#watch[Symbol.dispose]();
    this.#tellLines(this.#follower.flush());
    this.#follower[Symbol.dispose]();
  }

  #soon(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.look();
    }, ms);
  }

  #tellLines(texts: readonly string[]): void {
    const { program, stream, file } = this.#source;
    const lines = texts
      .filter((text) => this.#filter.accepts(text))
      .map((line) => ({ program, stream, file, timeMs: this.#times.read(line), line }));
    if (lines.length > 0) this.#listener.onLines(lines);
  }

  #tellObstacle(): void {
    const { obstacle } = this.#watch;
    if (obstacle !== undefined && obstacle !== this.#obstacle) {
      this.#note(`${this.#source.file} is only looked at every 5 s: ${obstacle}`);
    }
    this.#obstacle = obstacle;
  }

  #note(text: string): void {
    this.#listener.onNote({ program: this.#source.program, text });
  }
}

function describe(news: Exclude<FileNews, { readonly kind: "line" }>, file: string): string {
  switch (news.kind) {
    case "truncated":
      return `${file} was truncated`;
    case "replaced":
      return `${file} was replaced by another file, as a rotation does`;
    case "fault":
      return `${file} cannot be read: ${news.message}`;
  }
}
