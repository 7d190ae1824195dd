import assert from "node:assert/strict";
import { test } from "node:test";
import { type KindName, kinds } from "./kinds.ts";
import { parseOptions } from "./options.ts";
import { describeOperation, makePlan, type Plan } from "./plan.ts";
import { count, shrink } from "./shrink.ts";

const all = Object.keys(kinds) as KindName[];

test("a plan is the same for the same seed, and survives being written down", () => {
  const plan = makePlan(7, all);
  assert.deepEqual(makePlan(7, all), plan);
  assert.notDeepEqual(makePlan(8, all), plan);
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
});

test("each kind of operation is drawn, and told in a line", () => {
  const plans = Array.from({ length: 40 }, (_, seed) => makePlan(seed, all));
  const operations = plans.flatMap(({ rounds }) => rounds.flatMap((round) => round.operations));
  const drawn = new Set(operations.map((operation) => operation.do));
  assert.equal(drawn.size, 7);
  for (const operation of operations) assert.match(describeOperation(operation), /^\S.*[^\s]$/);
  const used = new Set(plans.flatMap(({ programs }) => programs.map(({ kind }) => kind)));
  assert.equal(used.size, all.length);
});

test("shrink() leaves what it takes to fail, and nothing else", async () => {
  const plan = makePlan(3, all);
  const operations = plan.rounds.flatMap((round) => round.operations);
  const guilty = [operations[4], operations[operations.length - 2]];
  const isIn = (candidate: Plan, one: unknown): boolean =>
    candidate.rounds.some((round) => round.operations.some((operation) => operation === one));
  const fails = async (candidate: Plan): Promise<boolean> =>
    await Promise.resolve(guilty.every((one) => isIn(candidate, one)));
  const short = await shrink(plan, fails, () => false);
  assert.equal(count(short), 2);
  assert.ok(await fails(short));
  assert.equal(short.rounds.length, 2);
});

test("shrink() ends when its time is over", async () => {
  const plan = makePlan(3, all);
  let tries = 0;
  const fails = async (): Promise<boolean> => await Promise.resolve((tries += 1) > 0);
  const short = await shrink(plan, fails, () => tries >= 2);
  assert.equal(tries, 2);
  assert.ok(count(short) > 0);
});

test("the options are numbers, and the seed is by chance", () => {
  const usual = parseOptions([]);
  assert.equal(usual.minutes, 10);
  assert.equal(usual.ops, Number.POSITIVE_INFINITY);
  assert.notEqual(parseOptions([]).seed, usual.seed);
  assert.deepEqual(
    [parseOptions(["--minutes", "0.5", "--seed", "12"])].map(({ minutes, seed }) => [
      minutes,
      seed,
    ]),
    [[0.5, 12]],
  );
  assert.throws(() => parseOptions(["--minutes", "long"]), /--minutes long: wanted is a number/);
  assert.throws(() => parseOptions(["--seed", "1.5"]), /--seed 1.5: wanted is a whole number/);
});
