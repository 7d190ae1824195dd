import assert from "node:assert/strict";
import { test } from "node:test";
import { monitorKeys, programSchema, schemas } from "../../src/config/schema.ts";
import { tabulate } from "../../src/config/resolve/table.ts";
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

test("each key of [[Monitor]] switches a monitor on, or says more of one", () => {
  const more = ["monitor_after", "activityfile_limit"];
  const known = [...monitorKeys, ...more].toSorted();
  assert.deepEqual(known, Object.keys(schemas.Monitor).toSorted());
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

function raw(text: string): RawValue {
  return { text, list: undefined, isBrokenList: false };
}

test("tabulate() leads from each spelling to the key", () => {
  const { spellings } = tabulate(programSchema);
  assert.equal(spellings.get("max_restarts"), "maxrestarts");
  assert.equal(spellings.get("constructor"), undefined);
});
