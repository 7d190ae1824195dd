import assert from "node:assert/strict";
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { writeByRename } from "../../src/lib/write-file.ts";
import { noFiles } from "../support/strange-files.ts";
import { tempDir } from "../support/temp-dir.ts";

describe("writeByRename", () => {
  test("writes the text, for nobody else to read, and leaves nothing else", (t) => {
    const dir = tempDir(t);
    const path = join(dir, "file");
    for (const text of ["one\n", "zwölf\n", ""]) {
      writeByRename(path, text);
      assert.equal(readFileSync(path, "utf8"), text);
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.deepEqual(readdirSync(dir), ["file"]);
    }
    const { ino } = statSync(path);
    writeByRename(path, "two\n", { mode: 0o644 });
    assert.notEqual(statSync(path).ino, ino);
    assert.equal(statSync(path).mode & 0o777, 0o644 & ~process.umask());
  });

  for (const { kind, make } of noFiles.filter(({ kind }) => kind !== "a folder")) {
    test(`takes the place of ${kind}, and does not write to it`, (t) => {
      const path = join(tempDir(t), "file");
      make(path);
      writeByRename(path, "text\n");
      assert.equal(readFileSync(path, "utf8"), "text\n");
      assert.ok(statSync(path).isFile());
    });
  }

  test("takes the place of a link, and leaves what it leads to", (t) => {
    const dir = tempDir(t);
    const [path, other] = [join(dir, "file"), join(dir, "other")];
    writeFileSync(other, "mine\n");
    for (const link of [symlinkSync, linkSync]) {
      link(other, path);
      writeByRename(path, "ours\n");
      assert.equal(readFileSync(path, "utf8"), "ours\n");
      assert.equal(readFileSync(other, "utf8"), "mine\n");
      rmSync(path);
    }
  });

  test("takes another name where somebody has foreseen the first", (t) => {
    const dir = tempDir(t);
    const path = join(dir, "file");
    const numbers = [0.5, 0.5, 0.25];
    t.mock.method(Math, "random", () => numbers.shift() ?? 0.75);
    const foreseen = `.file.${process.pid}-${(0.5).toString(36).slice(2)}.new`;
    symlinkSync("elsewhere", join(dir, foreseen));
    writeByRename(path, "text\n");
    assert.deepEqual(readdirSync(dir).toSorted(), [foreseen, "file"].toSorted());
    assert.equal(readFileSync(path, "utf8"), "text\n");
    assert.deepEqual(numbers, []);
  });

  test("fails and leaves nothing where it cannot write", (t) => {
    const dir = tempDir(t);
    mkdirSync(join(dir, "folder"));
    assert.throws(() => writeByRename(join(dir, "folder"), "text"), { code: "EISDIR" });
    assert.throws(() => writeByRename(join(dir, "none", "file"), "text"), { code: "ENOENT" });
    assert.deepEqual(readdirSync(dir), ["folder"]);
  });

  test("makes it elsewhere, if it is told to", (t) => {
    const dir = tempDir(t);
    mkdirSync(join(dir, "folder"), { mode: 0o500 });
    writeByRename(join(dir, "file"), "text", { folder: join(dir, "folder") });
    assert.equal(readFileSync(join(dir, "file"), "utf8"), "text");
    assert.deepEqual(readdirSync(join(dir, "folder")), []);
  });

  test("has room for the longest name", (t) => {
    const path = join(tempDir(t), "ä".repeat(127));
    writeByRename(path, "text");
    assert.equal(readFileSync(path, "utf8"), "text");
  });
});
