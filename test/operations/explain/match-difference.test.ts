import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  describeSplit,
  longestBeginning,
} from "../../../src/operations/explain/match-difference.ts";

describe("longestBeginning() finds how far an expression goes", () => {
  const cases: readonly [source: string, text: string, begin: string | undefined][] = [
    ["gunicorn: master", "gunicorn: worker", "gunicorn: "],
    ["python3 -m shop$", "python3 -m shop --port 80", "python3 -m shop"],
    [String.raw`node\s+server\.js`, "node app.js", String.raw`node\s+`],
    ["sleep 47(14|15)", "sleep 4716", "sleep 47"],
    ["redis", "nginx", undefined],
    [".*x.*y", "ab", undefined],
    ["redis|nginx", "node", undefined],
    ["a".repeat(400), "a", undefined],
  ];
  for (const [source, text, begin] of cases) {
    test(`${source.slice(0, 40)} in ${text}`, () => {
      const found = longestBeginning(source, ["nothing", text]);
      assert.equal(found && source.slice(0, found.length), begin);
      if (found) assert.equal(found.at, 1);
    });
  }
});

test("describeSplit() shows both sides of the place", () => {
  assert.equal(
    describeSplit("abc$", 3),
    'the expression is found up to "abc", and not with "$" after it',
  );
});
