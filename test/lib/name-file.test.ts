import assert from "node:assert/strict";
import { openSync, writeSync } from "node:fs";
import { test } from "node:test";
import { naming } from "../../src/lib/name-file.ts";

test("naming() names the file where Node does not", () => {
  const fd = openSync("/dev/full", "w");
  const write = (): number => writeSync(fd, "x");
  assert.throws(() => naming("/srv/web.json", write), {
    code: "ENOSPC",
    message: /^\/srv\/web\.json: ENOSPC: no space left/,
  });
});

test("naming() leaves alone what names it already, what is another error, and what succeeds", () => {
  const named = Object.assign(new Error("ENOSPC: no space left, open '/srv/a'"), {
    code: "ENOSPC",
  });
  const other = new Error("no");
  for (const error of [named, other]) {
    const fail = (): never => {
      throw error;
    };
    assert.throws(() => naming("/srv/a", fail), error);
  }
  assert.equal(
    naming("/srv/a", () => 3),
    3,
  );
});
