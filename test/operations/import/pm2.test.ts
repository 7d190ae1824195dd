import assert from "node:assert/strict";
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { splitWords } from "../../../src/config/shell/words.ts";
import type { ProgramDraft } from "../../../src/operations/import/draft.ts";
import { Names } from "../../../src/operations/import/names.ts";
import { splitArgs } from "../../../src/operations/import/pm2/args.ts";
import { importPm2 } from "../../../src/operations/import/pm2/pm2.ts";
import { tempDir } from "../../support/temp-dir.ts";

const fixtures = join(import.meta.dirname, "../../fixtures/import/pm2");

function imported(t: TestContext, name: string, environment?: string, text?: string) {
  const dir = tempDir(t);
  cpSync(fixtures, dir, { recursive: true });
  for (const one of ["ecosystem.config.js", "process.json"]) chmodSync(join(dir, one), 0o644);
  mkdirSync(join(dir, "app"));
  const file = join(dir, name);
  if (text !== undefined) writeFileSync(file, text);
  const read = importPm2(readFileSync(file, "utf8"), file, new Names(), {
    environment,
    isPipe: false,
  });
  if ("problem" in read) return { dir, problem: read.problem, programs: [], notes: [] };
  return { dir, problem: undefined, ...read };
}

function settings({ keys }: ProgramDraft): Readonly<Record<string, string>> {
  return Object.fromEntries([...keys].map(([key, { text }]) => [key, text]));
}

function env({ env: all }: ProgramDraft): Readonly<Record<string, string>> {
  return Object.fromEntries([...all].map(([key, { text }]) => [key, text]));
}

function words(one: ProgramDraft): readonly string[] {
  const split = splitWords(settings(one)["command"] ?? "");
  return "words" in split ? split.words : assert.fail(split.problem);
}

describe("a file for pm2", () => {
  test("that is a program is run, and its apps are programs", (t) => {
    const { dir, programs, notes, ...more } = imported(t, "ecosystem.config.js", "production");
    assert.equal("wasRun" in more && more.wasRun, true);
    assert.deepEqual(
      programs.map(({ name }) => name),
      ["api", "cluster-of-web", "mail", "cron", "node"],
    );
    const [api = assert.fail()] = programs;
    const { command: _, ...rest } = settings(api);
    assert.deepEqual(words(api), [
      "node",
      "--enable-source-maps",
      "--max-old-space-size=512",
      "--no-warnings",
      `${dir}/app/server.js`,
      "--port",
      "8080",
      "two words",
      "it's",
      "%(percent)s(x)s",
    ]);
    assert.deepEqual(rest, {
      directory: `${dir}/app`,
      stdout: `${dir}/app/logs/out.log`,
      stderr: `${dir}/app/logs/err.log`,
      restart_at: "0 4 * * *",
      success_seconds: "10",
      restart_delay: "1500ms",
      maxrestarts: "5",
      stop: "INT 3500ms, KILL",
    });
    assert.deepEqual(env(api), {
      NODE_ENV: "production",
      LIST: '["a","b"]',
      FLAG: "true",
      SECRET_KEY: 'a "b" #c',
    });
    assert.equal(api.monitor.get("rss_limit")?.text, "300M");
    assert.deepEqual(
      api.notes.map(({ source, key }) => `${source.line} ${key}`),
      ["14 env_staging", "24 wait_ready", "25 listen_timeout", "23 log_date_format", "26 watch"],
    );
    assert.deepEqual(
      notes.map(({ source, key }) => `${source.line} ${key}`),
      ["40 deploy"],
    );
  });

  test("has no clusters, but instances, jobs and shell lines", (t) => {
    const { dir, programs } = imported(t, "ecosystem.config.js");
    const [
      ,
      web = assert.fail(),
      mail = assert.fail(),
      cron = assert.fail(),
      shell = assert.fail(),
    ] = programs;
    assert.equal(settings(web)["instances"], undefined);
    assert.equal(settings(web)["autorestart"], "on-failure");
    assert.equal(settings(web)["success_exit"], "0, 3");
    assert.match(web.notes.map(({ why }) => why).join(), /no cluster mode: one process/);
    assert.deepEqual(settings(mail), {
      command: `python3 ${dir}/mail.py`,
      directory: dir,
      instances: "2",
      stdout: `${dir}/mail-%(instance)s.log`,
      stderr: "/dev/null",
      stop: "INT, KILL",
    });
    assert.deepEqual(env(mail), { PYTHONUNBUFFERED: "1", NODE_APP_INSTANCE: "%(instance)s" });
    assert.deepEqual(words(cron), ["npm", "run", "clean up", '--depth="1 2"']);
    assert.equal(settings(cron)["type"], "job");
    assert.equal(settings(cron)["schedule"], "0 */6 * * *");
    assert.deepEqual(words(shell), ["bash", "-c", "node server.js | tee x"]);
    assert.equal(settings(shell)["restart_delay"], "100ms");
    assert.equal(settings(shell)["restart_max_delay"], "15");
  });

  test("may be JSON with comments, or a module", (t) => {
    const [one = assert.fail()] = imported(t, "process.json").programs;
    assert.deepEqual(words(one), ["/bin/sleep", "1000"]);
    assert.equal(settings(one)["autorestart"], "False");
    const module = "export default { apps: [{ name: 'm', script: './x.js' }] };";
    assert.equal(imported(t, "ecosystem.config.mjs", undefined, module).programs[0]?.name, "m");
  });

  test("that fails, does not end, or says nothing is refused with its reason", (t) => {
    const fails = (text: string, name = "ecosystem.config.cjs"): string =>
      imported(t, name, undefined, text).problem ?? assert.fail("no problem");
    assert.match(
      fails('require("no-such-package")'),
      /failed: Cannot find module 'no-such-package'; import it where/,
    );
    assert.match(fails("module.exports = {"), /failed: /);
    assert.match(fails("module.exports = { apps: [] }"), /names no app with a script/);
    assert.match(fails("apps:\n  - x", "ecosystem.yml"), /is YAML/);
    assert.match(fails('process.kill(process.pid, "SIGKILL")'), /failed: it was ended by SIGKILL$/);
    assert.match(
      fails("process.exit(7)"),
      /failed: it ended itself, with exit code 7, before it exported anything$/,
    );
    assert.match(fails("module.exports = () => ({ apps: [] })"), /failed: it exports a function, /);
    assert.match(fails("module.exports = Promise.resolve()"), /failed: it exports a promise, /);
    const garbles = 'require("fs").writeSync(3, "x"); module.exports = { apps: [] }';
    assert.match(fails(garbles), /is a program, and failed: /);
  });

  test("that others can write to is not run", (t) => {
    const dir = tempDir(t);
    const file = join(dir, "ecosystem.config.js");
    writeFileSync(file, `require("fs").writeFileSync("${dir}/ran", "")`);
    chmodSync(file, 0o666);
    const read = importPm2(readFileSync(file, "utf8"), file, new Names(), {
      environment: undefined,
      isPipe: false,
    });
    assert.match("problem" in read ? read.problem : "", /is not run: it can be changed by/);
    assert.throws(() => readFileSync(join(dir, "ran")), { code: "ENOENT" });
  });
});

test("a string of arguments is split as pm2 splits it", () => {
  assert.deepEqual(splitArgs(`a "b c" 'd e' --f="g h" i='j k' l"m n" "" x`), [
    "a",
    "b c",
    "d e",
    '--f="g h"',
    "i='j k'",
    'l"m',
    'n"',
    "x",
  ]);
});
