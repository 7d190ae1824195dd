import assert from "node:assert/strict";
import { test } from "node:test";
import { groupsOf, shownPids } from "../../src/cli/groups.ts";

test("groupsOf() puts neighbours together that are alike, and no others", () => {
  const key = (one: string): string => (one.startsWith("-") ? "" : one);
  assert.deepEqual(groupsOf(["-", "a", "a", "b", "a", "-", "-"], key), [
    ["-"],
    ["a", "a"],
    ["b"],
    ["a"],
    ["-"],
    ["-"],
  ]);
  assert.deepEqual(groupsOf([], key), []);
});

test("shownPids() shows the first of many", () => {
  assert.equal(shownPids([1, 2]), "1, 2");
  assert.equal(shownPids([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), "1, 2, 3, 4, 5, 6, 7, 8 and 2 more");
});
