import assert from "node:assert/strict";
import { test } from "node:test";
import { type Figure, type Row, rows } from "./figures.ts";
import { judge } from "./goals.ts";
import { combine, isDisturbed, type LoadSpan } from "./load.ts";
import { summarize } from "./stats.ts";

function figure(row: Row, programs: number, median: number, floor?: number): Figure {
  const load = combine([]);
  return {
    programs,
    manager: "usrsvcd",
    row,
    unit: "ms",
    ...summarize([median]),
    load,
    disturbed: false,
    ...(floor === undefined
      ? {}
      : {
          floor: { name: "floor", median: floor, disturbed: floor > 1000, ratio: median / floor },
        }),
  };
}

function node(median: number): { median: number; disturbed: boolean } {
  return { median, disturbed: false };
}

test("a goal with a floor is a multiple of the floor measured here", () => {
  const goal = judge(figure(rows.launched, 100, 260, 200), "usrsvcd", node(28)).goal;
  assert.deepEqual([goal?.limit, goal?.reached], [262, true]);
  assert.equal(
    judge(figure(rows.launched, 100, 264, 200), "usrsvcd", node(28)).goal?.reached,
    false,
  );
});

test("a goal of CPU grows with node -e 0, one of memory does not", () => {
  assert.equal(judge(figure(rows.idleCpu, 1, 15), "usrsvcd", node(56)).goal?.limit, 16);
  assert.equal(judge(figure(rows.dirty, 100, 15), "usrsvcd", node(56)).goal?.limit, 13);
});

test("a verdict is doubtful when the floor was taken on a disturbed machine", () => {
  assert.equal(
    judge(figure(rows.launched, 100, 260, 200), "usrsvcd", node(28)).goal?.doubtful,
    false,
  );
  assert.equal(
    judge(figure(rows.launched, 100, 260, 2000), "usrsvcd", node(28)).goal?.doubtful,
    true,
  );
});

test("a kill of 100 is to be below runit and daemontools of the same run, whatever its limit", () => {
  const own = figure(rows.kill, 100, 2);
  const peer = (manager: string, median: number): Figure => ({
    ...figure(rows.kill, 100, median),
    manager,
  });
  const judged = (...peers: readonly Figure[]) =>
    judge(own, "usrsvcd", node(28), [own, ...peers]).peerGoal;
  const both = judged(peer("runit", 3), peer("daemontools", 2.5), peer("supervisor", 1));
  assert.deepEqual(both, {
    text: "below runit and daemontools",
    limit: 2.5,
    scale: "daemontools",
    reached: true,
    doubtful: false,
  });
  assert.equal(judged(peer("runit", 3), peer("daemontools", 2))?.reached, false);
  assert.equal(judged(peer("runit", 1.9))?.text, "below runit");
  assert.equal(judged({ ...peer("runit", 3), disturbed: true })?.doubtful, true);
});

test("the goal to be below peers is skipped where they, or that figure of theirs, were not measured", () => {
  const own = figure(rows.kill, 100, 2, 4);
  const other = { ...figure(rows.back, 100, 1), manager: "runit" };
  const judged = judge(own, "usrsvcd", node(28), [own, other]);
  assert.equal(judged.peerGoal, undefined);
  assert.equal(judged.goal?.reached, true);
  const launched = figure(rows.launched, 100, 2);
  const peer = { ...launched, manager: "runit", median: 1 };
  assert.equal(judge(launched, "usrsvcd", node(28), [launched, peer]).peerGoal, undefined);
});

test("with 1000 services, all run and all are back within 1.2 s where node -e 0 takes 28 ms", () => {
  for (const row of [rows.launched, rows.back]) {
    const goal = judge(figure(row, 1000, 2400), "usrsvcd", node(56)).goal;
    assert.deepEqual([goal?.limit, goal?.reached], [2400, true]);
  }
});

test("without its floor a goal is not judged, nor is another manager", () => {
  assert.equal(judge(figure(rows.launched, 100, 260), "usrsvcd", node(28)).goal, undefined);
  assert.equal(judge(figure(rows.idleCpu, 1, 15), "runit", node(28)).goal, undefined);
});

test("a figure is disturbed when others used more than 5 % of the CPUs, and more than a tick", () => {
  const span = (ms: number, others: number): LoadSpan => {
    return { ms, others, steal: 0, busy: 0, waiting: undefined, processes: 0 };
  };
  assert.ok(isDisturbed(combine([span(100, 1000)])));
  assert.ok(!isDisturbed(combine([span(1, 9)])));
  assert.ok(!isDisturbed(combine([span(100_000, 100)])));
});
