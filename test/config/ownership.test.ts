import assert from "node:assert/strict";
import { test } from "node:test";
import { describeUnsafe } from "../../src/config/ownership.ts";

const rows: readonly (readonly [string, number, number, RegExp | undefined])[] = [
  ["a file of mine that only I can change", 0o100644, 1000, undefined],
  ["a file of root's", 0o100644, 0, undefined],
  ["a file of mine that my group can change", 0o100664, 1000, /its group.*chmod go-w '\/a b'$/],
  ["a file of mine that all can change", 0o100666, 1000, /everybody.*chmod go-w/],
  ["a file of another user", 0o100600, 1001, /user 1001.*chown 1000/],
  ["a folder like /tmp", 0o041777, 0, undefined],
];

for (const [what, mode, uid, problem] of rows) {
  test(`describeUnsafe() ${problem ? "refuses" : "takes"} ${what}`, () => {
    const text = describeUnsafe("/a b", { mode, uid }, 1000);
    if (problem) assert.match(text ?? "", problem);
    else assert.equal(text, undefined);
  });
}
