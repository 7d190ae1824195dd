import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { describe, test } from "node:test";
import { parseLimits } from "../../../proc/limits.ts";
import { AttributeError, type Attributes, setAttributes } from "../../../proc/system/attributes.ts";
import { libc } from "../../../proc/system/libc.ts";
import { sleeper, statusField } from "../../support/processes.ts";

const c = libc();
const skip = c === undefined ? "koffi has no build for this machine" : false;

describe("setAttributes()", { skip }, () => {
  test("sets all of them, from outside", (t) => {
    const { pid } = sleeper(t).process;
    const before = limitsOf(pid).get("nproc");
    const limits = new Map([
      ["nofile", { soft: 50, hard: 100 }],
      ["core", { soft: 0, hard: undefined }],
      ["nproc", { soft: undefined, hard: undefined }],
      ["as", { soft: 2 ** 40, hard: Infinity }],
    ] as const);
    setAttributes(
      pid,
      { nice: 7, ioPriority: (2 << 13) | 6, oomScoreAdj: 321, cpus: [0], limits },
      c,
    );
    assert.equal(getPriority(pid), 7);
    assert.equal(statusField(pid, "Cpus_allowed_list"), "0");
    assert.equal(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8"), "321\n");
    const now = limitsOf(pid);
    assert.deepEqual(now.get("nofile"), { soft: 50, hard: 100 });
    assert.equal(now.get("core")?.soft, 0);
    assert.deepEqual(now.get("nproc"), before);
    assert.deepEqual(now.get("as"), { soft: 2 ** 40, hard: Infinity });
  });

  const refused: readonly [what: Attributes, attribute: string, code: string][] = [
    [{ limits: new Map([["nofile", { soft: 10, hard: 5 }]] as const) }, "limit_nofile", "EINVAL"],
    [{ cpus: [8000] }, "cpus", "EINVAL"],
    [{ ioPriority: 7 << 13 }, "ioPriority", "EINVAL"],
    [{ oomScoreAdj: 5000 }, "oomScoreAdj", "EINVAL"],
  ];
  for (const [what, attribute, code] of refused) {
    test(`names ${attribute}, which the kernel refuses`, (t) => {
      const { pid } = sleeper(t).process;
      assert.throws(() => setAttributes(pid, what, c), { name: "AttributeError", attribute, code });
    });
  }

  test("sets without the C library what Node can set, and names what not", (t) => {
    const { pid } = sleeper(t).process;
    setAttributes(pid, { nice: 3, oomScoreAdj: 9 }, undefined);
    assert.equal(getPriority(pid), 3);
    const wrong = new AttributeError("cpus", "ENOSYS");
    assert.throws(() => setAttributes(pid, { cpus: [0] }, undefined), wrong);
  });
});

function limitsOf(pid: number): ReturnType<typeof parseLimits> {
  return parseLimits(readFileSync(`/proc/${pid}/limits`, "utf8"));
}
