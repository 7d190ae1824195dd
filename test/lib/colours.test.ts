import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { harmlessColours, tameAroundColours, withoutColours } from "../../src/lib/colours.ts";

const RED = "\u001b[31m";
const RESET = "\u001b[0m";

describe("the colours of a program", () => {
  test("pass, and end with the line", () => {
    assert.equal(harmlessColours(`${RED}red`), `${RED}red${RESET}`);
    assert.equal(
      harmlessColours("\u001b[38;5;8mgrey\u001b[1;48;2;5;6;8mx"),
      `\u001b[38;5;8mgrey\u001b[1;48;2;5;6;8mx${RESET}`,
    );
    assert.equal(harmlessColours("plain"), "plain");
  });

  test("neither hide nor blink", () => {
    for (const codes of ["8", "08", "1;8", "5", "6", "38;5;1;8"]) {
      assert.equal(harmlessColours(`a\u001b[${codes}mb`), "ab", codes);
    }
  });

  test("are left out for files and pipes", () => {
    assert.equal(withoutColours(`a ${RED}b${RESET} c`), "a b c");
  });

  test("are all that passes to a terminal", () => {
    const hostile = `${RED}a\u001b]0;title\u0007\u001b[2J\u001b[3A\u009b2J\u202eb\r${RESET}`;
    const shown = tameAroundColours(hostile);
    assert.equal(shown, `${RED}a\\x1b]0;title\\x07\\x1b[2J\\x1b[3A\\x9b2J\\u202eb\\x0d${RESET}`);
  });
});
