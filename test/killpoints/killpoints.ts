import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { kinds } from "./kinds.ts";
import { type Op, ops, type Who } from "./scenes.ts";
import { type Outcome, runPlan } from "./run.ts";
import { noStrace } from "./strace.ts";

/*
 * `npm run killpoints`: the tool and the daemon are killed at each system call of a start, a stop, a
 * restart and a reread; after each, whoever comes next has to end in a right state.
 */

const USAGE = `usage: npm run killpoints -- [--op ${ops.join("|")}|all] [--who tool|daemon] [--kind NAME]
  [--sample N] [--seed S] [--minutes N] [--lanes N] [--each-next]
  [--only 'OP/WHO/NAME KIND CALL:N NEXT'] [--keep FOLDER]`;

const { values } = parseArgs({
  options: {
    op: { type: "string", default: "all" },
    who: { type: "string", default: "both" },
    kind: { type: "string" },
    sample: { type: "string" },
    seed: { type: "string" },
    minutes: { type: "string", default: "60" },
    lanes: { type: "string" },
    "each-next": { type: "boolean", default: false },
    only: { type: "string" },
    keep: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const { op, who, kind, only, keep } = values;
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (![...ops, "all"].includes(op)) return refuse("op", op);
  if (!["tool", "daemon", "both"].includes(who)) return refuse("who", who);
  if (kind !== undefined && !kinds.some(({ name }) => name === kind)) return refuse("kind", kind);
  const seed = number(values.seed, Date.now() % 1_000_000);
  const minutes = number(values.minutes, 60);
  const sample = values.sample === undefined ? undefined : number(values.sample, 0);
  const lanes = number(values.lanes, 2 * cpus().length);
  for (const [name, value] of Object.entries({ seed, minutes, lanes, sample: sample ?? 1 })) {
    if (Number.isNaN(value)) return refuse(name, "what is given");
  }
  const missing = noStrace();
  if (missing !== undefined) {
    console.error(`killpoints: ${missing}`);
    return 1;
  }
  console.log(`seed ${seed}, ${lanes} homes, at most ${minutes} min`);
  const outcome = await runPlan({
    op: op as Op | "all",
    who: who as Who | "both",
    kind,
    sample,
    seed,
    forMs: minutes * 60_000,
    lanes,
    eachNext: values["each-next"],
    only,
    keep,
    tell: (line) => console.log(line),
  });
  report(outcome);
  return outcome.violations.length === 0 ? 0 : 1;
}

function number(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

function refuse(option: string, value: string): number {
  console.error(`killpoints: --${option}: ${value} is not what it takes\n${USAGE}`);
  return 2;
}

function report({ tallies, violations, left }: Outcome): void {
  console.table(
    tallies.map(({ op, who, points, trials, kills, longestMs }) => ({
      op,
      who,
      points,
      trials,
      kills,
      "longest call after, ms": Math.round(longestMs),
    })),
  );
  const sum = (pick: "points" | "trials" | "kills"): number =>
    tallies.reduce((total, tally) => total + tally[pick], 0);
  console.log(
    `${sum("points")} points, ${sum("trials")} trials, ${sum("kills")} kills, ` +
      `${violations.length} violations; no time for ${left} trials`,
  );
}
