import assert from "node:assert/strict";
import { endianness } from "node:os";
import { test } from "node:test";
import { unixAddress } from "../../../proc/system/sockaddr_un.ts";

const family = endianness() === "LE" ? [1, 0] : [0, 1];

test("a path ends with a NUL", () => {
  assert.deepEqual(unixAddress("/run/n"), Buffer.from([...family, ...Buffer.from("/run/n\0")]));
});

test("an abstract name begins with one, and its length ends it", () => {
  assert.deepEqual(unixAddress("@run/n"), Buffer.from([...family, ...Buffer.from("\0run/n")]));
});

test("bytes count, not characters", () => {
  assert.equal(unixAddress("/ü")?.length, 2 + 3 + 1);
  assert.equal(unixAddress(`/${"ü".repeat(54)}`), undefined);
});

test("the longest path has 107 bytes, the longest abstract name 108 with its @", () => {
  assert.equal(unixAddress(`/${"x".repeat(106)}`)?.length, 2 + 108);
  assert.equal(unixAddress(`/${"x".repeat(107)}`), undefined);
  assert.equal(unixAddress(`@${"x".repeat(107)}`)?.length, 2 + 108);
  assert.equal(unixAddress(`@${"x".repeat(108)}`), undefined);
});

for (const text of ["", "/", "@", "run/n", "vsock:2:1", "/a\0b"]) {
  test(`${JSON.stringify(text)} is no address`, () => {
    assert.equal(unixAddress(text), undefined);
  });
}
