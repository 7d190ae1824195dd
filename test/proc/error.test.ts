import assert from "node:assert/strict";
import { test } from "node:test";
import { ProcError } from "../../proc/error.ts";

test("ProcError names the file, and keeps code and cause", () => {
  const cause = new Error("ENOENT");
  const error = new ProcError("gone", "/proc/7/stat", "no such process", { cause });
  assert.equal(error.message, "/proc/7/stat: no such process");
  assert.equal(error.code, "gone");
  assert.equal(error.cause, cause);
  assert.ok(error instanceof Error);
});
