import assert from "node:assert/strict";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findSendmail } from "../../src/lib/sendmail.ts";
import { tempDir, writeScript } from "../support/temp-dir.ts";

test("sendmail is looked for in the usual places, then on PATH", (t) => {
  const dir = tempDir(t);
  for (const name of ["a", "b", "c", "usual"]) mkdirSync(join(dir, name));
  const env = {
    PATH: ["", "relative", "a", "b", "c"].map((name) => name && join(dir, name)).join(":"),
  };
  assert.equal(findSendmail(env, []), undefined);
  mkdirSync(join(dir, "a/sendmail")); // no file
  chmodSync(writeScript(join(dir, "b"), "sendmail", ""), 0o644); // no program
  const found = writeScript(join(dir, "c"), "sendmail", "");
  if (process.getuid?.() !== 0) assert.equal(findSendmail(env, []), found);
  chmodSync(join(dir, "b/sendmail"), 0o755);
  assert.equal(findSendmail(env, []), join(dir, "b/sendmail"));
  const usual = writeScript(join(dir, "usual"), "sendmail", "");
  assert.equal(findSendmail(env, ["/no/such/sendmail", usual]), usual);
  assert.equal(findSendmail({ PATH: "." }, []), undefined);
  assert.equal(findSendmail({}, []), undefined);
});
