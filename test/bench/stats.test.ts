import assert from "node:assert/strict";
import { test } from "node:test";
import { summarize } from "./stats.ts";

test("summarize() yields median, quartiles and the ends, whatever the order", () => {
  const { median, q1, q3, min, max, tries } = summarize([5, 1, 4, 2, 3]);
  assert.deepEqual([median, q1, q3, min, max, tries], [3, 2, 4, 1, 5, 5]);
});

test("summarize() takes the mean of the two in the middle", () => {
  assert.equal(summarize([1, 2, 10, 20]).median, 6);
});

test("summarize() of nothing is no number", () => {
  assert.ok(Number.isNaN(summarize([]).median));
});
