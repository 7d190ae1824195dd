import assert from "node:assert/strict";
import { test } from "node:test";
import { programSchema, schemas } from "../../src/config/schema.ts";
import { tabulate } from "../../src/config/resolve/table.ts";
import type { Printed, Unit } from "../../src/config/setting.ts";
import * as units from "../../src/config/units.ts";
import type { RawValue } from "../../src/config/values.ts";

const rows = Object.values(schemas).flatMap((schema) => Object.entries(schema));

test("no two settings of a section share a spelling or a field", () => {
  for (const schema of Object.values(schemas)) {
    const spellings = Object.entries(schema).flatMap(([key, { aliases }]) => [key, ...aliases]);
    assert.equal(new Set(spellings).size, spellings.length);
    const fields = Object.values(schema).map(({ field }) => field);
    assert.equal(new Set(fields).size, fields.length);
  }
});

for (const [key, setting] of rows) {
  test(`${key} has one line of help and a default to show`, () => {
    assert.match(setting.help, /^[^\n]{10,100}$/);
    assert.notEqual(setting.shownDefault, "");
  });

  test(`${key} has the default that is shown, if that is a value`, () => {
    const isValue = /^(\d+|True|False)$/.test(setting.shownDefault);
    if (!isValue) return;
    assert.deepEqual(setting.unit.parse(raw(setting.shownDefault)), { value: setting.default });
  });
}

/** What may stand in a file, by unit. */
const samples: readonly (readonly [unit: string, ...texts: readonly string[]])[] = [
  ["text", "a b", ""],
  ["name", "x"],
  ["flag", "True", "off"],
  ["autoFlag", "auto", "yes", "no"],
  ["wholeNumber", "0", "7"],
  ["seconds", "0.5", "2", "500ms", "1d"],
  ["wholeSeconds", "0", "90", "10m"],
  ["size", "0", "5", "1.5G"],
  ["path", "/x", ""],
  ["folder", "/", "/x", "/x/", ""],
  ["autoPath", "auto", "/x"],
  ["errorPath", "stdout", "/x", ""],
  ["ownErrorPath", "stdout", "/x", ""],
  ["smtpUrl", "smtp://me:secret@host", ""],
  ["fileMode", "0640"],
  ["umask", "", "077", "0"],
  ["addresses", "a@x.org", ""],
  ["title", "^a.*b$", ""],
];

test("each unit prints a value so that it parses to itself, nothing being null", () => {
  const all = new Map<string, Unit<unknown>>(Object.entries(units));
  assert.deepEqual(samples.map(([name]) => name).toSorted(), [...all.keys()].toSorted());
  for (const [name, ...texts] of samples) {
    const unit = all.get(name);
    assert.ok(unit);
    for (const text of texts) {
      const reading = unit.parse(raw(text));
      assert.ok("value" in reading, `${name}: ${text}`);
      const printed: Printed = unit.print(reading.value);
      const isNothing: boolean = printed === null;
      assert.equal(isNothing, reading.value === undefined && name !== "autoFlag", name);
      // A list of one is written like a text.
      const again = unit.parse(raw(isNothing ? "" : String(printed)));
      assert.deepEqual(again, reading, `${name}: ${text}`);
    }
  }
});

function raw(text: string): RawValue {
  return { text, list: undefined, isBrokenList: false };
}

test("tabulate() leads from each spelling to the key", () => {
  const { spellings } = tabulate(programSchema);
  assert.equal(spellings.get("max_restarts"), "maxrestarts");
  assert.equal(spellings.get("constructor"), undefined);
});
