import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { describe, test } from "node:test";
import { Turns } from "../../../src/operations/acting/turns.ts";

/** Of three programs, and how often all was told to have begun. */
function makeTurns(): { readonly turns: Turns; told: number } {
  const made = { turns: new Turns(() => (made.told += 1)), told: 0 };
  made.turns.plan(["web", "db", "app"].map((name) => ({ name, action: "start" })));
  return made;
}

/** `web begun`, `db waiting`. */
function shown(turns: Turns): readonly string[] {
  return turns.results.map(({ program, result }) => `${program} ${result}`);
}

describe("turns", () => {
  test("one after the other: all has begun with the first, and the others come after it", async () => {
    const made = makeTurns();
    made.turns.come("web");
    await setImmediate();
    assert.equal(made.told, 0, "nothing is being done yet");
    made.turns.begin("web", "pid 7");
    assert.equal(made.told, 0, "what follows may begin at once");
    await setImmediate();
    assert.equal(made.told, 1);
    assert.deepEqual(shown(made.turns), ["web begun", "db waiting", "app waiting"]);
    assert.equal(made.turns.results[0]?.message, "start begun: pid 7");
  });

  test("side by side: all has begun with the last whose turn has come", async () => {
    const made = makeTurns();
    made.turns.begin("web", "pid 7");
    made.turns.come("db"); // in the same moment
    await setImmediate();
    assert.equal(made.told, 0);
    made.turns.begin("db", "pid 8");
    await setImmediate();
    assert.equal(made.told, 1);
    assert.deepEqual(shown(made.turns), ["web begun", "db begun", "app waiting"]);
  });

  test("a result is as good as a beginning, and is not told twice", async () => {
    const made = makeTurns();
    made.turns.begin("web", "pid 7");
    made.turns.come("db");
    await setImmediate();
    made.turns.end("db");
    await setImmediate();
    assert.equal(made.told, 1);
    assert.deepEqual(shown(made.turns), ["web begun", "app waiting"]);
    made.turns.begin("app", "pid 9");
    await setImmediate();
    assert.equal(made.told, 1);
  });

  test("a turn in which nothing is told for long has begun as well", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const made = makeTurns();
    made.turns.come("web");
    t.mock.timers.tick(2499);
    await setImmediate();
    assert.equal(made.told, 0);
    assert.equal(made.turns.isUnheard, false);
    t.mock.timers.tick(1);
    await setImmediate();
    assert.equal(made.told, 1);
    assert.equal(made.turns.isUnheard, true);
    assert.equal(made.turns.results[0]?.message, "start begun: it is being worked on");
  });

  test("a turn that is over by then is not begun again", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const made = makeTurns();
    made.turns.come("web");
    made.turns.end("web");
    t.mock.timers.tick(2500);
    await setImmediate();
    assert.equal(made.told, 0);
    assert.deepEqual(shown(made.turns), ["db waiting", "app waiting"]);
  });

  test("what has ended altogether has not begun", async () => {
    const made = makeTurns();
    for (const name of ["web", "db", "app"]) made.turns.end(name);
    await setImmediate();
    assert.equal(made.told, 0);
    assert.deepEqual(made.turns.results, []);
  });
});
