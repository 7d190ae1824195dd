import assert from "node:assert/strict";
import { test } from "node:test";
import { type Others, usedByOthers } from "./others.ts";

/** pid, parent, own CPU, CPU of its children. */
type Row = readonly [pid: number, ppid: number, cpuMs: number, childrenMs: number];

function others(...rows: readonly Row[]): Others {
  const processes = new Map(
    rows.map(([pid, ppid, cpuMs, childrenMs]) => [
      pid,
      { pid, ppid, startTime: pid, cpuMs, childrenMs, kernel: false },
    ]),
  );
  return { processes, reapers: new Set([1]) };
}

test("what lives counts by what it used since, what is new from its beginning", () => {
  assert.equal(usedByOthers(others([5, 1, 100, 0]), others([5, 1, 130, 0], [6, 5, 7, 0])), 37);
});

test("what ended counts by what its parent waited for, less what it had used before", () => {
  const before = others([5, 1, 100, 0], [6, 5, 70, 0]);
  assert.equal(usedByOthers(before, others([5, 1, 100, 90])), 20);
});

test("what ended with its parent counts by what the grandparent waited for", () => {
  const before = others([5, 1, 0, 0], [6, 5, 10, 0], [7, 6, 20, 0]);
  assert.equal(usedByOthers(before, others([5, 1, 0, 45])), 15);
});

test("what init waited for takes nothing from what others used", () => {
  const before = others([1, 0, 0, 0], [5, 1, 1000, 0], [6, 1, 0, 0]);
  assert.equal(usedByOthers(before, others([1, 0, 0, 5000], [6, 1, 60, 0])), 60);
});

test("a pid that was given again is another process", () => {
  const before = others([5, 1, 100, 0], [6, 5, 50, 0]);
  const again = others([5, 1, 100, 50]);
  const fresh = { pid: 6, ppid: 5, startTime: 9, cpuMs: 3, childrenMs: 0, kernel: false };
  assert.equal(
    usedByOthers(before, { ...again, processes: new Map([...again.processes, [6, fresh]]) }),
    3,
  );
});
