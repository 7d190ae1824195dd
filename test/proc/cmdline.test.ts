import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseCmdline, withoutEmptyTail } from "../../proc/cmdline.ts";
import type { Pid } from "../../proc/pid.ts";
import { fixtures } from "../support/fixtures.ts";

describe("parseCmdline", () => {
  const real: readonly [pid: number, what: string, want: readonly string[]][] = [
    [12030, "plain", ["sleep", "600"]],
    [12031, "a name with brackets and blanks", ["./a) b (c", "600"]],
    [12032, "a title", ["redis-server unixsocket:/tmp/tmp.LxwLTzMyh8/r.sock"]],
    [12053, "a title padded with NULs", ["nginx: worker process"]],
    [12040, "a zombie", []],
    [2, "a kernel thread", []],
  ];
  for (const [pid, what, want] of real) {
    test(`reads ${what}`, () => assert.deepEqual(fixtures().cmdline(pid as Pid), want));
  }

  test("keeps line breaks, blanks and other alphabets", () => {
    assert.equal(
      fixtures()
        .cmdline(12037 as Pid)[2]
        ?.split("\n").length,
      4,
    );
    assert.deepEqual(
      fixtures()
        .cmdline(12038 as Pid)
        .slice(3),
      ["", "two  words", "ünï"],
    );
  });

  test("takes a last argument without NUL, as setproctitle may leave it", () => {
    assert.deepEqual(parseCmdline("a\0b"), ["a", "b"]);
  });

  test("keeps empty arguments, but for those at the end, which may be padding", () => {
    assert.deepEqual(parseCmdline("a\0\0b\0\0\0"), ["a", "", "b"]);
    assert.deepEqual(parseCmdline("\0\0"), []);
  });

  test("gives back any argv without its empty tail", () => {
    const word = fc.string().map((text) => text.replaceAll("\0", ""));
    fc.assert(
      fc.property(fc.array(word), (argv) => {
        const text = argv.map((one) => `${one}\0`).join("");
        assert.deepEqual(parseCmdline(text), withoutEmptyTail(argv));
      }),
    );
  });
});

test("withoutEmptyTail leaves an argv alone that ends in a word", () => {
  const argv = ["a", "", "b"];
  assert.equal(withoutEmptyTail(argv), argv);
});
