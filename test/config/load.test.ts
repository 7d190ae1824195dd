import assert from "node:assert/strict";
import { cpuMs } from "../support/cpu.ts";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { ConfigError, formatIssue } from "../../src/config/issue.ts";
import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import { settingsFingerprint } from "../../src/state/digest.ts";

const uid = process.getuid?.() ?? 0;
const homes: string[] = [];

/** A new home with these files; `DIR` in their text is its path. */
function home(files: Readonly<Record<string, string | Uint8Array>>): string {
  const path = mkdtempSync(join(tmpdir(), "usrsvc-"));
  homes.push(path);
  for (const [name, content] of Object.entries(files)) {
    const file = join(path, name);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    const text = typeof content === "string" ? content.replaceAll("DIR", path) : content;
    writeFileSync(file, text, { mode: 0o644 });
  }
  return path;
}

after(() => {
  for (const path of homes.toReversed()) rmSync(path, { recursive: true });
});

function refusal(load: () => Settings): string {
  try {
    load();
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  assert.fail("it was taken");
}

const program = (name: string): string =>
  `[Program:${name}]\ncommand = x\npidfile = DIR/${name}.pid\nstdout = DIR/${name}.log\n`;

describe("loadSettings()", () => {
  test("gives the same settings for two names of one home", () => {
    const path = home({ "usrsvc.cfg": "[Main]\n[Program:web]\ncommand = x\n" });
    const link = `${path}.link`;
    symlinkSync(path, link);
    homes.push(link);
    const [one, two] = [path, link].map((name) => loadSettings({ home: name, uid }));
    assert.deepEqual(two?.main, one?.main);
    assert.equal(one?.main.stateDir, `${path}/.local/state/usrsvc`);
    const [web, same] = [one, two].map((settings) => settings?.programs.get("web"));
    assert.ok(web !== undefined && same !== undefined);
    assert.equal(web.directory, path);
    assert.equal(settingsFingerprint(same), settingsFingerprint(web));
  });

  test("reads the files of config_dir in the order of the bytes of their names", () => {
    const path = home({
      "usrsvc.cfg": `[Main]\nconfig_dir = DIR/conf.d\n${program("main")}`,
      "conf.d/é.cfg": program("d"),
      "conf.d/a.cfg": program("b"),
      "conf.d/Z.cfg": program("a"),
      "conf.d/🚀.cfg": program("f"),
      "conf.d/\uff21.cfg": program("e"),
      "conf.d/b.cfg": program("c"),
      "conf.d/.hidden.cfg": program("hidden"),
      "conf.d/c.cfg.bak": program("bak"),
      "conf.d/sub.cfg/x.cfg": program("sub"),
    });
    const { programs } = loadSettings({ home: path, uid });
    assert.deepEqual([...programs.keys()], ["main", "a", "b", "c", "d", "e", "f"]);
  });

  test("tells how to begin when there is no file", () => {
    const path = home({});
    assert.match(
      refusal(() => loadSettings({ home: path, uid })),
      /usrsvc\.cfg: does not exist; usrsvcd init writes one/,
    );
  });

  test("tells of a path that can lead to no file", () => {
    const path = home({ "usrsvc.cfg": "" });
    const why = (file: string): string =>
      refusal(() => loadSettings({ path: file, home: path, uid }));
    assert.match(why(join(path, "usrsvc.cfg/x")), /a part of its path is not$/);
    assert.match(why(join(path, "x".repeat(300))), /cannot be read: ENAMETOOLONG/);
  });

  test("reads the file that it is told to read", () => {
    const path = home({ "other.cfg": "[Main]\n" });
    const { main } = loadSettings({ path: join(path, "other.cfg"), home: path, uid });
    assert.equal(main.stateDir, `${path}/.local/state/usrsvc`);
    assert.equal(main.pidfile, `${path}/${uid}_usrsvcd.pid`);
  });

  test("says of a folder that it is no file", () => {
    assert.match(
      refusal(() => loadSettings({ path: tmpdir(), home: tmpdir(), uid })),
      /is not a file$/,
    );
  });

  test("says that a [main] must be called [Main]", () => {
    const path = home({ "usrsvc.cfg": "[main]\n" });
    assert.match(
      refusal(() => loadSettings({ home: path, uid })),
      /line 1 has \[main\]/,
    );
  });

  test("tells all errors of the main file at once", () => {
    const path = home({
      "usrsvc.cfg": "hello\n[Main]\npidfile = x\nconfig_dir = DIR/none\nbogus = 1\n",
    });
    const lines = refusal(() => loadSettings({ home: path, uid })).split("\n");
    assert.deepEqual(
      lines.map((line) => line.split(":")[1]),
      ["1", "3", "4", "5"],
    );
  });

  test("keeps going when a syntax error stands in the section of a program", () => {
    const path = home({ "usrsvc.cfg": `[Main]\n${program("a")}hello\n${program("b")}` });
    const { programs, faulty } = loadSettings({ home: path, uid });
    assert.deepEqual([[...programs.keys()], [...faulty.keys()]], [["b"], ["a"]]);
  });

  test("names the line of a file that is no UTF-8, and reads the other files", () => {
    const path = home({
      "usrsvc.cfg": "[Main]\nconfig_dir = DIR/d\n",
      "d/a.cfg": Buffer.from("[Program:a]\n# gr\xfcn\n", "latin1"),
      "d/b.cfg": program("b"),
    });
    const { programs, issues } = loadSettings({ home: path, uid });
    assert.deepEqual([...programs.keys()], ["b"]);
    assert.equal(issues.map(formatIssue)[0], `${path}/d/a.cfg:2: ${issues[0]?.message}`);
    assert.match(issues[0]?.message ?? "", /must be UTF-8/);
  });

  test("refuses a main file that others can change, and says how to mend it", () => {
    const path = home({ "usrsvc.cfg": "[Main]\n" });
    chmodSync(join(path, "usrsvc.cfg"), 0o666);
    assert.match(
      refusal(() => loadSettings({ home: path, uid })),
      /chmod go-w .*usrsvc\.cfg$/,
    );
  });

  test("refuses a folder in which others could put another file", () => {
    const path = home({ "usrsvc.cfg": "[Main]\nconfig_dir = DIR/d\n", "d/a.cfg": program("a") });
    chmodSync(join(path, "d"), 0o777);
    assert.match(
      refusal(() => loadSettings({ home: path, uid })),
      /config_dir: the folder .*\/d can be changed/,
    );
    chmodSync(join(path, "d"), 0o755);
    chmodSync(path, 0o777);
    assert.match(
      refusal(() => loadSettings({ home: path, uid })),
      /the folder .* can be changed by everybody/,
    );
  });

  test("sets aside a file of config_dir that others can change", () => {
    const path = home({
      "usrsvc.cfg": "[Main]\nconfig_dir = DIR/d\n",
      "d/a.cfg": program("a"),
      "d/b.cfg": program("b"),
    });
    chmodSync(join(path, "d/a.cfg"), 0o666);
    const { programs, issues } = loadSettings({ home: path, uid });
    assert.deepEqual([...programs.keys()], ["b"]);
    assert.match(issues[0]?.message ?? "", /chmod go-w/);
  });

  test("does not wait for a pipe, and says that a link leads nowhere", () => {
    const path = home({ "usrsvc.cfg": "[Main]\nconfig_dir = DIR/d\n", "d/a.cfg": program("a") });
    execFileSync("mkfifo", [join(path, "d/pipe.cfg")]);
    symlinkSync("/nowhere/at/all", join(path, "d/link.cfg"));
    const { programs, issues } = loadSettings({ home: path, uid });
    assert.deepEqual([...programs.keys()], ["a"]);
    assert.deepEqual(
      issues.map(({ message }) => message),
      ["does not exist"],
    );
  });

  test("reads 10,000 programs in at most 40 times the time of 1,000", () => {
    const text = (count: number): string =>
      `[Main]\n${Array.from({ length: count }, (_, index) => program(`p${index}`)).join("")}`;
    const small = home({ "usrsvc.cfg": text(1000) });
    const large = home({ "usrsvc.cfg": text(10_000) });
    const time = (path: string): number => cpuMs(() => loadSettings({ home: path, uid }));
    time(small);
    const once = Math.max(time(small), 5);
    assert.ok(time(large) < once * 40);
  });
});
