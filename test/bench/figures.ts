import { combine, isDisturbed, type Load, type LoadSpan } from "./load.ts";
import { summarize, type Summary } from "./stats.ts";

/** The rows: what is measured. README.md tells how. */
export const rows = {
  node: "node -e 0",
  first: "launched -> first runs",
  launched: "launched -> all run",
  kill: "kill -9 -> successor's first instruction",
  back: "all killed at once -> all back",
  idleCpu: "CPU of an idle minute",
  wakeups: "wakeups a second, idle",
  activityCpu: "CPU of an idle minute, with activity files",
  activityWakeups: "wakeups a second, idle, with activity files",
  processes: "processes beside the services",
  dirty: "dirty private memory",
  dirtyAfter: "dirty private memory after the kills",
  statusOne: "status of one",
  statusAll: "status of all",
  added: "one added -> it runs",
  stop: "stop all",
  start: "start all by hand -> all run",
  waiting: "CPU a second while start waits",
} as const;

export type Row = (typeof rows)[keyof typeof rows];
export type Unit = "ms" | "MB" | "/s" | "";

/** What usrsvcd is to reach, and whether it did. */
export interface GoalVerdict {
  /** As it is written in the list of goals. */
  readonly text: string;
  /** The limit on this machine, in the unit of the figure. */
  readonly limit: number;
  /** How the limit was come by. */
  readonly scale: string;
  readonly reached: boolean;
  /** The figure, or what it is compared with, was taken on a disturbed machine. */
  readonly doubtful: boolean;
}

/** What a figure is compared with. */
export interface Floor {
  readonly name: string;
  readonly median: number;
  /** As in a figure: what is compared with it is as doubtful as it is. */
  readonly disturbed: boolean;
}

/** One thing that was measured. */
export interface Figure extends Summary {
  /** How many services there were. */
  readonly programs: number;
  /** Who was measured; empty for `node -e 0`. */
  readonly manager: string;
  readonly row: Row;
  readonly unit: Unit;
  readonly load: Load;
  /** True when others used the machine meanwhile: do not trust it. */
  readonly disturbed: boolean;
  /** What it is compared with, taken in the same run between its own tries or rounds. */
  readonly floor?: Floor & { readonly ratio: number };
  readonly goal?: GoalVerdict;
  /** On the goal to be below peers that were measured in the same run. */
  readonly peerGoal?: GoalVerdict;
}

/** All verdicts on a figure, and how it is to be to the limit. */
export function verdictsOf({
  goal,
  peerGoal,
}: Figure): readonly (GoalVerdict & { readonly relation: "at most" | "below" })[] {
  return [
    ...(goal === undefined ? [] : [{ ...goal, relation: "at most" } as const]),
    ...(peerGoal === undefined ? [] : [{ ...peerGoal, relation: "below" } as const]),
  ];
}

/** The tries of one measurement, gathered in as many stretches as it takes. */
export class Samples {
  readonly unit: Unit;
  readonly values: number[] = [];
  /** `node -e 0`, run before each of the values. */
  readonly nodeMs: number[] = [];
  readonly spans: LoadSpan[] = [];

  constructor(unit: Unit) {
    this.unit = unit;
  }
}

/** All samples of one number of services, by who was measured and what. */
export class Sheet {
  readonly programs: number;
  readonly #samples = new Map<string, { manager: string; row: Row; samples: Samples }>();

  constructor(programs: number) {
    this.programs = programs;
  }

  of(manager: string, row: Row, unit: Unit = "ms"): Samples {
    const key = `${row} ${manager}`;
    const found = this.#samples.get(key) ?? { manager, row, samples: new Samples(unit) };
    this.#samples.set(key, found);
    return found.samples;
  }

  /** Sums up; the median of `floor` in the same row, or else `node -e 0`, is what a figure is compared with. */
  figures(floor: string): readonly Figure[] {
    // Without a value, it failed: the report has it among the problems.
    const some = [...this.#samples.values()].filter(({ samples }) => samples.values.length > 0);
    return some.map(({ manager, row, samples }) => {
      const load = combine(samples.spans);
      const summary = summarize(samples.values);
      const compared = this.#floorOf(manager, row, samples, floor);
      return {
        programs: this.programs,
        manager,
        row,
        unit: samples.unit,
        ...summary,
        load,
        disturbed: isDisturbed(load),
        ...(compared === undefined
          ? {}
          : { floor: { ...compared, ratio: summary.median / compared.median } }),
      };
    });
  }

  #floorOf(manager: string, row: Row, samples: Samples, floor: string): Floor | undefined {
    const floorOf = (
      name: string,
      values: readonly number[],
      spans: readonly LoadSpan[],
    ): Floor => {
      return { name, median: summarize(values).median, disturbed: isDisturbed(combine(spans)) };
    };
    if (samples.nodeMs.length > 0) return floorOf(rows.node, samples.nodeMs, samples.spans);
    // By hand or by the daemon, the floor of a start is the same.
    const alike = row === rows.start ? rows.launched : row === rows.dirtyAfter ? rows.dirty : row;
    const bare = this.#samples.get(`${alike} ${floor}`)?.samples;
    if (manager === floor || bare === undefined || row === rows.processes) return undefined;
    return floorOf(floor, bare.values, bare.spans);
  }
}
