import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { LINE_BREAK, launchLine, shellEnvironment } from "../../src/program/launch-line.ts";
import { programSettings } from "../support/settings.ts";
import { tempDir } from "../support/temp-dir.ts";

type Overrides = Parameters<typeof programSettings>[2];

/** What a command writes that is run by the line. */
function run(
  dir: string,
  argv: readonly string[],
  overrides: Overrides = {},
  inherited: Record<string, string> = { PATH: "/usr/bin:/bin" },
): readonly string[] {
  const program = programSettings(dir, argv, overrides);
  const line = launchLine(program, { env: inherited, openFiles: undefined }, undefined);
  assert.equal(line.split("\n").length, 2, "one line");
  const script = `exec 3<&0; ${LINE_BREAK}='\n'\nread -r USRSVC_LINE\neval "$USRSVC_LINE"`;
  const made = spawnSync("/bin/sh", ["-c", script], {
    input: `${line}go\n`,
    env: shellEnvironment(inherited),
  });
  assert.equal(made.status, 0, String(made.stderr));
  return readFileSync(program.stdout, "utf8").split("\0").slice(0, -1);
}

const SHOW = ["/usr/bin/env", "-0"];

describe("launchLine", () => {
  test("hands on words of any kind", (t) => {
    const words = [
      "",
      " ",
      "a b",
      "it's",
      '"',
      "$HOME `id` \\",
      "one\ntwo\n",
      "é\u0081",
      "-n",
      "*",
    ];
    assert.deepEqual(run(tempDir(t), ["/usr/bin/printf", "%s\\0", ...words]), words);
  });

  test("makes exactly the environment of the program", (t) => {
    const env = new Map([
      ["A", "it's\n$x"],
      ["B", "same"],
      ["java.opts", "-X y"],
      ["OPTIND", "none"],
      ["1", "one"],
      ["UID", "x"],
    ]);
    const inherited = { PATH: "/usr/bin:/bin", A: "other", B: "same", C: "kept", "x.y": "odd" };
    const dir = tempDir(t);
    const found = run(dir, SHOW, { env }, inherited).toSorted();
    const want = { ...inherited, ...Object.fromEntries(env), PWD: dir };
    assert.deepEqual(
      found,
      Object.entries(want)
        .map(([name, value]) => `${name}=${value}`)
        .sort(),
    );
  });

  test("without inheritance leaves nothing of ours, PATH neither", (t) => {
    const inherited = { PATH: "/usr/bin:/bin", A: "a", OLDPWD: "/", SHLVL: "3", USER: "me" };
    const dir = tempDir(t);
    assert.deepEqual(run(dir, SHOW, { inheritEnv: false }, inherited), [`PWD=${dir}`]);
  });

  test("without PATH finds a command where execvp(3) does", (t) => {
    const dir = tempDir(t);
    const found = run(dir, ["env", "-0"], { inheritEnv: false }, { PATH: "/nowhere" });
    assert.deepEqual(found, [`PWD=${dir}`]);
  });

  test("keeps OLDPWD, which a change of the folder would replace", (t) => {
    const found = run(tempDir(t), SHOW, {}, { PATH: "/usr/bin:/bin", OLDPWD: "/before" });
    assert.ok(found.includes("OLDPWD=/before"));
  });
});
