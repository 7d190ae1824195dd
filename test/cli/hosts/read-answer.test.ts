import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  parseAnswer,
  readEvent,
  readResult,
  readStatus,
} from "../../../src/cli/hosts/read-answer.ts";

describe("parseAnswer()", () => {
  test("takes objects, and nothing else", () => {
    assert.deepEqual(parseAnswer('{"a":1}'), { a: 1 });
    for (const line of ["", "[1]", "null", "1", '{"a":', "Welcome to web1", '"{}"']) {
      assert.equal(parseAnswer(line), undefined, line);
    }
  });
});

describe("readStatus()", () => {
  test("takes what it knows, and drops what is of another kind", () => {
    const read = readStatus({
      program: "web",
      state: "running",
      pid: "4711",
      uptimeSeconds: 5,
      restarts: 2,
      failures: 0,
      enabled: true,
      differences: "none",
      otherPids: [1, "2", null, 3],
      problems: ["a", 5],
      lastExit: { code: 3, signal: {}, wrote: "x" },
      notes: ["n"],
      unheardOf: 1,
    });
    assert.deepEqual(read, {
      status: {
        program: "web",
        state: "running",
        uptimeSeconds: 5,
        restarts: 2,
        failures: 0,
        enabled: true,
        otherPids: [1, 3],
        problems: ["a"],
        lastExit: { code: 3, wrote: "x" },
        notes: ["n"],
      },
      lacks: [],
    });
  });

  test("says what one of another version lacks", () => {
    const read = readStatus({ program: "web" });
    assert.deepEqual(read?.lacks, ["state", "restarts"]);
    assert.equal(read?.status.state, "-");
  });

  test("has texts without line breaks and without what a terminal obeys", () => {
    const read = readStatus({ program: "a\nb\t\u001b[2Jc", state: "running", restarts: 0 });
    assert.equal(read?.status.program, String.raw`a\nb \x1b[2Jc`);
  });

  test("is none of what has no name", () => {
    assert.equal(readStatus({ state: "running" }), undefined);
    assert.equal(readStatus({ program: 5 }), undefined);
    assert.equal(
      readStatus(JSON.parse('{"__proto__": {"program": "x"}}') as object as never),
      undefined,
    );
  });
});

test("readResult() knows what is for people", () => {
  const answer = { program: "web", message: "m", details: ["a\nb"], exitCode: 0, result: "down" };
  assert.deepEqual(readResult(answer), {
    program: "web",
    message: "m",
    details: [String.raw`a\nb`],
    result: "down",
    isOk: true,
  });
  assert.equal(readResult({ program: "web" }), undefined);
  assert.equal(readResult({ program: "web", message: "m" })?.isOk, false);
});

test("readEvent() wants a time and a sentence", () => {
  const time = "2030-01-31T04:30:00.000Z";
  assert.equal(readEvent({ time, msg: "m", event: "program.started" })?.level, "info");
  assert.equal(readEvent({ time: "soon", msg: "m" }), undefined);
  assert.equal(readEvent({ time }), undefined);
});
