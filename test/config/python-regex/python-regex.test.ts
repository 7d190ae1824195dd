import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { translatePythonRegex } from "../../../src/config/python-regex/python-regex.ts";

/** Pattern, texts in which it is found, texts in which it is not: as Python 3.11 has it. */
const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["^app$", ["app", "app\n"], ["app\n\n", "xapp"]],
  ["\\Aapp\\Z", ["app"], ["app\n"]],
  ["(?m)^b$", ["a\nb\nc"], ["ab"]],
  ["^a.b$", ["a🚀b"], ["a\nb"]],
  ["(?s)^a.b$", ["a\nb"], []],
  ["^\\w+$", ["größe_1", "あ"], ["a b", "a\u0301"]],
  ["(?a)^\\w+$", ["a_1"], ["größe"]],
  ["\\bapp\\b", ["my app 1"], ["äapp"]],
  ["a\\sb", ["a\u001fb", "a\u2003b"], ["a\ufeffb"]],
  ["[^\\W\\d]", ["a"], ["1", "-"]],
  ["[\\W\\d]", ["1", "-"], ["a"]],
  ["a[]x]b", ["a]b", "axb"], ["ab"]],
  ["^x{,2}y", ["y", "xxy"], ["xxxy"]],
  ["a{b}c{}", ["a{b}c{}"], []],
  ["(?P<n>app)-(?P=n)$", ["app-app"], ["app-apq"]],
  ["(.)\\1", ["aa"], ["ab"]],
  ["My(?i:App)", ["MyAPP"], ["MYapp"]],
  ["(?i)my(?-i:App)", ["MYApp"], ["myAPP"]],
  ["(?i:[a-c]x)", ["BX"], ["dx"]],
  ["(?x) a b # both\n c", ["abc"], ["a b c"]],
  ["(?x)^a$#\\\nb", ["a"], ["ab"]],
  ["(?x)^a#\\\\\nb$", ["ab"], ["a"]],
  ["^(?#a\\)b)c$", ["c"], ["b)c"]],
  ["(?>a*)ab", [], ["aaab"]],
  ["^a*+b", ["aab"], ["c"]],
  ["(?<!no)app", ["app"], ["noapp"]],
  ["\\x41\\u00e9\\101\\0", ["AéA\0"], []],
];

describe("translatePythonRegex()", () => {
  for (const [pattern, found, missed] of rows) {
    test(`finds with ${JSON.stringify(pattern)} what Python finds`, () => {
      const translated = translatePythonRegex(pattern);
      assert.ok("regex" in translated, JSON.stringify(translated));
      for (const text of found) assert.ok(translated.regex.test(text), text);
      for (const text of missed) assert.ok(!translated.regex.test(text), text);
    });
  }

  const problems: readonly (readonly [string, string])[] = [
    ["(abc", "missing ), unterminated subpattern at position 0"],
    ["a)", "unbalanced parenthesis at position 1"],
    ["*abc", "nothing to repeat at position 0"],
    ["^*", "nothing to repeat at position 1"],
    ["a**", "multiple repeat at position 2"],
    ["\\q", "bad escape \\q at position 0"],
    ["\\p{L}", "bad escape \\p at position 0"],
    ["abc\\", "bad escape (end of pattern) at position 3"],
    ["(?x)#\\", "bad escape (end of pattern) at position 5"],
    ["(?q)a", "unknown extension ?q at position 1"],
    ["(?iq)a", "unknown flag at position 3"],
    ["(?)a", "unknown extension ?) at position 1"],
    ["(?#\\", "bad escape (end of pattern) at position 3"],
    ["[z-a]", "bad character range z-a at position 1"],
    ["[a", "unterminated character set at position 0"],
    ["x{2,1}", "min repeat greater than max repeat at position 2"],
    ["My(?i)App", "global flags not at the start of the expression at position 2"],
    ["(?<=a+)b", "look-behind requires fixed-width pattern at position 0"],
    ["(a)\\2", "invalid group reference 2 at position 4"],
    ["(?P<n>a)(?P<n>b)", "redefinition of group name 'n' at position 8"],
  ];
  for (const [pattern, problem] of problems) {
    test(`says of ${pattern}: ${problem}`, () => {
      assert.deepEqual(translatePythonRegex(pattern), { problem });
    });
  }

  for (const pattern of ["(<)?a(?(1)>)", "\\N{BULLET}", "(a)?\\1", "(a)(?i:\\1)"]) {
    test(`says what to write instead of ${pattern}`, () => {
      const translated = translatePythonRegex(pattern);
      assert.match(
        "problem" in translated ? translated.problem : "",
        /: write .*found at position \d+$/,
      );
    });
  }

  test("ends at 100,000 groups, side by side or nested", () => {
    for (const part of ["(", "(a)", "(?:", "(?i:a)"]) {
      assert.ok("problem" in translatePythonRegex(part.repeat(100_000)));
    }
  });

  test("has 8192 characters at most, and says so", () => {
    assert.ok("regex" in translatePythonRegex("a".repeat(8192)));
    const refused = translatePythonRegex("a".repeat(8193));
    assert.match(
      "problem" in refused ? refused.problem : "",
      /^it has 8193 characters, and at most 8192 are/,
    );
  });

  test("never throws, whatever the pattern", () => {
    const pieces = [
      "(",
      ")",
      "(?",
      "[",
      "]",
      "^",
      "\\",
      "{",
      "}",
      ",",
      "1",
      "*",
      "?",
      "P<n>",
      "i",
      ":",
      "|",
      "-",
      "a",
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces)), (parts) => {
        const translated = translatePythonRegex(parts.join(""));
        assert.notEqual("regex" in translated, "problem" in translated);
      }),
    );
  });
});
