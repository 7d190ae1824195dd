import { type FSWatcher, watch } from "node:fs";
import { callAt, monotonicMs } from "../lib/clock.ts";
import {
  historyFolder,
  type HistoryLine,
  historyPath,
  programsWithHistory,
  readHistory,
} from "../state/history.ts";
import type { StateDir } from "../state/state-dir.ts";
import { choose, type UnknownProgram } from "./choose.ts";
import type { Site } from "./site.ts";

/** Which events are wanted. */
export interface EventsAsked {
  /** Empty: those of all programs, and of usrsvcd. */
  readonly names: readonly string[];
  /** Of those until now, so many of the latest; undefined: all. */
  readonly most: number | undefined;
  /** Not those before this, in ms since 1970. */
  readonly sinceMs: number | undefined;
}

/** What is to be shown. */
export interface EventsFound {
  readonly lines: readonly HistoryLine[];
  readonly unknown: readonly UnknownProgram[];
  /** Calls `onLines` with those that come, until the signal is aborted. */
  readonly follow: (
    onLines: (lines: readonly HistoryLine[]) => void,
    signal: AbortSignal,
  ) => Promise<void>;
}

/** Between two looks while events are followed, in ms; a watch of the folder comes before that. */
const LOOK_EVERY_MS = 1000;

/** `usrsvc events`: what happened, from the histories. */
export function findEvents(site: Site, { names, most, sinceMs }: EventsAsked): EventsFound {
  const { state } = site.host;
  const { programs, unknown } = namesIn(site, names);
  const read = (): readonly HistoryLine[] =>
    programs()
      .flatMap((name) => readHistory(state, name))
      .toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time));
  const all = read();
  const recent =
    sinceMs === undefined ? all : all.filter(({ time }) => Date.parse(time) >= sinceMs);
  return {
    lines: most === undefined ? recent : recent.slice(Math.max(0, recent.length - most)),
    unknown,
    async follow(onLines, signal) {
      const seen = new Set(all.map((line) => JSON.stringify(line)));
      using changes = new Changes(state);
      while (!signal.aborted) {
        await changes.next(signal);
        const news = read().filter((line) => !seen.has(JSON.stringify(line)));
        for (const line of news) seen.add(JSON.stringify(line));
        if (news.length > 0) onLines(news);
      }
    },
  };
}

/** Also those that are in no file any more, by their names. */
function namesIn(
  site: Site,
  names: readonly string[],
): {
  readonly programs: () => readonly (string | undefined)[];
  readonly unknown: readonly UnknownProgram[];
} {
  const { state } = site.host;
  if (names.length === 0) {
    return { programs: () => [undefined, ...programsWithHistory(state)], unknown: [] };
  }
  const { programs, unknown } = choose(site, names);
  const known = new Set(programsWithHistory(state));
  const chosen = [...programs.map(({ name }) => name), ...names.filter((name) => known.has(name))];
  const all = [...new Set(chosen)];
  return { programs: () => all, unknown: unknown.filter(({ program }) => !known.has(program)) };
}

/** Wakes up when a history is written. */
class Changes implements Disposable {
  readonly #watchers: FSWatcher[] = [];
  #wake = (): void => {};

  constructor(state: StateDir) {
    for (const path of [historyFolder(state), historyPath(state, undefined)]) {
      try {
        const watcher = watch(path, () => this.#wake());
        watcher.on("error", () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // not there yet, or no inotify: looked at each second
      }
    }
  }

  async next(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = callAt(monotonicMs() + LOOK_EVERY_MS, () => this.#wake());
      this.#wake = () => {
        cancel();
        signal.removeEventListener("abort", this.#wake);
        resolve();
      };
      signal.addEventListener("abort", this.#wake, { once: true });
    });
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers) watcher.close();
  }
}
