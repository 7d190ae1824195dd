import assert from "node:assert/strict";
import {
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import fc from "fast-check";
import type { Pid, ProcessRef, Ticks } from "../../proc/pid.ts";
import { emptyRecord, type ProgramRecord, type RecordIn } from "../../src/state/record.ts";
import {
  readRecord,
  recordPath,
  setDamagedAside,
  writeRecord,
} from "../../src/state/record-file.ts";
import { makeStateDir, type StateDir, stateDir } from "../../src/state/state-dir.ts";
import { anyRecord } from "../support/records.ts";
import { makeHugeFile, noFiles } from "../support/strange-files.ts";
import { waitFor } from "../support/wait.ts";
import { tempDir } from "../support/temp-dir.ts";

function newState(t: TestContext): StateDir {
  const state = stateDir(join(tempDir(t), "state"));
  makeStateDir(state);
  return state;
}

const ref = (pid: number, startTime: number): ProcessRef => ({
  pid: pid as Pid,
  startTime: startTime as Ticks,
});

const full: RecordIn<"running"> = {
  ...emptyRecord("web", "this-boot"),
  desired: "up",
  state: "running",
  process: ref(20, 200),
  launched: ref(10, 100),
  launch: "mb4q1x2c-7-0abc",
  via: "launch",
  digest: "0123456789abcdef",
  run: "0123456789abcdef",
  restarts: 3,
  failures: 2,
  lastExit: { at: "2024-01-01T00:00:00.000Z", pid: 8, exit: { kind: "code", code: 3 } },
  ended: { process: ref(7, 3), by: "usrsvc restart" },
  reason: "why",
  by: "usrsvcd",
};

describe("writeRecord and readRecord", () => {
  test("a record comes back as it was written, with the time of writing", (t) => {
    const state = newState(t);
    const text = writeRecord(state, full);
    const file = readRecord(state, "web", "this-boot");
    assert.equal(file.text, text);
    assert.equal(file.problem, undefined);
    const { at, ...rest } = file.record ?? assert.fail();
    const { at: _, ...want } = full;
    assert.deepEqual(rest, want);
    assert.ok(Math.abs(Date.parse(at) - Date.now()) < 10_000);
  });

  test("when the next try is due is on record while one is, and no longer", (t) => {
    const state = newState(t);
    const nextTryAt = "2024-01-01T00:00:01.000Z";
    const stateOf = (record: object): unknown => {
      writeFileSync(recordPath(state, "web"), JSON.stringify(record));
      return readRecord(state, "web", "this-boot").record;
    };
    const backoff = { ...full, state: "backoff", nextTryAt };
    assert.deepEqual(stateOf(backoff), { ...backoff, at: "" });
    assert.deepEqual(stateOf({ ...full, nextTryAt }), { ...full, at: "" });
  });

  test("where the output of a start begins is on record while it is judged, and no longer", (t) => {
    const state = newState(t);
    const log = { size: 7, dev: 1, ino: 2 };
    const logged = { stdout: log, stderr: { ...log, ino: 3 } };
    const stateOf = (record: object): unknown => {
      writeFileSync(recordPath(state, "web"), JSON.stringify(record));
      return readRecord(state, "web", "this-boot").record;
    };
    const starting = { ...full, state: "starting", windowEndsAt: 5 };
    assert.deepEqual(stateOf({ ...starting, logged }), { ...starting, logged, at: "" });
    assert.deepEqual(stateOf({ ...starting, logged: { stdout: 1 } }), { ...starting, at: "" });
    assert.deepEqual(stateOf({ ...full, logged }), { ...full, at: "" });
  });

  test("any record comes back as it was written", (t) => {
    const state = newState(t);
    fc.assert(
      fc.property(anyRecord, (record) => {
        writeRecord(state, record);
        const { record: found } = readRecord(state, record.name, "this-boot");
        assert.deepEqual({ ...found, at: "" }, structuredClone(record));
      }),
    );
  });

  test("is replaced as a whole, with mode 0600, and nothing else is left in the folder", (t) => {
    const state = newState(t);
    writeRecord(state, full);
    const before = statSync(recordPath(state, "web"));
    writeRecord(state, full);
    const after = statSync(recordPath(state, "web"));
    assert.notEqual(after.ino, before.ino);
    assert.equal(after.mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(state.programs), ["web.json"]);
    assert.deepEqual(
      readdirSync(state.locks).filter((name) => name !== "web+record"),
      [],
    );
  });

  test("changes the time of its folder, by which others notice it", async (t) => {
    const state = newState(t);
    writeRecord(state, full);
    writeRecord(state, full);
    const { mtimeMs } = statSync(state.programs);
    await waitFor(() => {
      writeRecord(state, full);
      return statSync(state.programs).mtimeMs > mtimeMs;
    }, "another time");
  });

  test("a name cannot lead out of the folder", (t) => {
    const state = newState(t);
    writeRecord(state, { ...full, name: "../../x" });
    assert.deepEqual(readdirSync(state.programs), ["%2E.%2F..%2Fx.json"]);
    assert.equal(readRecord(state, "../../x", "this-boot").record?.name, "../../x");
  });
});

describe("readRecord", () => {
  test("without a file knows nothing, and has no complaint", (t) => {
    const nothing = {
      record: undefined,
      problem: undefined,
      text: undefined,
      isDamaged: false,
    };
    assert.deepEqual(readRecord(newState(t), "web", "this-boot"), nothing);
    assert.deepEqual(readRecord(stateDir("/no/such/folder"), "web", "this-boot"), nothing);
  });

  test("of an earlier boot keeps only how the program ended", (t) => {
    const state = newState(t);
    writeRecord(state, { ...full, desired: "down", state: "fatal" });
    const { record, problem } = readRecord(state, "web", "next-boot");
    assert.equal(problem, undefined);
    const lastExit = { ...full.lastExit, isOfEarlierBoot: true };
    assert.deepEqual(
      { ...record, at: "" },
      { ...emptyRecord("web", "next-boot"), lastExit, by: "usrsvcd", at: "" },
    );
  });

  const json = JSON.stringify(full);
  const damaged: readonly [what: string, text: string][] = [
    ["empty", ""],
    ["cut", json.slice(0, json.length / 2)],
    ["full of NULs, as after a power failure", "\0".repeat(300)],
    ["a list", "[]"],
    ["null", "null"],
    ["a number", "7"],
    ["of a later version", JSON.stringify({ ...full, version: 2 })],
    ["of another program", JSON.stringify({ ...full, name: "other" })],
    ["without a boot", JSON.stringify({ ...full, boot: undefined })],
    ["with an unknown desired", JSON.stringify({ ...full, desired: "sideways" })],
    ["with an unknown state", JSON.stringify({ ...full, state: "dancing" })],
  ];
  for (const [what, written] of damaged) {
    test(`ignores a file that is ${what}, and names it`, (t) => {
      const state = newState(t);
      const path = recordPath(state, "web");
      writeFileSync(path, written);
      const { record, problem, isDamaged } = readRecord(state, "web", "this-boot");
      assert.equal(record, undefined);
      assert.equal(isDamaged, true);
      assert.equal(problem, `${path}: not a record of this program, ignored`);
    });
  }

  test("does not call a file damaged that cannot be read just now", (t) => {
    const state = newState(t);
    const path = recordPath(state, "web");
    rmSync(state.programs, { recursive: true });
    writeFileSync(state.programs, "");
    const { problem, isDamaged } = readRecord(state, "web", "this-boot");
    assert.equal(isDamaged, false);
    assert.ok(problem?.startsWith(`${path}: ENOTDIR`));
  });

  for (const { kind, make, says } of noFiles) {
    test(`takes ${kind} for a damaged one, which is put aside and replaced`, (t) => {
      const state = newState(t);
      for (let time = 0; time < 3; time += 1) {
        make(recordPath(state, "web"));
        const file = readRecord(state, "web", "this-boot");
        assert.deepEqual([file.record, file.text, file.isDamaged], [undefined, undefined, true]);
        assert.match(file.problem ?? "", says);
        setDamagedAside(state, "web");
        writeRecord(state, full);
        assert.equal(readRecord(state, "web", "this-boot").record?.restarts, 3);
        rmSync(recordPath(state, "web"));
      }
    });

    test(`can be written where ${kind} is`, (t) => {
      const state = newState(t);
      make(recordPath(state, "web"));
      for (let restarts = 0; restarts < 4; restarts += 1) {
        writeRecord(state, { ...full, restarts });
        assert.equal(readRecord(state, "web", "this-boot").record?.restarts, restarts);
      }
    });
  }

  test("is not read through a link, nor from a file of 10 GB", (t) => {
    const state = newState(t);
    const path = recordPath(state, "web");
    const text = writeRecord(state, full);
    renameSync(path, `${path}.real`);
    symlinkSync(`${path}.real`, path);
    assert.equal(readRecord(state, "web", "this-boot").isDamaged, true);
    rmSync(path);
    makeHugeFile(path, text);
    assert.equal(readRecord(state, "web", "this-boot").isDamaged, true);
  });

  test("is read up to 1 MB", (t) => {
    const state = newState(t);
    const text = writeRecord(state, full);
    const padded = (bytes: number): void =>
      writeFileSync(recordPath(state, "web"), " ".repeat(bytes) + text, { mode: 0o600 });
    padded(1000);
    assert.deepEqual(readRecord(state, "web", "this-boot").record?.process, full.process);
    padded(1024 * 1024);
    assert.equal(readRecord(state, "web", "this-boot").isDamaged, true);
  });

  const odd: readonly [key: keyof ProgramRecord, value: unknown, want: unknown][] = [
    ["process", { pid: 1, startTime: 5 }, undefined],
    ["process", { pid: -7, startTime: 5 }, undefined],
    ["process", { pid: "20", startTime: 5 }, undefined],
    ["process", { pid: 20 }, undefined],
    ["process", 20, undefined],
    ["launched", { pid: 20.5, startTime: 5 }, undefined],
    ["launch", 7, undefined],
    ["via", "luck", undefined],
    ["restarts", -1, 0],
    ["failures", "many", 0],
    ["lastExit", { at: 1 }, undefined],
    [
      "lastExit",
      { at: "x", pid: 1, exit: { kind: "?" } },
      { at: "x", pid: 1, exit: { kind: "unknown" } },
    ],
    ["reason", {}, undefined],
    ["by", "me", "usrsvc"],
  ];
  for (const [key, value, want] of odd) {
    test(`takes ${key}: ${JSON.stringify(value)} for ${JSON.stringify(want)}`, (t) => {
      const state = newState(t);
      writeFileSync(recordPath(state, "web"), JSON.stringify({ ...full, [key]: value }));
      const { record } = readRecord(state, "web", "this-boot");
      assert.ok(record);
      assert.deepEqual(record[key], want);
    });
  }

  test("never throws, whatever the file holds", (t) => {
    const state = newState(t);
    const path = recordPath(state, "web");
    const mixed = fc.dictionary(
      fc.constantFrom(...Object.keys(full)),
      fc.oneof(fc.jsonValue(), fc.constantFrom(1, "web", "up", "running", "this-boot")),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          mixed.map((value) => JSON.stringify(value)),
        ),
        (any) => {
          writeFileSync(path, any);
          const { record } = readRecord(state, "web", "this-boot");
          if (record?.process !== undefined) assert.ok(record.process.pid > 1);
        },
      ),
    );
  });
});

describe("setDamagedAside", () => {
  test("keeps the damaged text beside the new record", (t) => {
    const state = newState(t);
    const path = recordPath(state, "web");
    writeFileSync(path, "damaged");
    setDamagedAside(state, "web");
    writeRecord(state, full);
    assert.equal(readFileSync(`${path}.damaged`, "utf8"), "damaged");
    assert.deepEqual(readdirSync(state.programs).sort(), ["web.json", "web.json.damaged"]);
    setDamagedAside(state, "none");
  });
});
