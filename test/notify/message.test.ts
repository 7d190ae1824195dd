import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type Notice, parseNotice } from "../../src/notify/message.ts";

const nothing: Notice = {
  isReady: false,
  status: undefined,
  watchdog: undefined,
  extendMs: undefined,
  phase: undefined,
};

describe("parseNotice reads", () => {
  const rows: readonly [text: string, want: Partial<Notice>][] = [
    ["READY=1", { isReady: true }],
    ["READY=0", {}],
    ["STATUS=42 % loaded\nREADY=1\n", { isReady: true, status: "42 % loaded" }],
    ["STATUS=", { status: "" }],
    ["STATUS=a=b", { status: "a=b" }],
    ["WATCHDOG=1", { watchdog: "alive" }],
    ["WATCHDOG=trigger", { watchdog: "trigger" }],
    ["WATCHDOG=yes", {}],
    ["EXTEND_TIMEOUT_USEC=5000000", { extendMs: 5000 }],
    ["EXTEND_TIMEOUT_USEC=-1", {}],
    ["EXTEND_TIMEOUT_USEC=99999999999999999999", {}],
    ["RELOADING=1\nMONOTONIC_USEC=7", { phase: "reloading" }],
    ["STOPPING=1", { phase: "stopping" }],
    ["BARRIER=1", {}],
    ["MAINPID=1\nERRNO=2\nX_MINE=1", {}],
    ["", {}],
    ["=1\nREADY\n\n", {}],
    [`STATUS=${"x".repeat(1000)}`, { status: "x".repeat(300) }],
  ];
  for (const [text, want] of rows) {
    test(JSON.stringify(text.slice(0, 40)), () =>
      assert.deepEqual(parseNotice(text), { ...nothing, ...want }),
    );
  }

  test("anything, without an error", () => {
    fc.assert(fc.property(fc.string(), (text) => void parseNotice(text)));
  });
});
