import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  changeRemembered,
  isAnythingRemembered,
  readRemembered,
  type Remembered,
  rememberedPath,
} from "../../src/state/remembered.ts";
import { makeStateDir, type StateDir, stateDir } from "../../src/state/state-dir.ts";

const config = "/home/web/usrsvc.cfg";
const one = (program: string, of = config): Remembered => ({
  program,
  config: of,
  at: "2030-01-31T10:00:00.000Z",
  by: { account: "ann", terminal: "pts/3" },
});

function place(t: TestContext): StateDir {
  const path = mkdtempSync(join(tmpdir(), "usrsvc-remembered-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  const dir = stateDir(join(path, "state"));
  makeStateDir(dir);
  return dir;
}

test("what is remembered is read as it was written, for its configuration file", async (t) => {
  const dir = place(t);
  assert.equal(isAnythingRemembered(dir), false);
  assert.deepEqual(readRemembered(dir, config), []);
  await changeRemembered(dir, config, (before) => before);
  assert.equal(isAnythingRemembered(dir), false, "nothing was to be written");
  await changeRemembered(dir, config, () => [one("web"), one("db")]);
  await changeRemembered(dir, "/other.cfg", (before) => [...before, one("x", "/other.cfg")]);
  await changeRemembered(dir, config, (before) => before.filter(({ program }) => program !== "db"));
  assert.deepEqual(readRemembered(dir, config), [one("web")]);
  assert.deepEqual(readRemembered(dir, "/other.cfg"), [one("x", "/other.cfg")]);
  assert.equal(statSync(rememberedPath(dir)).mode & 0o777, 0o600);
});

test("two who change it at the same time lose nothing", async (t) => {
  const dir = place(t);
  const names = Array.from({ length: 10 }, (_, index) => `p${index}`);
  await Promise.all(
    names.map(
      async (name) => await changeRemembered(dir, config, (before) => [...before, one(name)]),
    ),
  );
  assert.deepEqual(
    new Set(readRemembered(dir, config).map(({ program }) => program)),
    new Set(names),
  );
});

test("what cannot be understood is not overwritten", async (t) => {
  const dir = place(t);
  for (const text of [
    "",
    "{}",
    "[1]",
    '{"version":2,"programs":[]}',
    '{"version":1,"programs":[{"program":1}]}',
  ]) {
    writeFileSync(rememberedPath(dir), text);
    assert.throws(() => readRemembered(dir, config), /remembered\.json cannot be understood/);
    await assert.rejects(
      changeRemembered(dir, config, () => [one("web")]),
      /move it away/,
    );
  }
});
