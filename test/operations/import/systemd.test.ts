import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { splitWords } from "../../../src/config/shell/words.ts";
import { parseCron } from "../../../src/lib/cron.ts";
import type { ProgramDraft } from "../../../src/operations/import/draft.ts";
import { Names } from "../../../src/operations/import/names.ts";
import { cronOf, everyMs } from "../../../src/operations/import/systemd/calendar.ts";
import { importSystemd } from "../../../src/operations/import/systemd/systemd.ts";
import { readLimit, readSpan } from "../../../src/operations/import/systemd/values.ts";
import { unitWords } from "../../../src/operations/import/systemd/words.ts";

const folder = join(import.meta.dirname, "../../fixtures/import/units");
const read = (path: string): string => readFileSync(path, "utf8");

function imported(...names: readonly string[]) {
  const units = names.map((name) => join(folder, name)).map((file) => ({ text: read(file), file }));
  return importSystemd(units, new Names(), read).programs;
}

function inline(text: string, file = "/x/a.service"): ProgramDraft {
  return importSystemd([{ text, file }], new Names(), read).programs[0] ?? assert.fail();
}

function settings({ keys }: ProgramDraft): Readonly<Record<string, string>> {
  return Object.fromEntries([...keys].map(([key, { text }]) => [key, text]));
}

function words(text = ""): readonly string[] {
  const split = splitWords(text);
  return "words" in split ? split.words : assert.fail(split.problem);
}

/** The words of a command that begins with a program of the name x. */
function wordsOf(exec: string, more = ""): readonly string[] {
  const { keys } = inline(`[Service]\n${more}\nExecStart=/x ${exec}\n`);
  assert.equal(keys.get("useshell"), undefined);
  return words(keys.get("command")?.text).slice(1);
}

describe("a unit of systemd", () => {
  test("has settings that ours say, with its drop-ins", () => {
    const [site = assert.fail()] = imported("site.service", "db.service");
    const { command, ...more } = settings(site);
    assert.deepEqual(words(command), [
      "/bin/echo",
      "--title",
      "two words",
      "single A",
      "--one",
      "--two",
      "3/hello world",
      "$HOME",
      "a$LEVEL",
      "--url=http://x/%20",
    ]);
    assert.deepEqual(more, {
      before_start: "/bin/true",
      hook_timeout: "90",
      stop_command: "/bin/sh -c '/bin/echo stopping \"${USRSVC_PID}\"'",
      reload: "HUP",
      ready: "notify",
      start_timeout: "90",
      stdout: "/tmp/site.log",
      autorestart: "on-failure",
      success_exit: "0, SIGHUP, SIGINT, SIGTERM, SIGPIPE, 75, SIGUSR1",
      restart_delay: "60500ms",
      maxrestarts: "4",
      restart_window: "120",
      stop: "INT 60s, KILL",
      umask: "0027",
      nice: "7",
      limit_core: "unlimited",
      limit_cpu: "3600",
      limit_nofile: "1024:4096",
      needs: "db",
      restart_with: "db",
    });
    const env = [...site.env].map(([name, { text }]) => [name, text]);
    assert.deepEqual(Object.fromEntries(env), {
      GREETING: "hello world",
      LEVEL: "3",
      QUOTE: 'it"s',
      TAB: "a\tb",
      PERCENT: "50%",
      EXTRA: "--one --two",
    });
    assert.deepEqual(
      [...site.monitor].map(([key, { text }]) => `${key}=${text}`),
      ["watchdog=30", "rss_limit=500M"],
    );
    assert.equal(site.title, "The site (site.service)");
    assert.deepEqual(
      site.notes.map(({ source, key }) => `${source.line} ${key}`),
      [
        "5 After",
        "13 User",
        "20 ExecStart",
        "38 ProtectSystem",
        "39 PrivateTmp",
        "40 AmbientCapabilities",
      ],
    );
  });

  test("takes a shell only where variables are not known", () => {
    const [db = assert.fail()] = imported("db.service");
    const { command, useshell, reload, ...more } = settings(db);
    assert.equal(command, 'exec /bin/sleep $DB_OPTS "${DB_HOME}/x y"');
    assert.equal(useshell, "True");
    assert.equal(reload, "/bin/sh -c 'echo $USRSVC_PID'");
    assert.deepEqual(more, {
      env_file: "-/nowhere/db.env",
      autopid: "False",
      pidfile: "/run/db/db.pid",
      autorestart: "True",
      term_to_kill_seconds: "86400",
    });
  });

  test("with a timer is a job that is due when that says", () => {
    for (const name of ["backup.service", "backup.timer"]) {
      const [backup = assert.fail()] = imported(name);
      assert.deepEqual(settings(backup), {
        command: "/bin/sh -c '/bin/echo one && { /bin/echo '\\''two  three'\\'' || :; }'",
        type: "job",
        directory: homedir(),
        term_to_kill_seconds: "90",
        schedule: "30 4 * * 1-5",
        catch_up: "True",
      });
      assert.deepEqual(backup.notes.map(({ key }) => key).toSorted(), [
        "ConditionACPower",
        "OnCalendar",
        "RandomizedDelaySec",
      ]);
    }
  });

  test("that is a template has instances, or the name of one", () => {
    const [queue = assert.fail()] = imported("queue@.service");
    assert.equal(settings(queue)["command"], "/bin/echo queue %(instance)s %(instance)s of queue");
    assert.equal(settings(queue)["instances"], "1");
    const text = "[Service]\nUser=%i\nExecStart=/x %i\n[Install]\nWantedBy=a.target\n";
    const named = inline(text.replace("User=%i\n", ""), "/x/q@blue-a.service");
    assert.deepEqual([named.name, settings(named)["command"]], ["q@blue-a", "/x blue-a"]);
    // Where instances are accounts, it is this one.
    const own = inline(text, "/x/q@.service");
    assert.deepEqual(
      [own.name, settings(own)["command"], own.notes],
      ["q", `/x ${userInfo().username}`, []],
    );
  });

  test("without WantedBy= is not started by itself, and without Restart= not again", () => {
    const { keys } = inline("[Service]\nExecStart=/x\n");
    assert.equal(keys.get("autostart")?.text, "False");
    assert.equal(keys.get("autorestart")?.text, "False");
  });
});

test("words of ExecStart= are those that systemd makes", () => {
  assert.deepEqual(wordsOf(String.raw`a"b c"d 'e\'f' \x41\n\s. \q "" c:\\x`), [
    "ab cd",
    "e'f",
    "A\n .",
    String.raw`\q`,
    "",
    String.raw`c:\x`,
  ]);
  assert.deepEqual(wordsOf(String.raw`a \; b "%%(x)s"`), ["a", ";", "b", "%(percent)s(x)s"]);
  const env = `Environment=A="x 'y z'" B=\nEnvironment="C=1 2"`;
  assert.deepEqual(wordsOf("$A ${A} $B ${B} x$A $C", env), [
    "x",
    "y z",
    "x 'y z'",
    "",
    "x$A",
    "1",
    "2",
  ]);
  assert.deepEqual(wordsOf("$HOME/x ${HOME}/x $$A"), ["$HOME/x", `${homedir()}/x`, "$A"]);
  assert.equal(unitWords('a "b'), undefined);
  assert.deepEqual(unitWords(" a\t'b' "), ["a", "b"]);
});

test("a command of several lines, prefixes and no end is read", () => {
  const { keys, notes } = inline(
    "[Service]\nExecStart=:+/x $A \\\n ; comment\n# more\n  b\nType=simple",
  );
  assert.equal(keys.get("command")?.text, "/x '$A' b");
  assert.deepEqual(
    notes.map(({ key }) => key),
    ["[Install]", "ExecStart"],
  );
});

test("times and limits are those of systemd", () => {
  assert.equal(readSpan("5min 20s"), 320_000);
  assert.equal(readSpan("1.5"), 1500);
  assert.equal(readSpan("2h30m"), 9_000_000);
  assert.equal(readSpan("infinity"), Infinity);
  assert.equal(readSpan("soon"), undefined);
  assert.equal(readLimit("NOFILE", "1K:infinity"), "1024:unlimited");
  assert.equal(readLimit("AS", "2G"), "2G");
  assert.equal(readLimit("CPU", "2min"), "120");
  assert.equal(readLimit("NICE", "+5"), "15");
  assert.equal(readLimit("NOFILE", "many"), undefined);
});

test("OnCalendar= becomes a crontab line, or says why it cannot", () => {
  const rows: readonly (readonly [string, string | RegExp])[] = [
    ["daily", "0 0 * * *"],
    ["weekly", "0 0 * * 1"],
    ["*-*-* 4:05", "5 4 * * *"],
    ["04:05:00", "5 4 * * *"],
    ["*:0/15", "*/15 * * * *"],
    ["*:*:0/10", "*/10 * * * * *"],
    ["*-*-* 4:05:30", "30 5 4 * * *"],
    ["*:*:30.5", /cannot say/],
    ["*-*-* *:00:00", "0 * * * *"],
    ["Mon,Wed..Fri 08..18:30", "30 8-18 * * mon,3-5"],
    ["Sat..Sun *-*-* 3:00", "0 3 * * 6-7"],
    ["*-*-01 06,18:00", "0 6,18 1 * *"],
    ["*-1/3-1 00:00:00", "0 0 1 1/3 *"],
    ["Monday 01:00", "0 1 * * mon"],
    ["*-*-* 02:00 Europe/Vienna", /time zone/],
    ["2030-01-01", /cannot say/],
    ["*-*~1", /cannot say/],
    ["Sun *-*-1..7 4:00", /alternatives/],
  ];
  for (const [text, expected] of rows) {
    const found = cronOf(text);
    if (typeof expected === "string") {
      assert.deepEqual(found, { cron: expected }, text);
      assert.ok(!("problem" in parseCron(expected)), text);
    } else assert.match("problem" in found ? found.problem : "", expected, text);
  }
  assert.equal(everyMs(15 * 60_000), "*/15 * * * *");
  assert.equal(everyMs(86_400_000), "0 0 * * *");
  assert.equal(everyMs(30_000), "*/30 * * * * *");
  assert.equal(everyMs(1000), "* * * * * *");
  assert.equal(everyMs(90_000), undefined);
  assert.equal(everyMs(7 * 60_000), undefined);
});
