import {
  allHistoryTails,
  type HistoryTail,
  hasHistory,
  historyTail,
} from "../../state/history-tail.ts";
import { historyFile, type HistoryLine } from "../../state/history.ts";
import type { StateDir } from "../../state/state-dir.ts";
import { choose, type UnknownProgram } from "../choose.ts";
import { followHistories, type Histories } from "./follow-histories.ts";
import type { Site } from "../site.ts";

/** Which events are wanted. */
export interface EventsAsked {
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

/** `usrsvc events`: what happened to all programs, and to usrsvcd, from the histories. */
export function findAllEvents(state: StateDir, asked: EventsAsked): EventsFound {
  const histories = { daemon: historyTail(state, undefined), programs: allHistoryTails(state) };
  return eventsOf(state, histories, [], asked);
}

/** The same of the programs of these names; those that are in no file of the configuration any more as well. */
export function findEvents(site: Site, names: readonly string[], asked: EventsAsked): EventsFound {
  const { state } = site.host;
  const { programs, unknown } = choose(site, names);
  const left = unknown.filter(({ program }) => hasHistory(state, program));
  const all = [...programs.map(({ name }) => name), ...left.map(({ program }) => program)];
  const histories = {
    daemon: undefined,
    programs: new Map(all.map((name) => [historyFile(name), historyTail(state, name)])),
  };
  const others = unknown.filter((one) => !left.includes(one));
  return eventsOf(state, histories, others, asked);
}

function eventsOf(
  state: StateDir,
  histories: Histories,
  unknown: EventsFound["unknown"],
  { most = Infinity, sinceMs = -Infinity }: EventsAsked,
): EventsFound {
  const { daemon, programs } = histories;
  const tails = [...(daemon === undefined ? [] : [daemon]), ...programs.values()];
  return {
    lines: latest(tails, most, sinceMs),
    unknown,
    follow: async (onLines, signal) => await followHistories(state, histories, onLines, signal),
  };
}

/** A line that is the latest of its history, of those that were not taken yet. */
interface Head {
  readonly line: HistoryLine;
  readonly ms: number;
}

/** The latest of all, in their order: from each history only so many lines are read as are among them. */
function latest(
  tails: readonly HistoryTail[],
  most: number,
  sinceMs: number,
): readonly HistoryLine[] {
  const next = (tail: HistoryTail): Head | undefined => {
    const { value: line } = tail.lines.next();
    return line && { line, ms: Date.parse(line.time) };
  };
  const heads = tails.map((tail) => ({ tail, head: next(tail) }));
  const found: HistoryLine[] = [];
  while (found.length < most) {
    let last: (typeof heads)[number] | undefined;
    for (const one of heads) {
      if (one.head !== undefined && one.head.ms >= (last?.head?.ms ?? -Infinity)) last = one;
    }
    if (last?.head === undefined || last.head.ms < sinceMs) break;
    found.push(last.head.line);
    last.head = next(last.tail);
  }
  return found.toReversed();
}
