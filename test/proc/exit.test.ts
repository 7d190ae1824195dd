import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { decodeShellStatus, decodeWaitStatus, type Exit, signalName } from "../../proc/exit.ts";

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

describe("decodeShellStatus", () => {
  const rows: readonly [status: number, want: Exit][] = [
    [0, { kind: "code", code: 0 }],
    [127, { kind: "code", code: 127 }],
    [128, { kind: "code", code: 128 }],
    [137, killed("SIGKILL")],
    [143, killed("SIGTERM")],
    [139, killed("SIGSEGV")],
  ];
  for (const [status, want] of rows) {
    test(`decodes ${status}`, () => assert.deepEqual(decodeShellStatus(status), want));
  }

  // A shell cannot tell exit(255) from a signal, but there is no signal 127: 65 and above is a code.
  test("takes a status that no signal has for a code", () => {
    assert.deepEqual(decodeShellStatus(255), { kind: "code", code: 255 });
    assert.deepEqual(decodeShellStatus(200), { kind: "code", code: 200 });
  });
});

test("signalName has a name for each number", () => {
  assert.equal(signalName(1), "SIGHUP");
  fc.assert(fc.property(fc.integer({ min: 1, max: 64 }), (n) => signalName(n).startsWith("SIG")));
});
