import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { livingDaemon } from "../src/daemon-alive.ts";
import { readDaemonInfo } from "../src/daemon-info.ts";
import { makeStateDir, stateDir } from "../src/program/state-dir.ts";
import { FakeProc } from "./support/fake-proc.ts";
import { tempDir } from "./support/temp-dir.ts";

const info = {
  process: { pid: 10, startTime: 100 },
  boot: "boot",
  since: "2024-01-01T00:00:00.000Z",
  version: "2.0.0",
  config: "/home/a/usrsvc.cfg",
  pidfile: "/home/a/usrsvcd.pid",
  log: "stdout",
  unit: "system" as const,
  rereads: 2,
  lastReread: undefined,
  setAside: ["web"],
};

describe("readDaemonInfo", () => {
  test("reads what usrsvcd wrote", (t) => {
    const path = join(tempDir(t), "info");
    writeFileSync(path, JSON.stringify(info));
    assert.deepEqual(readDaemonInfo(path, "boot"), info);
  });

  test("is undefined without a file, of another boot, and of what is no such text", (t) => {
    const path = join(tempDir(t), "info");
    assert.equal(readDaemonInfo(path, "boot"), undefined);
    const texts = ["", "{", "null", "[]", "{}", JSON.stringify({ ...info, process: { pid: "1" } })];
    for (const text of texts) {
      writeFileSync(path, text);
      assert.equal(readDaemonInfo(path, "boot"), undefined, text);
    }
    writeFileSync(path, JSON.stringify(info));
    assert.equal(readDaemonInfo(path, "next-boot"), undefined);
  });
});

describe("livingDaemon", () => {
  test("is the process on record, and no other that got its pid", (t) => {
    const state = stateDir(join(tempDir(t), "state"));
    makeStateDir(state);
    writeFileSync(state.daemonFile, JSON.stringify(info));
    assert.equal(livingDaemon(state, new FakeProc({ pid: 10, startTime: 100 }))?.process.pid, 10);
    assert.equal(livingDaemon(state, new FakeProc({ pid: 10, startTime: 101 })), undefined);
    assert.equal(livingDaemon(state, new FakeProc()), undefined);
    const zombie = new FakeProc({ pid: 10, startTime: 100, state: "Z" });
    assert.equal(livingDaemon(state, zombie), undefined);
  });
});
