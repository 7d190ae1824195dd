import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { KeyReader } from "../../../src/cli/top/keys.ts";

describe("KeyReader", () => {
  const rows: readonly [what: string, pieces: readonly string[], want: readonly string[]][] = [
    ["letters, one by one", ["jk", "S"], ["j", "k", "S"]],
    [
      "what is no letter",
      ["\r \u0003\u001a\u007f"],
      ["enter", " ", "ctrl-c", "ctrl-z", "backspace"],
    ],
    ["arrows in both modes", ["\u001b[A\u001bOB"], ["up", "down"]],
    ["pages", ["\u001b[5~\u001b[6~\u001b[1~\u001b[F"], ["pageup", "pagedown", "home", "end"]],
    ["an arrow in pieces", ["\u001b", "[", "B"], ["down"]],
    [
      "a key with Alt, and sequences that nobody knows",
      ["\u001bj\u001b[15;2~\u001b[?1;2cq"],
      ["q"],
    ],
    ["Escape twice, then an arrow", ["\u001b\u001b[A"], ["escape", "up"]],
    ["a character beyond 16 bits", ["🦊"], ["🦊"]],
    ["nothing of what is pasted", ["a\u001b[200~Sy", "\nq\u001b[20", "1~b"], ["a", "b"]],
  ];
  for (const [what, pieces, want] of rows) {
    test(`reads ${what}`, () => {
      const reader = new KeyReader();
      assert.deepEqual(
        pieces.flatMap((piece) => reader.read(piece)),
        want,
      );
      assert.equal(reader.isWaiting, false);
    });
  }

  test("takes a lone Escape for the key once nothing has followed", () => {
    const reader = new KeyReader();
    assert.deepEqual(reader.read("\u001b"), []);
    assert.equal(reader.isWaiting, true);
    assert.deepEqual(reader.flush(), ["escape"]);
    assert.deepEqual(reader.read("[A"), ["[", "A"]);
    reader.read("\u001b[1");
    assert.deepEqual(reader.flush(), [], "half a sequence is no key");
    assert.equal(reader.isWaiting, false);
  });

  test("reads the same keys in whatever pieces they come", () => {
    const parts = fc.constantFrom(
      "j",
      "\u001b[A",
      "\u001bOH",
      "\u001b[6~",
      "é",
      "\u001b[200~xy\u001b[201~",
      "\r",
    );
    fc.assert(
      fc.property(fc.array(parts), fc.array(fc.nat(5)), (sent, cuts) => {
        const text = sent.join("");
        const whole = new KeyReader().read(text);
        const reader = new KeyReader();
        const keys: string[] = [];
        let at = 0;
        for (const cut of cuts) {
          keys.push(...reader.read(text.slice(at, at + cut)));
          at += cut;
        }
        keys.push(...reader.read(text.slice(at)));
        assert.deepEqual(keys, whole);
      }),
    );
  });
});
