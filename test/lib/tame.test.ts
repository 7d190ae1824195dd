import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { jsonLine, tame, tameJson } from "../../src/lib/tame.ts";

const WILD = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

const texts: readonly [text: string, shown: string][] = [
  ["plain\ttext\nin lines", "plain\ttext\nin lines"],
  ["Grüße, 東京, 🚀", "Grüße, 東京, 🚀"],
  ["\u001b[31mred", "\\x1b[31mred"],
  ["\u007f\u009b2J", "\\x7f\\x9b2J"],
  ["\u202egpj.exe", "\\u202egpj.exe"],
  ["a\u200bb\ufeff", "a\\u200bb\\ufeff"],
  ["\u2028\u2029\u{e0041}", "\\u2028\\u2029\\u{e0041}"],
  ["\ud800", "\\ud800"],
];
for (const [text, shown] of texts) {
  test(`of ${jsonLine({ text })} a terminal sees ${jsonLine({ shown })}`, () => {
    assert.equal(tame(text), shown);
  });
}

describe("for all texts", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "binary-ascii" }));

  test("nothing harmful reaches a terminal", () => {
    fc.assert(fc.property(text, (given) => !WILD.test(tame(given).replaceAll(/[\n\t]/g, ""))));
  });

  test("JSON means the same, and holds nothing harmful", () => {
    fc.assert(
      fc.property(text, text, (key, value) => {
        const line = jsonLine({ [key]: value });
        assert.deepEqual(JSON.parse(line), JSON.parse(JSON.stringify({ [key]: value })));
        assert.doesNotMatch(line, WILD);
      }),
    );
  });

  test("several lines of JSON stay lines", () => {
    const lines = `${JSON.stringify({ a: "\u202e" })}\n${JSON.stringify({ b: "\n" })}\n`;
    assert.equal(tameJson(lines), '{"a":"\\u202e"}\n{"b":"\\n"}\n');
  });
});
