import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { libc } from "../../proc/system/libc.ts";
import { replaceFile } from "../../src/lib/replace-file.ts";
import { nodeScript, output } from "../support/processes.ts";
import { tempDir } from "../support/temp-dir.ts";

function paths(t: TestContext): { path: string; spare: string } {
  const dir = tempDir(t);
  return { path: join(dir, "file"), spare: join(dir, "spare") };
}

describe("replaceFile", () => {
  test("makes a file that is not there, for nobody else to read", (t) => {
    const { path, spare } = paths(t);
    replaceFile(path, spare, "new\n");
    assert.equal(readFileSync(path, "utf8"), "new\n");
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test("leaves nothing of a longer text, and nothing out of one that is not ASCII", (t) => {
    const { path, spare } = paths(t);
    for (const text of ["a long text\n", "another long one\n", "é\n", "", "ü and more\n"]) {
      replaceFile(path, spare, text);
      assert.equal(readFileSync(path, "utf8"), text);
    }
  });

  test("never changes the file that a reader has open", (t) => {
    const { path, spare } = paths(t);
    replaceFile(path, spare, "one\n");
    const { ino } = statSync(path);
    replaceFile(path, spare, "two\n");
    assert.notEqual(statSync(path).ino, ino);
  });

  test("uses the two files in turn, where they can change places", { skip: skip() }, (t) => {
    const { path, spare } = paths(t);
    for (const text of ["one", "two"]) replaceFile(path, spare, text);
    const both = [statSync(path).ino, statSync(spare).ino];
    replaceFile(path, spare, "three");
    assert.deepEqual([statSync(spare).ino, statSync(path).ino], both);
  });

  test(
    "leaves alone what a slow reader has opened, and uses it again afterwards",
    { skip: skip() },
    (t) => {
      const { path, spare } = paths(t);
      for (const text of ["one", "two"]) replaceFile(path, spare, text);
      const fd = openSync(path, "r");
      for (const text of ["three", "four", "five"]) replaceFile(path, spare, text);
      assert.equal(readFileSync(fd, "utf8"), "two");
      assert.equal(readFileSync(path, "utf8"), "five");
      closeSync(fd);
      const both = [statSync(path).ino, statSync(spare).ino];
      replaceFile(path, spare, "six");
      assert.deepEqual([statSync(spare).ino, statSync(path).ino], both);
    },
  );

  test("is a rename where the C library is not to be had", async (t) => {
    const { path, spare } = paths(t);
    writeFileSync(path, "old\n");
    const child = nodeScript(t, "replace-file.ts", [path, spare, "new\n"], {
      env: { USRSVC_NO_LIBC: "1" },
    });
    assert.equal(await output(child), "renamed\n");
    assert.equal(readFileSync(path, "utf8"), "new\n");
  });
});

function skip(): string | false {
  return libc() === undefined ? "no C library" : false;
}
