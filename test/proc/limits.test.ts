import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parseSoftOpenFiles } from "../../proc/limits.ts";
import { fixtureRoot } from "../support/fixtures.ts";

describe("parseSoftOpenFiles", () => {
  test("reads the soft limit", () => {
    const text = readFileSync(join(fixtureRoot, "12030/limits"), "utf8");
    assert.equal(parseSoftOpenFiles(text), 20_000);
    assert.equal(parseSoftOpenFiles("Max open files   1024   4096   files\n"), 1024);
  });

  test("is undefined when there is no limit, or no such line", () => {
    assert.equal(parseSoftOpenFiles("Max open files   unlimited  unlimited  files\n"), undefined);
    assert.equal(parseSoftOpenFiles("Max processes   1024   4096   processes\n"), undefined);
    assert.equal(parseSoftOpenFiles(""), undefined);
  });
});
