import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  asPageLine,
  type PageLine,
  plainLine,
  styledLines,
} from "../../../src/cli/terminal/page-line.ts";
import { painter } from "../../../src/cli/terminal/style.ts";
import { displayWidth } from "../../../src/cli/terminal/width.ts";

const plain = painter(0);

describe("a line of a page", () => {
  const line: PageLine = {
    indent: 2,
    begin: [["why: ", "faint"]],
    text: "exited with code 3; it wrote: cannot open the database",
  };

  test("is whole where no terminal shows it", () => {
    assert.equal(plainLine(line), `  why: ${line.text}`);
    assert.deepEqual(styledLines(line, { paint: plain }), [plainLine(line)]);
  });

  test("goes on further in than it began", () => {
    const lines = styledLines(line, { width: 30, paint: plain });
    assert.deepEqual(lines, [
      "  why: exited with code 3; it",
      "      wrote: cannot open the",
      "      database",
    ]);
  });

  test("keeps its columns where it fits", () => {
    const command = asPageLine("    usrsvc start web   starts it");
    assert.deepEqual(styledLines(command, { width: 40, paint: plain }), [plainLine(command)]);
  });

  test("has a style only where it has one", () => {
    assert.deepEqual(styledLines(line, { width: 80, paint: painter(16) }), [plainLine(line)]);
    assert.deepEqual(styledLines(asPageLine("+ web", "good"), { width: 80, paint: painter(16) }), [
      "\u001b[32m+ web\u001b[0m",
    ]);
  });

  test("lets no text of a program stand where a line of ours begins", () => {
    const forged = `    | ${"x".repeat(30)} 2030-01-31 04:30:15  ERROR web: gone\u001b[2K\r\nweb: fatal`;
    const lines = styledLines(asPageLine(forged), { width: 40, paint: plain });
    assert.ok(lines.length > 1);
    for (const one of lines.slice(1)) assert.match(one, /^ {8}\S/);
    for (const one of lines) assert.ok(displayWidth(one) <= 40, one);
  });
});
