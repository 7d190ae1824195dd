import assert from "node:assert/strict";
import { test } from "node:test";
import { describeBoth, shortenBoth, shownValue } from "../../src/cli/differing.ts";

test("shownValue() shows a value as a file has it, with its unit", () => {
  assert.equal(shownValue(true, ""), "True");
  assert.equal(shownValue(null, ""), "none");
  assert.equal(shownValue("", ""), '""');
  assert.equal(shownValue([], ""), "none");
  assert.equal(shownValue(["a", "b"], ""), "a, b");
  assert.equal(shownValue(5, "seconds"), "5 seconds");
  assert.equal(shownValue("0600", "octal"), "0600");
});

test("describeBoth() names the unit once", () => {
  assert.equal(describeBoth(8, 30, "seconds"), "8 -> 30 seconds");
  assert.equal(describeBoth(5, null, "seconds"), "5 seconds -> none");
});

test("shortenBoth() leaves of long values what differs, with the words around it", () => {
  const path = "/home/web/releases/2030-01-31/current/bin/";
  assert.deepEqual(shortenBoth("short", "also short"), ["short", "also short"]);
  const command = (workers: number): string => `${path}serve --workers ${workers} --bind 127.0.0.1`;
  assert.deepEqual(shortenBoth(command(4), command(8)), [
    "…--workers 4 --bind…",
    "…--workers 8 --bind…",
  ]);
  assert.deepEqual(shortenBoth(`${path}a --x`, `${path}b --x`), ["…bin/a --x", "…bin/b --x"]);
  const [left, right] = shortenBoth("x".repeat(500), `${"x".repeat(400)}y${"x".repeat(99)}`);
  assert.ok(left.length < 60 && right.includes("y") && right.length < 60);
  assert.ok(shortenBoth("a", "b".repeat(1000))[1].length < 100);
  assert.deepEqual(shortenBoth("a".repeat(50), `${"a".repeat(50)}b`)[1].at(-1), "b");
});

test("shortenBoth() cuts no sign in two", () => {
  const [old] = shortenBoth(`${"😀".repeat(60)}a`, `${"😀".repeat(60)}b`);
  assert.doesNotMatch(old, /\p{Surrogate}/u);
});
