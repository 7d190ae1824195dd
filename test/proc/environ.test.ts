import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseEnviron } from "../../proc/environ.ts";

describe("parseEnviron", () => {
  const rows: readonly [what: string, text: string, want: readonly [string, string][]][] = [
    ["nothing, as in mid-exec", "", []],
    [
      "one line a variable",
      "A=1\0B=two words\0",
      [
        ["A", "1"],
        ["B", "two words"],
      ],
    ],
    ["an empty value", "A=\0", [["A", ""]]],
    ["a value with equals signs and line breaks", "A=b=c\nd=e\0", [["A", "b=c\nd=e"]]],
    [
      "names that no shell takes",
      "my.key=1\0with space=2\0__proto__=3\0",
      [
        ["my.key", "1"],
        ["with space", "2"],
        ["__proto__", "3"],
      ],
    ],
    ["the first of two with one name, as getenv(3)", "A=1\0A=2\0", [["A", "1"]]],
    ["nothing of what has no name, or no equals sign", "=x\0word\0\0A=1\0", [["A", "1"]]],
    [
      "one that was cut short by what the process wrote over it",
      "A=1\0B=2",
      [
        ["A", "1"],
        ["B", "2"],
      ],
    ],
  ];
  for (const [what, text, want] of rows) {
    test(`reads ${what}`, () => assert.deepEqual([...parseEnviron(text)], want));
  }
});
