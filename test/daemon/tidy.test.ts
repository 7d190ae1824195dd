import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { Tidy } from "../../src/daemon/tidy.ts";
import { cleanUp } from "../support/clean-up.ts";
import { waitFor } from "../support/wait.ts";

function make(t: TestContext, calmMs: number, everyMs: number): { tidy: Tidy; times: number[] } {
  const times: number[] = [];
  const tidy = new Tidy(() => times.push(performance.now()), calmMs, everyMs);
  cleanUp(t, () => tidy[Symbol.dispose]());
  return { tidy, times };
}

describe("Tidy", () => {
  test("waits until it has been calm", async (t) => {
    const { tidy, times } = make(t, 100, 0);
    const begun = performance.now();
    await waitFor(() => {
      tidy.stir();
      return performance.now() > begun + 300;
    }, "some stir");
    assert.deepEqual(times, []);
    const last = performance.now();
    await waitFor(() => times.length === 1, "it is tidied");
    assert.ok((times[0] ?? 0) - last > 80);
  });

  test("does nothing more until something happens", async (t) => {
    const { tidy, times } = make(t, 5, 0);
    tidy.stir();
    await waitFor(() => times.length === 1, "it is tidied");
    const since = performance.now();
    await waitFor(() => performance.now() > since + 50, "some time");
    assert.equal(times.length, 1);
    tidy.stir();
    await waitFor(() => times.length === 2, "it is tidied again");
  });

  test("is not done all the time, and not forgotten", async (t) => {
    const { tidy, times } = make(t, 1, 200);
    tidy.stir();
    await waitFor(() => times.length === 1, "it is tidied");
    tidy.stir();
    await waitFor(() => times.length === 2, "it is tidied again");
    assert.ok((times[1] ?? 0) - (times[0] ?? 0) > 190);
  });
});
