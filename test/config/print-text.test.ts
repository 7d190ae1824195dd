import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseConfigobj } from "../../src/config/configobj/configobj.ts";
import { interpolate } from "../../src/config/configobj/interpolate.ts";
import {
  exactExpression,
  printCommand,
  printComment,
  printPair,
} from "../../src/config/print-text.ts";
import { translatePythonRegex } from "../../src/config/python-regex/python-regex.ts";
import { splitWords } from "../../src/config/shell/words.ts";

/** What the reader makes of a line of a section, references followed. */
function readBack(line: string): string {
  const { root, faults } = parseConfigobj(`[x]\n    ${line}\n`);
  assert.deepEqual(faults, []);
  const section = root.sections.get("x");
  assert.ok(section?.entries.size === 1);
  return interpolate(section, "key", section.entries.get("key")?.text ?? "");
}

const nasty = fc.array(
  fc.constantFrom(
    "a",
    "'",
    '"',
    "#",
    ",",
    " ",
    "\\",
    "%",
    "(",
    ")s",
    "=",
    "[",
    "]",
    "\n",
    "$",
    "~",
    "&",
    "é",
    "'''",
    '"""',
  ),
  { maxLength: 12 },
);

describe("printPair()", () => {
  test("gives a line that is read as the same value, or says that none does", () => {
    let written = 0;
    fc.assert(
      fc.property(nasty, (parts) => {
        const value = parts.join("");
        const line = printPair("key", value);
        if (line === undefined) return;
        written += 1;
        assert.equal(readBack(line), value);
      }),
      { numRuns: 2000 },
    );
    assert.ok(written > 1000);
  });

  const rows: readonly (readonly [value: string, line: string | undefined])[] = [
    ["plain text, with commas", "key = plain text, with commas"],
    ["", 'key = ""'],
    ["a # b", 'key = "a # b"'],
    [" blanks ", 'key = " blanks "'],
    [
      'it\'s # "both"',
      "key = '''it's # \"both\"'''".replaceAll("'''", '"""').replace('both"""', 'both"""'),
    ],
    ["two\nlines", 'key = """two\nlines"""'],
    ["50% (h)s", "key = 50% (h)s"],
    ["%(h)s", undefined],
  ];
  for (const [value, line] of rows) {
    test(JSON.stringify(value), () => {
      const printed = printPair("key", value);
      if (value.includes('"both"')) assert.equal(printed && readBack(printed), value);
      else assert.equal(printed, line);
    });
  }
});

describe("printCommand()", () => {
  test("gives a command that is split into the same words, and holds no reference", () => {
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 1, maxLength: 5 }), (all) => {
        const words = all.map((parts) => parts.join(""));
        const text = printCommand(words);
        assert.ok(text !== undefined);
        assert.deepEqual(splitWords(text), { words });
        assert.doesNotMatch(text, /%\(/);
        assert.doesNotMatch(text, /^~|&$/);
      }),
      { numRuns: 2000 },
    );
  });

  test("quotes only what has to be", () => {
    assert.equal(
      printCommand(["node", "server.js", "--port=80", "a b", "it's"]),
      `node server.js --port=80 'a b' "it's"`,
    );
    assert.equal(printCommand(["gunicorn", "%(h)s %(l)s"]), "gunicorn '%''(h)s %''(l)s'");
    assert.equal(printCommand(["redis-server", "--save", ""]), "redis-server --save ''");
  });
});

test("exactExpression() fits its text alone", () => {
  const titles = [
    "gunicorn: master [app:app]",
    "redis-server *:6379",
    String.raw`a\b (c|d) {2} $x ^ +?.`,
  ];
  for (const title of titles) {
    const translated = translatePythonRegex(exactExpression(title));
    assert.ok("regex" in translated, JSON.stringify(translated));
    assert.match(title, translated.regex);
    assert.doesNotMatch(`${title}x`, translated.regex);
    assert.doesNotMatch(`x${title}`, translated.regex);
  }
});

test("printComment() keeps a text in comments, whatever is in it", () => {
  assert.deepEqual(printComment("a\nb [Program:x]", "  "), ["  # a b [Program:x]"]);
  assert.deepEqual(printComment("word ".repeat(4).trim(), "", 12), ["# word word", "# word word"]);
});
