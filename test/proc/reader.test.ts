import assert from "node:assert/strict";
import { cpSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { Pid } from "../../proc/pid.ts";
import { procReader } from "../../proc/reader.ts";
import { fixtureRoot, fixtures } from "../support/fixtures.ts";
import { child, exitOf, refOf, unreaped } from "../support/processes.ts";
import { tempDir } from "../support/temp-dir.ts";

const me = process.pid as Pid;

describe("procReader, on files of real processes", () => {
  test("lists pids and nothing else", () => {
    const want = [2, 12030, 12031, 12032, 12035, 12036, 12037, 12038, 12040, 12053];
    assert.deepEqual(
      [...fixtures().pids()].sort((a, b) => a - b),
      want,
    );
  });

  test("knows a living process by its start time", () => {
    assert.deepEqual(fixtures().alive(12030 as Pid), { pid: 12030, startTime: 338754 });
  });

  test("takes neither a zombie nor a missing pid for alive", () => {
    assert.equal(fixtures().alive(12040 as Pid), undefined);
    assert.equal(fixtures().alive(99 as Pid), undefined);
  });

  test("reads boot id, owner, executable and command line", () => {
    assert.equal(fixtures().bootId(), "53596eb0-ca26-4745-8b99-3efae6943f9a");
    assert.equal(fixtures().uid(12030 as Pid), statSync(fixtureRoot).uid);
    assert.equal(fixtures().exe(12030 as Pid), "/usr/bin/sleep");
    assert.deepEqual(fixtures().cmdline(12030 as Pid), ["sleep", "600"]);
  });
});

describe("procReader, on boots", () => {
  const rows: readonly [what: string, namespace: string | undefined, want: string][] = [
    ["the machine", "pid:[4026531836]", "a-boot"],
    ["a container", "pid:[4026532561]", "a-boot-338754"],
    ["a kernel without namespaces", undefined, "a-boot"],
  ];
  for (const [what, namespace, want] of rows) {
    test(`knows one of ${what} from the next`, (t) => {
      const root = tempDir(t);
      for (const folder of ["1", "self/ns", "sys/kernel/random"]) {
        mkdirSync(join(root, folder), { recursive: true });
      }
      cpSync(join(fixtureRoot, "12030/stat"), join(root, "1/stat"));
      writeFileSync(join(root, "sys/kernel/random/boot_id"), "a-boot\n");
      if (namespace !== undefined) symlinkSync(namespace, join(root, "self/ns/pid"));
      assert.equal(procReader(root).bootId(), want);
    });
  }
});

describe("procReader, on what is missing or damaged", () => {
  const gone = { name: "ProcError", code: "gone" } as const;

  test("calls a process that is not there gone, and names the file", async () => {
    const reader = fixtures();
    assert.throws(() => reader.stat(99 as Pid), { ...gone, message: /proc\/99\/stat: / });
    assert.throws(() => reader.uid(99 as Pid), gone);
    assert.throws(() => reader.exe(99 as Pid), gone);
    assert.throws(() => reader.cmdline(99 as Pid), gone);
    assert.throws(() => reader.environ(99 as Pid), gone);
    assert.throws(() => reader.residentBytes(99 as Pid), gone);
    await assert.rejects(reader.smapsRollup(99 as Pid), gone);
  });

  test("calls a text that is not as documented malformed", async (t) => {
    const reader = damaged(t);
    assert.throws(() => reader.stat(7 as Pid), { code: "malformed", message: /7\/stat: / });
    assert.throws(() => reader.alive(7 as Pid), { code: "malformed" });
    await assert.rejects(reader.smapsRollup(7 as Pid), { code: "malformed" });
    assert.throws(() => reader.residentBytes(7 as Pid), {
      code: "malformed",
      message: /7\/statm: /,
    });
    assert.throws(() => reader.uptime(), { code: "malformed" });
    assert.equal(reader.lastPid(), undefined);
  });

  test("hands on what it does not know", (t) => {
    const root = tempDir(t);
    mkdirSync(join(root, "7", "stat"), { recursive: true });
    assert.throws(() => procReader(root).stat(7 as Pid), { code: "EISDIR" });
  });
});

function damaged(t: TestContext): ReturnType<typeof procReader> {
  const root = tempDir(t);
  mkdirSync(join(root, "7"));
  for (const file of ["stat", "statm", "smaps_rollup"]) writeFileSync(join(root, "7", file), "?");
  for (const file of ["uptime", "loadavg"]) writeFileSync(join(root, file), "?\n");
  return procReader(root);
}

describe("procReader, on this machine", () => {
  test("sees this process", async () => {
    const reader = procReader();
    assert.ok(reader.pids().includes(me));
    assert.equal(reader.stat(me).ppid, process.ppid);
    assert.equal(reader.uid(me), process.getuid?.());
    assert.equal(reader.exe(me), process.execPath);
    const { privateBytes, rssBytes } = await reader.smapsRollup(me);
    assert.ok(privateBytes > 1e6 && privateBytes <= rssBytes);
    assert.ok(reader.residentBytes(me) > 0.5 * rssBytes && reader.residentBytes(me) < 2 * rssBytes);
    assert.ok(reader.cmdline(me).length > 0);
    assert.match(reader.bootId(), /^[0-9a-f-]{36,}$/); // a container adds to it
    assert.ok((reader.lastPid() ?? 0) > 0);
    const age = reader.uptime() - reader.stat(me).startTime / 100;
    assert.ok(age >= -0.02 && age < 600, `${age} s old`);
  });

  test("sees a zombie as dead although its pid is listed", async (t) => {
    const made = await unreaped(t, 7);
    await made.end();
    const reader = procReader();
    const zombie = made.process.pid;
    assert.equal(reader.alive(zombie), undefined);
    assert.deepEqual(reader.cmdline(zombie), []);
    assert.equal(reader.stat(zombie).exitCode, 7 << 8);
    await assert.rejects(reader.smapsRollup(zombie), { code: "gone" });
  });

  test("calls a process that has ended gone", async (t) => {
    const ended = child(t, "true", []);
    await exitOf(ended);
    assert.throws(() => refOf(ended.pid), /does not live/);
    assert.throws(() => procReader().stat(ended.pid as Pid), { code: "gone" });
  });

  test("calls a kernel thread's memory gone", async (t) => {
    if (procReader().alive(2 as Pid) === undefined) return t.skip("no kernel threads to be seen");
    assert.deepEqual(procReader().cmdline(2 as Pid), []);
    await assert.rejects(procReader().smapsRollup(2 as Pid), { code: "gone" });
  });
});
