import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { allOptions, shownCommands } from "../../src/cli/args.ts";
import { exitCodes } from "../../src/cli/exit-codes.ts";
import { manPages } from "../../src/cli/man/pages.ts";
import { bold, code, item, plain, prose, section, sentence } from "../../src/cli/man/roff.ts";
import { schemas } from "../../src/config/schema.ts";
import type { Schema } from "../../src/config/setting.ts";
import { tempDir } from "../support/temp-dir.ts";
import { tools } from "../support/tools.ts";

const pages = manPages({ version: "2.0.0", date: "2026-11-27" });

function page(name: string): string {
  return pages.get(name) ?? assert.fail(`there is no ${name}`);
}

test("the package names all man pages that the build writes", () => {
  const root = join(import.meta.dirname, "../..");
  const { man } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { man: string[] };
  assert.deepEqual(
    man,
    [...pages.keys()].map((name) => `dist/man/${name}`),
  );
});

for (const [name, file] of [
  ["usrsvc", "usrsvc.1"],
  ["usrsvcd", "usrsvcd.8"],
] as const) {
  test(`${file} tells of every command, option and exit code`, () => {
    const text = page(file);
    const tool = tools[name];
    for (const { name: command } of shownCommands(tool)) {
      assert.ok(text.includes(`.TP\n${bold(command)}`), command);
    }
    for (const option of Object.keys(allOptions(tool))) {
      assert.ok(text.includes(bold(`--${option}`)), option);
    }
    for (const [number, what] of exitCodes) {
      assert.ok(text.includes(`.TP\n${bold(String(number))}\n${plain(sentence(what))}\n`), what);
    }
    assert.doesNotMatch(text, /__programs/);
  });
}

test("usrsvc.cfg.5 tells of every setting, with its default, unit and help", () => {
  const text = page("usrsvc.cfg.5");
  for (const schema of Object.values<Schema>(schemas)) {
    for (const [key, { help, shownDefault, unit, aliases }] of Object.entries(schema)) {
      const [, found] = text.split(`.TP\n${bold(key)}`, 2);
      const entry = found?.split("\n.TP", 1)[0] ?? assert.fail(key);
      assert.ok(text.includes(prose(sentence(help))), help);
      for (const alias of aliases) assert.ok(entry.includes(bold(alias)), alias);
      const isTold = text.includes(
        plain(`Default: ${shownDefault}${unit.name && ` (${unit.name})`}.`),
      );
      assert.ok(isTold || shownDefault === "required", key);
    }
  }
});

describe("a man page", () => {
  const checks: readonly (readonly [string, readonly string[]])[] = [
    ["mandoc", ["-T", "lint", "-W", "warning"]],
    ["groff", ["-man", "-ww", "-Tutf8", "-z"]],
    ["groff", ["-man", "-ww", "-Tascii", "-z"]],
    ["man", ["--warnings", "-P", "cat", "-l"]],
  ];
  for (const [command, words] of checks) {
    const why = spawnSync(command, ["-l"]).error === undefined ? false : `no ${command}`;
    test(`is read by ${command} ${words.join(" ")} without a warning`, { skip: why }, (t) => {
      const dir = tempDir(t);
      for (const [name, text] of pages) {
        const file = join(dir, name);
        writeFileSync(file, text);
        const { stdout, stderr } = spawnSync(command, [...words, file], { encoding: "utf8" });
        assert.equal(stderr, "", name);
        if (command !== "man") assert.equal(stdout, "", name);
      }
    });
  }

  test("is plain ASCII, whatever a help says", () => {
    for (const text of pages.values()) assert.match(text, /^[\n -~]*$/);
  });

  test("shows a text as it is", () => {
    assert.equal(plain("a-b\\c ~'^`"), String.raw`a\-b\ec \(ti\(aq\(ha\(ga`);
    assert.equal(plain(".TH …"), String.raw`\&.TH ...`);
    assert.equal(plain("'x"), String.raw`\(aqx`);
    assert.equal(prose("say `a -b` or c"), String.raw`say \fBa \-b\fR or c`);
  });

  test("is made of headings, items and code", () => {
    assert.deepEqual(section("A", [".PP", "b"], ["c"]), ['.SH "A"', "b", "c"]);
    assert.deepEqual(item("h", "a", "b"), [".TP", "h", "a", ".IP", "b"]);
    assert.deepEqual(code("a\n\n.b"), [
      ".PP",
      ".RS 4",
      ".nf",
      "a",
      ".sp",
      String.raw`\&.b`,
      ".fi",
      ".RE",
    ]);
  });

  test("has sentences that end once, and programs that begin small", () => {
    assert.equal(sentence("a b"), "A b.");
    assert.equal(sentence("a …"), "A …");
    assert.equal(sentence("usrsvcd runs"), "usrsvcd runs.");
  });
});
