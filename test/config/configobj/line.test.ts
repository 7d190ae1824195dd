import assert from "node:assert/strict";
import { cpuMs } from "../../support/cpu.ts";
import { describe, test } from "node:test";
import { readHeader, readPair } from "../../../src/config/configobj/line.ts";

describe("readHeader()", () => {
  const headers: readonly (readonly [string, string | undefined])[] = [
    ["[Program:a]", "Program:a"],
    ["[ 'it [1]' ] # c", "it [1]"],
    ["[Program:a[1]x]", "Program:a[1]x"],
    ["[[]", "["],
    ["[]", undefined],
    ['[""]', undefined],
    ["[a] b", undefined],
  ];
  for (const [line, name] of headers) {
    test(`finds ${name ?? "no name"} in ${line}`, () =>
      assert.equal(readHeader(line, 0)?.name, name));
  }

  test("counts the brackets on both sides", () => {
    assert.deepEqual(readHeader("[ [Env]", 0), { name: "Env", opened: 2, closed: 1 });
  });

  test("needs linear time for long runs of blanks, brackets and quotes", () => {
    const ms = cpuMs(() => {
      for (const part of [" ", "[", "]", '"', "] ", '" ]x'])
        readHeader(`[a${part.repeat(100_000)}x`, 0);
      readHeader(`["a${'" ]x'.repeat(100_000)}`, 0);
    });
    assert.ok(ms < 2000, `${ms} ms`);
  });
});

describe("readPair()", () => {
  test("ends a key at the first = outside of its quotes", () => {
    assert.deepEqual(readPair("'a = b' = c = d", 0), { key: "a = b", value: "c = d" });
  });

  test("keeps what is odd in 1.x: an indented line may have a key that begins with a blank", () => {
    assert.deepEqual(readPair('  "open = v', 2), { key: ' "open', value: "v" });
    assert.equal(readPair('"open = v', 0), undefined);
  });
});
