import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { monitorSchema, programSchema } from "../../src/config/schema.ts";
import type { Setting } from "../../src/config/setting.ts";
import type { ProgramSettings } from "../../src/config/settings.ts";
import { settingsDigest } from "../../src/state/digest.ts";
import { launchParts, olderKeys, variableName } from "../../src/state/launch-parts.ts";
import { emptyRecord, type ProgramRecord } from "../../src/state/record.ts";
import { programSettings } from "../support/settings.ts";

const env = new Map([
  ["PORT", "8080"],
  ["DB_PASSWORD", "hunter2"],
]);
const base = programSettings("/srv", ["app", "x"], { env });

function launchedWith(settings: ProgramSettings): ProgramRecord {
  const record = emptyRecord(settings.name, "boot");
  return { ...record, digest: settingsDigest(settings), parts: launchParts(settings) };
}

const older = (change: Partial<ProgramSettings>): readonly string[] | undefined =>
  olderKeys({ ...base, ...change }, launchedWith(base));

describe("olderKeys()", () => {
  test("names nothing where nothing differs", () => {
    assert.equal(older({}), undefined);
    assert.equal(older({ env: new Map([...env].toReversed()) }), undefined);
    assert.equal(older({ restartDelayMs: 5000, maxrestarts: 3 }), undefined);
  });

  test("names the keys and variables that differ, the words of the command by its key", () => {
    assert.deepEqual(older({ argv: ["app", "y"] }), ["command"]);
    assert.deepEqual(older({ umask: 0o27, directory: "/" }), ["directory", "umask"]);
    const changed = new Map([
      ["PORT", "8081"],
      ["EXTRA", "1"],
    ]);
    assert.deepEqual(older({ env: changed }), ["Env.PORT", "Env.DB_PASSWORD", "Env.EXTRA"]);
  });

  test("says of what was found, or was launched by an earlier version, what is known", () => {
    const record = launchedWith(base);
    assert.equal(olderKeys({ ...base, umask: 0 }, { ...record, digest: undefined }), undefined);
    assert.deepEqual(olderKeys({ ...base, umask: 0 }, { ...record, parts: undefined }), []);
    assert.equal(olderKeys(undefined, record), undefined);
    assert.equal(olderKeys(base, undefined), undefined);
  });

  test("names the environment as a whole where it is large", () => {
    const many = new Map(Array.from({ length: 60 }, (_, at) => [`V${at}`, `${at}`]));
    const settings = { ...base, env: many };
    const record = launchedWith(settings);
    assert.ok(Object.keys(record.parts ?? {}).length < 20);
    const other = { ...base, env: new Map([...many, ["V1", "else"]]) };
    assert.deepEqual(olderKeys(other, record), ["Env"]);
  });

  for (const [key, { field, applies }] of Object.entries<Setting>(programSchema)) {
    if (key === "command" || applies === "now") continue;
    test(`names ${key}, which a process gets at its start`, () => {
      const changed = { [field]: key === "useshell" ? true : ["else"] };
      const found = olderKeys(
        { ...base, ...changed, argv: key === "useshell" ? ["/bin/sh"] : base.argv },
        launchedWith(base),
      );
      assert.ok(found?.includes(key));
    });
  }

  for (const [key, { field, applies }] of Object.entries<Setting>(monitorSchema)) {
    test(`${applies === "restart" ? "names" : "does not name"} ${key} of [[Monitor]]`, () => {
      const found = older({ monitor: { ...base.monitor, [field]: 5000 } });
      assert.deepEqual(found, applies === "restart" ? [key] : undefined);
    });
  }
});

test("launchParts() tells no value, and none that can be guessed", () => {
  const parts = launchParts(base);
  assert.ok(Object.values(parts).every((one) => /^[0-9a-f]{4}$/.test(one)));
  const other = launchParts({ ...base, umask: 0 });
  assert.notEqual(other["Env.DB_PASSWORD"], parts["Env.DB_PASSWORD"]);
});

test("variableName() keeps no name that may contain a part of a value, and tells two apart", () => {
  assert.equal(variableName("PORT"), "PORT");
  const odd = ["DB_URL: x://me:secret@h?a ", "DB_URL: x://me:sesame@h?a "].map(variableName);
  assert.match(odd.join(), /^DB_URL…#[0-9a-f]{4},DB_URL…#[0-9a-f]{4}$/);
  assert.notEqual(odd[0], odd[1]);
});
