import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { PathWatch } from "../../src/lib/path-watch.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait.ts";

/** A watch that is armed; `told` waits until something was told after `change`. */
function watched(t: TestContext, path: string): (change: () => void) => Promise<void> {
  let count = 0;
  const watch = new PathWatch(path, () => (count += 1));
  t.after(() => watch[Symbol.dispose]());
  watch.arm();
  return async (change) => {
    const before = count;
    change();
    await waitFor(() => count > before, "a notice");
    watch.arm();
  };
}

describe("PathWatch", () => {
  test("tells of what is written, renamed and made again, and of what is written to the renamed", async (t) => {
    const path = join(tempDir(t), "log");
    writeFileSync(path, "");
    const told = watched(t, path);
    await told(() => appendFileSync(path, "a"));
    await told(() => renameSync(path, `${path}.1`));
    await told(() => writeFileSync(path, "new"));
    await told(() => appendFileSync(path, "b"));
    await told(() => appendFileSync(`${path}.1`, "c"));
    await told(() => rmSync(path));
  });

  test("waits for folders that are not there yet, or are made again", async (t) => {
    const folder = tempDir(t);
    const path = join(folder, "a", "b", "log");
    const told = watched(t, path);
    await told(() => mkdirSync(join(folder, "a")));
    await told(() => mkdirSync(join(folder, "a/b")));
    await told(() => writeFileSync(path, "x"));
    await told(() => rmSync(join(folder, "a"), { recursive: true }));
    await told(() => mkdirSync(join(folder, "a/b"), { recursive: true }));
    await told(() => writeFileSync(path, "y"));
  });

  test("tells of what a link leads to, and that it leads elsewhere", async (t) => {
    const folder = tempDir(t);
    mkdirSync(join(folder, "data"));
    const path = join(folder, "log");
    symlinkSync("data/log.1", path);
    const told = watched(t, path);
    await told(() => writeFileSync(join(folder, "data/log.1"), "made"));
    await told(() => appendFileSync(join(folder, "data/log.1"), "more"));
    await told(() => {
      rmSync(path);
      symlinkSync("data/log.2", path);
    });
    await told(() => writeFileSync(join(folder, "data/log.2"), "made"));
  });

  test("says nothing of neighbours", async (t) => {
    const folder = tempDir(t);
    const path = join(folder, "log");
    writeFileSync(path, "");
    let count = 0;
    using watch = new PathWatch(path, () => (count += 1));
    watch.arm();
    writeFileSync(join(folder, "other"), "x".repeat(100));
    let isTold = false;
    using sentinel = new PathWatch(join(folder, "other2"), () => (isTold = true));
    sentinel.arm();
    writeFileSync(join(folder, "other2"), "x");
    await waitFor(() => isTold, "what comes after it");
    assert.equal(count, 0);
    assert.equal(watch.obstacle, undefined);
  });
});
