import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test, type TestContext } from "node:test";
import { sealDescriptors } from "../../../proc/system/descriptors.ts";
import { type Libc, libc } from "../../../proc/system/libc.ts";
import { inheritableDescriptor } from "../../support/inheritable.ts";

function inherited(): readonly number[] {
  const { stdout } = spawnSync("ls", ["/proc/self/fd"], { encoding: "utf8" });
  return stdout
    .trim()
    .split("\n")
    .map(Number)
    .filter((fd) => fd > 3); // 3 is the listing itself
}

function c(): Libc {
  const loaded = libc();
  assert.ok(loaded);
  return loaded;
}

/** Two, since the listing of `ls` takes the lowest number that is free. */
function leak(t: TestContext): number {
  inheritableDescriptor(t);
  return inheritableDescriptor(t);
}

describe("sealDescriptors", () => {
  test("keeps inherited descriptors from children", (t) => {
    const fd = leak(t);
    assert.ok(inherited().includes(fd));
    sealDescriptors(c());
    assert.deepEqual(inherited(), []);
  });

  test("does so one by one where there is no close_range (before Linux 5.11)", (t) => {
    const fd = leak(t);
    assert.ok(inherited().includes(fd));
    sealDescriptors({ ...c(), closeOnExecFrom: () => -1 });
    assert.deepEqual(inherited(), []);
  });

  test("leaves 0, 1 and 2 to children", () => {
    sealDescriptors(c());
    const { stdout } = spawnSync("sh", ["-c", "cat; echo out; echo err >&2"], {
      encoding: "utf8",
      input: "in\n",
    });
    assert.equal(stdout, "in\nout\n");
  });
});
