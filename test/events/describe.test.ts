import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describe as describeEvent } from "../../src/events/describe.ts";
import type { Kind } from "../../src/events/event.ts";
import { examples } from "./examples.ts";

const kinds = Object.keys(examples) as readonly Kind[];

describe("describe()", () => {
  for (const kind of kinds) {
    for (const [event, level, sentence] of examples[kind]) {
      test(`tells of ${kind} as ${level}: ${sentence}`, () => {
        assert.equal(event.kind, kind);
        const described = describeEvent(event);
        assert.deepEqual([described.level, described.sentence], [level, sentence]);
      });
    }
  }

  test("makes fields of all but what is only for people, without what is undefined or empty", () => {
    const [failed, asked] = examples["program.start-failed"].map(
      ([event]) => describeEvent(event).fields,
    );
    assert.deepEqual(Object.entries(failed ?? {}), [
      ["program", "web"],
      ["pid", 4711],
      ["reason", "exited with code 3 within success_seconds (2)"],
      ["code", 6],
      ["exit", { code: 3 }],
      ["details", ["nothing matched"]],
      ["output", ["its last words"]],
    ]);
    assert.deepEqual(asked, {
      program: "web",
      reason: "restart failed: no such folder",
      code: 1,
      action: "restart",
    });
    const [[started]] = examples["program.started"];
    assert.deepEqual(describeEvent(started).fields, { program: "web", pid: 4711, via: "launch" });
  });
});
