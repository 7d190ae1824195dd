import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { coloursOf, painter } from "../../../src/cli/terminal/style.ts";

describe("coloursOf", () => {
  const rows: readonly [what: string, env: NodeJS.ProcessEnv, isTerminal: boolean, want: number][] =
    [
      ["a terminal", { TERM: "xterm" }, true, 16],
      ["one that has more", { TERM: "xterm-256color" }, true, 256],
      ["one that says so otherwise", { TERM: "xterm", COLORTERM: "truecolor" }, true, 256],
      ["a pipe", { TERM: "xterm-256color" }, false, 0],
      ["NO_COLOR", { TERM: "xterm", NO_COLOR: "1" }, true, 0],
      ["NO_COLOR, whatever it is", { TERM: "xterm", NO_COLOR: "0" }, true, 0],
      ["NO_COLOR, empty", { TERM: "xterm", NO_COLOR: "" }, true, 16],
      ["TERM=dumb", { TERM: "dumb" }, true, 0],
      ["no TERM", {}, true, 0],
      ["FORCE_COLOR in a pipe", { FORCE_COLOR: "1" }, false, 16],
      ["FORCE_COLOR=3", { FORCE_COLOR: "3" }, false, 256],
      ["FORCE_COLOR=0", { TERM: "xterm", FORCE_COLOR: "0" }, true, 0],
      ["FORCE_COLOR, for NO_COLOR", { FORCE_COLOR: "1", NO_COLOR: "1" }, false, 16],
    ];
  for (const [what, env, isTerminal, want] of rows) {
    test(`${what}: ${want}`, () => assert.equal(coloursOf(env, isTerminal), want));
  }
});

describe("a painter", () => {
  test("styles a text, and nothing beyond it", () => {
    assert.equal(painter(16)("running", "good"), "\u001b[32mrunning\u001b[0m");
    assert.equal(painter(256)("fatal", "bad"), "\u001b[1;38;5;160mfatal\u001b[0m");
    assert.equal(painter(256)("web"), "web");
    assert.equal(painter(0)("running", "good"), "running");
  });

  test("lets no control character through, no secret, and no second line", () => {
    for (const colours of [0, 16, 256] as const) {
      const text = painter(colours)("a\u001b[2Jb\nhttps://me:secret@x/ \u202e");
      assert.equal(text, String.raw`a\x1b[2Jb https://me:***@x/ \u202e`);
    }
  });
});
