import { join } from "node:path";
import { FileFollower, NOT_THERE } from "../../lib/file-follower.ts";
import { PathWatch } from "../../lib/path-watch.ts";
import { historyFiles, type HistoryTail, isIn } from "../../state/history-tail.ts";
import { historyFolder, type HistoryLine, historyPath, parseLine } from "../../state/history.ts";
import type { StateDir } from "../../state/state-dir.ts";

/** What is followed, each from where it was read to. */
export interface Histories {
  /** That of usrsvcd. Undefined: neither it nor programs that have no history yet. */
  readonly daemon: HistoryTail | undefined;
  /** By the names of their files. */
  readonly programs: ReadonlyMap<string, HistoryTail>;
}

/** Changes are gathered for so long, in ms: what is written together is told together. */
const GATHER_MS = 20;

/** Tells what is added to histories, until the signal is aborted. Reads only what has changed, when it has. */
export async function followHistories(
  state: StateDir,
  histories: Histories,
  onLines: (lines: readonly HistoryLine[]) => void,
  signal: AbortSignal,
): Promise<void> {
  using following = new Following(state, histories, onLines);
  following.begin();
  // With no watch to be had, it is a timer that keeps Node alive, and there may be neither for a moment.
  const forever = setInterval(() => {}, 2 ** 31 - 1);
  try {
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  } finally {
    clearInterval(forever);
  }
}

class Following implements Disposable {
  readonly #state: StateDir;
  readonly #onLines: (lines: readonly HistoryLine[]) => void;
  readonly #isAll: boolean;
  readonly #programs = new Map<string, FileFollower>();
  readonly #daemon: FileFollower | undefined;
  readonly #watches: readonly PathWatch[];
  /** Files that have changed since the last look; undefined: nobody knows which. */
  #changed: Set<string> | undefined = new Set();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    state: StateDir,
    { daemon, programs }: Histories,
    onLines: (lines: readonly HistoryLine[]) => void,
  ) {
    this.#state = state;
    this.#onLines = onLines;
    this.#isAll = daemon !== undefined;
    for (const [file, { end }] of programs) this.#follow(file, end);
    const path = historyPath(state, undefined);
    this.#daemon = daemon && new FileFollower(path, daemon.end ?? NOT_THERE);
    const folder = new PathWatch(historyFolder(state), (file) => this.#note(file));
    this.#watches = daemon ? [folder, new PathWatch(path, () => this.#note(""))] : [folder];
  }

  /** Also tells what has come since it was read. */
  begin(): void {
    for (const watch of this.#watches) watch.arm();
    this.#note(undefined);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const watch of this.#watches) watch[Symbol.dispose]();
    for (const one of this.#programs.values()) one[Symbol.dispose]();
    this.#daemon?.[Symbol.dispose]();
  }

  #follow(file: string, end: HistoryTail["end"]): FileFollower {
    const follower = new FileFollower(join(historyFolder(this.#state), file), end ?? NOT_THERE);
    this.#programs.set(file, follower);
    return follower;
  }

  #note(file: string | undefined): void {
    if (file === undefined) this.#changed = undefined;
    else this.#changed?.add(file);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, GATHER_MS);
  }

  #look(): void {
    const files = this.#changed ?? this.#allFiles();
    this.#changed = new Set();
    for (const watch of this.#watches) watch.arm();
    const lines = this.#daemon === undefined ? [] : added(this.#daemon, () => true);
    for (const file of files) {
      const known = this.#programs.get(file);
      if (known === undefined && !(this.#isAll && file.endsWith(".jsonl"))) continue;
      const follower = known ?? this.#follow(file, undefined);
      lines.push(...added(follower, (line) => isIn(file, line)));
    }
    lines.sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
    if (lines.length > 0) this.#onLines(lines);
  }

  #allFiles(): ReadonlySet<string> {
    return new Set([...this.#programs.keys(), ...historyFiles(this.#state)]);
  }
}

function added(follower: FileFollower, isOwn: (line: HistoryLine) => boolean): HistoryLine[] {
  const lines: HistoryLine[] = [];
  for (let isMore = true; isMore;) {
    const look = follower.look();
    isMore = look.isMore;
    for (const news of look.news) {
      const line = news.kind === "line" ? parseLine(news.text) : undefined;
      if (line !== undefined && isOwn(line)) lines.push(line);
    }
  }
  return lines;
}
