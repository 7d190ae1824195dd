import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { ProcessRef } from "../../proc/pid.ts";
import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import { SettingsFile } from "../../src/daemon/settings-file.ts";
import type { DaemonInfo } from "../../src/state/daemon-info.ts";
import { type Kept, readKept } from "../../src/state/kept-settings.ts";
import { makeStateDir, type StateDir, stateDir } from "../../src/state/state-dir.ts";
import { tempDir } from "../support/temp-dir.ts";

const me = { pid: 4711, startTime: 99 } as ProcessRef;

interface Scene {
  readonly state: StateDir;
  readonly file: SettingsFile;
  readonly settings: (name: string) => Settings;
  readonly read: (number: number) => Kept;
}

function scene(t: TestContext): Scene {
  const home = tempDir(t);
  const state = stateDir(join(home, "state"));
  makeStateDir(state);
  return {
    state,
    file: new SettingsFile(state, me),
    settings(name) {
      writeFileSync(join(home, "usrsvc.cfg"), `[Main]\n[Program:${name}]\ncommand = x\n`);
      return loadSettings({ home, uid: process.getuid?.() ?? 0 });
    },
    read: (settings) => readKept(state, { process: me, version: "1", settings } as DaemonInfo),
  };
}

const names = (kept: Kept): readonly string[] =>
  "kept" in kept ? [...kept.kept.programs.keys()] : [kept.unknown];

describe("SettingsFile", () => {
  test("has what was written last, for this account alone, until it is removed", (t) => {
    const { state, file, settings, read } = scene(t);
    assert.equal(file.write(settings("a")), 1);
    assert.equal(file.write(settings("b")), 2);
    assert.deepEqual(names(read(2)), ["b"]);
    assert.equal(statSync(state.settingsFile).mode & 0o777, 0o600);
    file.remove();
    assert.match(names(read(2)).join(), /is missing/);
  });

  test("is written again where it is gone or spoilt, and else left as it is", (t) => {
    const { state, file, settings, read } = scene(t);
    const a = settings("a");
    file.write(a);
    const { ino } = statSync(state.settingsFile);
    file.check(a);
    assert.equal(statSync(state.settingsFile).ino, ino);
    const before = readFileSync(state.settingsFile, "utf8");
    for (const spoil of [
      () => rmSync(state.settingsFile),
      () => writeFileSync(state.settingsFile, "spoilt"),
    ]) {
      spoil();
      file.check(a);
      assert.equal(readFileSync(state.settingsFile, "utf8"), before, "of the same reading");
    }
    assert.deepEqual(names(read(1)), ["a"]);
  });

  test("that cannot be written is not believed, and is written as soon as it can be", (t) => {
    const { state, file, settings, read } = scene(t);
    file.write(settings("a"));
    rmSync(state.settingsFile);
    mkdirSync(join(state.settingsFile, "full"), { recursive: true });
    const b = settings("b");
    assert.equal(file.write(b), 2);
    assert.match(names(read(2)).join(), /is a folder/);
    file.remove();
    rmSync(state.settingsFile, { recursive: true });
    file.check(b);
    assert.deepEqual(names(read(2)), ["b"]);
  });

  test("of another usrsvcd, which has taken its place, is not removed", (t) => {
    const { state, file, settings } = scene(t);
    file.write(settings("a"));
    rmSync(state.settingsFile);
    writeFileSync(state.settingsFile, "another's");
    file.remove();
    assert.equal(readFileSync(state.settingsFile, "utf8"), "another's");
  });
});
