import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { endianness } from "node:os";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parsePageSize } from "../../proc/auxv.ts";

function vector(littleEndian: boolean, ...pairs: readonly (readonly [bigint, bigint])[]): Buffer {
  const buffer = Buffer.alloc(16 * pairs.length);
  for (const [index, word] of pairs.flat().entries()) {
    if (littleEndian) buffer.writeBigUInt64LE(word, 8 * index);
    else buffer.writeBigUInt64BE(word, 8 * index);
  }
  return buffer;
}

describe("parsePageSize", () => {
  for (const little of [true, false]) {
    test(`finds the entry, ${little ? "little" : "big"}-endian`, () => {
      const auxv = vector(little, [16n, 1n], [6n, 65_536n], [0n, 0n]);
      assert.equal(parsePageSize(auxv, little), 65_536);
    });
  }

  test("takes a value that is 6 for no entry", () => {
    assert.equal(parsePageSize(vector(true, [17n, 6n], [6n, 16_384n]), true), 16_384);
  });

  test("knows this machine's", () => {
    const found = parsePageSize(readFileSync("/proc/self/auxv"), endianness() === "LE");
    assert.equal(found, Number(execFileSync("getconf", ["PAGESIZE"], { encoding: "utf8" })));
  });

  test("is 4096 where the vector does not tell, or is cut", () => {
    for (const auxv of [
      Buffer.alloc(0),
      Buffer.alloc(15),
      vector(true, [6n, 0n]),
      vector(true, [16n, 1n]),
    ]) {
      assert.equal(parsePageSize(auxv, true), 4096);
    }
  });

  test("of any bytes is a number above 0", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.boolean(), (bytes, little) => {
        assert.ok(parsePageSize(Buffer.from(bytes), little) > 0);
      }),
    );
  });
});
