import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { ProcError } from "../../proc/error.ts";
import { readParticulars } from "../../proc/particulars.ts";
import type { Pid } from "../../proc/pid.ts";

const STAT =
  "7 (a ) b) S 1 7 7 34816 7 4194560 1 0 0 0 0 0 0 0 20 5 1 0 100 1 1 18446744073709551615 0 0 0 0 0 0 0 0 0";

function fake(t: TestContext, files: Readonly<Record<string, string | Buffer>>): string {
  const root = mkdtempSync(join(tmpdir(), "usrsvc-proc-"));
  t.after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, "7/fd"), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, "7", name), text);
  return root;
}

test("readParticulars() reads what a process was given, and what it has by now", (t) => {
  const root = fake(t, {
    cmdline: "redis\0--save\0\0",
    environ: "A=1\0B=x=y\0",
    stat: STAT,
    status: "Umask:\t0027\nCpus_allowed_list:\t0,2-3\n",
    oom_score_adj: "200\n",
    cgroup: "0::/x.service\n",
    limits: "Max open files            512                  1024                 files     \n",
  });
  const log = join(root, "log");
  writeFileSync(log, "");
  symlinkSync("/opt/redis (deleted)", join(root, "7/exe"));
  symlinkSync("/srv", join(root, "7/cwd"));
  symlinkSync("pipe:[12]", join(root, "7/fd/0"));
  symlinkSync(log, join(root, "7/fd/1"));
  const its = readParticulars(7 as Pid, root);
  assert.deepEqual(its.argv, ["redis", "--save", ""], "an empty last word is one");
  assert.equal(its.isUtf8, true);
  assert.deepEqual(
    [...(its.environ ?? [])],
    [
      ["A", "1"],
      ["B", "x=y"],
    ],
  );
  assert.deepEqual(its.exe, { path: "/opt/redis", isDeleted: true });
  assert.deepEqual(its.cwd, { path: "/srv", isDeleted: false });
  assert.deepEqual(its.descriptors.get(0), { path: "pipe:[12]", isDeleted: false, isFile: false });
  assert.deepEqual(its.descriptors.get(1), { path: log, isDeleted: false, isFile: true });
  assert.equal(its.descriptors.has(2), false);
  assert.deepEqual(its.limits.get("nofile"), { soft: 512, hard: 1024 });
  const { umask, nice, cpus, oomScoreAdj, cgroups, hasTerminal } = its;
  assert.deepEqual(
    { umask, nice, cpus, oomScoreAdj, cgroups, hasTerminal },
    {
      umask: 0o27,
      nice: 5,
      cpus: "0,2-3",
      oomScoreAdj: 200,
      cgroups: ["/x.service"],
      hasTerminal: true,
    },
  );
});

test("readParticulars() says what is hidden, and refuses what is gone", (t) => {
  const root = fake(t, { cmdline: Buffer.from([0x61, 0xff, 0]) });
  const its = readParticulars(7 as Pid, root);
  assert.equal(its.isUtf8, false);
  for (const key of [
    "environ",
    "exe",
    "cwd",
    "root",
    "umask",
    "nice",
    "cpus",
    "oomScoreAdj",
  ] as const) {
    assert.equal(its[key], undefined, key);
  }
  assert.equal(its.hasTerminal, false);
  const isGone = (error: unknown): boolean => error instanceof ProcError && error.code === "gone";
  assert.throws(() => readParticulars(8 as Pid, root), isGone);
});
