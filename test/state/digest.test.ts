import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProgramSettings } from "../../src/config/settings.ts";
import { settingsDigest } from "../../src/state/digest.ts";
import { programSettings } from "../support/settings.ts";

const base = programSettings("/srv", ["app", "x"], {
  env: new Map([
    ["A", "1"],
    ["B", "2"],
  ]),
});
const digest = (more: Partial<ProgramSettings>): string => settingsDigest({ ...base, ...more });

describe("settingsDigest", () => {
  const applied: readonly Partial<ProgramSettings>[] = [
    { argv: ["app", "y"] },
    { argv: ["app x"] },
    { env: new Map([["A", "1"]]) },
    {
      env: new Map([
        ["A", "2"],
        ["B", "1"],
      ]),
    },
    { inheritEnv: false },
    { directory: "/" },
    { umask: 0 },
    { stdout: "/else" },
    { stderr: "/else" },
  ];
  for (const change of applied) {
    test(`changes with ${Object.keys(change).join()}, which only a restart applies`, () => {
      assert.notEqual(digest(change), digest({}));
    });
  }

  test("does not change with what applies at once, nor with the order of [[Env]]", () => {
    const swapped = new Map([...base.env].toReversed());
    for (const change of [{ successMs: 1 }, { autorestart: false }, { env: swapped }]) {
      assert.equal(digest(change), digest({}));
    }
  });
});
