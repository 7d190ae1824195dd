import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isDescendant, type Kin, tops } from "../../proc/tree.ts";

const parents = (pairs: Readonly<Record<number, number>>) => (pid: number) => pairs[pid];

describe("isDescendant", () => {
  const family = parents({ 10: 1, 20: 10, 30: 20, 40: 1 });
  const rows: readonly [pid: number, ancestor: number, want: boolean][] = [
    [20, 10, true],
    [30, 10, true],
    [10, 20, false],
    [40, 10, false],
    [10, 10, false],
    [99, 10, false],
  ];
  for (const [pid, ancestor, want] of rows) {
    test(`${pid} is ${want ? "a" : "no"} descendant of ${ancestor}`, () => {
      assert.equal(isDescendant(pid, ancestor, family), want);
    });
  }

  test("ends in a circle, which pids that are reused while we read can make", () => {
    const circle = parents({ 10: 20, 20: 30, 30: 10 });
    assert.equal(isDescendant(10, 99, circle), false);
    assert.equal(isDescendant(10, 30, circle), true);
    assert.equal(isDescendant(5, 99, parents({ 5: 5 })), false);
  });
});

describe("tops", () => {
  test("leaves out workers, and workers of workers whose own parent does not match", () => {
    const all: readonly Kin[] = [
      { pid: 10, ppid: 1 },
      { pid: 11, ppid: 10 },
      { pid: 12, ppid: 99 },
      { pid: 20, ppid: 1 },
    ];
    const family = parents({ 10: 1, 11: 10, 12: 99, 99: 11, 20: 1 });
    assert.deepEqual(
      tops(all, family).map(({ pid }) => pid),
      [10, 20],
    );
  });

  test("of a real tree, no top is another's descendant, and no tree is without a top", () => {
    // Parents are older, so their numbers are smaller: a tree.
    const tree = fc
      .array(fc.nat(), { minLength: 1, maxLength: 30 })
      .map((seeds) =>
        seeds.map((seed, index) => ({ pid: index + 2, ppid: 1 + (seed % (index + 1)) })),
      );
    fc.assert(
      fc.property(tree, fc.infiniteStream(fc.boolean()), (all, chosen) => {
        const family = new Map(all.map(({ pid, ppid }) => [pid, ppid]));
        const parentOf = (pid: number) => family.get(pid);
        const members = all.filter(() => chosen.next().value === true);
        const found = tops(members, parentOf);
        assert.equal(found.length > 0, members.length > 0);
        for (const one of members) {
          const isTop = found.includes(one);
          const below = found.some((top) => isDescendant(one.pid, top.pid, parentOf));
          assert.notEqual(isTop, below);
        }
      }),
    );
  });

  test("ends in circles of any kind", () => {
    const pairs = fc.array(
      fc.record({ pid: fc.integer({ min: 2, max: 9 }), ppid: fc.integer({ min: 0, max: 9 }) }),
    );
    fc.assert(
      fc.property(pairs, (all) => {
        const family = new Map(all.map(({ pid, ppid }) => [pid, ppid]));
        assert.ok(tops(all, (pid) => family.get(pid)).length <= all.length);
      }),
    );
  });
});
