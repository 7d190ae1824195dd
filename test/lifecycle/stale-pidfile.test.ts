import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { removeStalePidfile, type StalePidfile } from "../../src/lifecycle/stale-pidfile.ts";
import { FakeProc } from "../support/fake-proc.ts";
import { makeHugeFile, noFiles } from "../support/strange-files.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Its age, by FakeProc, is 100 s. */
const BORN = { pid: 123, startTime: 90_000 };

interface Scene {
  readonly pidfile: string;
  readonly remove: (proc?: FakeProc, autopid?: boolean, owner?: string) => StalePidfile | undefined;
}

/** A pidfile that is so old. */
function scene(t: TestContext, text: string | undefined, ageSeconds = 50): Scene {
  const pidfile = join(tempDir(t), "web.pid");
  if (text !== undefined) {
    writeFileSync(pidfile, text);
    const then = Date.now() / 1000 - ageSeconds;
    utimesSync(pidfile, then, then);
  }
  return {
    pidfile,
    remove: (proc = new FakeProc(), autopid = true, owner) =>
      removeStalePidfile({ name: "web", autopid, pidfile }, { proc, ownerOf: () => owner }),
  };
}

describe("removeStalePidfile", () => {
  test("removes one whose process has ended", (t) => {
    const { pidfile, remove } = scene(t, "123\n");
    assert.deepEqual(remove(), {
      isRemoved: true,
      text: `stale pidfile ${pidfile} removed: process 123 has ended`,
    });
    assert.equal(existsSync(pidfile), false);
  });

  test("takes a zombie for one that has ended", (t) => {
    const { pidfile, remove } = scene(t, "123\n");
    assert.equal(remove(new FakeProc({ ...BORN, state: "Z" }))?.isRemoved, true);
    assert.equal(existsSync(pidfile), false);
  });

  test("removes one whose number was given to another process", (t) => {
    const { pidfile, remove } = scene(t, "123\n", 200);
    assert.deepEqual(remove(new FakeProc(BORN)), {
      isRemoved: true,
      text: `stale pidfile ${pidfile} removed: 123 is another process now`,
    });
    assert.equal(existsSync(pidfile), false);
  });

  test("keeps one that was written when its process lived, and tells of it", (t) => {
    for (const age of [0, 99, 100.5]) {
      const { pidfile, remove } = scene(t, "123\n", age);
      assert.deepEqual(remove(new FakeProc(BORN)), {
        isRemoved: false,
        text: `pidfile ${pidfile} names process 123, which does not match: left as it is`,
      });
      assert.equal(readFileSync(pidfile, "utf8"), "123\n");
    }
  });

  test("keeps one that another program has as well, and lives", (t) => {
    const { pidfile, remove } = scene(t, "123\n", 200);
    assert.equal(remove(new FakeProc(BORN), true, "other"), undefined);
    assert.ok(existsSync(pidfile));
    assert.equal(remove(new FakeProc(BORN), true, "web")?.isRemoved, true);
  });

  test("never touches one that the program writes itself", (t) => {
    const { pidfile, remove } = scene(t, "123\n");
    assert.equal(remove(new FakeProc(), false), undefined);
    assert.ok(existsSync(pidfile));
  });

  for (const text of ["", "\n", " \n", "\0\0\0\0"]) {
    test(`removes one that holds ${JSON.stringify(text)}`, (t) => {
      const { pidfile, remove } = scene(t, text);
      assert.equal(remove()?.text, `stale pidfile ${pidfile} removed: it was empty`);
      assert.equal(existsSync(pidfile), false);
    });
  }

  test("keeps a text that is no pid: it may be anything", (t) => {
    const { pidfile, remove } = scene(t, "dear diary\n");
    assert.equal(remove(), undefined);
    assert.ok(existsSync(pidfile));
  });

  test("keeps what is large, and only begins with nothing", (t) => {
    const { pidfile, remove } = scene(t, undefined);
    makeHugeFile(pidfile, "\n");
    assert.equal(remove(), undefined);
    assert.ok(existsSync(pidfile));
  });

  for (const { kind, make } of noFiles) {
    test(`keeps ${kind}`, (t) => {
      const { pidfile, remove } = scene(t, undefined);
      make(pidfile);
      assert.equal(remove(), undefined);
      assert.match(execFileSync("ls", ["-d", pidfile]).toString(), /web\.pid/);
    });
  }

  test("removes a link, and not what it leads to", (t) => {
    const { pidfile, remove } = scene(t, undefined);
    writeFileSync(`${pidfile}.real`, "123\n");
    symlinkSync("web.pid.real", pidfile);
    assert.equal(remove()?.isRemoved, true);
    assert.equal(existsSync(pidfile), false);
    assert.ok(existsSync(`${pidfile}.real`));
  });

  test("has nothing to tell where there is none, or none is known", (t) => {
    assert.equal(scene(t, undefined).remove(), undefined);
    const unknown = { name: "web", autopid: true, pidfile: undefined };
    const host = { proc: new FakeProc(), ownerOf: () => undefined };
    assert.equal(removeStalePidfile(unknown, host), undefined);
  });

  test("fails where it cannot be removed", { skip: process.getuid?.() === 0 }, (t) => {
    const folder = join(tempDir(t), "folder");
    mkdirSync(folder);
    const pidfile = join(folder, "web.pid");
    writeFileSync(pidfile, "123\n");
    execFileSync("chmod", ["500", folder]);
    const host = { proc: new FakeProc(), ownerOf: () => undefined };
    try {
      assert.throws(() => removeStalePidfile({ name: "web", autopid: true, pidfile }, host), {
        code: "EACCES",
      });
    } finally {
      execFileSync("chmod", ["700", folder]);
    }
  });
});
