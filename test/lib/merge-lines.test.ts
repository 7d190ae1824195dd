import assert from "node:assert/strict";
import { test } from "node:test";
import { lastOf, merged } from "../../src/lib/merge-lines.ts";

/** In pieces of two. */
async function* row(
  ...all: readonly number[]
): AsyncGenerator<readonly { sortMs: number; of: number }[]> {
  for (let at = 0; at < all.length; at += 2) {
    yield all.slice(at, at + 2).map((sortMs) => ({ sortMs, of: all.length }));
    yield [];
  }
}

async function all<T>(rows: AsyncIterable<readonly T[]>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const one of rows) found.push(...one);
  return found;
}

test("merged() keeps the order of each row, and that of time among them", async () => {
  const found = await all(merged([row(1, 5, 3), row(), row(2, 4, 4, 6)]));
  assert.deepEqual(
    found.map(({ sortMs, of }) => [sortMs, of]),
    [
      [1, 3],
      [2, 4],
      [4, 4],
      [4, 4],
      [5, 3],
      [3, 3],
      [6, 4],
    ],
  );
});

test("lastOf() has the last of them", async () => {
  for (const [most, expected] of [
    [0, []],
    [2, [4, 5]],
    [9, [1, 2, 3, 4, 5]],
  ] as const) {
    const last = await lastOf(row(1, 2, 3, 4, 5), most);
    assert.deepEqual(
      last.map(({ sortMs }) => sortMs),
      expected,
    );
  }
});
