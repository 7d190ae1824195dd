import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ProcError } from "../../proc/error.ts";
import type { Ticks } from "../../proc/pid.ts";
import { ageMs, parseUptime } from "../../proc/uptime.ts";
import { fixtures } from "../support/fixtures.ts";

describe("parseUptime", () => {
  test("reads the seconds since boot", () => assert.equal(fixtures().uptime(), 3389.24));

  for (const text of ["", "\n", "soon 12", "()"]) {
    test(`calls ${JSON.stringify(text)} malformed`, () => {
      assert.throws(() => parseUptime(text), { code: "malformed", message: /^\/proc\/uptime: / });
    });
  }

  test("of any text, is a number or malformed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        try {
          assert.ok(!Number.isNaN(parseUptime(text)));
        } catch (error) {
          if (!(error instanceof ProcError)) throw error;
        }
      }),
    );
  });
});

describe("ageMs", () => {
  test("is the time since the start ticks", () => {
    assert.equal(ageMs(338754 as Ticks, 3389.54), 2000);
  });

  test("is never negative: the ticks may be a little ahead of the uptime that was read", () => {
    assert.equal(ageMs(338754 as Ticks, 3387), 0);
  });
});
