import assert from "node:assert/strict";
import { closeSync, openSync, truncateSync, writeFileSync, appendFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { lastLineBegin, linesFromEnd, linesOf, readPieces } from "../../src/lib/lines-from-end.ts";
import { tempDir } from "../support/temp-dir.ts";

function opened(t: TestContext, content: string | Buffer): { fd: number; size: number } {
  const path = join(tempDir(t), "log");
  writeFileSync(path, content);
  const fd = openSync(path, "r");
  t.after(() => closeSync(fd));
  return { fd, size: Buffer.byteLength(content) };
}

const textsOf = ({ fd, size }: { fd: number; size: number }): readonly string[] =>
  [...linesFromEnd(fd, size)].map(({ text }) => text).toReversed();

describe("linesFromEnd()", () => {
  for (const [what, text, lines] of [
    ["nothing", "", []],
    ["one line feed", "\n", [""]],
    ["lines", "a\nb\n\nc\n", ["a", "b", "", "c"]],
    ["a last line without a line feed", "a\nb", ["a", "b"]],
  ] as const) {
    test(`reads ${what}`, (t) => assert.deepEqual(textsOf(opened(t, text)), lines));
  }

  test("reads lines across the pieces that it reads, as they are read forward", async (t) => {
    const lines = Array.from({ length: 40_000 }, (_, at) => `${at} ${"ü".repeat(at % 97)}`);
    const file = opened(t, `${lines.join("\n")}\n`);
    assert.deepEqual(textsOf(file), lines);
    const forward: string[] = [];
    for await (const line of linesOf(readPieces(file.fd, 0, file.size))) forward.push(...line);
    assert.deepEqual(forward, lines);
    const [last] = linesFromEnd(file.fd, file.size);
    assert.equal(last?.at, file.size - Buffer.byteLength(`${lines.at(-1)}\n`));
  });

  test("keeps the beginning of a line of 3 MB", (t) => {
    const lines = textsOf(opened(t, `a\n${"x".repeat(3 * 1024 * 1024)}\nb\n`));
    assert.deepEqual([lines[0], lines[2], lines.length], ["a", "b", 3]);
    assert.match(lines[1] ?? "", /^x{65536}… \(2\.9 MB more\)$/);
  });

  test("leaves out only what is wholly within pieces that hold nothing wanted", (t) => {
    const fill = `${"-".repeat(99)}\n`.repeat(30_000);
    const file = opened(t, `${fill}wanted 1\n${fill}wanted 2\n${fill}`);
    const mayHold = (bytes: Buffer): boolean => bytes.includes("wanted");
    const found = [...linesFromEnd(file.fd, file.size, mayHold)].map(({ text }) => text);
    assert.deepEqual(
      found.filter((text) => text.startsWith("wanted")),
      ["wanted 2", "wanted 1"],
    );
    assert.ok(found.length < 60_000, `${found.length} lines`);
    assert.ok(found.every((text) => /^(wanted \d|-{99})$/.test(text)));
  });

  test("reads the lines after a hole of 10 GB at once", (t) => {
    const path = join(tempDir(t), "log");
    writeFileSync(path, "before\n");
    truncateSync(path, 10 * 1024 ** 3);
    appendFileSync(path, "first\nsecond\n");
    const fd = openSync(path, "r");
    t.after(() => closeSync(fd));
    const texts = [...linesFromEnd(fd, 10 * 1024 ** 3 + 13)].map(({ text }) => text);
    assert.deepEqual(texts, ["second", "first"]);
  });
});

test("lastLineBegin() is where a line begins that has no line feed yet", (t) => {
  for (const [text, at] of [
    ["", 0],
    ["a\n", 2],
    ["a\nbc", 2],
    ["abc", 0],
  ] as const) {
    const { fd, size } = opened(t, text);
    assert.equal(lastLineBegin(fd, size), at, JSON.stringify(text));
  }
});
