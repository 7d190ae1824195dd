import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lineFilter } from "../../../src/operations/logs/line-filter.ts";

describe("lineFilter()", () => {
  test("without an expression accepts all", () => {
    const { accepts, mayHold } = lineFilter(undefined);
    assert.ok(accepts("") && mayHold(Buffer.from("")));
  });

  test("accepts a line in which the expression is found, whatever is coloured in it", () => {
    const { accepts, mayHold } = lineFilter(/level=error/u);
    const coloured = "level=\u001b[31merror\u001b[0m";
    assert.ok(accepts(coloured));
    assert.ok(mayHold(Buffer.from(coloured)), "a piece with colours is looked at");
    assert.ok(!accepts("level=info"));
  });

  test("passes over pieces only where words say that nothing is there", () => {
    const piece = Buffer.from("GET / 200\n");
    assert.ok(!lineFilter(/POST/u).mayHold(piece));
    for (const regex of [/GET/u, /post/iu, /P.ST/u, /^POST/u, /a|b/u]) {
      assert.ok(lineFilter(regex).mayHold(piece), String(regex));
    }
  });
});
