import assert from "node:assert/strict";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { NotAFile, readFileHead } from "../../src/lib/read-file.ts";
import { makeHugeFile, noFiles } from "../support/strange-files.ts";
import { tempDir } from "../support/temp-dir.ts";

describe("readFileHead", () => {
  test("reads a file whole, if it is no larger than that", (t) => {
    const path = join(tempDir(t), "file");
    for (const text of ["", "a", "zwölf\n", "x".repeat(5000)]) {
      writeFileSync(path, text);
      assert.deepEqual(readFileHead(path, { most: 5000 }), { text, isWhole: true });
    }
  });

  test("reads no more than the beginning of a larger one", (t) => {
    const path = join(tempDir(t), "file");
    writeFileSync(path, "12345678");
    assert.deepEqual(readFileHead(path, { most: 7 }), { text: "1234567", isWhole: false });
    makeHugeFile(path, "12345678");
    assert.deepEqual(readFileHead(path, { most: 8 }), { text: "12345678", isWhole: false });
  });

  for (const { kind, make, says } of noFiles) {
    for (const followsLinks of [true, false]) {
      const how = followsLinks ? "followed" : "not followed";
      test(`says of ${kind} what it is, links ${how}`, (t) => {
        const path = join(tempDir(t), "file");
        make(path);
        const read = (): unknown => readFileHead(path, { most: 100, followsLinks });
        assert.throws(read, (error) => error instanceof NotAFile && says.test(error.message));
        assert.throws(read, { message: new RegExp(`^${path} is `) });
      });
    }
  }

  test("follows a link to a file, unless a link has no business there", (t) => {
    const dir = tempDir(t);
    const [path, link] = [join(dir, "file"), join(dir, "link")];
    writeFileSync(path, "text");
    symlinkSync("file", link);
    assert.equal(readFileHead(link, { most: 100 }).text, "text");
    assert.throws(() => readFileHead(link, { most: 100, followsLinks: false }), {
      message: `${link} is a symbolic link, not a file`,
    });
  });

  test("leaves it to the caller what a missing file means", (t) => {
    const path = join(tempDir(t), "file");
    assert.throws(() => readFileHead(path, { most: 100 }), { code: "ENOENT" });
  });
});
