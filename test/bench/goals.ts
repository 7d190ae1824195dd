import { type Figure, type Row, rows } from "./figures.ts";

/**
 * The goals are those of a machine on which `node -e 0` takes 28 ms and the bare supervisor in Node
 * 2.6 ms, 132 ms and 153 ms. Elsewhere, `times` the floor of the figure is what counts (2.5 ms are 0.96
 * times 2.6 ms); where there is no such floor, the limit in `atNode28` grows with `node -e 0`;
 * what does not depend on how fast a machine is, is `absolute`.
 */
type Bound =
  { readonly times: number } | { readonly atNode28: number } | { readonly absolute: number };

interface Goal {
  readonly row: Row;
  /** For how many services; any number if it is not said. */
  readonly programs?: number;
  readonly text: string;
  readonly bound: Bound;
}

/** The figure of `node -e 0`. */
type Node = Pick<Figure, "median" | "disturbed">;

const REFERENCE_NODE_MS = 28;
/** CPU of an idle minute. */
export const IDLE_GOAL_MS = 8;
/** The goals are written in two or three digits. */
const ROUNDING = 1.005;

const goals: readonly Goal[] = [
  { row: rows.kill, programs: 100, text: "2.5 ms", bound: { times: 0.96 } },
  { row: rows.back, programs: 100, text: "130 ms", bound: { times: 0.98 } },
  { row: rows.launched, programs: 100, text: "200 ms", bound: { times: 1.31 } },
  { row: rows.idleCpu, text: "8 ms", bound: { atNode28: IDLE_GOAL_MS } },
  { row: rows.wakeups, text: "0.2 /s", bound: { absolute: 0.2 } },
  { row: rows.activityWakeups, text: "2.2 /s", bound: { absolute: 2.2 } },
  { row: rows.dirty, programs: 100, text: "13 MB", bound: { absolute: 13 } },
  { row: rows.dirty, programs: 1000, text: "18 MB", bound: { absolute: 18 } },
  { row: rows.back, programs: 1000, text: "1500 ms", bound: { atNode28: 1500 } },
  { row: rows.launched, programs: 1000, text: "1500 ms", bound: { atNode28: 1500 } },
  { row: rows.statusOne, text: "1.25 x node -e 0", bound: { times: 1.25 } },
  { row: rows.statusAll, programs: 100, text: "1.5 x node -e 0", bound: { times: 1.5 } },
  { row: rows.statusAll, programs: 1000, text: "3 x node -e 0", bound: { times: 3 } },
  { row: rows.added, programs: 100, text: "100 ms", bound: { times: 3.6 } },
  { row: rows.waiting, text: "none", bound: { absolute: 1 } },
  { row: rows.stop, programs: 100, text: "130 ms", bound: { times: 4.6 } },
];

/** A time of the machine for which the goals were set, on this one. */
export function scaledToNode(ms: number, nodeMs: number): number {
  return (ms * nodeMs) / REFERENCE_NODE_MS;
}

/** What the summary calls it. */
export function verdict(reached: boolean): string {
  return reached ? "reached" : "MISSED";
}

/** The figure with the verdict on its goal, if it has one; `node` is what `node -e 0` took here. */
export function judge(figure: Figure, manager: string, node: Node): Figure {
  if (figure.manager !== manager) return figure;
  const goal = goals.find(
    ({ row, programs = figure.programs }) => row === figure.row && programs === figure.programs,
  );
  const bounded = goal === undefined ? undefined : limitOf(goal.bound, figure, node.median);
  if (goal === undefined || bounded === undefined) return figure;
  const judged = {
    text: goal.text,
    ...bounded,
    reached: figure.median <= bounded.limit * ROUNDING,
    doubtful:
      figure.disturbed ||
      figure.floor?.disturbed === true ||
      ("atNode28" in goal.bound && node.disturbed),
  };
  return { ...figure, goal: judged };
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
