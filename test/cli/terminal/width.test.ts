import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  cutEnd,
  cutMiddle,
  displayWidth,
  fold,
  wrapWords,
} from "../../../src/cli/terminal/width.ts";

const anyText = fc.string({ unit: "grapheme", maxLength: 40 });

describe("cutting", () => {
  const rows: readonly [text: string, most: number, end: string, middle: string][] = [
    ["web", 3, "web", "web"],
    ["shop-worker:12", 14, "shop-worker:12", "shop-worker:12"],
    ["shop-worker:12", 10, "shop-work…", "shop-w…:12"],
    ["shop-worker:12", 4, "sho…", "sho…"],
    ["shop-worker:12", 1, "…", "…"],
    ["shop-worker:12", 0, "", ""],
    // A character of two columns that does not fit is left out whole.
    ["注文処理ワーカー:1", 10, "注文処理…", "注文処…:1"],
    // A mark stays with what it stands on.
    [
      "e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301",
      6,
      "e\u0301e\u0301e\u0301e\u0301e\u0301…",
      "e\u0301e\u0301e\u0301e\u0301…e\u0301",
    ],
  ];
  for (const [text, most, end, middle] of rows) {
    test(`${text} to ${most} columns`, () => {
      assert.equal(cutEnd(text, most), end);
      assert.equal(cutMiddle(text, most), middle);
    });
  }

  test("never takes more columns than there are, and cuts nothing that fits", () => {
    fc.assert(
      fc.property(anyText, fc.nat(50), (text, most) => {
        for (const cut of [cutEnd(text, most), cutMiddle(text, most)]) {
          assert.ok(displayWidth(cut) <= most, cut);
          if (displayWidth(text) <= most) assert.equal(cut, text);
        }
      }),
    );
  });
});

describe("wrapWords", () => {
  test("breaks between words, and leaves a longer one whole", () => {
    assert.deepEqual(wrapWords("log: /home/web/log/web.log is full", 12), [
      "log:",
      "/home/web/log/web.log",
      "is full",
    ]);
    assert.deepEqual(wrapWords("", 12), [""]);
  });

  test("leaves room for what stands before the first line", () => {
    assert.deepEqual(wrapWords("a b c d", 7, 4), ["a b", "c d"]);
  });

  test("keeps commands in quotes, and numbers with their units", () => {
    assert.deepEqual(wrapWords('fix it, then run "usrsvc start web"', 24), [
      "fix it, then run",
      '"usrsvc start web"',
    ]);
    assert.deepEqual(wrapWords("tries again in 12 min", 19), ["tries again in", "12 min"]);
    assert.deepEqual(wrapWords("5 s, not more", 4), ["5 s,", "not", "more"]);
    assert.deepEqual(wrapWords('it said " and no more of it', 12), [
      'it said "',
      "and no more",
      "of it",
    ]);
  });

  test("loses no word", () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z"0-9]{1,9}$/)),
        fc.integer({ min: 1, max: 30 }),
        (words, most) => {
          const lines = wrapWords(words.join(" "), most);
          assert.deepEqual(lines.join(" ").split(" "), words.length === 0 ? [""] : words);
        },
      ),
    );
  });
});

test("fold() breaks a text into pieces that fit, and loses nothing", () => {
  assert.deepEqual(fold("  at f (x.js:1)", 6), ["  at f", " (x.js", ":1)"]);
  assert.deepEqual(fold("日本語", 3), ["日", "本", "語"]);
  fc.assert(
    fc.property(anyText, fc.integer({ min: 2, max: 50 }), (text, most) => {
      const lines = fold(text, most);
      assert.equal(lines.join(""), text);
      for (const line of lines) assert.ok(displayWidth(line) <= most);
    }),
  );
});
