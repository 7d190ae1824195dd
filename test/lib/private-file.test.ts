import assert from "node:assert/strict";
import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { AlertQueue } from "../../src/alerts/queue.ts";
import { openLog } from "../../src/events/log.ts";
import { makePrivateFolder, setMode } from "../../src/lib/private-file.ts";
import { tryLock } from "../../src/state/lock.ts";
import { makeStateDir, stateDir } from "../../src/state/state-dir.ts";
import { writeByRename } from "../../src/lib/write-file.ts";
import { anAlert } from "../alerts/an-alert.ts";
import { tempDir } from "../support/temp-dir.ts";

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

for (const umask of [0o000, 0o022, 0o077, 0o777]) {
  describe(`with the umask ${umask.toString(8).padStart(4, "0")} of a caller`, () => {
    const under = async <T>(call: () => T | Promise<T>): Promise<T> => {
      const before = process.umask(umask);
      try {
        return await call();
      } finally {
        process.umask(before);
      }
    };

    test("folders are for us alone, and those that are there stay", async (t) => {
      const dir = tempDir(t);
      mkdirSync(join(dir, "there"));
      chmodSync(join(dir, "there"), 0o755);
      await under(() => makePrivateFolder(join(dir, "there/a/b")));
      const modes = ["there", "there/a", "there/a/b"].map((name) => modeOf(join(dir, name)));
      assert.deepEqual(modes, ["755", "700", "700"]);
    });

    test("state, locks, records and mails are", async (t) => {
      const dir = stateDir(join(tempDir(t), "x/state"));
      await under(async () => {
        makeStateDir(dir);
        const lock = await tryLock(join(dir.locks, "web"));
        assert.ok(lock);
        lock[Symbol.dispose]();
        writeByRename(join(dir.programs, "web.json"), "{}");
        writeByRename(join(dir.pidfiles, "web.pid"), "1", { mode: 0o644 });
        new AlertQueue(join(dir.path, "mail"), (name) => name).add(anAlert(), ["me@x.org"]);
      });
      assert.deepEqual(
        readdirSync(dir.path, { recursive: true, encoding: "utf8" })
          .toSorted()
          .map((name) => `${name} ${modeOf(join(dir.path, name))}`),
        [
          "locks 700",
          "locks/web 600",
          "log 700",
          "mail 700",
          "mail/web.json 600",
          "programs 700",
          "programs/web.json 600",
          "run 700",
          "run/web.pid 644",
        ],
      );
    });

    for (const mode of [0o600, 0o640]) {
      test(`logs are as asked for, ${mode.toString(8)}, rolled ones and those of before, too`, async (t) => {
        const dir = tempDir(t);
        const path = join(dir, "d.log");
        closeSync(openSync(path, "w")); // an old one
        chmodSync(path, 0o666);
        await under(async () => {
          const log = await openLog({
            stdout: path,
            stderr: join(dir, "e.log"),
            mode,
            debug: false,
          });
          const reason = "x".repeat(4000);
          for (let at = 0; at < 3000; at++) {
            log.emit({ kind: "daemon.reaping", reason }); // twice in a line
            if (at % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
          }
          await log.close();
          log.end();
        });
        const names = readdirSync(dir).toSorted();
        assert.deepEqual(names, ["d.1.log", "d.2.log", "d.3.log", "d.log", "e.1.log", "e.log"]);
        for (const name of names) assert.equal(modeOf(join(dir, name)), mode.toString(8), name);
      });
    }
  });
}

test("what is no file, or closed, keeps its mode", () => {
  const before = modeOf("/dev/null");
  const fd = openSync("/dev/null", "w");
  setMode(fd, 0o600);
  closeSync(fd);
  setMode(fd, 0o600);
  assert.equal(modeOf("/dev/null"), before);
});
