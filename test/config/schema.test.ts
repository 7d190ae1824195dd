import assert from "node:assert/strict";
import { test } from "node:test";
import { schemas, tabulate, type Schema } from "../../src/config/schema.ts";

const rows = Object.values<Schema>(schemas).flatMap((schema) => Object.entries(schema));

test("no two settings of a section share a spelling", () => {
  for (const schema of Object.values<Schema>(schemas)) {
    const spellings = Object.entries(schema).flatMap(([key, { aliases }]) => [key, ...aliases]);
    assert.equal(new Set(spellings).size, spellings.length);
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
    const raw = { text: setting.shownDefault, list: undefined, isBrokenList: false };
    assert.deepEqual(setting.read(raw), { value: setting.fallback });
  });
}

test("tabulate() leads from each spelling to the key", () => {
  const { spellings } = tabulate(schemas.Program);
  assert.equal(spellings.get("max_restarts"), "maxrestarts");
  assert.equal(spellings.get("constructor"), undefined);
});
