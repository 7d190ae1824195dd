import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { Home, isAlive, type Json, lines, sleeper, waitFor } from "./home.ts";

/** A home with nothing in it but this configuration, state_dir where it is by default. */
function bareHome(t: TestContext, text?: string): Home {
  const home = new Home(t);
  for (const folder of ["run", "log"]) rmSync(home.file(folder), { recursive: true });
  if (text !== undefined) writeFileSync(home.config, text, { mode: 0o600 });
  return home;
}

/** Where state is kept, when nobody says so. */
const STATE = ".local/state/usrsvc";

/** The one object that a command of usrsvcd prints. */
async function told(home: Home, ...words: readonly string[]): Promise<Json & { code: number }> {
  const { code, out, err } = await home.usrsvcd(...words, "--json");
  const [result, ...others] = lines(out);
  assert.ok(result !== undefined && others.length === 0, `${words.join(" ")}: ${out}${err}`);
  return { ...result, code: code ?? -1 };
}

describe("a program of two lines", () => {
  test("runs, with its pid and its output in state_dir", async (t) => {
    const home = bareHome(t, `[Main]\n[Program:a/b c]\ncommand = ${sleeper()}\n`);
    for (const look of [await home.usrsvcd("checkconfig"), await home.usrsvc("status")]) {
      assert.equal(look.err, "");
      assert.deepEqual(readdirSync(home.path), ["usrsvc.cfg"], "who looks makes no folder");
    }
    assert.equal((await home.usrsvc("start", "all")).code, 0);
    const pid = Number(home.read(`${STATE}/run/a%2Fb%20c.pid`));
    assert.ok(isAlive(pid));
    assert.ok(existsSync(home.file(`${STATE}/log/a%2Fb%20c.log`)));
    for (const folder of [".local", STATE, `${STATE}/run`, `${STATE}/log`]) {
      assert.equal(statSync(home.file(folder)).mode & 0o7777, 0o700, folder);
    }
    assert.equal((await home.usrsvc("stop", "all")).code, 0);
    assert.equal(existsSync(home.file(`${STATE}/run/a%2Fb%20c.pid`)), false);
  });

  test("is kept running by usrsvcd, its folders being made again when they are gone", async (t) => {
    const path = (name: string): string => join("files", name, "deep/x");
    const home = bareHome(t);
    const files = ["pidfile", "stdout", "stderr"]
      .map((key) => `${key} = ${home.file(path(key))}\n`)
      .join("");
    writeFileSync(home.config, `[Main]\n[Program:web]\ncommand = ${sleeper()}\n${files}`);
    assert.equal((await home.usrsvcd()).code, 0);
    const pid = await waitFor("the pidfile", () => Number(home.read(path("pidfile"))) || undefined);
    assert.equal(statSync(home.file("files/stderr/deep")).mode & 0o777, 0o700);
    rmSync(home.file("files"), { recursive: true });
    process.kill(pid, "SIGKILL");
    const next = await waitFor(
      "the next one",
      () => Number(home.read(path("pidfile"))) || undefined,
    );
    assert.notEqual(next, pid);
    assert.ok(existsSync(home.file(path("stdout"))));
  });

  test("whose folder cannot be made is not started, and it is said why", async (t) => {
    const home = bareHome(t);
    writeFileSync(home.file("file"), "");
    const text = `[Main]\n[Program:x]\ncommand = ${sleeper()}\nstdout = ${home.file("file/x.log")}\n`;
    writeFileSync(home.config, text);
    const { code, err } = await home.usrsvc("start", "x");
    assert.equal(code, 130);
    assert.match(err, /usrsvc\.cfg:4: stdout: the folder ".*\/file" is not a folder/);
  });

  test("whose log is a stranger's folder is an error, as ever", async (t) => {
    const home = bareHome(t, `[Main]\n[Program:x]\ncommand = y\nstdout = /nowhere/x.log\n`);
    const { code, err } = await home.usrsvcd("checkconfig");
    assert.equal(code, 130);
    assert.match(err, /stdout: the folder "\/nowhere" does not exist/);
  });
});

describe("usrsvcd init", () => {
  test("writes a configuration that works, and says how to go on", async (t) => {
    const home = bareHome(t);
    const { code, out, err } = await home.usrsvcd("init");
    assert.deepEqual({ code, err }, { code: 0, err: "" });
    assert.equal(statSync(home.config).mode & 0o7777, 0o600);
    const [first, next, start = "", look = "", keep = ""] = out.split("\n");
    assert.match(first ?? "", new RegExp(`^${home.config} written`));
    assert.equal(next, "Next:");
    // usrsvc is not on PATH here.
    assert.match(start, /^ {2}\/.*\/dist\/usrsvc\.cjs start example +# /);
    assert.match(look, /usrsvc\.cjs status +# .* 0 while all run, else 1$/);
    assert.match(keep, /^ {2}\/.*\/dist\/usrsvcd\.cjs +# /);
    const check = await home.usrsvcd("checkconfig");
    assert.deepEqual(check, {
      code: 0,
      out: `${home.config}: no errors; 1 program valid\n`,
      err: "",
    });
    assert.equal((await home.usrsvc("start", "example")).code, 0);
    assert.equal((await home.usrsvc("stop", "example")).code, 0);
  });

  test("what it has as comments is right as well", async (t) => {
    const home = bareHome(t);
    await home.usrsvcd("init");
    mkdirSync(home.file("web"));
    assert.ok(existsSync(home.file("usrsvc.d")), "init makes the folder for more files");
    const all = home.read("usrsvc.cfg").replaceAll(/^#( *(\[|[a-z_A-Z]+ = ))/gm, "$1");
    writeFileSync(home.config, all);
    const { code, out, err } = await home.usrsvcd("checkconfig");
    assert.equal(code, 0, err);
    assert.match(out, /2 programs valid\n$/);
  });

  test("replaces nothing, not even a link that leads nowhere", async (t) => {
    const home = bareHome(t);
    writeFileSync(home.config, "mine");
    const first = await home.usrsvcd("init");
    assert.equal(first.code, 1);
    assert.match(first.err, new RegExp(`^${home.config} already exists and is left unchanged; `));
    assert.equal(home.read("usrsvc.cfg"), "mine");
    symlinkSync(home.file("nowhere"), home.file("link.cfg"));
    assert.equal((await home.usrsvcd("init", "-c", "link.cfg")).code, 1);
    assert.equal(existsSync(home.file("nowhere")), false);
  });

  test("names a file with -c, and in the commands", async (t) => {
    const home = bareHome(t);
    const { code, out } = await home.usrsvcd("init", "-c", "a b.cfg");
    assert.equal(code, 0);
    assert.match(out, /usrsvc\.cjs -c '.*\/a b\.cfg' start example/);
    const none = await home.usrsvcd("init", "-c", "none/x.cfg");
    assert.equal(none.code, 1);
    assert.match(none.err, /the folder .*\/none does not exist/);
  });

  test("says what would keep the file from being used", async (t) => {
    const home = bareHome(t);
    chmodSync(home.path, 0o777);
    const { code, err } = await home.usrsvcd("init");
    assert.equal(code, 130);
    assert.match(err, /written, but cannot be used:\n.*chmod go-w/);
  });
});

test("a wrong HOME is named, and so is the right one", async (t) => {
  const home = bareHome(t);
  const of = async (
    HOME: string,
    command: string,
    ...words: readonly string[]
  ): Promise<string> => {
    const { code, err } = await home.run(command, words, { HOME });
    assert.equal(code, 130);
    return err;
  };
  for (const [command, ...words] of [
    ["usrsvc.cjs", "status"],
    ["usrsvcd.cjs"],
    ["usrsvcd.cjs", "start", "-f"],
    ["usrsvcd.cjs", "checkconfig"],
    ["usrsvcd.cjs", "init"],
  ] as const) {
    assert.match(
      await of("/nonexistent", command, ...words),
      /HOME is "\/nonexistent", which does not exist/,
    );
    assert.match(
      await of("", command, ...words),
      /HOME is "", which is not an absolute path; the home/,
    );
    assert.match(await of("/etc/passwd", command, ...words), /which is not a folder/);
  }
  const missing = await of(home.path, "usrsvc.cjs", "status");
  assert.match(missing, /usrsvc\.cfg: does not exist; usrsvcd init writes one/);
  assert.match(missing, new RegExp(`HOME is ${home.path}, but the home of \\S+ is /`));
});

const isRoot = process.getuid?.() === 0;
test("root is told to be the owner of a configuration", { skip: !isRoot }, async (t) => {
  const home = bareHome(t, "[Main]\n");
  const { chownSync } = await import("node:fs");
  chownSync(home.config, 1, 1);
  const file = await home.usrsvc("status");
  assert.equal(file.code, 130);
  assert.match(
    file.err,
    /belongs to daemon, and you are root; run it as daemon: su - daemon .*'usrsvc …'/,
  );
  chownSync(home.path, 1, 1);
  rmSync(home.config);
  const init = await home.usrsvcd("init");
  assert.equal(init.code, 136);
  assert.match(
    init.err,
    /belongs to daemon, and you are root; run it as daemon: su - daemon .*'usrsvcd init'/,
  );
  assert.doesNotMatch(file.err + init.err, /chown/);
  chownSync(home.path, 0, 0);
});

test("checkconfig tells of what is doubtful, and of what the machine has not", async (t) => {
  const home = bareHome(t);
  const script = home.script("app", "#!/bin/sh\r\nexec sleep 1\r\n");
  const other = sleeper();
  writeFileSync(
    home.config,
    [
      "[Main]",
      `[Program:crlf]\ncommand = ${script}`,
      `[Program:shell]\ncommand = cd ${home.path} && ./app`,
      "[Program:none]\ncommand = no-such-command-at-all",
      `[Program:like]\ncommand = /bin/true\nproctitle_re = ^${other}$`,
      `[Program:sleep]\ncommand = ${other}`,
      `[Program:off]\nenabled = no\ncommand = no-such-command-at-all`,
      "",
    ].join("\n"),
  );
  await home.usrsvc("start", "sleep");
  const { code, out, err } = await home.usrsvcd("checkconfig");
  assert.equal(code, 0, "these are no errors");
  assert.match(out, /no errors, 4 warnings; 6 programs valid\n$/);
  const wanted = [
    /^.*usrsvc\.cfg:3: warning: command: the #! line of .*app ends in CR LF.*sed -i/,
    /:5: warning: command: cd works only in a shell; write directory = /,
    /:7: warning: command: no such command: no-such-command-at-all/,
    /:10: warning: proctitle_re: .* pid \d+ \(.*sleep .*\), which belongs to sleep; if/,
  ];
  for (const [index, line] of err.trimEnd().split("\n").entries()) {
    assert.match(line, wanted[index] ?? /^$/);
  }
  const reread = await home.usrsvcd("reread");
  assert.equal(reread.err, err, "reread tells the same");
});

/** The example is of such an account. */
const skip = existsSync("/home/web") ? "this machine has an account web" : false;

test("the example as it lies is of use", { skip }, async (t) => {
  const home = bareHome(t);
  const example = join(import.meta.dirname, "../../examples/usrsvc.cfg");
  const { code, err } = await home.usrsvcd("checkconfig", "-c", example);
  assert.equal(code, 130);
  assert.match(err, /config_dir: the folder "\/home\/web\/usrsvc\.d" does not exist; create it/);
  assert.match(err, /There is no \/home\/web on this machine\..* sed 's\|\/home\/web\|/);
  assert.match(err, /cannot be used: 1 error/);
});

test("each action of usrsvcd answers in JSON", async (t) => {
  const home = bareHome(t, `[Main]\n[Program:web]\ncommand = ${sleeper()}\n`);
  const down = await told(home, "status");
  assert.deepEqual(down, { running: false, code: 1 });
  assert.equal((await told(home, "stop"))["result"], "down");
  assert.equal((await told(home, "reread"))["result"], "down");
  const started = await told(home, "start");
  const { pid, message } = started;
  assert.deepEqual(started, {
    action: "start",
    result: "running",
    exitCode: 0,
    message,
    pid,
    config: home.config,
    log: home.file(`${STATE}/usrsvcd.log`),
    setAside: [],
    code: 0,
  });
  assert.ok(isAlive(Number(pid)));
  const second = await told(home, "start");
  assert.deepEqual(
    [second["result"], second["exitCode"], second.code],
    ["running-already", 135, 135],
  );
  writeFileSync(
    home.config,
    `[Main]\n[Program:web]\ncommand = ${sleeper()}\n[Program:db]\ncommand = x\n`,
  );
  const reread = await told(home, "reread");
  assert.deepEqual([reread["added"], reread["changed"], reread["pid"]], [["db"], ["web"], pid]);
  writeFileSync(home.config, `[Main]\n[Program:web]\ncommand = ${sleeper()}\nx = 1\n`);
  const rejected = await told(home, "reread");
  assert.deepEqual([rejected["result"], rejected.code], ["rejected", 130]);
  assert.match(String(rejected["problems"]), /usrsvc\.cfg:4: unknown key "x"/);
  const restarted = await told(home, "restart");
  assert.deepEqual(
    [restarted["action"], restarted["result"], restarted["setAside"]],
    ["restart", "running", ["web"]],
  );
  assert.match(String(restarted["message"]), /set aside: web/);
  const status = await told(home, "status");
  assert.deepEqual(
    [status["running"], status["pid"], status["setAside"]],
    [true, restarted["pid"], ["web"]],
  );
  assert.match((await home.usrsvcd("status")).out, /\nignored: web\n$/);
  assert.equal((await told(home, "stop"))["result"], "stopped");
  const { out, code } = await home.usrsvcd("checkconfig", "--json");
  const [main, issue, summary] = lines(out);
  assert.equal(code, 130);
  assert.equal(main?.["section"], "Main");
  assert.deepEqual(
    [issue?.["section"], issue?.["severity"], issue?.["line"]],
    ["Issue", "error", 4],
  );
  assert.deepEqual([summary?.["result"], summary?.["setAside"]], ["faulty", ["web"]]);
  writeFileSync(home.config, "[Main]\nx = 1\n");
  for (const action of ["start", "restart"]) {
    const failed = await told(home, action);
    assert.deepEqual([failed["action"], failed["result"], failed.code], [action, "failed", 130]);
  }
  assert.equal((await told(home, "init"))["result"], "exists");
  const unit = await told(home, "install-unit", "--user");
  assert.equal(unit["result"], "written");
  assert.equal(unit["unit"], home.file(".config/systemd/user/usrsvcd.service"));
});
