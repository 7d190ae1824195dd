import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  initialState,
  press,
  settle,
  type Step,
  type TopState,
} from "../../../src/cli/top/model.ts";

const rows = { names: ["api", "db", "web"], height: 2 };

/** What these keys lead to, one after the other. */
function typed(
  keys: readonly string[],
  from: TopState = settle(initialState("state"), rows),
): Step {
  return keys.reduce<Step>(
    ({ state }, key) => {
      const step = press(state, key, rows);
      return { ...step, state: settle(step.state, rows) };
    },
    { state: from },
  );
}

describe("the keys of usrsvc top", () => {
  test("choose a row, and no further than to the first and last", () => {
    assert.equal(typed([]).state.chosen, "api");
    assert.equal(typed(["down", "j"]).state.chosen, "web");
    assert.equal(typed(["j", "j", "j", "k"]).state.chosen, "db");
    assert.equal(typed(["up"]).state.chosen, "api");
    assert.equal(typed(["G"]).state.chosen, "web");
    assert.equal(typed(["end", "home"]).state.chosen, "api");
    assert.equal(typed(["G"]).state.first, 1, "it stays on the screen");
  });

  test("start at once, and stop and restart after a yes", () => {
    const act = (action: string): object => ({ kind: "act", action, program: "db" });
    assert.deepEqual(typed(["j", "s"]).effect, act("start"));
    for (const key of ["S", "x"]) {
      assert.equal(typed(["j", key]).effect, undefined);
      assert.deepEqual(typed(["j", key, "y"]).effect, act("stop"));
    }
    assert.deepEqual(typed(["j", "r", "Y"]).effect, act("restart"));
    for (const key of ["n", "escape", "enter", "q", "s", "S", " ", "up"]) {
      const { state, effect } = typed(["j", "S", key]);
      assert.equal(effect, undefined, `${key} is no yes`);
      assert.deepEqual(state.page, { kind: "table" });
      assert.equal(state.chosen, "db");
    }
  });

  test("do nothing with a program where there is none", () => {
    for (const key of ["s", "S", "r", "l", "e"]) {
      const step = press(initialState("state"), key, { names: [], height: 5 });
      assert.deepEqual(step, { state: initialState("state") });
    }
  });

  test("sort by the next key and the previous, and the other way round", () => {
    assert.deepEqual(typed(["o"]).state.order, { key: "name", isReversed: false });
    assert.deepEqual(typed([">", "right"]).state.order, { key: "cpu", isReversed: false });
    assert.deepEqual(typed(["O"]).state.order, { key: "restarts", isReversed: false });
    assert.deepEqual(typed(["o", "i"]).state.order, { key: "name", isReversed: true });
    assert.deepEqual(typed(["o", "i", "i"]).state.order, { key: "name", isReversed: false });
  });

  test("show logs, events and help, scroll them, and go back", () => {
    assert.deepEqual(typed(["j", "l"]).state.page, {
      kind: "text",
      what: "log",
      program: "db",
      back: 0,
    });
    assert.deepEqual(typed(["j", "l", "up", "up", "down"]).state.page, {
      kind: "text",
      what: "log",
      program: "db",
      back: 1,
    });
    assert.deepEqual(typed(["j", "l", "e"]).state.page, {
      kind: "text",
      what: "events",
      program: "db",
      back: 0,
    });
    assert.deepEqual(typed(["?", "down"]).state.page, {
      kind: "text",
      what: "help",
      program: "",
      back: 1,
    });
    for (const key of ["q", "escape", "enter", "left"]) {
      assert.deepEqual(typed(["l", key]).state.page, { kind: "table" });
    }
    assert.equal(typed(["l", "s"]).effect, undefined, "no program is acted on from there");
  });

  test("leave, suspend and redraw from everywhere", () => {
    for (const way of [[], ["S"], ["l"], ["?"]]) {
      assert.deepEqual(typed([...way, "ctrl-c"]).effect, { kind: "quit" });
      assert.deepEqual(typed([...way, "ctrl-z"]).effect, { kind: "suspend" });
      assert.deepEqual(typed([...way, "ctrl-l"]).effect, { kind: "redraw" });
    }
    assert.deepEqual(typed(["q"]).effect, { kind: "quit" });
    assert.equal(typed(["l", "q"]).effect, undefined);
  });
});

describe("settle", () => {
  test("follows the chosen program, and takes what is in its place when it is gone", () => {
    const { state } = typed(["j"]);
    assert.equal(settle(state, { names: ["web", "api", "db"], height: 2 }).row, 2);
    assert.equal(settle(state, { names: ["api", "web"], height: 2 }).chosen, "web");
    assert.equal(settle(state, { names: ["api"], height: 2 }).chosen, "api");
    assert.equal(settle(state, { names: [], height: 2 }).chosen, undefined);
  });

  test("keeps the chosen row on the screen, and leaves no gap below", () => {
    fc.assert(
      fc.property(
        fc.nat(30),
        fc.nat(40),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(40),
        (count, row, height, first) => {
          const names = Array.from({ length: count }, (_, index) => `p${index}`);
          const state = settle({ ...initialState("name"), row, first }, { names, height });
          assert.ok(state.first >= 0 && state.first <= Math.max(0, count - height));
          if (count > 0) assert.ok(state.row >= state.first && state.row < state.first + height);
        },
      ),
    );
  });
});
