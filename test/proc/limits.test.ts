import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Pid } from "../../proc/pid.ts";
import { parseSoftOpenFiles } from "../../proc/limits.ts";
import { fixtures } from "../support/fixtures.ts";

describe("parseSoftOpenFiles", () => {
  test("reads the soft limit", () => {
    assert.equal(fixtures().softOpenFiles(12030 as Pid), 20_000);
    assert.equal(fixtures().softOpenFiles("self"), 20_000);
    assert.equal(parseSoftOpenFiles("Max open files   1024   4096   files\n"), 1024);
  });

  test("is undefined when there is no limit, or no such line", () => {
    assert.equal(parseSoftOpenFiles("Max open files   unlimited  unlimited  files\n"), undefined);
    assert.equal(parseSoftOpenFiles("Max processes   1024   4096   processes\n"), undefined);
    assert.equal(parseSoftOpenFiles(""), undefined);
  });
});
