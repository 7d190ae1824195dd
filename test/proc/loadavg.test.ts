import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { parseLastPid } from "../../proc/loadavg.ts";
import { fixtures } from "../support/fixtures.ts";

describe("parseLastPid", () => {
  test("reads the pid that was given out last", () => assert.equal(fixtures().lastPid(), 12252));

  test("is undefined where /proc does not tell", () => {
    assert.equal(parseLastPid(""), undefined);
    assert.equal(parseLastPid("0.05 0.16 0.11 2/124 \n"), undefined);
  });

  test("of any text, is a number or undefined", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        assert.ok(!Number.isNaN(parseLastPid(text)));
      }),
    );
  });
});
