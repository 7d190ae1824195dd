import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { describeHold, heldAs, type Hold, isOver, showHold } from "../../src/state/hold.ts";
import {
  heldName,
  heldStems,
  holdStamp,
  holdStem,
  moveHolds,
  readHold,
  readHoldFile,
  removeHoldFile,
  writeHoldFile,
} from "../../src/state/hold-file.ts";
import { makeStateDir, type StateDir, stateDir } from "../../src/state/state-dir.ts";

const NOW = Date.parse("2030-01-31T12:00:00Z");
const config = "/home/web/usrsvc.cfg";
const hold: Hold = {
  by: { account: "ann", as: "web", terminal: "pts/3" },
  since: "2030-01-31T10:00:00.000Z",
  until: "2030-01-31T13:00:00.000Z",
  reason: "upgrading",
};

function place(t: TestContext): StateDir {
  const path = mkdtempSync(join(tmpdir(), "usrsvc-hold-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  const dir = stateDir(join(path, "state"));
  makeStateDir(dir);
  return dir;
}

test("a hold is read as it was written, by nobody else, until its time is up", (t) => {
  const state = place(t);
  assert.equal(readHoldFile(state, "web"), undefined);
  const before = holdStamp(state, "web");
  writeHoldFile(state, "web", { config, hold });
  assert.notEqual(holdStamp(state, "web"), before);
  assert.deepEqual(readHoldFile(state, "web"), { config, hold });
  assert.equal(statSync(join(state.programs, "web.hold")).mode & 0o777, 0o600);
  assert.deepEqual(readHold({ state, config }, "web", NOW), hold);
  assert.equal(readHold({ state, config }, "web", NOW + 3_600_000), undefined);
  assert.equal(isOver(hold, NOW + 3_600_000), true);
  assert.equal(isOver({ ...hold, until: undefined }, Number.MAX_SAFE_INTEGER), false);
  removeHoldFile(state, "web");
  removeHoldFile(state, "web");
  assert.equal(holdStamp(state, "web"), "");
  assert.deepEqual(readdirSync(state.locks), []);
});

test("one that was released is none any more", (t) => {
  const state = place(t);
  const released = { by: { account: "bob" }, at: "2030-01-31T11:00:00.000Z" };
  writeHoldFile(state, "web", { config, hold, released });
  assert.deepEqual(readHoldFile(state, "web")?.released, released);
  assert.equal(readHold({ state, config }, "web", NOW), undefined);
});

test("that of the same name in another configuration file is another's", (t) => {
  const state = place(t);
  const theirs = join(state.path, "other.cfg");
  writeHoldFile(state, "web", { config: theirs, hold });
  assert.deepEqual(readHold({ state, config }, "web", NOW), hold); // that file is gone: it was moved
  writeFileSync(theirs, "");
  assert.equal(readHold({ state, config }, "web", NOW), undefined);
  assert.deepEqual(readHold({ state, config: theirs }, "web", NOW), hold);
});

test("what cannot be understood holds all the same", (t) => {
  const state = place(t);
  const path = join(state.programs, "web.hold");
  for (const text of [
    "",
    "{",
    "[]",
    '{"version":2}',
    '{"version":1,"name":"db","hold":{}}',
    "x".repeat(99_999),
  ]) {
    writeFileSync(path, text);
    const found = readHold({ state, config }, "web", NOW);
    assert.equal(found?.by.account, "somebody", text.slice(0, 40));
    assert.match(found.reason ?? "", /web\.hold cannot be understood/);
  }
  rmSync(path);
  symlinkSync("/etc/passwd", path);
  assert.equal(readHold({ state, config }, "web", NOW)?.by.account, "somebody");
  removeHoldFile(state, "web");
  mkdirSync(path);
  assert.equal(readHold({ state, config }, "web", NOW)?.by.account, "somebody");
  removeHoldFile(state, "web");
  assert.equal(readHoldFile(state, "web"), undefined);
});

test("the held programs are known by one look at the folder", (t) => {
  const state = place(t);
  assert.deepEqual(heldStems(stateDir("/nowhere")), new Set());
  for (const name of ["web", "../x", "a b"]) writeHoldFile(state, name, { config, hold });
  const names = [...heldStems(state)].map((stem) => heldName(state, stem));
  assert.deepEqual(new Set(names), new Set(["web", "../x", "a b"]));
  assert.equal(holdStem("web.hold"), "web");
  assert.equal(holdStem("web.json"), undefined);
  assert.equal(holdStem(".web.hold.1-x.new"), undefined);
});

test("holds follow programs to their new names, also where those are each other's", (t) => {
  const state = place(t);
  const other = { ...hold, reason: "other" };
  writeHoldFile(state, "a", { config, hold });
  writeHoldFile(state, "b", { config, hold: other });
  moveHolds(state, [
    { from: "a", to: "b" },
    { from: "b", to: "a" },
  ]);
  assert.equal(readHoldFile(state, "a")?.hold.reason, "other");
  assert.equal(readHoldFile(state, "b")?.hold.reason, "upgrading");
  moveHolds(state, [
    { from: "a", to: "c" },
    { from: "x", to: "a" },
  ]);
  assert.equal(readHoldFile(state, "a"), undefined);
  assert.equal(readHoldFile(state, "c")?.hold.reason, "other");
});

test("a hold in words says who, since when, how long and why", () => {
  const words = describeHold(hold, NOW);
  assert.match(
    words,
    /^held by ann \(as web, pts\/3\) for 2 h, until 2030-0[12]-\d\d \d\d:\d\d \(in 1 h\): upgrading$/,
  );
  assert.equal(
    describeHold({ by: { account: "ann" }, since: hold.since }, NOW),
    "held by ann for 2 h",
  );
  assert.deepEqual(heldAs(showHold(hold)), hold);
});
