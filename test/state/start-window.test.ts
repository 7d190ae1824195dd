import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProcessRef, Ticks } from "../../proc/pid.ts";
import { emptyRecord } from "../../src/state/record.ts";
import { windowEnd, windowLeftMs } from "../../src/state/start-window.ts";
import { unfinished } from "../../src/state/transitions.ts";

const born = { pid: 10, startTime: 1000 } as ProcessRef;

describe("windowEnd() is", () => {
  for (const [what, successMs, want] of [
    ["the birth, where nothing is watched", 0, 1000],
    ["success_seconds later", 2500, 1250],
    ["never early", 1, 1001],
  ] as const) {
    test(what, () => assert.equal(windowEnd(born, successMs), want));
  }
});

describe("windowLeftMs() is", () => {
  const record = unfinished(emptyRecord("web", "boot"));
  for (const [what, windowEndsAt, uptime, want] of [
    ["what is to come of it", 1250, 12, 500],
    ["nothing at its end", 1250, 12.5, 0],
    ["negative after that", 1250, 13, -500],
    ["that it is long over, where the record does not tell", undefined, 1, -Infinity],
  ] as const) {
    test(what, () => {
      const told = { ...record, windowEndsAt: windowEndsAt as Ticks | undefined };
      assert.equal(windowLeftMs(told, uptime), want);
    });
  }
});
