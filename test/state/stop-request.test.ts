import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { procReader } from "../../proc/reader.ts";
import {
  isStopRequested,
  removeOldRequest,
  removeOldRequests,
  requestStop,
  stopRequestStem,
} from "../../src/state/stop-request.ts";
import { makeStateDir, type StateDir, stateDir } from "../../src/state/state-dir.ts";
import { FakeProc } from "../support/fake-proc.ts";
import { sleeper } from "../support/processes.ts";
import { noFiles } from "../support/strange-files.ts";
import { tempDir } from "../support/temp-dir.ts";

const proc = procReader();

function newState(t: TestContext): StateDir {
  const state = stateDir(join(tempDir(t), "state"));
  makeStateDir(state);
  return state;
}

const fileOf = (state: StateDir, name: string): string => join(state.programs, `${name}.stop`);

describe("requestStop", () => {
  test("asks until it is taken back, for one program", (t) => {
    const state = newState(t);
    const request = requestStop(state, "web", proc);
    assert.equal(isStopRequested(state, "web", proc), true);
    assert.equal(isStopRequested(state, "db", proc), false);
    request[Symbol.dispose]();
    assert.equal(isStopRequested(state, "web", proc), false);
    assert.deepEqual([readdirSync(state.programs), readdirSync(state.locks)], [[], []]);
  });

  test("leaves alone what another asks for by then", (t) => {
    const state = newState(t);
    const { process: other } = sleeper(t);
    const request = requestStop(state, "web", proc);
    const theirs = `${other.pid} ${other.startTime} ${proc.bootId()}\n`;
    writeFileSync(fileOf(state, "web"), theirs);
    request[Symbol.dispose]();
    assert.equal(readFileSync(fileOf(state, "web"), "utf8"), theirs);
    assert.equal(isStopRequested(state, "web", proc), true);
  });

  test("waits where it cannot ask, and writes through no link", (t) => {
    const state = newState(t);
    const other = join(state.path, "other");
    writeFileSync(other, "mine");
    symlinkSync(other, fileOf(state, "web"));
    requestStop(state, "web", proc)[Symbol.dispose]();
    assert.equal(readFileSync(other, "utf8"), "mine");
    renameSync(state.programs, `${state.programs}.away`);
    requestStop(state, "web", proc)[Symbol.dispose]();
    assert.equal(existsSync(state.programs), false);
  });
});

describe("isStopRequested", () => {
  /** As one asks who has this pid and start time. */
  function ask(t: TestContext, text = `${process.pid} 700 boot\n`): StateDir {
    const state = newState(t);
    writeFileSync(fileOf(state, "web"), text);
    return state;
  }
  const asker = { pid: process.pid, startTime: 700 };

  test("is about the process that asked, in this boot", (t) => {
    assert.equal(isStopRequested(ask(t), "web", new FakeProc(asker)), true);
    const others = [
      [new FakeProc(), "it has ended"],
      [new FakeProc({ ...asker, startTime: 701 }), "its pid lives again"],
      [new FakeProc({ ...asker, state: "Z" }), "it is a zombie"],
    ] as const;
    for (const [now, why] of others) {
      const state = ask(t);
      assert.equal(isStopRequested(state, "web", now), false, why);
      assert.equal(existsSync(fileOf(state, "web")), false, `removed: ${why}`);
    }
    const state = ask(t, `${process.pid} 700 an-earlier-boot\n`);
    assert.equal(isStopRequested(state, "web", new FakeProc(asker)), false);
  });

  for (const text of ["", "\n", `${process.pid}\n`, "a b boot", "-1 700 boot", " 700 boot", "\0"]) {
    test(`takes ${JSON.stringify(text)} for none, and removes it`, (t) => {
      const state = ask(t, text);
      assert.equal(isStopRequested(state, "web", new FakeProc(asker)), false);
      assert.equal(existsSync(fileOf(state, "web")), false);
    });
  }

  for (const { kind, make } of noFiles) {
    test(`does not wait for ${kind}`, (t) => {
      const state = newState(t);
      make(fileOf(state, "web"));
      assert.equal(isStopRequested(state, "web", proc), false);
      assert.equal(existsSync(fileOf(state, "web")), kind === "a folder");
    });
  }
});

describe("removeOldRequests", () => {
  test("removes what was left behind, of all programs, and nothing else", (t) => {
    const state = newState(t);
    using _ = requestStop(state, "web", proc);
    writeFileSync(fileOf(state, "db"), `${process.pid} 1 ${proc.bootId()}\n`);
    writeFileSync(fileOf(state, "%2E.%2Fx"), "1\n");
    writeFileSync(join(state.programs, "db.json"), "{}");
    mkdirSync(fileOf(state, "folder"));
    removeOldRequests(state, proc);
    const left = readdirSync(state.programs).toSorted();
    assert.deepEqual(left, ["db.json", "folder.stop", "web.stop"]);
  });

  test("does the same for one program, and finds nothing where nothing ever was", (t) => {
    const state = newState(t);
    writeFileSync(fileOf(state, "db"), "1\n");
    removeOldRequest(state, "web", proc);
    assert.ok(existsSync(fileOf(state, "db")));
    removeOldRequest(state, "db", proc);
    assert.equal(existsSync(fileOf(state, "db")), false);
    removeOldRequests(stateDir("/no/such/folder"), proc);
  });
});

test("the file of a request is told from that of a record", () => {
  assert.equal(stopRequestStem("web.stop"), "web");
  assert.equal(stopRequestStem("web.json"), undefined);
});
