import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { hasSwallowedSignal } from "../../src/daemon/swallowed.ts";

describe("hasSwallowedSignal", () => {
  const rows: readonly [what: string, caught: string, want: boolean][] = [
    ["Node listens for both", "0000000100004602", false],
    ["a SIGTERM came", "0000000100000602", true],
    ["a SIGINT came", "0000000100004600", true],
    ["neither is listened for: that tells nothing", "0000000100000600", false],
  ];
  for (const [what, caught, want] of rows) {
    test(`is ${want} where ${what}`, () => {
      const status = `Name:\tnode\nSigIgn:\t0000000001001000\nSigCgt:\t${caught}\n`;
      assert.equal(hasSwallowedSignal(status), want);
    });
  }

  test("is false here, where nobody has sent one: Node listens as it is relied on", () => {
    const line = `console.log(require("fs").readFileSync("/proc/self/status", "utf8"))`;
    const { stdout } = spawnSync(process.execPath, ["-e", line], { encoding: "utf8" });
    assert.match(stdout, /^SigCgt:\s*[0-9a-f]+[4-7c-f]..[2367abef]$/m);
    assert.equal(hasSwallowedSignal(stdout), false);
  });
});
