import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  openSync,
  closeSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { FileFollower } from "../../src/lib/file-follower.ts";
import { tempDir } from "../support/temp-dir.ts";

/** A log that is followed; `news` is what a look tells, in short. */
function followed(
  t: TestContext,
  before?: string,
): { path: string; follower: FileFollower; news: () => readonly string[] } {
  const path = join(tempDir(t), "log");
  if (before !== undefined) writeFileSync(path, before);
  const follower = new FileFollower(path);
  t.after(() => follower[Symbol.dispose]());
  const news = (): readonly string[] =>
    follower.look().news.map((one) => (one.kind === "line" ? one.text : `(${one.kind})`));
  return { path, follower, news };
}

describe("FileFollower", () => {
  test("reads what is added, each line once, and half a line when it is whole", (t) => {
    const { path, follower, news } = followed(t, "old\n");
    assert.deepEqual(news(), []);
    appendFileSync(path, "one\ntw");
    assert.deepEqual(news(), ["one"]);
    assert.ok(follower.isWithinLine);
    appendFileSync(path, "o\n");
    assert.deepEqual(news(), ["two"]);
    appendFileSync(path, "name? ");
    assert.deepEqual(news(), []);
    assert.deepEqual(follower.flush(), ["name? "]);
  });

  test("begins where it is told to, also in a file that was rotated since", (t) => {
    const path = join(tempDir(t), "log");
    writeFileSync(path, "seen\none\n");
    const { dev, ino } = statSync(path);
    const from = { id: `${dev}:${ino}`, at: "seen\n".length };
    const lookFrom = (): readonly string[] => {
      const follower = new FileFollower(path, from);
      t.after(() => follower[Symbol.dispose]());
      return follower.look().news.map((one) => (one.kind === "line" ? one.text : `(${one.kind})`));
    };
    assert.deepEqual(lookFrom(), ["one"]);
    renameSync(path, `${path}.1`);
    assert.deepEqual(lookFrom(), ["one"]);
    writeFileSync(path, "two\n");
    assert.deepEqual(lookFrom(), ["one", "(replaced)", "two"]);
    rmSync(`${path}.1`);
    assert.deepEqual(lookFrom(), ["two"]);
  });

  test("reads a file that is made later from its beginning", (t) => {
    const { path, news } = followed(t);
    assert.deepEqual(news(), []);
    writeFileSync(path, "first\n");
    assert.deepEqual(news(), ["first"]);
  });

  test("reads the rest of what was renamed, what is still written to it, and what took its place", (t) => {
    const { path, news } = followed(t, "");
    appendFileSync(path, "one\n");
    renameSync(path, `${path}.1`);
    appendFileSync(`${path}.1`, "two\n");
    assert.deepEqual(news(), ["one", "two"]);
    writeFileSync(path, "three\n");
    appendFileSync(`${path}.1`, "late\n");
    assert.deepEqual(news(), ["late", "(replaced)", "three"]);
    appendFileSync(`${path}.1`, "later\n");
    appendFileSync(path, "four\n");
    assert.deepEqual(news(), ["later", "four"]);
  });

  test("begins anew when the file was truncated, also if it has grown since", (t) => {
    const { path, news } = followed(t, "");
    appendFileSync(path, "a line that is quite long\n");
    assert.deepEqual(news(), ["a line that is quite long"]);
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    appendFileSync(path, "short\n");
    assert.deepEqual(news(), ["(truncated)", "short"]);
    truncateSync(path);
    appendFileSync(path, "now it is longer than it was before\n");
    assert.deepEqual(news(), ["(truncated)", "now it is longer than it was before"]);
  });

  test("goes on after a truncation that it has seen before anything was added", (t) => {
    const { path, news } = followed(t, "");
    for (let left = 3; left > 0; left -= 1) {
      appendFileSync(path, "a line\n");
      assert.deepEqual(news(), ["a line"]);
      truncateSync(path);
      assert.deepEqual(news(), ["(truncated)"]);
    }
  });

  test("reads on in a log that is rotated twice under a program that does not open it again", (t) => {
    const { path, news } = followed(t, "");
    renameSync(path, `${path}.1`);
    writeFileSync(path, "");
    assert.deepEqual(news(), ["(replaced)"]);
    renameSync(`${path}.1`, `${path}.2`);
    renameSync(path, `${path}.1`);
    writeFileSync(path, "");
    assert.deepEqual(news(), ["(replaced)"]);
    appendFileSync(`${path}.2`, "still here\n");
    assert.deepEqual(news(), ["still here"]);
  });

  test("goes on where a program goes on that does not append", (t) => {
    const { path, news } = followed(t, "");
    const fd = openSync(path, "w");
    t.after(() => closeSync(fd));
    writeSync(fd, `${"x".repeat(200)}\n`);
    assert.equal(news().length, 1);
    truncateSync(path);
    writeSync(fd, "next\n");
    assert.deepEqual(news(), ["next"]);
  });

  test("waits for one that was removed, and follows a link to where it leads", (t) => {
    const { path, news } = followed(t, "");
    rmSync(path);
    assert.deepEqual(news(), []);
    writeFileSync(`${path}.7`, "seven\n");
    symlinkSync("log.7", path);
    assert.deepEqual(news(), ["(replaced)", "seven"]);
    writeFileSync(`${path}.8`, "eight\n");
    rmSync(path);
    symlinkSync("log.8", path);
    appendFileSync(`${path}.7`, "seven again\n");
    assert.deepEqual(news(), ["seven again", "(replaced)", "eight"]);
  });

  test("reads a burst in pieces", (t) => {
    const { path, follower } = followed(t, "");
    appendFileSync(path, `${"x".repeat(999)}\n`.repeat(3000));
    let count = 0;
    let looks = 0;
    for (let isMore = true; isMore; looks += 1) {
      const look = follower.look();
      count += look.news.length;
      isMore = look.isMore;
    }
    assert.equal(count, 3000);
    assert.ok(looks > 1);
  });

  test("tells once that it cannot be read", (t) => {
    const { path, news } = followed(t);
    writeFileSync(path, "");
    rmSync(path);
    symlinkSync("/dev/null", path);
    assert.deepEqual(news(), ["(fault)"]);
    assert.deepEqual(news(), []);
    rmSync(path);
    writeFileSync(path, "a\n");
    chmodSync(path, 0o600);
    assert.deepEqual(news(), ["a"]);
  });
});
