import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { Semaphore } from "../../src/lib/semaphore.ts";

describe("Semaphore", () => {
  test("gives so many turns at once, and the next when one is done", async () => {
    const turns = new Semaphore(2);
    const first = await turns.take();
    await turns.take();
    let third = false;
    void turns.take().then(() => {
      third = true;
    });
    await turn();
    assert.equal(third, false);
    first();
    await turn();
    assert.equal(third, true);
  });

  test("gives turns in the order in which they were asked for", async () => {
    const turns = new Semaphore(1);
    const order: number[] = [];
    await Promise.all(
      [1, 2, 3, 4].map(async (number) => {
        const done = await turns.take();
        order.push(number);
        await turn();
        done();
      }),
    );
    assert.deepEqual(order, [1, 2, 3, 4]);
  });

  test("takes a turn back only once", async () => {
    const turns = new Semaphore(1);
    const done = await turns.take();
    done();
    done();
    await turns.take();
    let second = false;
    void turns.take().then(() => {
      second = true;
    });
    await turn();
    assert.equal(second, false);
  });

  test("never has more than its number under way, and forgets nobody", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 20 }),
        async (count, jobs) => {
          const turns = new Semaphore(count);
          let underWay = 0;
          let most = 0;
          let finished = 0;
          const all = jobs.map(async (ticks) => {
            const done = await turns.take();
            underWay += 1;
            most = Math.max(most, underWay);
            for (let tick = 0; tick < ticks; tick += 1) await turn();
            underWay -= 1;
            finished += 1;
            done();
            if (ticks === 3) done();
          });
          await Promise.all(all);
          assert.equal(finished, jobs.length);
          assert.ok(most <= count);
        },
      ),
      { numRuns: 50 },
    );
  });
});
