import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { fuzz } from "./run.ts";
import { targets } from "./targets.ts";

/*
 * `npm run fuzz`: all that reads what others may have written is given spoilt texts, real ones for the
 * most part. It may refuse them, and has to say what is wrong; it may not crash, hang or guess.
 */

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "20000" },
    seed: { type: "string" },
    minutes: { type: "string", default: "60" },
    only: { type: "string" },
  },
});

const seed = Number(values.seed ?? Date.now() % 1_000_000);
const forMs = Number(values.minutes) * 60_000;
const runs = Number(values.runs);
if (![seed, forMs, runs].every((value) => Number.isFinite(value))) {
  console.error(
    "usage: npm run fuzz -- [--runs N] [--seed S] [--minutes N] [--only PART_OF_A_NAME]",
  );
  process.exit(2);
}
console.log(`seed ${seed}, ${runs} inputs for each of ${targets.length} readers`);
const names = targets.map(({ name }) => name).filter((name) => name.includes(values.only ?? ""));
const end = performance.now() + forMs;
const reports = await fuzz(names, { runs, seed, end, lanes: cpus().length }, ({ name, fault }) => {
  if (fault !== undefined) console.log(`${name}: ${fault}\n`);
});
console.table(
  reports.map(({ name, inputs, ms, slowestMs, fault }) => ({
    reader: name,
    inputs,
    "inputs/s": Math.round((inputs / ms) * 1000),
    "slowest, ms": Math.round(slowestMs * 10) / 10,
    fault: fault === undefined ? "" : "yes",
  })),
);
const faults = reports.filter(({ fault }) => fault !== undefined).length;
const inputs = reports.reduce((sum, report) => sum + report.inputs, 0);
console.log(`${inputs} inputs, ${faults} faults`);
process.exitCode = faults === 0 ? 0 : 1;
