import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { loadSettings } from "../../../src/config/load.ts";
import {
  compareSettings,
  differsFromLaunch,
  type SettingsDifference,
} from "../../../src/operations/changes/settings-difference.ts";
import { keepSettings, type KeptSettings } from "../../../src/state/kept-settings.ts";
import { tempDir } from "../../support/temp-dir.ts";

function kept(t: TestContext, text: string): KeptSettings {
  const home = tempDir(t);
  writeFileSync(join(home, "usrsvc.cfg"), text.replaceAll("HOME", home), { mode: 0o600 });
  const settings = loadSettings({ home, uid: process.getuid?.() ?? 0, env: {} });
  assert.deepEqual(settings.issues, []);
  return keepSettings(settings, { at: "", number: 1, salt: "grain" });
}

const FIXED =
  "stdout = /tmp/web.log\npidfile = /tmp/web.pid\ndirectory = /tmp\ncommand = app --x\n";
const HEAD = "[Main]\nstate_dir = /tmp/usrsvc-none\npidfile = /tmp/usrsvc-none.pid\n";

const between = (
  t: TestContext,
  before: string,
  after: string,
  renamed?: ReadonlyMap<string, string>,
): SettingsDifference => compareSettings(kept(t, HEAD + before), kept(t, HEAD + after), renamed);

const web = (lines: string): string => `[Program:web]\n${FIXED}${lines}`;

describe("compareSettings()", () => {
  test("finds nothing between values that mean the same, comments, and another order", (t) => {
    const one = web("term_to_kill_seconds = 60\nmaxrestarts = 1\n[[Env]]\nA = 1\nB = 2\n");
    const other = web(
      "# why\nmax_restarts = 01\nterm_to_kill_seconds = 1m\n[[Env]]\nB = 2\nA = 1\n",
    );
    assert.deepEqual(between(t, one, other), { main: [], programs: [] });
  });

  test("tells each key, with what it was, what it is, and when that applies", (t) => {
    const { main, programs } = between(
      t,
      `alert_interval = 60\n${web("umask = 022\n[[Monitor]]\nrss_limit = 5\n")}`,
      `alert_interval = 5m\n${web("restart_delay = 5\n")}`,
    );
    assert.deepEqual(
      main.map(({ key, old, new: now, unit, applies }) => [key, old, now, unit, applies]),
      [["alert_interval", 60, 300, "seconds", "now"]],
    );
    const [first] = programs;
    assert.ok(first?.change === "changed" && programs.length === 1);
    assert.deepEqual(
      first.keys.map(({ key, old, new: now, applies }) => [key, old, now, applies]),
      [
        ["restart_delay", 0, 5, "now"],
        ["umask", "0022", null, "restart"],
        ["rss_limit", 5, 0, "now"],
      ],
    );
  });

  test("tells of variables and of secrets that they differ, and shows none", (t) => {
    const { main, programs } = between(
      t,
      `smtp_url = smtp://me:one@mail.example\n${web("[[Env]]\nPORT = 1\nGONE = 1\nSAME = 1\n")}`,
      `smtp_url = smtp://me:two@mail.example\n${web("[[Env]]\nPORT = 2\nSAME = 1\nNEW = 1\n")}`,
    );
    assert.deepEqual([main[0]?.key, main[0]?.isHidden], ["smtp_url", true]);
    assert.doesNotMatch(JSON.stringify(main), /one|two/);
    const [first] = programs;
    assert.ok(first?.change === "changed");
    assert.deepEqual(
      first.keys.map(({ key, old, new: now, isHidden, applies }) => [
        key,
        old,
        now,
        isHidden,
        applies,
      ]),
      [
        ["Env.PORT", "***", "***", true, "restart"],
        ["Env.GONE", "***", null, false, "restart"],
        ["Env.NEW", null, "***", false, "restart"],
      ],
    );
  });

  test("tells what is added and removed, in the order of the files, and what was renamed", (t) => {
    const program = (name: string, command: string): string =>
      `[Program:${name}]\n${FIXED.replace("app --x", command).replaceAll("web", "any")}`;
    const before =
      program("a", "x").replaceAll("any", "a") + program("b", "y").replaceAll("any", "b");
    const after =
      program("c", "x").replaceAll("any", "a") + program("d", "z").replaceAll("any", "d");
    assert.deepEqual(between(t, before, after).programs, [
      { change: "added", program: "c" },
      { change: "added", program: "d" },
      { change: "removed", program: "a" },
      { change: "removed", program: "b" },
    ]);
    assert.deepEqual(between(t, before, after, new Map([["c", "a"]])).programs, [
      { change: "renamed", program: "c", from: "a", keys: [] },
      { change: "added", program: "d" },
      { change: "removed", program: "b" },
    ]);
    const swapped = new Map([
      ["a", "b"],
      ["b", "a"],
    ]);
    assert.deepEqual(
      between(t, before, before, swapped).programs.map(({ change }) => change),
      ["renamed", "renamed"],
    );
  });
});

test("differsFromLaunch() tells what is set by now", (t) => {
  const now = kept(t, HEAD + web("[[Env]]\nPORT = 1\n[[Monitor]]\nwatchdog = 5\n")).programs.get(
    "web",
  );
  assert.ok(now);
  const of = (key: string): unknown => differsFromLaunch(key, now).new;
  assert.deepEqual(["command", "umask", "Env.PORT", "Env.GONE", "watchdog", "Env"].map(of), [
    "app --x",
    null,
    "***",
    null,
    5,
    "***",
  ]);
});
