import assert from "node:assert/strict";
import { symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { linesOf } from "../../src/lib/lines-from-end.ts";
import { rotatedLogs, unpacked } from "../../src/lib/rotated-logs.ts";
import { tempDir } from "../support/temp-dir.ts";

/** A folder with these files, the oldest first. */
function folderOf(t: TestContext, names: readonly string[]): string {
  const folder = tempDir(t);
  for (const [at, name] of names.entries()) {
    writeFileSync(join(folder, name), name);
    utimesSync(join(folder, name), 1000 + at, 1000 + at);
  }
  return folder;
}

const namesOf = (path: string): readonly string[] =>
  rotatedLogs(path, () => false).map((one) => basename(one.path));

describe("rotatedLogs()", () => {
  test("knows the names that are given to them, the youngest first", (t) => {
    const older = [
      "web.log-20261120.gz",
      "web.log.3.gz",
      "web.log-2026112701",
      "web.2026-11-26.log",
      "web.log.2026-11-27",
      "web-2026-11-28.log",
      "web.2026-11-28.1.log",
      "web.log.1",
    ];
    const others = [
      "web.log",
      "web.log.bak",
      "web-2.log",
      "web.log.1.txt",
      "web.log.old",
      "webs.log.1",
    ];
    const folder = folderOf(t, [...older, ...others]);
    assert.deepEqual(namesOf(join(folder, "web.log")), older.toReversed());
  });

  test("are not those that are another program's", (t) => {
    const folder = folderOf(t, ["web.log.1", "web.2.log", "web.log"]);
    const found = rotatedLogs(join(folder, "web.log"), (path) => path.endsWith("web.2.log"));
    assert.deepEqual(
      found.map(({ path }) => basename(path)),
      ["web.log.1"],
    );
  });

  test("are those beside the file that a link leads to", (t) => {
    for (const [names, link] of [
      [["app.log.1", "app.log.2", "app.log.3"], "app.log"],
      [["app.1.log", "app.2.log", "app.3.log"], "app.log"],
      [["app.2026-11-26.1.log", "app.2026-11-27.1.log", "app.2026-11-28.1.log"], "current.log"],
    ] as const) {
      const folder = folderOf(t, names);
      symlinkSync(names[2], join(folder, link));
      assert.deepEqual(namesOf(join(folder, link)), [names[1], names[0]]);
    }
  });

  test("are found while the log itself is not there, and none where there is no folder", (t) => {
    const folder = folderOf(t, ["web.log.1"]);
    assert.deepEqual(namesOf(join(folder, "web.log")), ["web.log.1"]);
    assert.deepEqual(namesOf(join(folder, "none/web.log")), []);
  });
});

describe("unpacked()", () => {
  const linesIn = async (path: string): Promise<readonly string[]> => {
    const lines: string[] = [];
    for await (const line of linesOf(unpacked(path))) lines.push(...line);
    return lines;
  };

  test("yields what was packed, and of half a file what there is", async (t) => {
    const lines = Array.from({ length: 50_000 }, (_, at) => `line ${at} ${Math.sqrt(at)}`);
    const packed = gzipSync(lines.join("\n"));
    const path = join(tempDir(t), "log.1.gz");
    writeFileSync(path, packed);
    assert.deepEqual(await linesIn(path), lines);
    writeFileSync(path, packed.subarray(0, packed.length / 2));
    const half = await linesIn(path);
    assert.ok(half.length > 1000 && half.length < lines.length);
    assert.deepEqual(await linesIn(`${path}.gone`), []);
  });
});
