import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assertOwnProc } from "../../proc/own-proc.ts";
import { tempDir } from "../support/temp-dir.ts";

test("the /proc of this namespace is taken", () => assertOwnProc());

test("one in which we have another pid is refused, and none at all", (t) => {
  const folder = tempDir(t);
  assert.throws(() => assertOwnProc(folder), /self: cannot be read \(ENOENT\): is .* mounted/);
  symlinkSync("1", join(folder, "self"));
  assert.throws(
    () => assertOwnProc(folder),
    /that this is process 1, but it is \d+: .* --mount-proc/,
  );
});
