import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, test } from "node:test";
import { callAt, monotonicMs, sleep, within } from "../../src/lib/clock.ts";
import { inTime } from "../support/wait.ts";

const never = new Promise<never>(() => {});

describe("sleep", () => {
  test("waits for at least so long", async () => {
    const began = monotonicMs();
    await sleep(30);
    assert.ok(monotonicMs() - began >= 30);
  });

  test("of 0 or less ends at once", async () => {
    await inTime(Promise.all([sleep(0), sleep(-5)]), "it ends");
  });

  test("rejects with the signal's reason as soon as it is aborted", async () => {
    const controller = new AbortController();
    const sleeping = sleep(60_000, controller.signal);
    const reason = new Error("enough");
    controller.abort(reason);
    await assert.rejects(sleeping, (error) => error === reason);
    await assert.rejects(sleep(60_000, controller.signal), (error) => error === reason);
  });

  test("does not end early where setTimeout would overflow", async () => {
    const controller = new AbortController();
    for (const ms of [2 ** 31, Number.POSITIVE_INFINITY]) {
      let ended = false;
      const sleeping = sleep(ms, controller.signal).then(() => {
        ended = true;
      });
      sleeping.catch(() => {});
      await sleep(20);
      assert.equal(ended, false, `${ms}`);
    }
    controller.abort(new Error("enough"));
  });

  test("leaves nothing behind in a signal that lives long", async () => {
    const { signal } = new AbortController();
    for (let round = 0; round < 3; round += 1) await sleep(1, signal);
    assert.equal(getEventListeners(signal, "abort").length, 0);
  });
});

describe("within", () => {
  test("yields what the promise does, in time", async () => {
    assert.equal(await within(Promise.resolve(7), 60_000), 7);
    assert.equal(await within(Promise.resolve(7), 0), 7);
  });

  test("yields undefined when it is late", async () => {
    assert.equal(await within(never, 10), undefined);
  });

  test("rejects as the promise does, or as the signal is aborted", async () => {
    await assert.rejects(within(Promise.reject(new Error("broken")), 60_000), {
      message: "broken",
    });
    const controller = new AbortController();
    const waiting = within(never, 60_000, controller.signal);
    controller.abort(new Error("enough"));
    await assert.rejects(waiting, { message: "enough" });
    await assert.rejects(within(never, 60_000, controller.signal), { message: "enough" });
  });

  test("leaves nothing behind in a signal that lives long", async () => {
    const { signal } = new AbortController();
    await within(Promise.resolve(), 60_000, signal);
    await within(never, 1, signal);
    assert.equal(getEventListeners(signal, "abort").length, 0);
  });
});

describe("callAt", () => {
  test("calls at its time and not before", async () => {
    const at = monotonicMs() + 30;
    const calledAt = await inTime(
      new Promise<number>((resolve) => {
        callAt(at, () => resolve(monotonicMs()));
      }),
      "it is called",
    );
    assert.ok(calledAt >= at - 0.5);
  });

  test("calls at once for a time that has gone by", async () => {
    await inTime(new Promise<void>((resolve) => void callAt(0, resolve)), "it is called");
  });

  test("does not call once it is taken back, nor early where setTimeout would overflow", async () => {
    let called = 0;
    const count = (): void => {
      called += 1;
    };
    callAt(monotonicMs() + 5, count)();
    const takeBack = callAt(monotonicMs() + 2 ** 32, count);
    const forever = callAt(Number.POSITIVE_INFINITY, count);
    await sleep(30);
    takeBack();
    forever();
    assert.equal(called, 0);
  });
});
