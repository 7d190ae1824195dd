import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { ProcessRef } from "../../proc/pid.ts";
import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import type { DaemonInfo } from "../../src/state/daemon-info.ts";
import { settingsFingerprint } from "../../src/state/digest.ts";
import {
  keepSettings,
  type KeptSettings,
  keptText,
  readKept,
} from "../../src/state/kept-settings.ts";
import { type StateDir, stateDir } from "../../src/state/state-dir.ts";
import { tempDir } from "../support/temp-dir.ts";

const process_ = { pid: 4711, startTime: 99 } as ProcessRef;
const facts = { at: "2030-01-31T04:30:00.000Z", number: 3, salt: "grain" };

function load(home: string, text: string): Settings {
  writeFileSync(join(home, "usrsvc.cfg"), text, { mode: 0o600 });
  return loadSettings({ home, uid: process.getuid?.() ?? 0, env: {} });
}

const SECRETS = `[Main]
smtp_url = smtp://me:geheim1@mail.example:587
[Program:web]
command = app --password=geheim2 --port 80
[[Env]]
PLAIN = geheim3
DB_URL: pg://me:geheim5@h = geheim3
__proto__ = geheim4
[[Monitor]]
rss_limit = 5
`;

interface Scene {
  readonly home: string;
  readonly state: StateDir;
  readonly kept: KeptSettings;
  readonly text: string;
}

function scene(t: TestContext): Scene {
  const home = tempDir(t);
  const state = stateDir(join(home, "state"));
  mkdirSync(state.path);
  const kept = keepSettings(load(home, SECRETS), facts);
  return { home, state, kept, text: keptText(kept, process_) };
}

const daemon = (more: Partial<DaemonInfo> = {}): DaemonInfo =>
  ({ process: process_, version: "9.9.9", settings: 3, ...more }) as DaemonInfo;

describe("the settings that usrsvcd keeps", () => {
  test("are read as they were written", (t) => {
    const { state, kept, text } = scene(t);
    writeFileSync(state.settingsFile, text);
    assert.deepEqual(readKept(state, daemon()), { kept, process: process_ });
    assert.deepEqual(
      [...(kept.programs.get("web")?.env.keys() ?? [])].map((name) => name.replace(/#.*/, "#1")),
      ["PLAIN", "DB_URL…#1", "__proto__"],
    );
  });

  test("contain no secret, and no variable", (t) => {
    const { text } = scene(t);
    assert.doesNotMatch(text, /geheim/);
    assert.match(text, /smtp:\/\/me:\*\*\*@mail/);
    assert.match(text, /--password=\*\*\* --port 80/);
  });

  test("differ where a secret does, and where what is read differs, and else not", (t) => {
    const home = tempDir(t);
    const program = (settings: Settings): string => {
      const web = keepSettings(settings, facts).programs.get("web");
      return JSON.stringify([web, [...(web?.env ?? [])]]);
    };
    const of = (lines: string): readonly [kept: string, read: string] => {
      const settings = load(home, `[Main]\n[Program:web]\n${lines}`);
      const web = settings.programs.get("web");
      assert.ok(web, JSON.stringify(settings.issues));
      return [program(settings), settingsFingerprint(web)];
    };
    const text = "command = app --token=abc\n";
    const [kept, read] = of(`${text}success_seconds = 60\n`);
    const same = [
      "success_seconds = 1min\n",
      "# why\nsuccess_seconds = 60\n",
      "success_seconds=60s\n",
    ];
    for (const lines of same) assert.deepEqual(of(text + lines), [kept, read], lines);
    const other = [
      "success_seconds = 61\n",
      "success_seconds = 60\nafter = tcp://127.0.0.1:1\n",
      "success_seconds = 60\nstop = TERM 3, KILL\n",
      "success_seconds = 60\nreload = HUP\n",
      "success_seconds = 60\nready = notify\n",
      "success_seconds = 60\nlimit_nofile = 10:20\n",
      "success_seconds = 60\nproctitle_re = app\n",
      "success_seconds = 60\nrestart_at = 0 4 * * *\n",
      "success_seconds = 60\nsuccess_exit = 0, 3\n",
      "success_seconds = 60\n[[Env]]\nA = 1\n",
      "success_seconds = 60\n[[Monitor]]\nwatchdog = 3\n",
    ];
    for (const lines of other) {
      const [otherKept, otherRead] = of(text + lines);
      assert.ok(otherKept !== kept && otherRead !== read, lines);
    }
    assert.notEqual(of("command = app --token=abd\nsuccess_seconds = 60\n")[0], kept);
  });

  test("are not believed where they are another usrsvcd's, or of an earlier reading", (t) => {
    const { state, text } = scene(t);
    writeFileSync(state.settingsFile, text);
    const unknown = (info: DaemonInfo): string => {
      const found = readKept(state, info);
      return "unknown" in found ? found.unknown : "known";
    };
    assert.equal(unknown(daemon({ settings: 2 })), "known", "one was written this moment");
    assert.match(unknown(daemon({ settings: 4 })), /earlier reading: is the disk full\?/);
    const other = { pid: 4711, startTime: 100 } as ProcessRef;
    assert.match(unknown(daemon({ process: other })), /earlier reading/);
    assert.match(unknown(daemon({ settings: undefined })), /of version 9\.9\.9.*usrsvcd restart/);
  });

  test("are not known where the file is missing, damaged, or none", (t) => {
    const { state, text, home } = scene(t);
    const unknown = (): string => {
      const found = readKept(state, daemon());
      return "unknown" in found ? found.unknown : "known";
    };
    assert.match(unknown(), /is missing; usrsvcd writes it again within 10 s/);
    const damaged = [
      "",
      "{",
      "null",
      "[]",
      text.slice(0, -40),
      text.replace('"version":1', '"version":2'),
      text.replace('"programs":[[', '"programs":[[1,'),
      text.replace('"keys":{', '"keys":{"x":{"y":1},'),
      text.replace('"env":[', '"env":[7,'),
    ];
    for (const one of damaged) {
      writeFileSync(state.settingsFile, one);
      assert.match(unknown(), /cannot be understood: remove it/, one);
    }
    rmSync(state.settingsFile);
    writeFileSync(join(home, "elsewhere"), text);
    symlinkSync(join(home, "elsewhere"), state.settingsFile);
    assert.match(unknown(), /is a symbolic link/);
    rmSync(state.settingsFile);
    writeFileSync(state.settingsFile, text);
    chmodSync(state.settingsFile, 0);
    if (process.getuid?.() !== 0) assert.match(unknown(), /EACCES/);
  });
});
