import assert from "node:assert/strict";
import { endianness } from "node:os";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseControl } from "../../../proc/system/control-messages.ts";

/** One message, as cmsg(3) has it. */
function message(type: number, ints: readonly number[], level = 1): Buffer {
  const buffer = Buffer.alloc(Math.ceil((16 + 4 * ints.length) / 8) * 8);
  const put = (at: number, value: number): void =>
    void (endianness() === "LE" ? buffer.writeInt32LE(value, at) : buffer.writeInt32BE(value, at));
  put(endianness() === "LE" ? 0 : 4, 16 + 4 * ints.length);
  put(8, level);
  put(12, type);
  for (const [index, value] of ints.entries()) put(16 + 4 * index, value);
  return buffer;
}

describe("parseControl", () => {
  test("reads the sender that the kernel names", () => {
    const recorded = Buffer.from(
      "1c000000000000000100000002000000a5700000000000000000000000000000",
      "hex",
    );
    if (endianness() !== "LE") return;
    assert.deepEqual(parseControl(recorded), { sender: { pid: 0x70a5, uid: 0 }, descriptors: [] });
  });

  test("reads descriptors as well, in any order", () => {
    const both = Buffer.concat([message(1, [7, 9, 11]), message(2, [42, 1000, 1000])]);
    const want = { sender: { pid: 42, uid: 1000 }, descriptors: [7, 9, 11] };
    assert.deepEqual(parseControl(both), want);
  });

  test("passes over what it does not know", () => {
    const some = Buffer.concat([
      message(99, [1]),
      message(2, [5, 6, 7], 41),
      message(2, [1, 2, 3]),
    ]);
    assert.deepEqual(parseControl(some), { sender: { pid: 1, uid: 2 }, descriptors: [] });
  });

  test("reads a uid beyond 2^31", () => {
    assert.equal(parseControl(message(2, [1, -2, -2])).sender?.uid, 4_294_967_294);
  });

  test("knows no sender where none comes, and ends with anything", () => {
    assert.deepEqual(parseControl(Buffer.alloc(0)), { sender: undefined, descriptors: [] });
    assert.equal(parseControl(message(2, [5])).sender, undefined);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 100 }),
        (bytes) => void parseControl(Buffer.from(bytes)),
      ),
    );
  });
});
