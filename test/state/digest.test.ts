import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { programSchema } from "../../src/config/schema.ts";
import type { Setting } from "../../src/config/setting.ts";
import type { ProgramSettings } from "../../src/config/settings.ts";
import { runDigest, settingsDigest } from "../../src/state/digest.ts";
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

  test("does not change with the order of [[Env]]", () => {
    assert.equal(digest({ env: new Map([...base.env].toReversed()) }), digest({}));
  });

  /** Both are in argv, as it is executed. */
  const inArgv = ["command", "useshell"];
  for (const [key, { field, applies }] of Object.entries<Setting>(programSchema)) {
    if (inArgv.includes(key)) continue;
    test(`${applies === "now" ? "does not change" : "changes"} with ${key}`, () => {
      const isSame = digest({ [field]: ["else"] }) === digest({});
      assert.equal(isSame, applies === "now");
    });
  }

  test("is what is on record of programs that run: an upgrade marks none of them", () => {
    assert.equal(digest({}), "4cfbacee24d838f1");
    assert.equal(runDigest(base), "41aedc95d968c483");
    const odd = { ...base, umask: 0o27, inheritEnv: false, stderr: "/srv/web.err" };
    assert.equal(settingsDigest(odd), "1584801c313a691a");
    assert.equal(runDigest(odd), "d79f87b6fcee6bf6");
  });
});
