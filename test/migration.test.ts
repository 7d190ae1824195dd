import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { formatIssue } from "../src/config/issue.ts";
import { loadSettings } from "../src/config/load.ts";
import { adviseForeignKey } from "../src/config/resolve/foreign-keys.ts";
import { schemas } from "../src/config/schema.ts";
import { cleanUp } from "./support/clean-up.ts";
import { parseFor } from "./support/tools.ts";

/** A row of a table: their key, ours, what differs. */
interface Row {
  readonly line: string;
  /** The heading of the table. */
  readonly table: string;
  readonly theirs: string;
  readonly ours: string;
}

const page = readFileSync(join(import.meta.dirname, "../docs/migration.md"), "utf8");
const rows = page.split(/^##+ /m).flatMap((chapter) => {
  const [title = ""] = chapter.split("\n");
  return [...chapter.matchAll(/^\| (`.*?) \| (.*?) \| .*$/gm)].map(
    ([line, theirs = "", ours = ""]): Row => ({ line, table: title, theirs, ours }),
  );
});

/** What a cell of ours may be: nothing, a command, or a setting, with its section where that is not the program. */
const OURS =
  /^(?:none|`(?<command>usrsvcd?(?: .*)?)`|(?:\[*(?<section>Main|Monitor|Env)\]* )?`(?<key>\w+) = (?<value>.+)`)$/;

/** Keys of a program, in all spellings. */
const OWN = new Set(
  Object.entries(schemas.Program).flatMap(([key, { aliases }]) => [key, ...aliases]),
);

/** Tables of keys that can be met in a program. */
const KEYS = /^(Keys of a program of supervisor|Keys of ecosystem\.config\.js|From systemd)$/;

describe("docs/migration.md", () => {
  test("has tables, with what is said in each cell of ours understood", () => {
    assert.ok(rows.length > 180);
    for (const { ours, line } of rows) assert.match(ours, OURS, line);
    for (const { ours, line } of rows.filter(({ ours }) => ours === "none")) {
      assert.doesNotMatch(line, /\| +\|$/, `what to do instead of ${ours}: ${line}`);
    }
  });

  test("names keys of ours that exist in that section, with values that are valid", (t) => {
    const home = realpathSync(mkdtempSync(join(tmpdir(), "usrsvc-migration-")));
    cleanUp(t, () => rmSync(home, { recursive: true, force: true }));
    const path = join(home, "usrsvc.cfg");
    mkdirSync(join(home, "usrsvc.d"));
    let count = 0;
    for (const { ours, line } of rows) {
      const { section = "Program", key, value } = OURS.exec(ours)?.groups ?? {};
      if (key === undefined || section === "Env") continue;
      count += 1;
      const known = schemas[section as keyof typeof schemas];
      assert.ok(Object.hasOwn(known, key), `${key} in ${section}: ${line}`);
      const entry = `${key} = ${value}`.replaceAll("/home/me", home);
      writeFileSync(path, configurationWith(section, key, entry), { mode: 0o600 });
      const { issues } = loadSettings({ home, uid: process.getuid?.() ?? 0, path });
      const errors = issues.filter(({ severity }) => severity === "error").map(formatIssue);
      // Files and folders of an example need not be there.
      const isMissing = /there is no file|the folder .* does not exist/;
      assert.deepEqual(
        errors.filter((text) => !isMissing.test(text)),
        [],
        line,
      );
    }
    assert.ok(count > 90);
  });

  test("names commands that are understood", () => {
    for (const { ours, line } of rows) {
      const [tool, ...words] =
        OURS.exec(ours)?.groups?.["command"]?.replaceAll("'", "").split(" ") ?? [];
      if (tool === undefined) continue;
      assert.doesNotThrow(() => parseFor(tool as "usrsvc" | "usrsvcd", words), line);
    }
  });

  test("says what checkconfig says of their keys", () => {
    let count = 0;
    for (const { table, theirs, line } of rows) {
      if (!KEYS.test(table)) continue;
      const names = table === "From systemd" ? /`([A-Za-z]+)=/g : /`([a-z_]+)[`=]/g;
      for (const [, name = ""] of theirs.matchAll(names)) {
        if (OWN.has(name)) continue;
        count += 1;
        const advice = adviseForeignKey(name);
        assert.ok(advice !== undefined, `checkconfig has a word about ${name}: ${line}`);
        const [, called] = /here it is called (\w+)/.exec(advice) ?? [];
        if (called !== undefined) assert.ok(line.includes(called), `${called}: ${line}`);
      }
    }
    assert.ok(count > 80, `${count}`);
  });
});

/** A configuration of a program that has a setting, and of those that it may name. */
function configurationWith(section: string, key: string, entry: string): string {
  const command = section === "Program" && key === "command" ? "" : "command = /bin/true\n";
  const own = (name: string): string => (section === name ? `${entry}\n` : "");
  // What goes with it
  const more =
    {
      instances: "stdout = ~/x.log\n",
      autopid: "pidfile = ~/x.pid\n",
      schedule: "type = job\n",
      catch_up: "type = job\nschedule = @daily\n",
    }[key] ?? "";
  const others = ["db", "cache"].map((name) => `[Program:${name}]\ncommand = /bin/true\n`);
  return `[Main]\n${own("Main")}${others.join("")}[Program:x]\n${command}${more}${own("Program")}[[Monitor]]\n${own("Monitor")}`;
}
