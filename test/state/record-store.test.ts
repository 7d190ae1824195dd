import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { ProcessRef } from "../../proc/pid.ts";
import { emptyRecord, type ProgramRecord } from "../../src/state/record.ts";
import { readRecord, recordPath, writeRecord } from "../../src/state/record-file.ts";
import { RecordStore } from "../../src/state/record-store.ts";
import { makeStateDir, type StateDir, stateDir } from "../../src/state/state-dir.ts";
import { held } from "../../src/state/transitions.ts";
import { FakeProc } from "../support/fake-proc.ts";
import { tempDir } from "../support/temp-dir.ts";

const BOOT = "this-boot";
const FOREIGN = 99;
const ref = (pid: number): ProcessRef => ({ pid, startTime: 5 }) as ProcessRef;
const runs = (pid: number): ProgramRecord => held(emptyRecord("web", BOOT), ref(pid));

const pidOf = ({ record }: RecordStore): number | undefined => record?.process?.pid;

interface Scene {
  readonly state: StateDir;
  readonly store: RecordStore;
  /** Another writes it. */
  readonly writes: (record: ProgramRecord) => void;
  /** The pid on disk. */
  readonly written: () => number | undefined;
}

function scene(t: TestContext): Scene {
  const state = stateDir(join(tempDir(t), "state"));
  makeStateDir(state);
  const ports = { state, proc: Object.assign(new FakeProc(), { bootId: () => BOOT }) };
  const store = new RecordStore("web", ports, (record) =>
    record?.process?.pid === FOREIGN ? `process ${FOREIGN}` : undefined,
  );
  return {
    state,
    store,
    writes: (record) => void writeRecord(state, record),
    written: () => readRecord(state, "web", BOOT).record?.process?.pid,
  };
}

describe("RecordStore.read()", () => {
  test("is true for what another has written, once", (t) => {
    const { store, writes } = scene(t);
    assert.equal(store.read(), false);
    assert.equal(store.record, undefined);
    for (const pid of [10, 11]) {
      writes(runs(pid));
      assert.equal(store.isOutdated(), true);
      assert.equal(store.read(), true);
      assert.equal(pidOf(store), pid);
      assert.equal(store.isOutdated(), false);
      assert.equal(store.read(), false);
    }
  });

  test("takes its own work for no news", (t) => {
    const { store } = scene(t);
    store.write(runs(10));
    assert.equal(store.isOutdated(), false);
    assert.equal(store.read(), false);
    store.writeMeanwhile(runs(11));
    assert.equal(store.read(), false);
    assert.equal(pidOf(store), 10);
  });

  test("throws where the file cannot be read just now, and what is known stays", (t) => {
    const { state, store } = scene(t);
    store.write(runs(10));
    rmSync(state.programs, { recursive: true });
    writeFileSync(state.programs, "");
    assert.throws(() => store.read(), /ENOTDIR/);
    assert.equal(pidOf(store), 10);
    assert.equal(store.trouble.isLost, false);
  });

  const spoilt: readonly [what: string, spoil: (path: string) => void, isDamaged: boolean][] = [
    ["was deleted", (path) => rmSync(path), false],
    ["was damaged", (path) => writeFileSync(path, "spoilt"), true],
  ];
  for (const [what, spoil, isDamaged] of spoilt) {
    test(`goes by what is known where the file ${what}, which is to be written anew`, (t) => {
      const { state, store } = scene(t);
      store.write(runs(10));
      spoil(recordPath(state, "web"));
      assert.equal(store.read(), false);
      assert.equal(pidOf(store), 10);
      assert.equal(store.trouble.isLost, true);
      assert.equal(store.trouble.isDamaged, isDamaged);
    });
  }

  test("believes no record that names what cannot be the program", (t) => {
    const { store, writes } = scene(t);
    writes({ ...runs(FOREIGN), restarts: 3 });
    assert.equal(store.read(), true);
    assert.deepEqual([store.record?.process, store.record?.restarts], [undefined, 3]);
    assert.deepEqual([store.trouble.misnamed, store.trouble.isLost], ["process 99", true]);
    store.mend(() => store.write(runs(10)));
    writes(runs(FOREIGN));
    assert.equal(store.read(), false);
    assert.equal(pidOf(store), 10);
  });
});

describe("RecordStore.mend()", () => {
  test("puts a damaged file aside, of which nothing is known", (t) => {
    const { state, store } = scene(t);
    const path = recordPath(state, "web");
    writeFileSync(path, "spoilt");
    store.read();
    store.mend(({ isDamaged, isLost, problem }) => {
      assert.deepEqual([isDamaged, isLost], [true, false]);
      assert.match(problem ?? "", /not a record of this program/);
      assert.equal(readFileSync(`${path}.damaged`, "utf8"), "spoilt");
    });
    assert.equal(store.record, undefined);
    assert.equal(store.trouble.isDamaged, false);
  });

  test("writes anew what is known", (t) => {
    const { state, store, written } = scene(t);
    store.write(runs(10));
    writeFileSync(recordPath(state, "web"), "spoilt");
    store.read();
    store.mend(() => store.write(runs(10)));
    assert.equal(written(), 10);
    assert.equal(store.trouble.isLost, false);
  });

  test("leaves all to be mended where that fails: the disk is full, say", (t) => {
    const { state, store } = scene(t);
    store.write(runs(10));
    rmSync(recordPath(state, "web"));
    store.read();
    const fail = (): never => {
      throw new Error("ENOSPC");
    };
    assert.throws(() => store.mend(fail), /ENOSPC/);
    assert.equal(store.trouble.isLost, true);
  });
});

test("what is kept is known here, and not on disk", (t) => {
  const { state, store, written } = scene(t);
  store.keep(runs(10));
  assert.equal(pidOf(store), 10);
  assert.equal(existsSync(recordPath(state, "web")), false);
  store.write(runs(11));
  assert.equal(written(), 11);
});
