import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mainSchema, monitorSchema, programSchema } from "../../src/config/schema.ts";
import { type Fields, type Schema, setting } from "../../src/config/setting.ts";
import type { ProgramSettings, Settings } from "../../src/config/settings.ts";
import { wholeNumber, wholeSeconds } from "../../src/config/units.ts";
import { manualTable } from "../support/manual-table.ts";
import { programSettings } from "../support/settings.ts";
import { tempDir } from "../support/temp-dir.ts";

/*
 * A setting is declared once: these rows are put into the schema before anything else is loaded, and must be
 * seen everywhere with no other line of code.
 */
const niceness = setting({
  field: "niceness",
  aliases: ["nicer"],
  unit: wholeNumber,
  default: 0,
  applies: "restart",
  help: "how far the program stands back",
});
const grace = setting({
  field: "graceMs",
  unit: wholeSeconds,
  default: ({ realHome }: { readonly realHome: string }) => realHome.length * 1000,
  shown: "as long as HOME",
  applies: "now",
  help: "a time that follows from something else",
});
add(programSchema, { niceness, grace });
add(mainSchema, { main_now: { ...grace, field: "mainNow" }, main_later: niceness });
add(monitorSchema, { monitor_grace: { ...niceness, field: "monitorGrace", aliases: [] } });

const { loadSettings } = await import("../../src/config/load.ts");
const { formatIssue } = await import("../../src/config/issue.ts");
const { describeSettings } = await import("../../src/cli/effective.ts");
const { compare } = await import("../../src/daemon/apply-reread.ts");
const { runDigest, settingsDigest } = await import("../../src/state/digest.ts");

function add(schema: Schema, rows: Schema): void {
  Object.assign(schema, rows);
}

/** What stands in the sections of a file, besides what all need. */
interface Lines {
  readonly main?: string;
  readonly program?: string;
  readonly monitor?: string;
}

function load(home: string, { main = "", program = "", monitor = "" }: Lines): Settings {
  const text = `[Main]\n${main}\n[Program:web]\ncommand = x\n${program}\n[[Monitor]]\n${monitor}\n`;
  writeFileSync(join(home, "usrsvc.cfg"), text, { mode: 0o600 });
  return loadSettings({ home, uid: process.getuid?.() ?? 0 });
}

function web({ programs, issues }: Settings): ProgramSettings {
  const program = programs.get("web");
  assert.ok(program, issues.map(formatIssue).join("\n"));
  return program;
}

/** A value that the types do not know of. */
function field(of: unknown, name: string): unknown {
  assert.ok(typeof of === "object" && of !== null);
  return new Map<string, unknown>(Object.entries(of)).get(name);
}

const set: Lines = {
  main: "main_now = 1s\nmain_later = 4",
  program: "nicer = 5\ngrace = 2m",
  monitor: "monitor_grace = 3",
};

test("the type of settings follows from the rows", () => {
  const typed: Fields<{ niceness: typeof niceness; grace: typeof grace }> = {
    niceness: 5,
    graceMs: 1,
  };
  assert.deepEqual(Object.keys(typed), [niceness.field, grace.field]);
});

test("a row that is added is read, under each of its spellings", (t) => {
  const read = load(tempDir(t), set);
  assert.equal(field(web(read), "niceness"), 5);
  assert.equal(field(web(read), "graceMs"), 120_000);
  assert.equal(field(web(read).monitor, "monitorGrace"), 3);
  assert.equal(field(read.main, "mainNow"), 1000);
  assert.equal(field(read.main, "niceness"), 4);
});

test("a row that is added has its default, which may follow from something else", (t) => {
  const home = tempDir(t);
  const read = load(home, {});
  assert.equal(field(web(read), "niceness"), 0);
  assert.equal(field(web(read), "graceMs"), home.length * 1000);
  assert.equal(field(web(read).monitor, "monitorGrace"), 0);
  assert.equal(field(read.main, "mainNow"), home.length * 1000);
  assert.equal(field(read.main, "niceness"), 0);
});

test("a row that is added tells what is wrong with its value, and which name was meant", (t) => {
  const { issues, faulty } = load(tempDir(t), { program: "niceness = low\ngrce = 1" });
  assert.deepEqual(
    issues.map(({ message }) => message),
    [
      'niceness: "low" is not a whole number such as 0 or 10',
      'unknown key "grce"; did you mean grace?',
    ],
  );
  assert.equal(field(faulty.get("web")?.known, "niceness"), undefined);
});

test("a row that is added is in checkconfig --json, in its unit", (t) => {
  const [main, program] = describeSettings(load(tempDir(t), set), false);
  assert.equal(field(main, "main_now"), 1);
  assert.equal(field(main, "main_later"), 4);
  assert.equal(field(program, "niceness"), 5);
  assert.equal(field(program, "grace"), 120);
  assert.equal(field(field(program, "Monitor"), "monitor_grace"), 3);
});

test("a row that is added and waits for a restart is in the digests, unless its default holds", () => {
  const env = new Map([
    ["A", "1"],
    ["B", "2"],
  ]);
  const one = { ...programSettings("/srv", ["app", "x"], { env }), niceness: 0 };
  // As in state/digest.test.ts: no program that runs is marked for a row that is new.
  assert.equal(settingsDigest(one), "4cfbacee24d838f1");
  assert.equal(runDigest(one), "41aedc95d968c483");
  const other = { ...one, niceness: 5 };
  assert.notEqual(settingsDigest(other), settingsDigest(one));
  assert.notEqual(runDigest(other), runDigest(one));
});

test("a row that is added is compared at a reread, and waits for a restart if it says so", (t) => {
  const home = tempDir(t);
  const before = load(home, {});
  const differences = (after: Lines): readonly [changed: boolean, later: boolean, main: string] => {
    const { changed, launched, main } = compare(before, load(home, after));
    return [changed.length > 0, launched.size > 0, main.join()];
  };
  assert.deepEqual(differences({}), [false, false, ""]);
  assert.deepEqual(differences({ program: "grace = 1" }), [true, false, ""]);
  assert.deepEqual(differences({ monitor: "monitor_grace = 1" }), [true, true, ""]);
  assert.deepEqual(differences({ program: "niceness = 1" }), [true, true, ""]);
  assert.deepEqual(differences({ main: "main_now = 1" }), [false, false, ""]);
  assert.deepEqual(differences({ main: "main_later = 1" }), [false, false, "main_later"]);
});

test("a row that is added is in the table of the manual", () => {
  const table = manualTable(programSchema);
  assert.ok(
    table.includes("| `niceness` (also `nicer`) | 0 |  | how far the program stands back |\n"),
  );
  assert.ok(
    table.includes(
      "| `grace` | as long as HOME | seconds | a time that follows from something else |\n",
    ),
  );
});
