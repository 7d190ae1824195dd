import assert from "node:assert/strict";
import {
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { monotonicMs } from "../../src/lib/clock.ts";
import { type ActivityListener, ActivityMonitor } from "../../src/monitors/activity.ts";
import { allBut, fileActivity } from "../../src/monitors/activity-file.ts";
import { TimeoutPool } from "../../src/lib/timeout-pool.ts";
import type { Violation } from "../../src/monitors/violation.ts";
import { cleanUp } from "../support/clean-up.ts";
import { tempDir } from "../support/temp-dir.ts";
import { inTime, waitFor } from "../support/wait.ts";
import { LIMIT, Scene } from "./activity-scene.ts";
import { type Later, later, settled } from "./fake-time.ts";

describe("ActivityMonitor", () => {
  test("tells a violation when the file was not touched for the limit, once", async (t) => {
    const scene = new Scene(t);
    scene.monitor();
    await scene.time.advance(LIMIT - 1);
    assert.equal(scene.told, 0);
    await scene.time.advance(2);
    assert.deepEqual(scene.violations, [
      {
        monitor: "activityfile",
        measured: LIMIT,
        limit: LIMIT,
        reason:
          "activity file /fake/file has not been touched for 2 min (activityfile_limit 2 min)",
      },
    ]);
    await scene.time.advance(10 * LIMIT);
    assert.equal(scene.told, 1);
    assert.equal(scene.time.timers, 0);
  });

  test("tells nothing before monitor_after, and counts the age of the file all the same", async (t) => {
    const scene = new Scene(t);
    scene.file = scene.time.wall - 3_600_000;
    scene.monitor({ notBefore: scene.time.now + 30_000 });
    await scene.time.advance(29_999);
    assert.equal(scene.told, 0);
    await scene.time.advance(2);
    assert.equal(scene.violations[0]?.measured, 3_630_000);
  });

  test("gives a file that is old already only the rest of the limit", async (t) => {
    const scene = new Scene(t);
    scene.file = scene.time.wall - 100_000;
    scene.monitor();
    await scene.time.advance(19_999);
    assert.equal(scene.told, 0);
    await scene.time.advance(2);
    assert.equal(scene.told, 1);
  });

  test("counts from the start of the process, not from the time of a file that it found", async (t) => {
    const scene = new Scene(t);
    scene.file = scene.time.wall - 3_600_000;
    scene.monitor({ startedAt: scene.time.now - 20_000 });
    await scene.time.advance(99_999);
    assert.equal(scene.told, 0);
    await scene.time.advance(2);
    assert.equal(scene.violations[0]?.measured, LIMIT);
  });

  test("an event moves the deadline, though the time of the file stands still", async (t) => {
    const scene = new Scene(t);
    scene.monitor();
    await scene.time.advance(60_000);
    scene.listeners[0]?.touched();
    await scene.time.advance(119_000);
    assert.equal(scene.told, 0);
    await scene.time.advance(1001);
    assert.equal(scene.told, 1);
  });

  test("with each event lost, the looks alone keep a healthy program", async (t) => {
    const scene = new Scene(t);
    scene.monitor();
    for (let minute = 0; minute < 30; minute += 1) {
      await scene.time.advance(60_000);
      scene.touch(false);
    }
    assert.equal(scene.told, 0);
    assert.ok(scene.looks <= 31, `${scene.looks} looks in 30 minutes`);
  });

  test("stops listening at the first event, and listens again after the next look", async (t) => {
    const scene = new Scene(t);
    scene.monitor();
    await scene.time.advance(1000);
    assert.equal(scene.listeners.length, 1);
    for (let count = 0; count < 1000; count += 1) scene.touch();
    assert.equal(scene.unsubscribed, 1);
    assert.equal(scene.listeners.length, 1);
    await scene.time.advance(LIMIT - 999);
    assert.equal(scene.listeners.length, 2);
    assert.equal(scene.looks, 2);
  });

  test("an event that comes before the subscription is complete ends it as well", async (t) => {
    const scene = new Scene(t);
    const subscribed = later<() => void>();
    let listener: ActivityListener | undefined;
    let ended = 0;
    scene.monitor({
      ports: {
        modified: async () => await Promise.resolve(scene.time.wall),
        subscribe: async (_path, it) => {
          listener = it;
          return await subscribed.promise;
        },
      },
    });
    await settled();
    listener?.touched();
    subscribed.resolve(() => (ended += 1));
    await settled();
    assert.equal(ended, 1);
  });

  test("a file that is deleted is a violation soon after the event", async (t) => {
    const scene = new Scene(t);
    scene.monitor();
    await scene.time.advance(5000);
    scene.file = undefined;
    scene.listeners[0]?.deleted();
    await scene.time.advance(999);
    assert.equal(scene.told, 0);
    await scene.time.advance(2);
    assert.equal(scene.violations[0]?.reason, "activity file /fake/file does not exist");
    assert.equal(scene.violations[0]?.measured, undefined);
  });

  test("a file that is deleted with nobody listening is a violation at the deadline", async (t) => {
    const scene = new Scene(t);
    scene.monitor();
    await scene.time.advance(1000);
    scene.touch();
    scene.file = undefined;
    await scene.time.advance(LIMIT + 1000);
    assert.match(scene.violations[0]?.reason ?? "", /does not exist/);
  });

  test("a file that is written anew within a second was not deleted", async (t) => {
    const scene = new Scene(t);
    scene.monitor();
    await scene.time.advance(5000);
    scene.file = undefined;
    scene.listeners[0]?.deleted();
    await scene.time.advance(500);
    scene.file = scene.time.wall;
    await scene.time.advance(LIMIT - 1);
    assert.equal(scene.told, 0);
    assert.equal(scene.listeners.length, 2, "and is listened to");
  });

  test("a file that is missing is a violation at monitor_after", async (t) => {
    const scene = new Scene(t);
    scene.file = undefined;
    scene.monitor({ notBefore: scene.time.now + 30_000 });
    await scene.time.advance(29_999);
    assert.equal(scene.told, 0);
    await scene.time.advance(2);
    assert.equal(scene.told, 1);
  });

  test("a file that appears before monitor_after is watched from then on", async (t) => {
    const scene = new Scene(t);
    scene.file = undefined;
    scene.monitor({ notBefore: scene.time.now + 30_000 });
    await scene.time.advance(20_000);
    scene.file = scene.time.wall;
    await scene.time.advance(20_000);
    assert.equal(scene.listeners.length, 1);
    await scene.time.advance(99_999);
    assert.equal(scene.told, 0);
    await scene.time.advance(2);
    assert.equal(scene.told, 1);
  });

  describe("where a watch cannot be had", () => {
    test("says so once, and the looks decide", async (t) => {
      const scene = new Scene(t);
      scene.refusal = new Error("inotify_add_watch failed: No space left on device");
      scene.monitor();
      for (let minute = 0; minute < 20; minute += 1) {
        await scene.time.advance(60_000);
        scene.touch();
      }
      assert.equal(scene.told, 0);
      assert.deepEqual(scene.degraded, [scene.refusal.message]);
      await scene.time.advance(2 * LIMIT);
      assert.equal(scene.told, 1);
    });

    test("tries again after a while", async (t) => {
      const scene = new Scene(t);
      scene.refusal = new Error("no");
      scene.monitor();
      await settled();
      scene.refusal = undefined;
      await scene.time.advance(60_000);
      scene.touch();
      await scene.time.advance(60_000);
      assert.equal(scene.listeners.length, 1);
    });
  });

  test("a watcher that reports an error is told once and left; the looks decide", async (t) => {
    const scene = new Scene(t);
    scene.monitor();
    for (let round = 0; round < 5; round += 1) {
      await scene.time.advance(LIMIT / 2);
      scene.listeners.at(-1)?.failed("Error reading from inotify");
      scene.touch(false);
    }
    assert.equal(scene.told, 0);
    assert.deepEqual(scene.degraded, ["Error reading from inotify"]);
    assert.equal(scene.unsubscribed, scene.listeners.length);
    await scene.time.advance(LIMIT);
    assert.equal(scene.told, 1);
  });

  describe("a look", () => {
    test("that fails is no violation, is told once and made again", async (t) => {
      const scene = new Scene(t);
      scene.file = async () => await Promise.reject(new Error("EACCES: permission denied"));
      scene.monitor();
      await scene.time.advance(300_000);
      assert.equal(scene.told, 0);
      assert.deepEqual(scene.degraded, ["/fake/file cannot be checked: EACCES: permission denied"]);
      assert.equal(scene.looks, 11);
      scene.file = scene.time.wall - LIMIT;
      await scene.time.advance(30_000);
      assert.equal(scene.told, 1);
    });

    test("that hangs is no violation, and the only one until it returns", async (t) => {
      const scene = new Scene(t);
      const hanging = later<number>();
      scene.file = async () => await hanging.promise;
      scene.monitor();
      await scene.time.advance(3_600_000);
      assert.equal(scene.told, 0);
      assert.equal(scene.looks, 1);
      assert.deepEqual(scene.degraded, ["/fake/file cannot be checked: it does not respond"]);
      scene.file = scene.time.wall;
      hanging.resolve(0);
      await settled();
      assert.equal(scene.looks, 2, "looked at again at once");
      await scene.time.advance(LIMIT + 1);
      assert.equal(scene.told, 1);
    });

    test("that hangs keeps no other file from being looked at", async (t) => {
      const scene = new Scene(t);
      const patience = new TimeoutPool();
      const never: Later<number>[] = [];
      for (let count = 0; count < 3; count += 1) {
        scene.monitor({
          patience,
          ports: {
            modified: async () => {
              never.push(later<number>());
              return await (never.at(-1)?.promise ?? 0);
            },
            subscribe: async () => await Promise.reject(new Error("never asked for")),
          },
        });
      }
      scene.monitor({ patience, limitMs: 10_000 });
      await scene.time.advance(10_001);
      assert.equal(scene.told, 1);
      assert.equal(never.length, 3);
    });

    test("that hangs when the monitor ends tells nothing any more", async (t) => {
      const scene = new Scene(t);
      const hanging = later<number>();
      scene.file = async () => await hanging.promise;
      const monitor = scene.monitor();
      await settled();
      monitor[Symbol.dispose]();
      hanging.resolve(0);
      await scene.time.advance(LIMIT);
      assert.deepEqual([scene.told, scene.degraded.length, scene.looks], [0, 0, 1]);
    });
  });

  describe("when the wall clock jumps", () => {
    for (const jump of [-86_400_000, 86_400_000]) {
      const way = jump > 0 ? "ahead" : "back";
      test(`${way} by a day, a program that touches its file is left alone`, async (t) => {
        const scene = new Scene(t);
        scene.monitor();
        await scene.time.advance(60_000);
        scene.touch(false);
        scene.time.wallOffset += jump;
        for (let minute = 0; minute < 10; minute += 1) {
          await scene.time.advance(60_000);
          scene.touch(false);
        }
        assert.equal(scene.told, 0);
      });

      test(`${way} by a day, one that does not is found out no later than otherwise`, async (t) => {
        const scene = new Scene(t);
        scene.monitor();
        await scene.time.advance(60_000);
        scene.time.wallOffset += jump;
        await scene.time.advance(60_001);
        assert.equal(scene.told, 1);
      });
    }

    test("a time in the future is no reason to wait for it", async (t) => {
      const scene = new Scene(t);
      scene.file = scene.time.wall + 86_400_000;
      scene.monitor();
      await scene.time.advance(LIMIT + 1);
      assert.equal(scene.told, 1);
    });
  });

  test("tells nothing and leaves nothing behind when it is ended", async (t) => {
    const scene = new Scene(t);
    const monitor = scene.monitor();
    await settled();
    monitor[Symbol.dispose]();
    scene.listeners[0]?.touched();
    scene.listeners[0]?.deleted();
    await scene.time.advance(2 * LIMIT);
    assert.deepEqual([scene.told, scene.unsubscribed, scene.time.timers], [0, 1, 0]);
  });
});

describe("allBut", () => {
  const names = ["file", "a.b", "a*b", "a[1]{2}", "(x|y)", "a+b?", "^a$", "a\\b", "-", "ä ö", "*"];

  for (const name of names) {
    test(`matches every path but ${JSON.stringify(name)}`, () => {
      const regex = allBut(name);
      assert.ok(!regex.test(name));
      for (const other of [...names, "", `${name}x`, `x${name}`, `${name}/x`, "a1b", "aab"]) {
        assert.equal(regex.test(other), other !== name, other);
      }
    });
  }
});

/** Listens to a real file until it is deleted, and notes what it hears. */
async function hear(t: TestContext, path: string): Promise<string[]> {
  const heard: string[] = [];
  const end = await fileActivity.subscribe(path, {
    touched: () => heard.push("touched"),
    deleted: () => {
      heard.push("deleted");
      end();
    },
    failed: (reason) => heard.push(reason),
  });
  cleanUp(t, end);
  return heard;
}

describe("fileActivity", () => {
  test("tells when a file was changed, and what is none", async (t) => {
    const dir = tempDir(t);
    const file = join(dir, "file");
    writeFileSync(file, "");
    utimesSync(file, 1000, 1234.5);
    assert.equal(await fileActivity.modified(file, true), 1_234_500);
    assert.equal(await fileActivity.modified(join(dir, "none"), true), undefined);
    assert.equal(await fileActivity.modified(join(dir, "none/none"), true), undefined);
    assert.equal(await fileActivity.modified(join(file, "below"), true), undefined);
    symlinkSync("loop", join(dir, "loop"));
    assert.equal(await fileActivity.modified(join(dir, "loop"), true), undefined);
    symlinkSync("file", join(dir, "link"));
    assert.equal(await fileActivity.modified(join(dir, "link"), true), 1_234_500);
  });

  const names = ["plain", "a*b", "a[1]", "{a,b}", "!x", "(a|b)+", "^a$", "a\\d", "-x", "ä ö", "\n"];

  for (const name of names) {
    test(`hears a file named ${JSON.stringify(name)}, and no other`, async (t) => {
      const dir = tempDir(t);
      const file = join(dir, name);
      writeFileSync(file, "");
      mkdirSync(join(dir, "sub"));
      writeFileSync(join(dir, "other"), "");
      const others = await hear(t, join(dir, "other"));
      const heard = await hear(t, file);
      writeFileSync(join(dir, "sub", "plain"), "x");
      writeFileSync(join(dir, "sub", name), "x");
      writeFileSync(join(dir, "a1"), "x");
      writeFileSync(file, "x");
      await waitFor(() => heard.includes("touched"), "the write");
      writeFileSync(join(dir, "other"), "x");
      await waitFor(() => others.length > 0, "the last write");
      assert.ok(heard.length <= 2 && heard.every((what) => what === "touched"), String(heard));
    });
  }

  test("hears a file that is replaced by rename, as editors and logrotate do", async (t) => {
    const dir = tempDir(t);
    const file = join(dir, "file");
    writeFileSync(file, "");
    const heard = await hear(t, file);
    writeFileSync(join(dir, "new"), "x");
    renameSync(join(dir, "new"), file);
    await waitFor(() => heard.includes("touched"), "the rename");
  });

  test("hears a file that is touched without being written", async (t) => {
    const dir = tempDir(t);
    const file = join(dir, "file");
    writeFileSync(file, "");
    const heard = await hear(t, file);
    utimesSync(file, new Date(), new Date());
    await waitFor(() => heard.includes("touched"), "the touch");
  });

  test("hears that a file is deleted or moved away", async (t) => {
    const dir = tempDir(t);
    for (const [name, remove] of [
      ["a", (path: string) => unlinkSync(path)],
      ["b", (path: string) => renameSync(path, `${path}.1`)],
    ] as const) {
      writeFileSync(join(dir, name), "");
      const heard = await hear(t, join(dir, name));
      remove(join(dir, name));
      await waitFor(() => heard.includes("deleted"), `the end of ${name}`);
    }
  });

  test("hears what a link leads to", async (t) => {
    const dir = tempDir(t);
    mkdirSync(join(dir, "there"));
    writeFileSync(join(dir, "there", "real"), "");
    symlinkSync("there/real", join(dir, "link"));
    const heard = await hear(t, join(dir, "link"));
    writeFileSync(join(dir, "there", "real"), "x");
    await waitFor(() => heard.includes("touched"), "the write");
  });

  test("cannot listen where there is no such file or folder", async (t) => {
    const dir = tempDir(t);
    const nobody: ActivityListener = { touched() {}, deleted() {}, failed() {} };
    await assert.rejects(fileActivity.subscribe(join(dir, "none/file"), nobody), /ENOENT/);
  });

  test("many that begin and end to listen at once hear all the same", async (t) => {
    const dir = tempDir(t);
    const files = Array.from({ length: 20 }, (_, index) => join(dir, `f${index}`));
    for (const file of files) writeFileSync(file, "");
    const listen = async (file: string): Promise<void> => {
      for (let round = 0; round < 5; round += 1) {
        const heard = later<void>();
        const end = await fileActivity.subscribe(file, {
          touched: () => heard.resolve(),
          deleted: () => heard.reject(new Error("deleted")),
          failed: (reason) => heard.reject(new Error(reason)),
        });
        writeFileSync(file, String(round));
        await inTime(heard.promise, `event ${round} of ${file}`);
        end();
      }
    };
    await Promise.all(files.map(listen));
  });

  test("a folder that is deleted under the watch harms nothing", async (t) => {
    const dir = tempDir(t);
    const file = join(dir, "sub", "file");
    mkdirSync(join(dir, "sub"));
    writeFileSync(file, "");
    const heard = await hear(t, file);
    rmSync(join(dir, "sub"), { recursive: true });
    await waitFor(() => heard.length > 0, "the deletion");
    assert.deepEqual(heard, ["deleted"]);
    mkdirSync(join(dir, "sub"));
    writeFileSync(file, "");
    const again = await hear(t, file);
    writeFileSync(file, "x");
    await waitFor(() => again.includes("touched"), "the write");
  });
});

describe("ActivityMonitor on real files", () => {
  /** A monitor with a short limit; resolves with its violation. */
  async function violationOf(t: TestContext, path: string, limitMs: number): Promise<Violation> {
    const told = later<Violation>();
    const monitor = new ActivityMonitor({
      path,
      limitMs,
      notBefore: monotonicMs() + 300,
      onViolation: told.resolve,
      onDegraded: (reason) => told.reject(new Error(reason)),
      ports: fileActivity,
    });
    cleanUp(t, () => monitor[Symbol.dispose]());
    return await inTime(told.promise, "the violation");
  }

  test("a file whose folder appears before monitor_after is watched", async (t) => {
    const dir = tempDir(t);
    const file = join(dir, "a/b/file");
    const violation = violationOf(t, file, 500);
    mkdirSync(join(dir, "a/b"), { recursive: true });
    writeFileSync(file, "");
    const { reason, measured } = await violation;
    assert.match(reason, /has not been touched for/);
    assert.ok((measured ?? 0) >= 500 && (measured ?? 0) < 30_000, `${measured} ms`);
  });

  test("a file that is written until a moment ago was not touched since then", async (t) => {
    const file = join(tempDir(t), "file");
    writeFileSync(file, "");
    let writtenAt = 0;
    const violation = violationOf(t, file, 600);
    for (let count = 0; count < 20; count += 1) {
      writeFileSync(file, String(count));
      writtenAt = monotonicMs();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { measured } = await violation;
    const passed = monotonicMs() - writtenAt;
    assert.ok(passed >= 590, `told ${passed} ms after the last write`);
    assert.ok((measured ?? 0) >= 600, `${measured} ms`);
  });
});
