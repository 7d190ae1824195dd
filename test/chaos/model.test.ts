import assert from "node:assert/strict";
import { test } from "node:test";
import { Model, type Order } from "./model.ts";

function order(desired: Order["desired"], begun: number, ended: number, isCertain = true): Order {
  return { program: "x", desired, begun, ended, isCertain };
}

/** What may be wanted after these orders, of a program that was to be up. */
function after(...orders: readonly Order[]): readonly string[] {
  const model = new Model();
  model.begin("x", "up");
  for (const one of orders) model.note(one);
  return [...model.desired("x")].toSorted();
}

test("the last order counts, once its command has said that it is done", () => {
  assert.deepEqual(after(), ["up"]);
  assert.deepEqual(after(order("down", 0, 10)), ["down"]);
  assert.deepEqual(after(order("down", 0, 10), order("up", 10, 20)), ["up"]);
  assert.deepEqual(after(order("up", 10, 20), order("down", 0, 10)), ["up"], "noted in any order");
});

test("of orders that overlap either may be the last", () => {
  assert.deepEqual(after(order("down", 0, 10), order("up", 5, 20)), ["down", "up"]);
  assert.deepEqual(after(order("down", 0, 10), order("up", 5, 20), order("down", 20, 30)), [
    "down",
  ]);
});

test("an order whose command was killed may have had its effect, or none", () => {
  assert.deepEqual(after(order("down", 0, 10, false)), ["down", "up"]);
  assert.deepEqual(after(order("down", 0, 10), order("down", 20, 30, false)), ["down"]);
  assert.deepEqual(after(order("down", 0, 10, false), order("up", 10, 20)), ["up"]);
});

test("a doubt lasts until something is ordered after it", () => {
  const model = new Model();
  model.begin("x", "up");
  model.note(order("up", 0, 10));
  model.doubt("x", "down", 11);
  assert.deepEqual([...model.desired("x")].toSorted(), ["down", "up"]);
  model.note(order("up", 12, 20));
  assert.deepEqual([...model.desired("x")], ["up"]);
});

test("what was seen is what it is to stay", () => {
  const model = new Model();
  model.begin("x", "up");
  model.note(order("down", 0, 10, false));
  model.settle("x", "down");
  assert.deepEqual([...model.desired("x")], ["down"]);
});
