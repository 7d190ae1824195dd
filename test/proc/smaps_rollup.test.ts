import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ProcError } from "../../proc/error.ts";
import type { Pid } from "../../proc/pid.ts";
import { parseSmapsRollup } from "../../proc/smaps_rollup.ts";
import { fixtureRoot, fixtures } from "../support/fixtures.ts";

const redisText = readFileSync(`${fixtureRoot}/12032/smaps_rollup`, "utf8");

describe("parseSmapsRollup", () => {
  test("adds up what is private, in bytes", async () => {
    assert.deepEqual(await fixtures().smapsRollup(12032 as Pid), {
      rssBytes: 11896 * 1024,
      privateBytes: (36 + 2716) * 1024,
    });
  });

  test("counts private huge pages", () => {
    const text = redisText.replace(/Private_Hugetlb: +0 kB/, "Private_Hugetlb:    2048 kB");
    assert.equal(parseSmapsRollup(text).privateBytes, (36 + 2716 + 2048) * 1024);
  });

  test("does without lines that an older kernel lacks", () => {
    const text = redisText.replace(/^Private_Hugetlb.*\n/m, "");
    assert.equal(parseSmapsRollup(text).privateBytes, (36 + 2716) * 1024);
  });

  for (const text of ["", "55f1d0fb0000 [rollup]\n", "x\nRss: much kB\n", redisText.slice(0, 60)]) {
    test(`calls ${JSON.stringify(text.slice(0, 30))} malformed, and names the file`, () => {
      assert.throws(() => parseSmapsRollup(text, "/proc/1/smaps_rollup"), {
        code: "malformed",
        message: /^\/proc\/1\/smaps_rollup: /,
      });
    });
  }

  test("of any text, is numbers or malformed", () => {
    const piece = fc.constantFrom("\n", "Rss:", "Private_Dirty:", " ", "12", "-", "kB", "x");
    const text = fc.array(piece).map((all) => all.join(""));
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: "binary" })), (any) => {
        try {
          const { rssBytes, privateBytes } = parseSmapsRollup(any);
          assert.ok(Number.isFinite(rssBytes) && Number.isFinite(privateBytes));
        } catch (error) {
          if (!(error instanceof ProcError) || error.code !== "malformed") throw error;
        }
      }),
    );
  });
});
