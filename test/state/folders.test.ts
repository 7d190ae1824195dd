import assert from "node:assert/strict";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, test, type TestContext } from "node:test";
import { isOwnFolder } from "../../src/lib/own-folder.ts";
import { makeFolder, makeFolders, placeFor } from "../../src/state/folders.ts";
import { parsePid } from "../../proc/pid.ts";
import { writePidfile } from "../../src/state/pidfile.ts";
import { tempDir } from "../support/temp-dir.ts";

describe("isOwnFolder", () => {
  const rows: readonly (readonly [folder: string, home: string, state: string, own: boolean])[] = [
    ["/home/me/run", "/home/me", "/s", true],
    ["/home/me/run/", "/home/me/", "/s", true],
    ["/home/me", "/home/me", "/s", false],
    ["/home/meow", "/home/me", "/s", false],
    ["/home/me/../you", "/home/me", "/s", false],
    ["/s", "/home/me", "/s", true],
    ["/s/log", "/home/me", "/s/", true],
    ["/srv", "/home/me", "/s", false],
    ["/var/log", "/", "/s", false],
    ["/", "/", "/", false],
  ];
  for (const [folder, home, state, own] of rows) {
    test(`${folder} is ${own ? "ours" : "another's"} with HOME ${home} and state_dir ${state}`, () => {
      assert.equal(isOwnFolder(folder, home, state), own);
    });
  }
});

describe("with a home,", () => {
  let home = "";
  const { HOME } = process.env;
  beforeEach((t) => {
    home = join(tempDir(t as TestContext), "home");
    mkdirSync(home);
    process.env["HOME"] = home;
    (t as TestContext).after(() => (process.env["HOME"] = HOME));
  });

  test("makeFolders makes what is missing in it, for this user alone", () => {
    const files = {
      pidfile: join(home, "run/a/x.pid"),
      stdout: join(home, "log/x.log"),
      stderr: join(home, "err/x.log"),
    };
    const umask = process.umask(0);
    makeFolders(files, { path: "/no/state" });
    process.umask(umask);
    for (const folder of ["run", "run/a", "log", "err"]) {
      assert.equal(statSync(join(home, folder)).mode & 0o7777, 0o700, folder);
    }
  });

  test("makeFolder leaves alone what is there, and what is not in it", () => {
    mkdirSync(join(home, "open"), { mode: 0o755 });
    makeFolder(join(home, "open"), undefined);
    assert.equal(statSync(join(home, "open")).mode & 0o777, 0o755);
    const other = join(home, "../other");
    makeFolder(other, undefined);
    assert.equal(existsSync(other), false);
    makeFolder(join(other, "log"), { path: other });
    assert.equal(existsSync(join(other, "log")), true);
  });

  test("placeFor names the nearest folder that is there", () => {
    assert.equal(placeFor(join(home, "a/b/c"), undefined), home);
    writeFileSync(join(home, "file"), "");
    assert.equal(placeFor(join(home, "file/b"), undefined), join(home, "file"));
    assert.equal(placeFor("/elsewhere/b", undefined), undefined);
  });

  test("a pidfile's folder is made as it is written", () => {
    const path = join(home, "new/web.pid");
    writePidfile(path, parsePid("12") ?? assert.fail());
    assert.equal(statSync(join(home, "new")).mode & 0o777, 0o700);
  });
});
