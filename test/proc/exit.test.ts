import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeWaitStatus, type Exit } from "../../proc/exit.ts";

const killed = (signal: string, coreDumped = false): Exit => ({
  kind: "signal",
  signal,
  coreDumped,
});

describe("decodeWaitStatus", () => {
  const rows: readonly [status: number, want: Exit][] = [
    [0, { kind: "code", code: 0 }],
    [3 << 8, { kind: "code", code: 3 }],
    [255 << 8, { kind: "code", code: 255 }],
    [9, killed("SIGKILL")],
    [15, killed("SIGTERM")],
    [11 | 0x80, killed("SIGSEGV", true)],
    [6 | 0x80, killed("SIGABRT", true)],
    [34, killed("SIG34")],
    [64, killed("SIG64")],
  ];
  for (const [status, want] of rows) {
    test(`decodes ${status}`, () => assert.deepEqual(decodeWaitStatus(status), want));
  }
});
