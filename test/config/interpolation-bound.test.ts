import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { formatIssue } from "../../src/config/issue.ts";
import { loadSettings } from "../../src/config/load.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Reads a configuration that is small, and its issues, within five seconds of a processor. */
function load(t: TestContext, lines: readonly string[]): { ok: number; issues: string[] } {
  const home = tempDir(t);
  const path = join(home, "usrsvc.cfg");
  const text = ["[Main]", ...lines, ""].join("\n");
  assert.ok(text.length < 12_000, `${text.length}`);
  writeFileSync(path, text, { mode: 0o600 });
  const before = process.cpuUsage(); // the machine may have other work
  const { programs, issues } = loadSettings({ path, home, uid: process.getuid?.() ?? 0 });
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < 5_000_000, `${user + system} µs`);
  return {
    ok: programs.size,
    issues: issues.map(formatIssue).map((one) => one.slice(home.length)),
  };
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

test("references that double in each line are an error of their program alone", (t) => {
  const { ok, issues } = load(t, [
    "[Program:web]",
    "command = /bin/true",
    "[[Env]]",
    `a0 = ${"x".repeat(100)}`,
    ...numbers(14).map((i) => `a${i + 1} = %(a${i})s%(a${i})s`),
    "[Program:b]",
    "command = /bin/true",
  ]);
  assert.equal(ok, 1);
  assert.match(
    issues[0] ?? "",
    /^\/usrsvc\.cfg:16: a11: a reference %\(…\)s in it makes the value longer than/,
  );
});

test("the values of a program have 2 MB together at most", (t) => {
  const { ok, issues } = load(t, [
    "[Program:web]",
    "command = /bin/true",
    "[[Env]]",
    `a0 = ${"x".repeat(1000)}`,
    `a1 = ${"%(a0)s".repeat(120)}`,
    ...numbers(200).map((i) => `b${i} = %(a1)s`),
    "[Program:b]",
    "command = /bin/true",
  ]);
  assert.equal(ok, 1);
  assert.match(
    issues[0] ?? "",
    /^\/usrsvc\.cfg:\d+: b1\d: with it, the values of \[Program:web\] .* more than 2 MB$/,
  );
});

test("what a file inserts is bounded for all its programs together", (t) => {
  const { ok, issues } = load(t, [
    "[DEFAULT]",
    `z = ${"y".repeat(1000)}`,
    `w = ${"%(z)s".repeat(120)}`,
    ...numbers(150).flatMap((i) => [`[Program:p${i}]`, "command = /bin/echo %(w)s"]),
  ]);
  assert.ok(ok < 100, `${ok}`);
  assert.match(
    issues[0] ?? "",
    /:\d+: command: the references in this file insert more than 8 MB$/,
  );
});

test("a long command that all programs share is bounded as well", (t) => {
  const { ok, issues } = load(t, [
    "[DEFAULT]",
    `z = ${"y ".repeat(500)}`,
    `w = ${"%(z)s".repeat(120)}`,
    "[DefaultSettings:d]",
    "command = /bin/echo %(w)s",
    ...numbers(250).flatMap((i) => [`[Program:p${i}]`, "defaults = d"]),
  ]);
  assert.ok(ok < 100, `${ok}`);
  assert.match(issues[0] ?? "", /:\d+: the long commands .* more than 8 MB; shorten them$/);
});

test("ten thousand programs with references of an ordinary size are no bomb", (t) => {
  const home = tempDir(t);
  const path = join(home, "usrsvc.cfg");
  const programs = numbers(10_000).map((i) => `[Program:p${i}]\ncommand = %(base)s --port ${i}`);
  const text = `[Main]\n[DEFAULT]\nbase = /bin/echo ${"x".repeat(300)}\n${programs.join("\n")}\n`;
  writeFileSync(path, text, { mode: 0o600 });
  const settings = loadSettings({ path, home, uid: process.getuid?.() ?? 0 });
  assert.deepEqual([settings.programs.size, settings.issues], [10_000, []]);
});
