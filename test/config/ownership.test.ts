import assert from "node:assert/strict";
import { test } from "node:test";
import { describeUnsafe } from "../../src/config/ownership.ts";

/** A user that no machine has. */
const STRANGER = 3_000_000_001;

/** The last is its group: mine, unless another is named. */
const rows: readonly (readonly [string, number, number, RegExp | undefined, number?])[] = [
  ["a file of mine that only I can change", 0o100644, 4_000_000, undefined],
  ["a file of root's", 0o100644, 0, undefined],
  ["a file of mine that my own group can change", 0o100664, 4_000_000, undefined],
  [
    "a file of mine that another group can change",
    0o100664,
    4_000_000,
    /its group.*chmod go-w '\/a b'$/,
    77,
  ],
  ["a folder of mine that another group can change", 0o042775, 4_000_000, /its group/, 77],
  ["a file of mine that all can change", 0o100666, 4_000_000, /everybody.*chmod go-w/],
  [
    "a file of another user",
    0o100600,
    STRANGER,
    /^belongs to user 3000000001, .*chown 4000000 '\/a b'/,
  ],
  ["a folder like /tmp", 0o041777, 0, undefined],
];

for (const [what, mode, uid, problem, gid = 4_000_000] of rows) {
  test(`describeUnsafe() ${problem ? "refuses" : "takes"} ${what}`, () => {
    const text = describeUnsafe("/a b", { mode, uid, gid }, 4_000_000);
    if (problem) assert.match(text ?? "", problem);
    else assert.equal(text, undefined);
  });
}

test("describeUnsafe() tells root to be the owner, and never to take the file from him", () => {
  const daemon = describeUnsafe("/a", { mode: 0o100600, uid: 1, gid: 1 }, 0);
  assert.match(daemon ?? "", /^belongs to daemon, and you are root; run it as daemon: su - daemon/);
  assert.match(daemon ?? "", / -s \/bin\/sh -c 'usrsvc …'$/, "it has no shell");
  const nobody = describeUnsafe("/a", { mode: 0o100600, uid: STRANGER, gid: 0 }, 0);
  assert.match(nobody ?? "", /su - "\$\(id -nu 3000000001\)" -c 'usrsvc …'$/);
  assert.doesNotMatch(`${daemon} ${nobody}`, /chown/);
});
