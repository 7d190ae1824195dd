import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Pid, Ticks } from "../../proc/pid.ts";
import { candidates } from "../../src/identity/candidates.ts";
import { pattern, type Pattern } from "../../src/identity/match.ts";
import type { TableEntry } from "../../src/identity/process-classifier.ts";
import { tempDir, writeScript } from "../support/temp-dir.ts";

const processOf = (...argv: readonly string[]): TableEntry => ({
  ref: { pid: 10 as Pid, startTime: 1 as Ticks },
  ppid: 1,
  pgrp: 10,
  session: 10,
  argv,
});

const patternOf = (directory: string, ...argvs: readonly (readonly string[])[]): Pattern =>
  pattern(
    { kind: "command", candidates: argvs },
    { directory, useshell: false, command: "" },
    directory,
  );

describe("candidates", () => {
  test("are the processes whose last word is that of a command", () => {
    const all = [
      processOf("app", "a"),
      processOf("app", "b"),
      processOf("other", "/x/b"),
      processOf(),
    ];
    assert.deepEqual(candidates(patternOf("/", ["app", "b"]), all), [all[1], all[2]]);
    assert.deepEqual(candidates(patternOf("/", ["app", "c"]), all), []);
    const two = candidates(patternOf("/", ["app", "b"], ["app", "a", ""]), all);
    assert.deepEqual(new Set(two), new Set(all.slice(0, 3)));
  });

  test("are all for an expression, and none for a program of which nothing is known", () => {
    const all = [processOf("app", "a")];
    const program = { directory: "/", useshell: false, command: "" };
    const title = pattern({ kind: "title", source: "x", regex: /x/ }, program, undefined);
    assert.equal(candidates(title, all), all);
    assert.deepEqual(candidates(patternOf("/"), all), []);
  });

  test("are of the look that is given, not of the last one", () => {
    const app = patternOf("/", ["app"]);
    assert.equal(candidates(app, [processOf("app")]).length, 1);
    assert.equal(candidates(app, []).length, 0);
  });

  for (const line of ["#!/bin/sh", "#!/usr/bin/env -S python3 -u", ""]) {
    for (const words of [[], ["--port", "80"]]) {
      test(`leave out none that a script matches: ${line || "no #!"} ${words.join(" ")}`, (t) => {
        const dir = tempDir(t);
        const path = writeScript(dir, "serve", `${line}\n`);
        const interpreter = line.includes("env") ? ["python3", "-u"] : ["/bin/sh"];
        const shown = [
          processOf("serve", ...words),
          processOf(...interpreter, path, ...words),
          processOf(path, ...words),
          processOf(...interpreter, "./serve", ...words),
        ];
        for (const name of ["serve", path, "./serve"]) {
          const app = patternOf(dir, [name, ...words]);
          const matching = shown.filter(({ argv }) => app.matches(argv));
          assert.ok(matching.length > 0);
          const found = candidates(app, shown);
          assert.ok(matching.every((one) => found.includes(one)));
        }
      });
    }
  }
});
