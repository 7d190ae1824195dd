import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ProcError } from "../../proc/error.ts";
import { parseStatmResident } from "../../proc/statm.ts";

describe("parseStatmResident", () => {
  test("reads the second number", () => {
    assert.equal(parseStatmResident("717 448 390 5 0 111 0\n"), 448);
  });

  test("is 0 for a kernel thread and a zombie", () => {
    assert.equal(parseStatmResident("0 0 0 0 0 0 0\n"), 0);
  });

  for (const text of ["", "\n", "717", "717 many", " "]) {
    test(`calls ${JSON.stringify(text)} malformed, and names the file`, () => {
      assert.throws(() => parseStatmResident(text, "/proc/1/statm"), {
        code: "malformed",
        message: /^\/proc\/1\/statm: /,
      });
    });
  }

  test("of any text, is a number or malformed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        try {
          assert.ok(Number.isFinite(parseStatmResident(text)));
        } catch (error) {
          if (!(error instanceof ProcError)) throw error;
        }
      }),
    );
  });
});
