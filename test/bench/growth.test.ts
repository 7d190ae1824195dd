import assert from "node:assert/strict";
import { test } from "node:test";
import { describePower, power, rise } from "./growth.ts";

test("rise() leaves the first value out, which warms up, and sees what grows steadily", () => {
  assert.equal(rise([90, 10, 10, 10, 10, 10, 10, 10, 10, 10]), 0);
  assert.equal(rise([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), 6);
});

test("rise() is not misled by one outlier", () => {
  assert.equal(rise([10, 10, 10, 10, 10, 10, 10, 10, 50, 10]), 0);
});

test("power() is 1 for linear growth and 2 for its square", () => {
  const small = { size: 1000, ms: 50 };
  assert.equal(power(small, { size: 10_000, ms: 500 }), 1);
  assert.equal(power(small, { size: 10_000, ms: 5000 }), 2);
  assert.match(describePower(2), /^MORE/);
});
