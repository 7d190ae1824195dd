import assert from "node:assert/strict";
import { test } from "node:test";
import { randomHex } from "../../src/lib/random-hex.ts";

test("random bytes in hex are as many as were asked for, and others each time", () => {
  const [one, another] = [randomHex(16), randomHex(16)];
  assert.match(one, /^[0-9a-f]{32}$/);
  assert.notEqual(one, another);
});
