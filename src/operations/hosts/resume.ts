import { parseCursor } from "../../lib/cursor.ts";

/*
 * How a command that follows (-f) is called again on a host whose connection was lost, so that nothing of it is shown
 * twice, and nothing is missing.
 */

/** What was seen of one host, to go on after it. */
export interface Resume {
  /** The words for the next call. */
  words(): readonly string[];
  /** A line that has come; false: it is not to be shown, since it was before, or is for us. */
  hear(line: string): boolean;
  /** The connection was lost. */
  lose(): void;
}

/** @param words those for the first call: options in front of the command, and after it */
export function resumeOf(command: string, words: readonly string[]): Resume {
  if (command === "logs") return new LogsResume(words);
  return command === "events" ? new EventsResume(words) : new PlainResume(words);
}

/** Its options are those between its name and its other words. */
function withOptions(
  words: readonly string[],
  command: string,
  isLeftOut: (option: string) => boolean,
  more: readonly string[],
): readonly string[] {
  const from = words.indexOf(command) + 1;
  const rest = words.slice(from);
  const count = rest.findIndex((word) => !word.startsWith("--") || word === "--");
  const options = count < 0 ? rest : rest.slice(0, count);
  const names = count < 0 ? [] : rest.slice(count);
  const kept = options.filter((option) => !isLeftOut(option));
  return [...words.slice(0, from), ...kept, ...more, ...names];
}

const limits = (option: string): boolean => /^--(?:lines|since)=/.test(option);

/** Lines, each with how many times it was there. */
class Lines {
  readonly #counts = new Map<string, number>();

  constructor(lines: Iterable<string> = []) {
    for (const line of lines) this.#counts.set(line, (this.#counts.get(line) ?? 0) + 1);
  }

  /** True where it was among them, once more than it was taken. */
  take(line: string): boolean {
    const count = this.#counts.get(line) ?? 0;
    if (count > 0) this.#counts.set(line, count - 1);
    return count > 0;
  }
}

class PlainResume implements Resume {
  readonly #words: readonly string[];

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  words(): readonly string[] {
    return this.#words;
  }

  hear(): boolean {
    return true;
  }

  lose(): void {}
}

/** Events of several programs may come out of order, by no more than this, in ms. */
const OVERLAP_MS = 60_000;
/** Number of events that are kept in mind. */
const MOST_EVENTS = 10_000;

/** Events have times: those since shortly before the last one are asked for again, and what was shown of them is not. */
class EventsResume implements Resume {
  readonly #words: readonly string[];
  #seen: { readonly atMs: number; readonly line: string }[] = [];
  #again = new Lines();
  #firstMs = Infinity;
  #lastMs = -Infinity;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  words(): readonly string[] {
    if (this.#seen.length === 0) return this.#words;
    const since = `--since=${new Date(this.#sinceMs()).toISOString()}`;
    return withOptions(this.#words, "events", limits, [since]);
  }

  hear(line: string): boolean {
    if (this.#again.take(line)) return false;
    const atMs = timeOf(line);
    if (Number.isNaN(atMs)) return true;
    this.#firstMs = Math.min(this.#firstMs, atMs);
    this.#lastMs = Math.max(this.#lastMs, atMs);
    this.#seen.push({ atMs, line });
    if (this.#seen.length > MOST_EVENTS) this.#forget();
    return true;
  }

  lose(): void {
    this.#forget();
    this.#again = new Lines(this.#seen.map(({ line }) => line));
  }

  #sinceMs(): number {
    return Math.max(this.#firstMs, this.#lastMs - OVERLAP_MS);
  }

  #forget(): void {
    const sinceMs = this.#sinceMs();
    this.#seen = this.#seen.filter(({ atMs }) => atMs >= sinceMs);
  }
}

function timeOf(line: string): number {
  try {
    const { time } = JSON.parse(line) as { readonly time?: unknown };
    return typeof time === "string" ? Date.parse(time) : Number.NaN;
  } catch {
    return Number.NaN; // it is no event
  }
}

/** A longer cursor is not sent back: a word of a command has a bound (execve(2), MAX_ARG_STRLEN). */
const MOST_CURSOR = 60_000;

/** Lines of logs may have no times: usrsvc there says with a cursor up to where it has shown them. */
class LogsResume implements Resume {
  readonly #words: readonly string[];
  #cursor: string | undefined;
  /** What has come after that. */
  #since: string[] = [];
  #again = new Lines();

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  words(): readonly string[] {
    const more = this.#cursor === undefined ? [] : [`--after-cursor=${this.#cursor}`];
    const isLeftOut = this.#cursor === undefined ? (): boolean => false : limits;
    return withOptions(this.#words, "logs", isLeftOut, ["--show-cursor", ...more]);
  }

  hear(line: string): boolean {
    const cursor = cursorIn(line);
    if (cursor !== undefined) {
      if (cursor.length <= MOST_CURSOR) this.#cursor = cursor;
      this.#since = [];
      this.#again = new Lines();
      return false;
    }
    if (this.#again.take(line)) return false;
    this.#since.push(line);
    return true;
  }

  lose(): void {
    this.#again = new Lines(this.#since);
  }
}

function cursorIn(line: string): string | undefined {
  const [, text = ""] = /^(?:-- cursor: |\{"cursor":")([\w-]+)(?:"\})?$/.exec(line) ?? [];
  return parseCursor(text) === undefined ? undefined : text;
}
