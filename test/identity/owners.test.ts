import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { Pid, ProcessRef, Ticks } from "../../proc/pid.ts";
import { ClaimedOwners, RecordedOwners } from "../../src/identity/owners.ts";
import { emptyRecord } from "../../src/state/record.ts";
import { recordPath, writeRecord } from "../../src/state/record-file.ts";
import { makeStateDir, type StateDir, stateDir } from "../../src/state/state-dir.ts";
import { makeHugeFile, noFiles } from "../support/strange-files.ts";
import { tempDir } from "../support/temp-dir.ts";

const ref = (pid: number, startTime = 100): ProcessRef => ({
  pid: pid as Pid,
  startTime: startTime as Ticks,
});

describe("ClaimedOwners", () => {
  test("knows a process by its pid and its start time", () => {
    const owners = new ClaimedOwners();
    owners.claim("web", { process: ref(10) });
    assert.equal(owners.ownerOf(ref(10)), "web");
    assert.equal(owners.ownerOf(ref(10, 101)), undefined);
    assert.equal(owners.ownerOf(ref(11)), undefined);
  });

  test("forgets the process of a program that has another, or none", () => {
    const owners = new ClaimedOwners();
    owners.claim("web", { process: ref(10) });
    owners.claim("web", { process: ref(11) });
    assert.deepEqual([owners.ownerOf(ref(10)), owners.ownerOf(ref(11))], [undefined, "web"]);
    owners.claim("web", undefined);
    owners.claim("web", undefined);
    assert.equal(owners.ownerOf(ref(11)), undefined);
  });

  test("a pid that is reused by another program's process is not lost with the first", () => {
    const owners = new ClaimedOwners();
    owners.claim("web", { process: ref(10) });
    owners.claim("mail", { process: ref(10, 200) });
    owners.claim("web", undefined);
    assert.equal(owners.ownerOf(ref(10, 200)), "mail");
  });
});

describe("RecordedOwners", () => {
  function newState(t: TestContext): StateDir {
    const state = stateDir(join(tempDir(t), "state"));
    makeStateDir(state);
    return state;
  }
  const note = (state: StateDir, name: string, process: ProcessRef | undefined, boot = "boot") =>
    writeRecord(state, { ...emptyRecord(name, boot), state: "running", process });
  const ownersOf = (state: StateDir, isConfigured = (_name: string) => true) =>
    new RecordedOwners(state, {
      boot: () => "boot",
      counts: isConfigured,
      markedAs: () => undefined,
    });

  test("knows what is on record, whatever its program is called", (t) => {
    const state = newState(t);
    note(state, "web", ref(10));
    note(state, "../x", ref(11));
    const owners = ownersOf(state);
    assert.deepEqual([owners.ownerOf(ref(10)), owners.ownerOf(ref(11))], ["web", "../x"]);
    assert.equal(owners.ownerOf(ref(10, 101)), undefined);
  });

  test("knows nothing of an earlier boot, of damaged records, and of removed programs", (t) => {
    const state = newState(t);
    note(state, "web", ref(10), "earlier");
    note(state, "gone", ref(11));
    writeFileSync(recordPath(state, "bad"), "{");
    writeFileSync(`${recordPath(state, "old")}.damaged`, "{}");
    const owners = ownersOf(state, (name) => name !== "gone");
    assert.deepEqual([owners.ownerOf(ref(10)), owners.ownerOf(ref(11))], [undefined, undefined]);
  });

  test("is kept from its work by nothing that lies among the records", (t) => {
    const state = newState(t);
    note(state, "web", ref(10));
    for (const [index, { make }] of noFiles.entries()) make(recordPath(state, `bad${index}`));
    makeHugeFile(recordPath(state, "huge"), "{");
    assert.equal(ownersOf(state).ownerOf(ref(10)), "web");
  });

  test("knows nothing where nothing was ever started", () => {
    assert.equal(ownersOf(stateDir("/no/such/folder")).ownerOf(ref(10)), undefined);
  });

  test("follows the records as they are written", (t) => {
    const state = newState(t);
    const owners = ownersOf(state);
    assert.equal(owners.ownerOf(ref(10)), undefined);
    note(state, "web", ref(10));
    assert.equal(owners.ownerOf(ref(10)), "web");
    rmSync(recordPath(state, "web"));
    assert.equal(owners.ownerOf(ref(10)), undefined);
  });

  test("takes what was claimed here for newer than the records", (t) => {
    const state = newState(t);
    note(state, "web", ref(10));
    const owners = ownersOf(state);
    owners.claim("web", { process: ref(11) });
    assert.deepEqual([owners.ownerOf(ref(10)), owners.ownerOf(ref(11))], [undefined, "web"]);
    owners.claim("web", undefined);
    assert.deepEqual([owners.ownerOf(ref(10)), owners.ownerOf(ref(11))], [undefined, undefined]);
  });
});
