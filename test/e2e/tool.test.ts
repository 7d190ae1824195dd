import assert from "node:assert/strict";
import { mkdirSync, writeFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { finished, Home, isAlive, lines, sleeper, waitFor } from "./home.ts";
import { heeds } from "./looks.ts";
import { cleanUp } from "../support/clean-up.ts";

test("start, status, restart and stop of one program, without a daemon", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  const start = await home.usrsvc("start", "web");
  assert.equal(start.code, 0, start.err);
  const pid = await home.running("web");
  assert.match(start.out, new RegExp(`^web: started, pid ${pid} .*: /bin/sleep [0-9.]+\n$`));

  const again = await home.usrsvc("start", "web");
  assert.equal(again.code, 0);
  assert.match(again.out, new RegExp(`web: already running, pid ${pid}`));

  const status = await home.usrsvc("status");
  assert.equal(status.code, 0);
  assert.match(status.out, new RegExp(`web +running +${pid} `));

  const restart = await home.usrsvc("restart", "web");
  assert.equal(restart.code, 0, restart.err);
  assert.match(restart.out, /web: stopped, pid \d+: terminated in .*; started, pid \d+/);
  const second = await home.running("web", pid);
  assert.ok(!isAlive(pid));

  const stop = await home.usrsvc("stop", "web");
  assert.equal(stop.code, 0);
  assert.match(
    stop.out,
    new RegExp(`web: stopped, pid ${second}: terminated in .* \\(killed by SIGTERM\\)`),
  );
  assert.equal(home.pid("web"), undefined, "the pidfile is gone");
  assert.match((await home.usrsvc("stop", "web")).out, /web: was not running/);
  assert.equal((await home.usrsvc("status", "web")).code, 1);
});

test("status --json tells a program that is up, and one that is down and why", async (t) => {
  const command = sleeper();
  const home = new Home(t)
    .program("up", { command })
    .program("down", { command: `/bin/sh -c "echo no database >&2; exit 7"` });
  await home.usrsvc("start", "all");
  const [up, down] = await home.status();
  assert.equal(up?.["program"], "up");
  assert.equal(up["state"], "running");
  assert.equal(up["command"], command);
  assert.ok(Number(up["privateBytes"]) > 0);
  assert.ok(Number(up["uptimeSeconds"]) < 60);
  assert.equal(down?.["state"], "stopped");
  assert.match(String(down["reason"]), /exited with code 7/);
  assert.match(String(down["next"]), /usrsvcd is not running/);
  assert.equal((down["lastExit"] as { code: number }).code, 7);
});

test("a failed start tells exit code or signal, the last lines of its output, and why", async (t) => {
  const home = new Home(t)
    .program("exits", { command: `/bin/sh -c "echo no database >&2; exit 7"` })
    .program("crashes", { command: `/bin/sh -c "kill -SEGV $$"` })
    .program("missing", { command: "/nonesuch/server --port 80" })
    .program("unknown", { command: "no-such-command-at-all" })
    .program("unmatched", { command: sleeper(), proctitle_re: "^httpd" });
  const expect = async (name: string, code: number, message: RegExp): Promise<void> => {
    const { code: actual, err } = await home.usrsvc("start", name);
    assert.match(err, message);
    assert.equal(actual, code, err);
  };
  await expect(
    "exits",
    134,
    /not started: exited with code 7 within success_seconds \(0\.3\)\n +\| no database/,
  );
  await expect("crashes", 134, /killed by SIGSEGV/);
  await expect("missing", 137, /no such command: \/nonesuch\/server\n/);
  await expect("unknown", 137, /no such command: no-such-command-at-all \(looked in \//);
  await expect(
    "unmatched",
    137,
    /no process matches program unmatched(.|\n)*proctitle_re \^httpd(.|\n)*\/bin\/sleep [0-9.]+/,
  );
  assert.equal(home.pid("unmatched"), undefined);
});

test("a failed start leaves nothing behind of what it launched", async (t) => {
  const home = new Home(t);
  const script = home.script(
    "spawn.sh",
    `#!/bin/sh\nsleep 987 & echo $! >${home.file("child")}\nsleep 988\n`,
  );
  home.program("x", { command: script, proctitle_re: "^never", success_seconds: "1.5" });
  assert.equal((await home.usrsvc("start", "x")).code, 137);
  const child = Number(home.read("child"));
  assert.ok(child > 1);
  await waitFor("its child to end", () => !isAlive(child));
});

test("exit codes: 130 invalid, 131 action, 132 disabled, 133 undefined, 136 permissions, 1 usage", async (t) => {
  const home = new Home(t)
    .program("web", { command: sleeper() })
    .program("off", { command: sleeper(), enabled: "False" })
    .program("typo", { comand: sleeper() })
    .program("nodir", { command: sleeper(), pidfile: "/nonesuch/x.pid" });
  assert.equal((await home.usrsvc("start", "typo")).code, 130);
  assert.equal((await home.usrsvc("strat", "web")).code, 131);
  assert.match((await home.usrsvc("strat", "web")).err, /did you mean start\?/);
  assert.equal((await home.usrsvc("start", "off")).code, 132);
  assert.equal((await home.usrsvc("restart", "off")).code, 132);
  assert.equal((await home.usrsvc("stop", "off")).code, 0);
  assert.equal((await home.usrsvc("status", "off")).code, 1);
  const unknown = await home.usrsvc("start", "wep");
  assert.equal(unknown.code, 133);
  assert.match(unknown.err, /wep: no such program; did you mean web\?/);
  assert.equal((await home.usrsvc("start", "nodir")).code, 130);
  const usage = await home.usrsvc("start");
  assert.equal(usage.code, 1);
  assert.ok(usage.err.split("\n").length <= 3, "a hint, not a page");
  assert.equal((await home.usrsvc("--nonsense")).code, 1);
  assert.equal((await home.usrsvc("status", "typo")).code, 1);
});

test("completion is printed for each shell, and asks for the names of programs", async (t) => {
  const home = new Home(t)
    .program("web", { command: sleeper() })
    .program("bad", { command: sleeper(), restart_delay: "soon" });
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, out } = await home.usrsvc("completion", shell);
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^# Completion of usrsvc for ${shell}, `, "m"));
    assert.match((await home.usrsvcd("completion", shell)).out, /^# Completion of usrsvcd for /m);
  }
  const names = await home.usrsvc("__programs");
  assert.deepEqual([names.code, names.out, names.err], [0, "web\nbad\n", ""]);
  const none = await home.usrsvc("__programs", "-c", "/nonesuch/usrsvc.cfg");
  assert.deepEqual([none.code, none.out, none.err], [0, "", ""]);
});

test("a faulty program does not stop the others, and its errors name file and line", async (t) => {
  const home = new Home(t)
    .program("good", { command: sleeper() })
    .program("bad", { command: sleeper(), restart_delay: "soon" });
  const { code, err } = await home.usrsvc("start", "good");
  assert.equal(code, 0, err);
  const bad = await home.usrsvc("start", "bad");
  assert.equal(bad.code, 130);
  assert.match(bad.err, /usrsvc\.cfg:\d+: restart_delay: "soon"/);
  assert.equal((await home.usrsvc("stop", "bad")).code, 0);
});

test("with all, disabled programs are skipped and do not spoil the exit code", async (t) => {
  const home = new Home(t)
    .program("web", { command: sleeper() })
    .program("off", { command: sleeper(), enabled: "no" });
  const start = await home.usrsvc("start", "all");
  assert.equal(start.code, 0);
  assert.match(start.out, /off: skipped: it is disabled/);
  assert.equal((await home.usrsvc("status", "all")).code, 0);
});

test("-P stands anywhere, and starts side by side", async (t) => {
  const home = new Home(t);
  for (let n = 0; n < 6; n += 1) {
    home.program(`p${n}`, { command: `/bin/sleep 10${n}`, success_seconds: "3" });
  }
  const began = performance.now();
  const { code, err } = await home.usrsvc("start", "-P", "all");
  assert.equal(code, 0, err);
  assert.ok(performance.now() - began < 15_000, "six starts of 3 s each do not add up");
  assert.equal((await home.usrsvc("stop", "all", "--parallel")).code, 0);
});

test("--json of actions is one object a line", async (t) => {
  const home = new Home(t)
    .program("a", { command: sleeper() })
    .program("b", { command: "/bin/false" });
  const { out, code } = await home.usrsvc("start", "--json", "all");
  assert.equal(code, 134);
  const [a, b] = lines(out);
  assert.equal(a?.["result"], "started");
  assert.equal(a["pid"], home.pid("a"));
  assert.equal(b?.["result"], "failed");
  assert.equal(b["exitCode"], 134);
});

test("two starts at once never make two processes", async (t) => {
  const home = new Home(t);
  const script = home.script(
    "note.sh",
    `#!/bin/sh\necho $$ >>${home.file("pids")}\nexec sleep 1000.${process.pid}\n`,
  );
  home.program("one", { command: script, proctitle_re: `^sleep 1000.${process.pid}$` });
  const results = await Promise.all(
    [1, 2, 3, 4].map(async () => await home.usrsvc("start", "one")),
  );
  for (const { code, err } of results) assert.equal(code, 0, err);
  assert.equal(home.read("pids").trim().split("\n").length, 1);
});

test("a program held by another actor is not touched: 11, and it is told who has it", async (t) => {
  const home = new Home(t).program("x", { command: sleeper(), success_seconds: "30" });
  const holder = home.spawn("usrsvc.cjs", ["start", "x"]);
  const pid = await home.running("x");
  const { out } = await home.usrsvc("status", "--json", "x");
  assert.equal((JSON.parse(out) as { state: string }).state, "starting", "status does not wait");
  holder.kill("SIGINT");
  const { code } = await finished(holder);
  assert.equal(code, 1);
  assert.ok(isAlive(pid), "an interrupted start leaves the program running");
  assert.match((await home.usrsvc("start", "x")).out, /already running/);
});

test("a program that ignores SIGTERM is killed after term_to_kill_seconds", async (t) => {
  const home = new Home(t);
  const script = home.script("deaf.sh", `#!/bin/sh\ntrap "" TERM\nwhile :; do sleep 1; done\n`);
  home.program("deaf", { command: script, term_to_kill_seconds: "0.4" });
  await home.usrsvc("start", "deaf");
  const pid = await home.running("deaf");
  await heeds(pid, "SIGTERM");
  const { out } = await home.usrsvc("stop", "deaf");
  assert.match(
    out,
    /killed, because it ignored SIGTERM for term_to_kill_seconds, 400 ms \(killed by SIGKILL\)/,
  );
  assert.ok(!isAlive(pid));
});

test("stop ends what the program leaves behind in its session", async (t) => {
  const home = new Home(t);
  const text = `#!/bin/sh\nsleep 986 & echo $! >${home.file("child")}\ntrap 'exit 0' TERM\nwhile :; do sleep 0.05; done\n`;
  home.program("parent", { command: home.script("parent.sh", text) });
  await home.usrsvc("start", "parent");
  const child = await waitFor("the child", () => Number(home.read("child")) || undefined);
  await heeds(await home.running("parent"), "SIGTERM");
  const { out } = await home.usrsvc("stop", "parent");
  assert.match(out, /left-over process(es)? ended/);
  assert.ok(!isAlive(child));
});

test("wrapper scripts, programs that fork and leave, and shell lines are found", async (t) => {
  const home = new Home(t);
  const wrapper = home.script("wrapper.sh", "#!/bin/sh\nsleep 2345\necho ended\n");
  const forker = home.script("forker.sh", "#!/bin/sh\nsetsid sleep 3456 &\nexit 0\n");
  home
    .program("wrapped", { command: wrapper, proctitle_re: "^sleep 2345$" })
    .program("forks", { command: forker, proctitle_re: "^sleep 3456$" })
    .program("shell", { command: `cd ${home.path} && X=1 sleep 4567 | cat`, useshell: "yes" });
  const { code, err } = await home.usrsvc("start", "all");
  assert.equal(code, 0, err);
  const all = await home.status();
  assert.deepEqual(
    all.map(({ command }) => command),
    // Of a pipe no part is the whole: its shell is.
    ["sleep 2345", "sleep 3456", `/bin/sh -c cd ${home.path} && X=1 sleep 4567 | cat`],
  );
  assert.equal((await home.usrsvc("stop", "all")).code, 0);
});

test("a process that runs already is taken up, and never a tail -f on its script", async (t) => {
  const home = new Home(t);
  const script = home.script("app.sh", "#!/bin/sh\nsleep 1000\n");
  home.program("app", { command: script });
  const { spawn } = await import("node:child_process");
  const tail = spawn("tail", ["-f", script], { stdio: "ignore" });
  cleanUp(t, () => tail.kill("SIGKILL"));
  const start = await home.usrsvc("start", "app");
  assert.match(start.out, /app: started/);
  await home.usrsvc("stop", "app");
  assert.ok(isAlive(tail.pid ?? 0), "the stranger lives");
  const byHand = spawn(script, [], { stdio: "ignore", detached: true });
  cleanUp(t, () => byHand.kill("SIGKILL"));
  await waitFor(
    "the script to run",
    async () => (await home.statusOf("app"))["pid"] === byHand.pid,
  );
  assert.match(
    (await home.usrsvc("start", "app")).out,
    new RegExp(`already running, pid ${byHand.pid} `),
  );
  assert.equal(home.pid("app"), byHand.pid);
});

test("status mends and removes nothing", async (t) => {
  const home = new Home(t).program("x", { command: sleeper() });
  writeFileSync(home.file("run/x.pid"), "garbage\n");
  const status = await home.statusOf("x");
  assert.match(String(status["problems"]), /contains no pid but "garbage/);
  assert.equal(home.read("run/x.pid"), "garbage\n");
  assert.deepEqual(readdirSync(home.path).sort(), ["log", "run", "usrsvc.cfg"]);
});

test("a pidfile with a stranger's pid leads to no harm for the stranger", async (t) => {
  const home = new Home(t).program("x", { command: sleeper() });
  const { spawn } = await import("node:child_process");
  const stranger = spawn("sleep", ["777"], { stdio: "ignore" });
  cleanUp(t, () => stranger.kill("SIGKILL"));
  writeFileSync(home.file("run/x.pid"), `${stranger.pid}\n`);
  assert.match((await home.usrsvc("stop", "x")).out, /was not running/);
  assert.match((await home.usrsvc("start", "x")).out, /started/);
  assert.ok(isAlive(stranger.pid ?? 0));
  assert.notEqual(home.pid("x"), stranger.pid);
});

test("a damaged record is put aside, and the program is found by its pidfile", async (t) => {
  const home = new Home(t).program("x", { command: sleeper() });
  await home.usrsvc("start", "x");
  const pid = await home.running("x");
  writeFileSync(home.file("state/programs/x.json"), '{"version":1,"na');
  const status = await home.statusOf("x");
  assert.equal(status["pid"], pid);
  assert.match(String(status["problems"]), /x\.json: not a record/);
  assert.match((await home.usrsvc("start", "x")).out, new RegExp(`already running, pid ${pid}`));
  assert.match(home.read("state/programs/x.json.damaged"), /^\{"version":1,"na$/);
});

test("odd program names stay in the state folder", async (t) => {
  const home = new Home(t);
  for (const name of ["../../x", "größe", "a b", "-P2", "__proto__"]) {
    home.program(name, {
      command: `/bin/sleep 12${name.length}`,
      pidfile: home.file(`run/${name.length}.pid`),
    });
  }
  const { code, err } = await home.usrsvc("start", "../../x", "größe", "a b", "__proto__");
  assert.equal(code, 0, err);
  assert.deepEqual(readdirSync(home.file("state")).sort(), [
    "history",
    "locks",
    "log",
    "programs",
    "run",
  ]);
  assert.equal((await home.usrsvc("stop", "all")).code, 0);
});

test("stop all leaves a disabled program that does not run as it is: it starts once it is enabled", async (t) => {
  const home = new Home(t)
    .program("on", { command: sleeper() })
    .program("off", { command: sleeper(), enabled: "False" })
    .program("runs", { command: sleeper() });
  await home.usrsvc("start", "runs");
  const pid = await home.running("runs");
  home.program("runs", { command: sleeper(), enabled: "False" });
  const { out, code } = await home.usrsvc("stop", "all");
  assert.equal(code, 0);
  assert.match(out, /^off: skipped: it is disabled$/m);
  assert.ok(!isAlive(pid), "a disabled one that runs is ended");
  home.program("off", { command: sleeper() });
  assert.equal((await home.usrsvcd("start")).code, 0);
  await home.running("off");
  assert.equal((await home.statusOf("on"))["state"], "stopped");
});

test("a disabled program that runs can be stopped, and settings errors do not prevent a stop", async (t) => {
  const home = new Home(t).program("x", { command: sleeper() });
  await home.usrsvc("start", "x");
  const pid = await home.running("x");
  home.program("x", { command: sleeper(), enabled: "off", maxrestarts: "many" });
  const { code, out } = await home.usrsvc("stop", "x");
  assert.equal(code, 0);
  assert.match(out, new RegExp(`stopped, pid ${pid}`));
});

test("restart leaves the old one running when a start is known to be impossible", async (t) => {
  const home = new Home(t);
  const script = home.script("app.sh", "#!/bin/sh\nexec sleep 1000\n");
  home.program("x", { command: script });
  await home.usrsvc("start", "x");
  const pid = await home.running("x");
  home.program("x", { command: "/nonesuch/app" });
  const { code, err } = await home.usrsvc("restart", "x");
  assert.equal(code, 137);
  assert.match(err, /not restarted, nothing was stopped: no such command/);
  assert.ok(isAlive(pid));
  const status = await home.statusOf("x");
  assert.equal(status["pid"], pid, "the recorded process stays the program");
  assert.equal(status["olderSettings"], true);
});

test("a log that cannot be opened is 136 before anything is started", async (t) => {
  const home = new Home(t);
  mkdirSync(home.file("log/x.log"));
  home.program("x", { command: sleeper() });
  const { code, err } = await home.usrsvc("start", "x");
  assert.equal(code, 136);
  assert.match(err, /log\/x\.log is a folder/);
});

test("--help, --version and --readme print and leave with 0", async (t) => {
  const home = new Home(t);
  for (const command of ["usrsvc.cjs", "usrsvcd.cjs"]) {
    for (const [option, text] of [
      ["--help", /Usage: usrsvc/],
      ["--version", /^usrsvcd? \d+\.\d+\.\d+\n$/],
      ["--readme", /# usrsvc/],
    ] as const) {
      const { code, out } = await home.run(command, [option]);
      assert.equal(code, 0);
      assert.match(out, text);
    }
  }
});

test("a missing configuration says where it was looked for", async (t) => {
  const home = new Home(t);
  const { code, err } = await home.usrsvc("-c", "/nonesuch/usrsvc.cfg", "status");
  assert.equal(code, 130);
  assert.match(err, /\/nonesuch\/usrsvc\.cfg/);
});
