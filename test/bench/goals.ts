import { type Figure, type GoalVerdict, type Row, rows } from "./figures.ts";
import type { peerNames } from "./peers/peers.ts";

/**
 * The goals are those of a machine on which `node -e 0` takes 28 ms and the bare supervisor in Node
 * 2.6 ms (kill), 132 ms (all back), 70 ms (first runs) and 153 ms (all run). Elsewhere, `times` the floor
 * of the figure is what counts (2 ms are 0.77 times 2.6 ms); where there is no such floor, the limit in
 * `atNode28` grows with `node -e 0`; what does not depend on how fast a machine is, is `absolute`.
 */
type Bound =
  { readonly times: number } | { readonly atNode28: number } | { readonly absolute: number };

interface Goal {
  readonly row: Row;
  /** For how many services; any number if it is not said. */
  readonly programs?: number;
  readonly text: string;
  readonly bound: Bound;
  /** Whose medians of the same run it is to be below, too. */
  readonly below?: readonly (typeof peerNames)[number][];
}

/** The figure of `node -e 0`. */
type Node = Pick<Figure, "median" | "disturbed">;

const REFERENCE_NODE_MS = 28;
/** CPU of an idle minute. */
export const IDLE_GOAL_MS = 8;
/** The goals are written in two or three digits. */
const ROUNDING = 1.005;

/** Those in C, which do little else than to start again what has ended. */
const peersInC = ["runit", "daemontools"] as const;

const goals: readonly Goal[] = [
  { row: rows.kill, programs: 100, text: "2 ms", bound: { times: 0.77 }, below: peersInC },
  { row: rows.back, programs: 100, text: "110 ms", bound: { times: 0.83 }, below: peersInC },
  { row: rows.first, programs: 100, text: "120 ms", bound: { times: 1.7 } },
  { row: rows.launched, programs: 100, text: "200 ms", bound: { times: 1.31 } },
  { row: rows.idleCpu, text: "8 ms", bound: { atNode28: IDLE_GOAL_MS } },
  { row: rows.wakeups, text: "0.2 /s", bound: { absolute: 0.2 } },
  { row: rows.activityWakeups, text: "2.2 /s", bound: { absolute: 2.2 } },
  { row: rows.dirty, programs: 100, text: "13 MB", bound: { absolute: 13 } },
  { row: rows.dirty, programs: 1000, text: "18 MB", bound: { absolute: 18 } },
  { row: rows.back, programs: 1000, text: "1200 ms", bound: { atNode28: 1200 } },
  { row: rows.launched, programs: 1000, text: "1200 ms", bound: { atNode28: 1200 } },
  { row: rows.statusOne, text: "1.25 x node -e 0", bound: { times: 1.25 } },
  { row: rows.statusAll, programs: 100, text: "1.5 x node -e 0", bound: { times: 1.5 } },
  { row: rows.statusAll, programs: 1000, text: "3 x node -e 0", bound: { times: 3 } },
  { row: rows.added, programs: 100, text: "100 ms", bound: { times: 3.6 } },
  { row: rows.waiting, text: "none", bound: { absolute: 1 } },
  { row: rows.stop, programs: 100, text: "90 ms", bound: { times: 3.2 } },
];

/** A time of the machine for which the goals were set, on this one. */
export function scaledToNode(ms: number, nodeMs: number): number {
  return (ms * nodeMs) / REFERENCE_NODE_MS;
}

/** What the summary calls it. */
export function verdict(reached: boolean): string {
  return reached ? "reached" : "MISSED";
}

/**
 * The figure with the verdicts on its goal, if it has one; `node` is what `node -e 0` took here, and
 * `figures` are those of the same run with the same number of services.
 */
export function judge(
  figure: Figure,
  manager: string,
  node: Node,
  figures: readonly Figure[] = [],
): Figure {
  if (figure.manager !== manager) return figure;
  const own = goals.find(
    ({ row, programs = figure.programs }) => row === figure.row && programs === figure.programs,
  );
  if (own === undefined) return figure;
  const goal = judgeLimit(figure, own, node);
  const peerGoal = judgePeers(figure, own, figures);
  return {
    ...figure,
    ...(goal === undefined ? {} : { goal }),
    ...(peerGoal === undefined ? {} : { peerGoal }),
  };
}

function judgeLimit(figure: Figure, { text, bound }: Goal, node: Node): GoalVerdict | undefined {
  const bounded = limitOf(bound, figure, node.median);
  if (bounded === undefined) return undefined;
  return {
    text,
    ...bounded,
    reached: figure.median <= bounded.limit * ROUNDING,
    doubtful:
      figure.disturbed ||
      figure.floor?.disturbed === true ||
      ("atNode28" in bound && node.disturbed),
  };
}

/** The least of the peers is the limit; of those that were not measured nothing is said. */
function judgePeers(
  { row, median, disturbed }: Figure,
  { below = [] }: Goal,
  figures: readonly Figure[],
): GoalVerdict | undefined {
  const peers = figures
    .filter((one) => one.row === row && below.some((name) => name === one.manager))
    .toSorted((a, b) => a.median - b.median);
  const [least] = peers;
  if (least === undefined) return undefined;
  const measured = below.filter((name) => peers.some(({ manager }) => manager === name));
  return {
    text: `below ${measured.join(" and ")}`,
    limit: least.median,
    scale: least.manager,
    reached: median < least.median,
    doubtful: disturbed || peers.some((one) => one.disturbed),
  };
}

function limitOf(
  bound: Bound,
  { floor }: Figure,
  nodeMs: number,
): { limit: number; scale: string } | undefined {
  if ("absolute" in bound) return { limit: bound.absolute, scale: "absolute" };
  if ("atNode28" in bound) {
    const scale = `x ${scaledToNode(1, nodeMs).toFixed(2)}, as node -e 0`;
    return { limit: scaledToNode(bound.atNode28, nodeMs), scale };
  }
  if (floor === undefined) return undefined;
  return { limit: bound.times * floor.median, scale: `${bound.times} x ${floor.name}` };
}
