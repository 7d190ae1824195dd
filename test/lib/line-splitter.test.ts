import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LineSplitter, LONGEST_LINE } from "../../src/lib/line-splitter.ts";

describe("LineSplitter", () => {
  test("makes the same lines of whatever pieces", () => {
    const text = "erste Zeile äöü\r\n\nthird €\nno end";
    const all = Buffer.from(text);
    for (let size = 1; size <= all.length; size += 1) {
      const splitter = new LineSplitter();
      const lines: string[] = [];
      for (let at = 0; at < all.length; at += size) {
        lines.push(...splitter.push(all.subarray(at, at + size)));
      }
      assert.deepEqual(lines, ["erste Zeile äöü", "", "third €"]);
      assert.ok(splitter.isWithin);
      assert.equal(splitter.flush(), "no end");
      assert.equal(splitter.flush(), undefined);
    }
  });

  test("keeps the beginning of a huge line, and counts the rest", () => {
    const splitter = new LineSplitter();
    const mb = Buffer.alloc(1024 * 1024, "x");
    for (let left = 8; left > 0; left -= 1) assert.deepEqual(splitter.push(mb), []);
    const [line = "", next] = splitter.push(Buffer.from("y\nnext\n"));
    assert.ok(line.startsWith("xxx") && line.endsWith("… (7.9 MB more)"));
    assert.ok(line.length < LONGEST_LINE + 20);
    assert.equal(next, "next");
  });

  test("keeps nothing of a buffer that its reader uses again", () => {
    const splitter = new LineSplitter();
    const buffer = Buffer.from("begun");
    splitter.push(buffer);
    buffer.fill("?");
    assert.deepEqual(splitter.push(Buffer.from("\n")), ["begun"]);
  });

  test("leaves out the NULs before what was written after a truncation", () => {
    assert.deepEqual(new LineSplitter().push(Buffer.from("\0\0\0\0first\n")), ["first"]);
  });
});
