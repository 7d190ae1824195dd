import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeUtf8 } from "../../src/config/utf8.ts";

describe("decodeUtf8()", () => {
  test("names the line of the first bad byte", () => {
    assert.deepEqual(decodeUtf8(Buffer.from("gr\u00fcn\n\n\xff\n\xff", "latin1")), { badLine: 1 });
    const bytes = Buffer.concat([Buffer.from("grün\n\n"), Buffer.from([0x61, 0xff, 10, 0xff])]);
    assert.deepEqual(decodeUtf8(bytes), { badLine: 3 });
  });

  test("refuses a surrogate and a character that is cut off at the end", () => {
    assert.deepEqual(decodeUtf8(Buffer.from([0xed, 0xa0, 0x80])), { badLine: 1 });
    assert.deepEqual(decodeUtf8(Buffer.from([10, 0xe2, 0x82])), { badLine: 2 });
  });

  test("keeps a byte order mark, which is the parser's", () => {
    assert.deepEqual(decodeUtf8(Buffer.from("\ufeffa")), { text: "\ufeffa" });
  });
});
