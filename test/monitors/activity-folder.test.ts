import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
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
import { setTimeout as pause } from "node:timers/promises";
import { monotonicMs } from "../../src/lib/clock.ts";
import { ActivityMonitor } from "../../src/monitors/activity.ts";
import { fileActivity } from "../../src/monitors/activity-file.ts";
import type { Violation } from "../../src/monitors/violation.ts";
import { cleanUp } from "../support/clean-up.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait.ts";
import { LIMIT, Scene } from "./activity-scene.ts";
import { settled } from "./fake-time.ts";

/** A folder, with something in it that was written just now. */
class FolderScene extends Scene {
  isPartial = false;

  constructor(t: TestContext) {
    super(t);
    this.write(false);
  }

  /** The program writes in the folder; `isHeard`: inotify tells so. */
  write(isHeard = true): void {
    this.file = { newest: this.time.wall, isPartial: this.isPartial };
    if (isHeard) this.listeners.at(-1)?.touched();
  }
}

describe("ActivityMonitor, of a folder", () => {
  test("tells a violation when nothing happened there for the limit, once", async (t) => {
    const scene = new FolderScene(t);
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
          "nothing was created, removed or written in activity folder /fake/file for 2 min (activityfile_limit 2 min)",
      },
    ]);
    await scene.time.advance(10 * LIMIT);
    assert.equal(scene.told, 1);
    assert.equal(scene.time.timers, 0);
  });

  test("is moved by what is heard, without a look at its entries", async (t) => {
    const scene = new FolderScene(t);
    scene.monitor();
    await settled();
    const { thoroughLooks } = scene;
    for (let count = 0; count < 100; count += 1) {
      await scene.time.advance(5000);
      scene.listeners.at(-1)?.touched(); // no time of a file changes
    }
    assert.equal(scene.told, 0);
    assert.equal(scene.thoroughLooks, thoroughLooks);
    await scene.time.advance(2 * LIMIT);
    assert.equal(scene.told, 1);
    assert.equal(scene.violations[0]?.measured, LIMIT);
  });

  test("is moved by what a look finds that was not heard", async (t) => {
    const scene = new FolderScene(t);
    scene.monitor();
    await scene.time.advance(LIMIT - 10);
    scene.write(false);
    await scene.time.advance(LIMIT - 1);
    assert.equal(scene.told, 0);
    await scene.time.advance(2);
    assert.equal(scene.told, 1);
  });

  test("is listened to anew when something happened there unheard", async (t) => {
    const scene = new FolderScene(t);
    scene.monitor();
    await settled();
    assert.equal(scene.listeners.length, 1);
    await scene.time.advance(1000);
    scene.write(false); // a link leads to another folder by now
    await scene.time.advance(LIMIT - 1000);
    assert.equal(scene.listeners.length, 2);
    assert.equal(scene.unsubscribed, 1);
  });

  test("that was old when the process began gives it its time all the same", async (t) => {
    const scene = new FolderScene(t);
    scene.file = { newest: scene.time.wall - 10 * LIMIT, isPartial: false };
    scene.monitor({ startedAt: scene.time.now - 20_000 });
    await scene.time.advance(LIMIT - 20_001);
    assert.equal(scene.told, 0);
    await scene.time.advance(2);
    assert.equal(scene.told, 1);
  });

  test("of another machine's clock is judged by whether it changes", async (t) => {
    const scene = new FolderScene(t);
    const offset = 3_600_000;
    scene.file = { newest: scene.time.wall - offset, isPartial: false };
    scene.refusal = new Error("no watches left");
    scene.monitor({ startedAt: scene.time.now });
    for (let round = 0; round < 5; round += 1) {
      await scene.time.advance(LIMIT - 1000);
      scene.file = { newest: scene.time.wall - offset, isPartial: false };
    }
    assert.equal(scene.told, 0);
    await scene.time.advance(2 * LIMIT);
    assert.equal(scene.told, 1);
  });

  test("that is gone is a violation as a missing file is", async (t) => {
    const scene = new FolderScene(t);
    scene.monitor();
    await scene.time.advance(5000);
    scene.file = undefined;
    scene.listeners[0]?.deleted();
    await scene.time.advance(1001);
    assert.equal(scene.violations[0]?.reason, "activity file /fake/file does not exist");
  });

  test("a look that takes until the deadline has come is made again, thoroughly", async (t) => {
    const scene = new FolderScene(t);
    scene.monitor();
    await scene.time.advance(10);
    scene.listeners.at(-1)?.touched(); // the look at the first deadline is none of entries
    let answer: () => void = () => {};
    await scene.time.advance(LIMIT - 11);
    scene.file = async () => {
      await new Promise<void>((resolve) => (answer = resolve));
      return { newest: undefined, isPartial: false };
    };
    await scene.time.advance(1); // it is asked
    scene.file = { newest: scene.time.wall, isPartial: false };
    await scene.time.advance(100); // and answers after the second one
    answer();
    await scene.time.advance(LIMIT - 200);
    assert.equal(scene.told, 0);
  });
});

describe("ActivityMonitor, of a folder with too many entries", () => {
  function large(t: TestContext): FolderScene {
    const scene = new FolderScene(t);
    scene.isPartial = true;
    scene.write(false);
    return scene;
  }

  test("counts only the silence that it has listened to", async (t) => {
    const scene = large(t);
    scene.file = { newest: scene.time.wall - 10 * LIMIT, isPartial: true };
    scene.monitor();
    await scene.time.advance(LIMIT - 1);
    assert.equal(scene.told, 0);
    await scene.time.advance(2);
    assert.equal(scene.told, 1);
    assert.deepEqual(scene.degraded, []);
  });

  test("begins to count anew when it listens again", async (t) => {
    const scene = large(t);
    scene.monitor();
    await scene.time.advance(5000);
    scene.listeners.at(-1)?.touched(); // nobody listens until the next look, at LIMIT
    await scene.time.advance(2 * LIMIT - 5001);
    assert.equal(scene.told, 0);
    await scene.time.advance(2);
    assert.equal(scene.told, 1);
  });

  test("is never a violation while it cannot be listened to, and that is told", async (t) => {
    const scene = large(t);
    scene.refusal = new Error("no watches left");
    scene.monitor();
    await scene.time.advance(20 * LIMIT);
    assert.equal(scene.told, 0);
    assert.deepEqual(scene.degraded, ["no watches left"]);
    scene.refusal = undefined;
    await scene.time.advance(3 * LIMIT);
    assert.equal(scene.told, 1);
  });
});

/** Listens to a real folder, and notes what it hears. */
async function hear(t: TestContext, path: string): Promise<string[]> {
  const heard: string[] = [];
  const end = await fileActivity.subscribe(path, {
    touched: () => heard.push("touched"),
    deleted: () => heard.push("deleted"),
    failed: (reason) => heard.push(reason),
  });
  cleanUp(t, end);
  return heard;
}

describe("fileActivity, of a folder", () => {
  const old = 1000;

  /** A folder in which all is old. */
  function oldFolder(t: TestContext, entries: readonly string[] = ["one", "two"]): string {
    const dir = join(tempDir(t), "spool");
    mkdirSync(dir);
    for (const name of entries) writeFileSync(join(dir, name), "");
    for (const name of [...entries, ""]) utimesSync(join(dir, name), old, old);
    return dir;
  }
  const seen = async (path: string): Promise<unknown> => await fileActivity.modified(path, true);

  test("tells the latest of its own time and of those of its entries", async (t) => {
    const dir = oldFolder(t);
    assert.deepEqual(await seen(dir), { newest: 1_000_000, isPartial: false });
    utimesSync(join(dir, "two"), old, 3000);
    assert.deepEqual(await seen(dir), { newest: 3_000_000, isPartial: false });
    utimesSync(dir, old, 4000);
    assert.deepEqual(await seen(dir), { newest: 4_000_000, isPartial: false });
  });

  test("looks at no entry where it is not to be thorough", async (t) => {
    const sight = await fileActivity.modified(oldFolder(t), false);
    assert.deepEqual(sight, { newest: undefined, isPartial: false });
  });

  test("may be empty, hold folders and links that lead nowhere, or be a link", async (t) => {
    const dir = oldFolder(t, []);
    assert.deepEqual(await seen(dir), { newest: 1_000_000, isPartial: false });
    mkdirSync(join(dir, "sub"));
    symlinkSync("nowhere", join(dir, "dead"));
    symlinkSync(dir, `${dir}.link`);
    const sight = (await seen(`${dir}.link`)) as { newest: number };
    assert.ok(Math.abs(Date.now() - sight.newest) < 10_000);
  });

  test("looks at a thousand entries, and says so", async (t) => {
    const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `f${at}`);
    const whole = oldFolder(t, names(1000));
    assert.deepEqual(await seen(whole), { newest: 1_000_000, isPartial: false });
    const large = oldFolder(t, names(1001));
    assert.deepEqual(await seen(large), { newest: 1_000_000, isPartial: true });
  });

  test("cannot be looked at where it may not be read", { skip: isRoot() }, async (t) => {
    const dir = oldFolder(t);
    chmodSync(dir, 0o300);
    cleanUp(t, () => chmodSync(dir, 0o700));
    await assert.rejects(seen(dir), { code: "EACCES" });
    await assert.rejects(hear(t, dir), { code: "EACCES" });
  });

  const acts: readonly [what: string, act: (dir: string) => void][] = [
    ["a new entry", (dir) => writeFileSync(join(dir, "new"), "")],
    ["an entry that is written", (dir) => appendFileSync(join(dir, "one"), "x")],
    ["an entry that is touched", (dir) => utimesSync(join(dir, "one"), new Date(), new Date())],
    ["an entry that goes", (dir) => unlinkSync(join(dir, "one"))],
    ["an entry that is renamed", (dir) => renameSync(join(dir, "one"), join(dir, "three"))],
    ["an entry that comes from elsewhere", (dir) => renameSync(`${dir}.file`, join(dir, "new"))],
    ["an entry that goes elsewhere", (dir) => renameSync(join(dir, "one"), `${dir}.one`)],
    ["a new folder", (dir) => mkdirSync(join(dir, "sub2"))],
    ["an entry of its own name", (dir) => writeFileSync(join(dir, "spool"), "")],
  ];
  for (const [what, act] of acts) {
    test(`hears ${what}`, async (t) => {
      const dir = oldFolder(t);
      writeFileSync(`${dir}.file`, "");
      const heard = await hear(t, dir);
      act(dir);
      await waitFor(() => heard.length > 0, what);
      assert.ok(
        heard.every((one) => one === "touched"),
        String(heard),
      );
    });
  }

  test("does not hear what happens in a folder below, or beside it", async (t) => {
    const dir = oldFolder(t);
    mkdirSync(join(dir, "sub"));
    const heard = await hear(t, dir);
    writeFileSync(join(dir, "sub", "file"), "x");
    writeFileSync(`${dir}.file`, "x");
    writeFileSync(join(dir, "last"), "x");
    await waitFor(() => heard.length > 0, "the last write");
    await pause(50);
    assert.ok(heard.length <= 2, String(heard)); // made, and written
  });

  test("hears that it is deleted or moved away", async (t) => {
    for (const remove of [
      (dir: string) => rmSync(dir, { recursive: true }),
      (dir: string) => renameSync(dir, `${dir}.away`),
    ]) {
      const dir = oldFolder(t);
      const heard = await hear(t, dir);
      remove(dir);
      await waitFor(() => heard.includes("deleted"), "its end");
    }
  });
});

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

describe("ActivityMonitor on a real folder", () => {
  /** Longer than this process may be kept from writing by what else the machine has to do, in ms. */
  const LIMIT_MS = 2000;
  interface Watched {
    readonly violations: Violation[];
    readonly degraded: string[];
  }

  function watchFolder(t: TestContext, path: string, limitMs: number): Watched {
    const watched: Watched = { violations: [], degraded: [] };
    const monitor = new ActivityMonitor({
      path,
      limitMs,
      notBefore: monotonicMs(),
      startedAt: monotonicMs(),
      onViolation: (violation) => watched.violations.push(violation),
      onDegraded: (reason) => watched.degraded.push(reason),
      ports: fileActivity,
    });
    cleanUp(t, () => monitor[Symbol.dispose]());
    return watched;
  }

  test("one in which files come and go is active; one in which they have stopped to, is not", async (t) => {
    const dir = tempDir(t);
    const watched = watchFolder(t, dir, LIMIT_MS);
    const end = monotonicMs() + 2 * LIMIT_MS;
    for (let count = 0; monotonicMs() < end; count += 1) {
      writeFileSync(join(dir, `f${count}`), "x");
      if (count > 2) unlinkSync(join(dir, `f${count - 3}`));
      await pause(50);
      assert.deepEqual(watched.violations, []);
    }
    await waitFor(() => watched.violations.length > 0, "the violation");
    assert.match(watched.violations[0]?.reason ?? "", /nothing was created, removed or written/);
    assert.deepEqual(watched.degraded, []);
  });

  test("one of 5,000 entries, of which the last is written in place, is active", async (t) => {
    const dir = tempDir(t);
    for (let count = 0; count < 5000; count += 1) writeFileSync(join(dir, `f${count}`), "");
    for (let count = 0; count < 5000; count += 1) utimesSync(join(dir, `f${count}`), 1000, 1000);
    utimesSync(dir, 1000, 1000);
    const watched = watchFolder(t, dir, LIMIT_MS);
    const end = monotonicMs() + 2 * LIMIT_MS;
    while (monotonicMs() < end) {
      appendFileSync(join(dir, "f4999"), "x");
      await pause(50);
      assert.deepEqual(watched.violations, []);
    }
    await waitFor(() => watched.violations.length > 0, "the violation");
  });

  test("one that a link leads to, which leads elsewhere by now, is followed", async (t) => {
    const dir = tempDir(t);
    for (const name of ["a", "b"]) mkdirSync(join(dir, name));
    symlinkSync("a", join(dir, "current"));
    const watched = watchFolder(t, join(dir, "current"), LIMIT_MS);
    const end = monotonicMs() + 3 * LIMIT_MS;
    for (let count = 0; monotonicMs() < end; count += 1) {
      if (count === 15) {
        symlinkSync("b", join(dir, "next"));
        renameSync(join(dir, "next"), join(dir, "current"));
      }
      writeFileSync(join(dir, "current", "file"), String(count)); // no time of the folder changes
      await pause(50);
      assert.deepEqual(watched.violations, []);
    }
  });
});
