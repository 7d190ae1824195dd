import { existsSync } from "node:fs";
import { join } from "node:path";
import { lastOf, merged, type Row } from "../../lib/merge-lines.ts";
import { NOT_THERE } from "../../lib/file-follower.ts";
import { rotatedLogs } from "../../lib/rotated-logs.ts";
import { fileStem } from "../../state/state-dir.ts";
import { choose, type UnknownProgram } from "../choose.ts";
import type { Cursor } from "../../lib/cursor.ts";
import { lineFilter } from "./line-filter.ts";
import { followLogs, type FollowedLog, type LogListener } from "./following.ts";
import type { LogLine, LogNote } from "./line.ts";
import { type LogRead, type ReadAsked, readLog, USUAL_LINES } from "./reading.ts";
import { type LogSource, logsOf, type LogStream } from "./sources.ts";
import type { Site } from "../site.ts";

/** Which lines are wanted. */
export interface LogsAsked {
  /** Empty: those of all programs. */
  readonly names: readonly string[];
  /** The latest of each program, after `regex`; undefined: the usual number, or all since `sinceMs`. */
  readonly most: number | undefined;
  /** In ms since 1970. */
  readonly sinceMs: number | undefined;
  /** Only lines in which it is found. */
  readonly regex: RegExp | undefined;
  readonly onlyErrors: boolean;
  /** True: `follow` is called after it. */
  readonly isFollowed: boolean;
  /** Of files that this names, what follows that place; of others, what is wanted of them anyway. */
  readonly after?: Cursor | undefined;
  /** Which file is searched, for who waits. */
  readonly onProgress: (path: string) => void;
}

/** What is to be shown. */
export interface LogsFound {
  /** The programs, in the order of the configuration, and the streams that are shown of each. */
  readonly programs: ReadonlyMap<string, ReadonlySet<LogStream>>;
  readonly unknown: readonly UnknownProgram[];
  readonly notes: readonly LogNote[];
  /** A log is there, and may not be read. */
  readonly isDenied: boolean;
  /** What was written until now, in order of time. */
  readonly lines: Row<LogLine>;
  /** What is written from then on, until the signal is aborted. */
  readonly follow: (listener: LogListener, signal: AbortSignal) => Promise<void>;
}

type SortedLine = LogLine & { readonly sortMs: number };

/** Lines that are held back until one has a time. */
const MOST_HELD = 1000;

/** `usrsvc logs`: what programs have written, from their files. Changes nothing. */
export function findLogs(site: Site, asked: LogsAsked): LogsFound {
  const { programs, unknown } = choose(site, asked.names, { withRemoved: true });
  const search = new LogSearch(site, asked);
  for (const program of programs) search.add(program.name, logsOf(program, site, asked.onlyErrors));
  // What is in no file any more may have left its log at the usual place.
  const usual = (name: string): string => join(site.host.state.logs, `${fileStem(name)}.log`);
  const left = unknown.filter(({ program }) => existsSync(usual(program)));
  for (const { program } of left) {
    const path = usual(program);
    const source = { program, stream: "stdout", path, file: path, isForLater: false } as const;
    search.add(program, { sources: [source], notes: [] });
  }
  const { filter } = search.asked;
  return {
    programs: search.programs,
    unknown: unknown.filter((one) => !left.includes(one)),
    notes: search.notes,
    isDenied: search.isDenied,
    lines: merged(search.rows),
    follow: async (listener, signal) => await followLogs(search.followed, filter, listener, signal),
  };
}

/** Opens the logs of one program after the other. */
class LogSearch {
  readonly asked: ReadAsked;
  readonly programs = new Map<string, ReadonlySet<LogStream>>();
  readonly notes: LogNote[] = [];
  readonly rows: Row<SortedLine>[] = [];
  readonly followed: FollowedLog[] = [];
  isDenied = false;
  /** All of them are meant: that many have written nothing yet says nothing. */
  readonly #isOfAll: boolean;
  readonly #after: Cursor | undefined;
  /** By path: who it was shown for. */
  readonly #taken = new Map<string, string>();

  constructor({ settings }: Site, { regex, after, ...asked }: LogsAsked) {
    this.#after = after;
    this.#isOfAll = asked.names.length === 0;
    const all = new Set([...settings.programs.values()].flatMap((one) => [one.stdout, one.stderr]));
    this.asked = { ...asked, filter: lineFilter(regex), isOthers: (path) => all.has(path) };
  }

  add(program: string, { sources, notes }: ReturnType<typeof logsOf>): void {
    for (const text of notes) this.notes.push({ program, text });
    const own = sources.filter(({ path }) => !this.#taken.has(path));
    for (const { path } of own) this.#taken.set(path, program);
    const rows = own.flatMap((source) => this.#open(source) ?? []);
    const { most = USUAL_LINES, sinceMs } = this.asked;
    const isAll = sinceMs !== undefined && this.asked.most === undefined;
    // Each of two files may have as many as are wanted of both.
    if (isAll || rows.length < 2) this.rows.push(...rows);
    else this.rows.push(lastRows(rows, most));
    this.programs.set(program, new Set(own.map(({ stream }) => stream)));
    const shared = sources.find((one) => !own.includes(one));
    if (shared !== undefined) {
      const text = `it writes to the same file as ${this.#taken.get(shared.path)}: ${shared.file}`;
      this.notes.push({ program, text });
    }
    if (sources.length === 0 && notes.length === 0) {
      this.notes.push({ program, text: "where it writes to is not known: it has no settings" });
    }
  }

  #open(source: LogSource): Row<SortedLine> | undefined {
    if (source.isForLater) {
      this.followed.push({ source, from: undefined });
      return undefined;
    }
    const after = this.#after?.get(source.path);
    if (after !== undefined) {
      this.followed.push({ source, from: after });
      return undefined;
    }
    try {
      const read = readLog(source.path, this.asked);
      this.#note(source, read);
      this.followed.push({ source, from: read.end ?? NOT_THERE });
      return sorted(source, read);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.isDenied ||= code === "EACCES" || code === "EPERM";
      this.notes.push({ program: source.program, text: describeDenied(source, code, message) });
      return undefined;
    }
  }

  #note({ program, path, file }: LogSource, { end, hasNoTimes }: LogRead): void {
    const { isFollowed, isOthers } = this.asked;
    const isMissing = end === undefined && !this.#isOfAll;
    if (isMissing && rotatedLogs(path, isOthers).length === 0) {
      const text = isFollowed ? "waiting for it" : "it has written nothing yet";
      this.notes.push({ program, text: `${file} is not there: ${text}` });
    }
    if (!hasNoTimes) return;
    const text = `the lines of ${file} have no time that is understood: the latest are shown instead (-n N shows more)`;
    this.notes.push({ program, text });
  }
}

/** In two files, one after the other; together, in order of time. */
async function* lastRows(
  rows: readonly Row<SortedLine>[],
  most: number,
): AsyncGenerator<readonly SortedLine[]> {
  yield await lastOf(merged(rows), most);
}

/** A line without a time is of the one before it, or else of the first that has one, or of the file's own time. */
async function* sorted(
  { program, stream, file }: LogSource,
  { lines, modifiedMs }: LogRead,
): AsyncGenerator<readonly SortedLine[]> {
  let held: LogLine[] = [];
  let sortMs: number | undefined;
  for await (const batch of lines) {
    const all: SortedLine[] = [];
    for (const { text, timeMs } of batch) {
      const line = { program, stream, file, timeMs, line: text };
      sortMs = timeMs ?? sortMs;
      if (sortMs === undefined && held.length < MOST_HELD) {
        held.push(line);
        continue;
      }
      const at = (sortMs ??= modifiedMs);
      for (const one of held) all.push({ ...one, sortMs: at });
      held = [];
      all.push({ ...line, sortMs: at });
    }
    yield all;
  }
  yield held.map((one) => ({ ...one, sortMs: modifiedMs }));
}

function describeDenied({ file }: LogSource, code: string | undefined, message: string): string {
  if (code !== "EACCES" && code !== "EPERM") return `${file} cannot be read: ${message}`;
  if (!message.startsWith("EACCES") && !message.startsWith("EPERM")) return message; // says what to do
  const where = existsSync(file) ? "the file" : "a folder above it";
  return `${file} cannot be read: permission denied; ${where} is closed to this account (ls -ld ${file})`;
}
