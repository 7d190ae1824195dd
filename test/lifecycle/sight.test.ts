import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Sight } from "../../src/lifecycle/sight.ts";

describe("Sight.clear", () => {
  test("resolves at once where nothing was begun, and when the last one was seen", async () => {
    const sight = new Sight();
    await sight.clear();
    const [one, two] = [sight.begin(), sight.begin()];
    let isClear = false;
    const cleared = sight.clear().then(() => (isClear = true));
    one();
    one(); // again does no harm
    await Promise.resolve();
    assert.ok(!isClear);
    two();
    await cleared;
    await sight.clear();
  });

  test("waits for no launch that hangs", async () => {
    const sight = new Sight();
    sight.begin();
    await sight.clear();
  });
});
