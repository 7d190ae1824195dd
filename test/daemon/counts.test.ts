import assert from "node:assert/strict";
import { test } from "node:test";
import { describeCounts } from "../../src/daemon/counts.ts";
import { states } from "../../src/state/states.ts";

test("programs are counted by state: what runs comes first, then what may need somebody", () => {
  const all = new Map([...states, "unknown" as const].map((kind) => [kind, 1]));
  assert.equal(
    describeCounts(all),
    "1 running, 1 starting, 1 stopping, 1 waiting, 1 backing off, 1 given up, 1 done, 1 stopped, 1 unknown",
  );
});

test("a state in which there is no program is not counted, and what is set aside is named", () => {
  const some = new Map([
    ["backoff", 2],
    ["running", 12],
  ] as const);
  assert.equal(describeCounts(some), "12 running, 2 backing off");
  assert.equal(
    describeCounts(some, ["web", "db"]),
    "12 running, 2 backing off; set aside: web, db",
  );
  assert.equal(describeCounts(new Map()), "no programs");
});
