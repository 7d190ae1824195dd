import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeScriptFault } from "../../../src/operations/checkconfig/script-faults.ts";
import { tempDir, writeScript } from "../../support/temp-dir.ts";

const rows: readonly (readonly [what: string, text: string, problem: RegExp | undefined])[] = [
  ["a script", "#!/bin/sh\nexec x\n", undefined],
  ["one of python, with line ends of Windows further down", "#!/usr/bin/python3\nx\r\n", undefined],
  [
    "one whose #! line has them",
    "#!/bin/sh\r\nx\r\n",
    /the #! line of .*app ends in CR LF.*sed -i/,
  ],
  ["one by env whose #! line has them", "#!/usr/bin/env python3\r\nx\r\n", /the #! line of/],
  ["a shell script with some below", "#!/bin/bash -e\nx\r\n", /lines of .*app end in CR LF/],
  ["a shell script by env with some below", "#!/usr/bin/env bash\nx\r\n", /lines of .*app end/],
  ["one with no #! line", "exec x\n", /has no #! line/],
  ["one with a byte order mark", "\ufeff#!/bin/sh\n", /byte order mark/],
  ["a binary", "\x7fELF\0\0", undefined],
];

describe("describeScriptFault", () => {
  for (const [what, text, problem] of rows) {
    test(`${problem ? "tells of" : "takes"} ${what}`, (t) => {
      const dir = tempDir(t);
      const file = writeScript(dir, "app", text);
      for (const [argv, path] of [
        [[file, "a"], undefined],
        [["./app"], undefined],
        [["app"], dir],
      ] as const) {
        const found = describeScriptFault(argv, dir, path);
        if (problem === undefined) assert.equal(found, undefined);
        else assert.match(found ?? "", problem);
      }
    });
  }

  test("looks at the script that a shell is given, and at no text behind -c", (t) => {
    const dir = tempDir(t);
    writeFileSync(join(dir, "run"), "cd /x\r\n./y\r\n");
    const of = (...argv: readonly string[]): string | undefined =>
      describeScriptFault(argv, dir, "/usr/bin:/bin");
    assert.match(of("sh", "run") ?? "", /lines of .*run end in CR LF/);
    assert.match(of("/bin/sh", "-e", join(dir, "run"), "a") ?? "", /lines of/);
    assert.equal(of("sh", "-c", "run"), undefined);
    assert.equal(of("cat", "run"), undefined);
    assert.equal(of("sh", "none"), undefined);
  });

  test("has nothing to say of what is not there, or no file", (t) => {
    const dir = tempDir(t);
    for (const argv of [["none"], [`${dir}/none`], [dir], ["/dev/null"], []]) {
      assert.equal(describeScriptFault(argv, dir, "/usr/bin:/bin"), undefined);
    }
  });
});
