import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz } from "./run.ts";
import { targets } from "./targets.ts";

/** So many inputs for each reader, and so long at most. */
const RUNS = 60;
const FOR_MS = 20_000;

const seed = Math.trunc(Math.random() * 1_000_000);

test(`what others may have written is read, or refused with a reason (npm run fuzz -- --seed ${seed})`, async () => {
  const names = targets.map(({ name }) => name);
  const end = performance.now() + FOR_MS;
  const reports = await fuzz(names, { runs: RUNS, seed, end, lanes: 2 });
  const faults = reports.filter(({ fault }) => fault !== undefined);
  assert.deepEqual(
    faults.map(({ name, fault }) => `${name}: ${fault}`),
    [],
  );
  assert.equal(reports.length, names.length);
});
