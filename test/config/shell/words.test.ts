import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { splitWords } from "../../../src/config/shell/words.ts";

describe("splitWords()", () => {
  const commands: readonly (readonly [string, readonly string[]])[] = [
    ["run   a\tb\n", ["run", "a", "b"]],
    [`run "two words" 'a "b"' c"d e"f`, ["run", "two words", 'a "b"', "cd ef"]],
    [`run a\\ b "c\\d" "e\\"f" 'g\\h'`, ["run", "a b", "c\\d", 'e"f', "g\\h"]],
    ["run '' \"\"", ["run", "", ""]],
    ["run a#b # c", ["run", "a#b", "#", "c"]],
    ["cd /x && ./y", ["cd", "/x", "&&", "./y"]],
  ];
  for (const [command, words] of commands) {
    test(`splits ${JSON.stringify(command)}`, () =>
      assert.deepEqual(splitWords(command), { words }));
  }

  test("says which quote is open", () => {
    const split = splitWords("echo it's");
    assert.equal("problem" in split && split.problem, "the quote ' at position 7 is not closed");
  });

  test("wants something behind a backslash", () => {
    assert.ok("problem" in splitWords("run \\"));
  });

  test("gives back words that were put into single quotes", () => {
    const word = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("'"));
    fc.assert(
      fc.property(fc.array(word), (words) => {
        assert.deepEqual(splitWords(words.map((text) => `'${text}'`).join(" ")), { words });
      }),
    );
  });
});
