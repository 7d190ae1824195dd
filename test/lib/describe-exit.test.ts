import assert from "node:assert/strict";
import { test } from "node:test";
import { describeExit } from "../../src/lib/describe-exit.ts";

test("describeExit says how a process ended", () => {
  assert.equal(describeExit({ kind: "code", code: 3 }), "exited with code 3");
  const killed = { kind: "signal", signal: "SIGSEGV" } as const;
  assert.equal(describeExit({ ...killed, coreDumped: false }), "killed by SIGSEGV");
  assert.equal(describeExit({ ...killed, coreDumped: true }), "killed by SIGSEGV (core dumped)");
  assert.equal(
    describeExit({ kind: "unknown" }),
    "ended, exit status unknown: only its parent was told",
  );
});
