import assert from "node:assert/strict";
import { test } from "node:test";
import type { Printed, Unit } from "../../src/config/setting.ts";
import { ready } from "../../src/config/check.ts";
import { commandText, hookTimeout } from "../../src/config/command-text.ts";
import { dependencies, programNames } from "../../src/config/dependency.ts";
import * as jobs from "../../src/config/job-values.ts";
import { title } from "../../src/config/match-rule.ts";
import * as processes from "../../src/config/process-values.ts";
import { reload } from "../../src/config/reload.ts";
import * as restarts from "../../src/config/restart-values.ts";
import { schemas } from "../../src/config/schema.ts";
import { stopSequence } from "../../src/config/stop-sequence.ts";
import * as units from "../../src/config/units.ts";
import type { RawValue } from "../../src/config/values.ts";

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
  ["envFile", "/x", "-/x", ""],
  ["folder", "/", "/x", "/x/", ""],
  ["autoPath", "auto", "/x"],
  ["errorPath", "stdout", "/x", ""],
  ["ownErrorPath", "stdout", "/x", ""],
  ["smtpUrl", "smtp://me:secret@host", ""],
  ["fileMode", "0640"],
  ["umask", "", "077", "0"],
  ["nice", "-20", "19", "0", ""],
  ["instances", "1", "1000", ""],
  ["oomScore", "-1000", "1000", ""],
  ["ioPriority", "idle", "best-effort", "realtime:0", "2:7", ""],
  ["cpus", "0", "0,2-3,7", "5-5", ""],
  ["countLimit", "0", "1024:4096", "unlimited", ":5", "infinity:unlimited", ""],
  ["byteLimit", "512M", "1G:2G", "0", "1KiB", ""],
  ["ready", "lived", "tcp://127.0.0.1:80", "exec:a 'b c'", "log:^a$", ""],
  ["dependencies", "db", "tcp://127.0.0.1:80", "web:1", ""],
  ["programNames", "db", "web:1", ""],
  ["stopSequence", "TERM 30s, int 0.5, KILL", "QUIT", ""],
  ["commandText", "/x/stop --now 'a b'", ""],
  ["hookTimeout", "30", "500ms", "10m"],
  ["reload", "HUP", "sigusr1", "/x/reload --now", ""],
  ["autorestart", "True", "no", "on-failure"],
  ["successExit", "0", "0, 2, TERM"],
  ["longestPause", "60", "0.5", "100ms", "5m", ""],
  ["maxAge", "0", "24h"],
  ["programType", "service", "job", "JOB"],
  ["overlap", "skip", "queue", "Kill"],
  ["jobTimeout", "0", "90", "2h"],
  ["cron", "0 4 * * *", "*/15 8-18 * * mon-fri", "@daily", ""],
  ["stopLasts", "boot", "forever"],
  ["retry", "0", "1", "15m"],
  ["addresses", "a@x.org", ""],
  ["title", "^a.*b$", ""],
];

/** Whose nothing has a word. */
const WITH_WORDS: ReadonlySet<string> = new Set(["autoFlag", "ready"]);

test("each unit prints a value so that it parses to itself, nothing being null", () => {
  const some = { ready, commandText, hookTimeout, dependencies, programNames, title, reload };
  const families = { ...units, ...jobs, ...processes, ...restarts, ...some, stopSequence };
  const all = new Map<string, Unit<unknown>>(
    Object.entries(families).flatMap(([key, one]) =>
      typeof one === "object" ? [[key, one as Unit<unknown>]] : [],
    ),
  );
  const used = Object.values(schemas).flatMap((one) => Object.values(one).map(({ unit }) => unit));
  assert.deepEqual(new Set(used), new Set(all.values()));
  assert.deepEqual(samples.map(([name]) => name).toSorted(), [...all.keys()].toSorted());
  for (const [name, ...texts] of samples) {
    const unit = all.get(name);
    assert.ok(unit);
    for (const text of texts) {
      const reading = unit.parse(raw(text));
      assert.ok("value" in reading, `${name}: ${text}`);
      const printed: Printed = unit.print(reading.value);
      const isNothing: boolean = printed === null;
      assert.equal(isNothing, reading.value === undefined && !WITH_WORDS.has(name), name);
      // A list of one is written like a text.
      const again = unit.parse(raw(isNothing ? "" : String(printed)));
      assert.deepEqual(again, reading, `${name}: ${text}`);
    }
  }
});

function raw(text: string): RawValue {
  return { text, list: undefined, isBrokenList: false };
}
