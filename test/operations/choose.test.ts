import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { choose } from "../../src/operations/choose.ts";
import { namesOf } from "../../src/operations/program-names.ts";
import { openSite, type Site } from "../../src/operations/site.ts";
import { cleanUp } from "../support/clean-up.ts";
import { tempDir } from "../support/temp-dir.ts";

const { HOME } = process.env;

const TEXT = `[Main]
[Program:web]
command = serve %(instance)s
instances = 3
[Program:worker]
command = work
[Program:web.old]
command = old
[Program:broken]
command = serve
instances = 2
directory = /nowhere/at/all
`;

function site(t: TestContext, text = TEXT): Site {
  const dir = tempDir(t);
  mkdirSync(join(dir, "home"));
  process.env["HOME"] = join(dir, "home");
  cleanUp(t, () => {
    process.env["HOME"] = HOME;
  });
  const config = join(dir, "home", "usrsvc.cfg");
  writeFileSync(config, text, { mode: 0o600 });
  return openSite(config);
}

const webs = ["web:1", "web:2", "web:3"];
const rows: readonly [names: readonly string[], programs: readonly string[]][] = [
  [["web"], webs],
  [["web:2"], ["web:2"]],
  [["web:*"], webs],
  [["web*"], [...webs, "web.old"]],
  [["web?old"], ["web.old"]],
  [
    ["w*", "worker"],
    [...webs, "worker", "web.old"],
  ],
  [["broken"], ["broken:1", "broken:2"]],
  [["*"], [...webs, "worker", "web.old", "broken:1", "broken:2"]],
  [[], [...webs, "worker", "web.old", "broken:1", "broken:2"]],
];

describe("choose()", () => {
  for (const [names, want] of rows) {
    test(`takes ${JSON.stringify(names)} for ${want.join(", ")}`, (t) => {
      using one = site(t);
      const { programs, unknown } = choose(one, names);
      assert.deepEqual(programs.map(({ name }) => name).toSorted(), want.toSorted());
      assert.deepEqual(unknown, []);
    });
  }

  test("says what no program is called", (t) => {
    using one = site(t);
    const { programs, unknown } = choose(one, ["web:4", "x*", "wob", "worker"]);
    assert.deepEqual(
      programs.map(({ name }) => name),
      ["worker"],
    );
    assert.deepEqual(
      unknown.map(({ program, message }) => `${program}: ${message}`),
      [
        "web:4: no such program; did you mean web:1?",
        "x*: no program has a name like this; usrsvc status lists all",
        "wob: no such program; did you mean web?",
      ],
    );
  });

  test("has the programs with instances among what can be named", (t) => {
    using one = site(t);
    const all = namesOf(one.settings);
    assert.deepEqual(all.slice(0, 5), ["web", ...webs, "worker"]);
  });
});
