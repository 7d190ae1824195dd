import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { Pid, Ticks } from "../../proc/pid.ts";
import { describe as describeEvent } from "../../src/events/describe.ts";
import { SelfDescription } from "../../src/daemon/self-description.ts";
import { type DaemonInfo, readDaemonInfo } from "../../src/state/daemon-info.ts";
import { type StateDir, stateDir } from "../../src/state/state-dir.ts";
import { noFiles } from "../support/strange-files.ts";
import { tempDir } from "../support/temp-dir.ts";

const info: DaemonInfo = {
  process: { pid: 10 as Pid, startTime: 100 as Ticks },
  boot: "boot",
  since: "2024-01-01T00:00:00.000Z",
  version: "2.0.0",
  stateDir: undefined,
  config: "/home/a/usrsvc.cfg",
  pidfile: "/home/a/usrsvcd.pid",
  log: "stdout",
  unit: undefined,
  endsPrograms: false,
  rereads: 0,
  troubles: [],
  lastReread: undefined,
  setAside: [],
  programs: ["web"],
};

interface Scene {
  readonly state: StateDir;
  readonly told: string[];
  readonly begin: () => SelfDescription;
  readonly read: () => DaemonInfo | undefined;
}

function scene(t: TestContext): Scene {
  const state = stateDir(join(tempDir(t), "state"));
  const told: string[] = [];
  return {
    state,
    told,
    begin: () =>
      new SelfDescription(state, info, {
        emit: (event) => {
          const { level, sentence } = describeEvent(event);
          told.push(`${level}: ${sentence.replaceAll(state.daemonFile, "FILE")}`);
        },
      }),
    read: () => readDaemonInfo(state.daemonFile, "boot"),
  };
}

describe("SelfDescription", () => {
  for (const part of ["locks", "run", "log"]) {
    test(`is written, and removed, also where ${part} of the folder is a file`, (t) => {
      const { begin, read, state, told } = scene(t);
      const self = begin();
      rmSync(join(state.path, part), { recursive: true });
      writeFileSync(join(state.path, part), "");
      self.change({ rereads: 1 });
      assert.equal(read()?.rereads, 1);
      self.remove();
      assert.equal(read(), undefined);
      assert.deepEqual(told, []);
    });
  }

  test("is not written into a folder that others can change", (t) => {
    const { begin, state, told } = scene(t);
    const self = begin();
    rmSync(state.path, { recursive: true });
    mkdirSync(state.path);
    chmodSync(state.path, 0o777);
    self.change({ rereads: 1 });
    assert.deepEqual(readdirSync(state.path), []);
    assert.match(told.join(), /can be written by everybody/);
  });

  test("is there from the beginning to the end, and as it was changed last", (t) => {
    const { begin, read, state, told } = scene(t);
    const self = begin();
    assert.deepEqual(read(), info);
    assert.equal(statSync(state.daemonFile).mode & 0o777, 0o600);
    self.change({ rereads: 1 });
    assert.equal(read()?.rereads, 1);
    assert.equal(self.info.rereads, 1);
    const { ino } = statSync(state.daemonFile);
    self.check();
    assert.equal(statSync(state.daemonFile).ino, ino);
    self.remove();
    assert.equal(read(), undefined);
    assert.deepEqual(told, []);
  });

  test("is written as soon as it can be, and what keeps it from that is told once", (t) => {
    const { begin, read, state, told } = scene(t);
    mkdirSync(join(state.daemonFile, "full"), { recursive: true });
    const self = begin();
    self.check();
    self.change({ rereads: 1 });
    assert.equal(told.length, 1);
    assert.match(told[0] ?? "", /^error: usrsvcd status and reread know little .*; tried again$/);
    rmSync(state.daemonFile, { recursive: true });
    self.check();
    assert.deepEqual(told.slice(1), ["warn: FILE is written at last"]);
    assert.equal(read()?.rereads, 1);
    self.check();
    assert.equal(told.length, 2);
  });

  const spoilt: readonly [what: string, spoil: (path: string) => void][] = [
    ["deleted", (path) => rmSync(path)],
    ["cut", (path) => truncateSync(path, 20)],
    ["written by another", (path) => writeFileSync(path, "{}")],
    ...noFiles
      .filter(({ kind }) => kind !== "a folder")
      .map(({ kind, make }): [string, (path: string) => void] => [
        `replaced by ${kind}`,
        (path) => {
          rmSync(path);
          make(path);
        },
      ]),
  ];
  for (const [what, spoil] of spoilt) {
    test(`that was ${what} is recreated`, (t) => {
      const { begin, read, state, told } = scene(t);
      const self = begin();
      spoil(state.daemonFile);
      self.check();
      assert.deepEqual(told, ["warn: FILE was deleted or changed; recreated"]);
      assert.deepEqual(read(), info);
    });
  }

  test("that was deleted with its folder is recreated", (t) => {
    const { begin, read, state } = scene(t);
    const self = begin();
    rmSync(state.path, { recursive: true });
    self.check();
    assert.deepEqual(read(), info);
  });

  test("leaves at the end what another has written by then", (t) => {
    const { begin, state } = scene(t);
    const self = begin();
    writeFileSync(state.daemonFile, "another's");
    self.remove();
    assert.equal(readFileSync(state.daemonFile, "utf8"), "another's");
  });
});
