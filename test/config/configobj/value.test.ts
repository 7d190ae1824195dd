import assert from "node:assert/strict";
import { cpuMs } from "../../support/cpu.ts";
import { describe, test } from "node:test";
import { readValue } from "../../../src/config/configobj/value.ts";

describe("readValue()", () => {
  const texts: readonly (readonly [string, string])[] = [
    ["run -Q high,low # queues", "run -Q high,low"],
    ['run --json \'{"a": 1, "b": 2}\'', 'run --json \'{"a": 1, "b": 2}\''],
    ['"a, b" # both', "a, b"],
    ['"x", "y"', '"x", "y"'],
    ["a,, b", "a,, b"],
    [",", ","],
    ["", ""],
    ["# nothing", ""],
  ];
  for (const [written, text] of texts) {
    test(`takes ${JSON.stringify(written)} as the text ${JSON.stringify(text)}`, () => {
      assert.equal(readValue(written)?.text, text);
    });
  }

  test("has no value where the first quote is not closed at the end", () => {
    assert.equal(readValue('"/opt/my app/run" --flag'), undefined);
    assert.equal(readValue("'"), undefined);
  });

  test("notices a # that cuts a word", () => {
    assert.equal(readValue("http://host/#top")?.isCutAtHash, true);
    assert.equal(readValue("a,b#c")?.isCutAtHash, true);
    assert.equal(readValue("http://host/ #top")?.isCutAtHash, false);
    assert.equal(readValue('"http://host/#top"#c')?.isCutAtHash, false);
  });

  for (const [what, written] of [
    ["an open quote", '"a' + ", b".repeat(100_000)],
    ["quotes at the start of each item", 'a, "b'.repeat(100_000)],
    ["blanks", `a,${" ".repeat(300_000)}"`],
    ["closed quotes", '"a" b '.repeat(100_000)],
    ["commas", ",".repeat(300_000)],
  ] as const) {
    test(`reads 100,000 items with ${what} in linear time`, () => {
      assert.ok(cpuMs(() => readValue(written)) < 2000);
    });
  }
});
