import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parseLimits, parseSoftOpenFiles } from "../../proc/limits.ts";
import { fixtureRoot } from "../support/fixtures.ts";

test("parseLimits() reads all limits by resource", () => {
  const limits = parseLimits(readFileSync(join(fixtureRoot, "12030/limits"), "utf8"));
  assert.equal(limits.size, 16);
  assert.deepEqual(limits.get("nofile"), { soft: 20_000, hard: 20_000 });
  assert.equal(limits.get("cpu")?.hard, Infinity);
  assert.equal(parseLimits("Max nonsense 1 2\nMax open files x y\n").size, 0);
});

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
