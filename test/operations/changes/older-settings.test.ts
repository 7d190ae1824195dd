import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProgramSettings } from "../../../src/config/settings.ts";
import {
  olderSettings,
  type OlderSettings,
} from "../../../src/operations/changes/older-settings.ts";
import { settingsDigest } from "../../../src/state/digest.ts";
import { FakeProc, type FakeProcess } from "../../support/fake-proc.ts";
import { programSettings } from "../../support/settings.ts";

/** No process of this machine has it: its descriptors are not looked at. */
const PID = 4_999_999;
const now = programSettings("/srv", ["app", "--port", "80"], {
  env: new Map([["PORT", "80"]]),
  nice: 5,
});

/** What is found out of a process that was launched with the settings `then`. */
function compare(then: Partial<ProgramSettings>, shows: Partial<FakeProcess>): OlderSettings {
  const proc = new FakeProc();
  const environ = { PATH: "/bin", HOME: "/home/web", PORT: "80", ...shows.environ };
  const ref = proc.set({ pid: PID, argv: now.argv, cwd: "/srv", ...shows, environ });
  return olderSettings(now, settingsDigest({ ...now, ...then }), ref, { proc });
}

describe("olderSettings() names what was changed since the launch", () => {
  test("the command, by the command line", () => {
    const argv = ["app", "--port", "8080"];
    const { changed, seen } = compare({ argv }, { argv });
    assert.deepEqual(changed, ["command"]);
    assert.deepEqual(seen, [
      'command: the process has "app --port 8080", the file "app --port 80"',
    ]);
  });

  test("the command of a script, whose interpreter the kernel shows", () => {
    const argv = ["app", "--port", "8080"];
    assert.deepEqual(compare({ argv }, { argv: ["/bin/sh", ...argv] }).changed, ["command"]);
  });

  test("a variable that had another value, and one that there was not", () => {
    const other = compare({ env: new Map([["PORT", "90"]]) }, { environ: { PORT: "90" } });
    assert.deepEqual(other, {
      changed: ["Env PORT"],
      seen: ["Env PORT: the process has another value"],
    });
    const more = new Map([
      ["PORT", "80"],
      ["DEBUG", "1"],
    ]);
    assert.deepEqual(compare({ env: more }, { environ: { PORT: "80", DEBUG: "1" } }).changed, [
      "Env DEBUG",
    ]);
  });

  test("a setting that was added, and the folder, together", () => {
    const then = { nice: undefined, directory: "/opt" };
    assert.deepEqual(compare(then, { cwd: "/opt" }).changed, ["directory", "nice"]);
  });

  test("nothing where no guess is right: then it says what it sees", () => {
    const { changed, seen } = compare({ nice: 3 }, { cwd: "/elsewhere" });
    assert.equal(changed, undefined);
    assert.deepEqual(seen, ["directory: the process works in /elsewhere, the file has /srv"]);
  });

  test("no value of a variable is told, nor a password on the command line", () => {
    const argv = ["app", "--password", "hunter2"];
    const text = JSON.stringify(compare({ argv }, { argv, environ: { PORT: "s3cret" } }));
    assert.doesNotMatch(text, /hunter2|s3cret/);
  });
});
