import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { finished, Home, isAlive, lines, type LogLine, sleeper, waitFor } from "./home.ts";
import { daemonPid, heeds } from "./looks.ts";
import { cleanUp } from "../support/clean-up.ts";

/** The first log line with this event (and program). */
async function logged(home: Home, event: string, program?: string): Promise<LogLine> {
  return await waitFor(`${event} of ${program ?? "usrsvcd"} in the log`, () =>
    home.log().find((line) => line.event === event && line.program === program),
  );
}

test("usrsvcd goes to the background, returns when it supervises, and runs once", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  assert.equal((await home.usrsvcd("status")).code, 1);
  const start = await home.usrsvcd();
  assert.equal(start.code, 0, start.err);
  const pid = await daemonPid(home);
  assert.match(start.out, new RegExp(`usrsvcd runs, pid ${pid}; log: .*/state/usrsvcd\\.log`));
  const second = await home.usrsvcd("start");
  assert.equal(second.code, 135);
  assert.match(second.err, new RegExp(`already running .*pid ${pid}`));
  const program = await home.running("web");
  const stop = await home.usrsvcd("stop");
  assert.equal(stop.code, 0);
  assert.ok(!isAlive(pid));
  assert.ok(isAlive(program), "the program runs on");
  assert.equal(home.read(`${process.getuid?.()}_usrsvcd.pid`), "", "its pidfile is gone");
  assert.match((await home.usrsvcd("stop")).out, /was not running/);
  assert.equal((await home.usrsvcd("reread")).code, 0);
});

test("a killed program runs again at once, and its end is told with its exit status", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  await home.usrsvcd();
  const pid = await home.running("web");
  await logged(home, "program.started", "web");
  process.kill(pid, "SIGKILL");
  const second = await home.running("web", pid);
  const exited = await logged(home, "program.exited", "web");
  assert.equal(exited.pid, pid);
  assert.deepEqual(exited["exit"], { signal: "SIGKILL" });
  const status = await home.statusOf("web");
  assert.equal(status["pid"], second);
  assert.equal(status["restarts"], 1);
  assert.equal((status["lastExit"] as { signal: string }).signal, "SIGKILL");
});

test("the end of a program that usrsvc started is noticed with its exit code as well", async (t) => {
  const home = new Home(t);
  const script = home.script(
    "app.sh",
    `#!/bin/sh\ntrap "exit 9" USR2\nwhile :; do sleep 0.05; done\n`,
  );
  home.program("app", { command: script, autorestart: "no" });
  await home.usrsvc("start", "app");
  const pid = await home.running("app");
  await home.usrsvcd();
  await logged(home, "program.adopted", "app");
  await heeds(pid, "SIGUSR2");
  process.kill(pid, "SIGUSR2");
  const exited = await logged(home, "program.exited", "app");
  assert.deepEqual(exited["exit"], { code: 9 });
  const status = await waitFor("app to be stopped", async () => {
    const seen = await home.statusOf("app");
    return seen["state"] === "stopped" ? seen : undefined;
  });
  assert.match(String(status["next"]), /autorestart = False/);
});

test("SIGKILL of usrsvcd: the programs live on, and the next one takes them up", async (t) => {
  const home = new Home(t);
  for (const name of ["a", "b", "c"]) home.program(name, { command: sleeper() });
  await home.usrsvcd();
  const before = await Promise.all(["a", "b", "c"].map(async (name) => await home.running(name)));
  for (const name of ["a", "b", "c"]) await logged(home, "program.started", name);
  const daemon = await daemonPid(home);
  process.kill(daemon, "SIGKILL");
  await waitFor("usrsvcd to end", () => !isAlive(daemon));
  assert.ok(before.every(isAlive));
  assert.equal((await home.usrsvcd()).code, 0);
  for (const name of ["a", "b", "c"]) await logged(home, "program.adopted", name);
  const after = (await home.status()).map((one) => one["pid"]);
  assert.deepEqual(after, before);
});

test("usrsvcd killed in the start window: no second copy, and init gets the program", async (t) => {
  const home = new Home(t).program("slow", { command: sleeper(), success_seconds: "60" });
  await home.usrsvcd();
  const pid = await home.running("slow");
  const parent = (): string => ppid(pid);
  const daemon = await daemonPid(home);
  assert.equal(parent(), String(daemon));
  process.kill(daemon, "SIGKILL");
  await waitFor("init to be its parent", () => isReaper(Number(parent())));
  await home.usrsvcd();
  const taken = await logged(home, "program.adopted", "slow");
  assert.equal(taken.pid, pid);
});

test("an operator's stop lasts while usrsvcd runs; start ends that", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  await home.usrsvcd();
  const pid = await home.running("web");
  await logged(home, "program.started", "web");
  assert.equal((await home.usrsvc("stop", "web")).code, 0);
  const stopped = await logged(home, "program.stopped", "web");
  assert.equal(stopped["why"], "asked");
  assert.ok(!isAlive(pid));
  await home.usrsvcd("restart");
  await waitFor(
    "usrsvcd to look",
    () => home.log().filter((l) => l.event === "program.stopped").length > 1,
  );
  assert.equal((await home.statusOf("web"))["state"], "stopped", "also after a restart of usrsvcd");
  assert.equal((await home.usrsvc("start", "web")).code, 0);
  const second = await home.running("web");
  await logged(home, "program.adopted", "web");
  process.kill(second, "SIGKILL");
  await home.running("web", second);
});

test("usrsvc restart beside usrsvcd makes one process, and usrsvcd follows it", async (t) => {
  const home = new Home(t);
  const script = home.script(
    "note.sh",
    `#!/bin/sh\necho $$ >>${home.file("pids")}\nexec sleep 2000.${process.pid}\n`,
  );
  home.program("web", { command: script, proctitle_re: `^sleep 2000.${process.pid}` });
  await home.usrsvcd();
  const pid = await home.running("web");
  await logged(home, "program.started", "web");
  for (let round = 0; round < 3; round += 1)
    assert.equal((await home.usrsvc("restart", "web")).code, 0);
  const last = await home.running("web", pid);
  await waitFor("usrsvcd to follow", () =>
    home.log().some((l) => l.event === "program.adopted" && l.pid === last),
  );
  assert.equal(home.read("pids").trim().split("\n").length, 4, "each start made one");
  process.kill(last, "SIGKILL");
  await home.running("web", last);
  assert.equal(home.read("pids").trim().split("\n").length, 5);
});

test("autostart, autorestart and enabled are followed", async (t) => {
  const home = new Home(t)
    .program("manual", { command: sleeper(), autostart: "False" })
    .program("once", { command: sleeper(), autorestart: "False" })
    .program("off", { command: sleeper(), enabled: "False" });
  await home.usrsvcd();
  const once = await home.running("once");
  await logged(home, "program.started", "once");
  assert.equal((await logged(home, "program.stopped", "manual"))["why"], "not-started");
  assert.equal((await logged(home, "program.stopped", "off"))["why"], "disabled");
  process.kill(once, "SIGTERM");
  assert.equal((await logged(home, "program.stopped", "once"))["why"], "ended");
  await home.usrsvc("start", "manual");
  const manual = await home.running("manual");
  await logged(home, "program.adopted", "manual");
  process.kill(manual, "SIGKILL");
  await home.running("manual", manual);
});

test("after maxrestarts failures it gives up, and goes on when the program is started by hand", async (t) => {
  const home = new Home(t);
  const script = home.script(
    "app.sh",
    `#!/bin/sh\n[ -e ${home.file("mended")} ] || exit 3\nsleep 1000\n`,
  );
  home.program("app", { command: script, maxrestarts: "3", success_seconds: "0.2" });
  await home.usrsvcd();
  const given = await logged(home, "program.gave-up", "app");
  assert.match(given.msg, /given up after 3 failed starts \(maxrestarts = 3\): exited with code 3/);
  const failures = home.log().filter((line) => line.event === "program.start-failed");
  assert.equal(failures.length, 3);
  assert.ok(home.log().every(({ level }) => ["info", "warn", "error"].includes(level)));
  const status = await home.statusOf("app");
  assert.equal(status["state"], "fatal");
  assert.match(String(status["next"]), /gave up/);
  writeFileSync(home.file("mended"), "");
  assert.equal((await home.usrsvc("start", "app")).code, 0);
  const pid = await home.running("app");
  await logged(home, "program.adopted", "app");
  process.kill(pid, "SIGKILL");
  await home.running("app", pid);
});

test("a program that keeps failing is tried again with growing pauses", async (t) => {
  const home = new Home(t).program("bad", { command: "/bin/false", success_seconds: "0.1" });
  await home.usrsvcd();
  const pauses = await waitFor("three pauses", () => {
    const seen = home.log().filter((line) => line.event === "program.backoff");
    return seen.length >= 3 ? seen.map((line) => Number(line["delayMs"])) : undefined;
  });
  const [first = 0, second = 0, third = 0] = pauses;
  assert.ok(first >= 900 && first <= 1100, `first ${first}`);
  assert.ok(second >= 1800 && second <= 2200, `second ${second}`);
  assert.ok(third >= 3600 && third <= 4400, `third ${third}`);
  const status = await home.statusOf("bad");
  assert.equal(status["state"], "backoff");
  assert.match(String(status["next"]), /tries again in/);
  assert.equal((await home.usrsvc("stop", "bad")).code, 0);
  assert.equal(
    (await logged(home, "program.stopped", "bad"))["why"],
    "asked",
    "a stop ends the tries",
  );
});

test("a restart_delay that is longer than all time is a pause like another", async (t) => {
  const home = new Home(t);
  home.program("web", { command: "/bin/false", restart_delay: "9".repeat(30) });
  await home.usrsvcd();
  const { reason, next } = await waitFor("the pause", async () => {
    const status = await home.statusOf("web");
    return status["state"] === "backoff" && status;
  });
  assert.match(String(reason), /^exited with code 1 within success_seconds/);
  assert.match(String(next), /^usrsvcd tries again in \d+ d/);
});

test("success_seconds = 0 and a command that ends at once make no busy loop", async (t) => {
  const home = new Home(t).program("quick", { command: "/bin/true", success_seconds: "0" });
  await home.usrsvcd();
  await logged(home, "program.backoff", "quick");
  const starts = home.log().filter((line) => line.event === "program.starting").length;
  assert.ok(starts <= 32, `${starts} starts`);
});

test("a reread applies added, removed and changed programs, and restarts nothing", async (t) => {
  const home = new Home(t)
    .program("stays", { command: sleeper() })
    .program("goes", { command: sleeper() })
    .program("changes", { command: sleeper() });
  await home.usrsvcd();
  const stays = await home.running("stays");
  const goes = await home.running("goes");
  const changes = await home.running("changes");
  for (const name of ["stays", "goes", "changes"]) await logged(home, "program.started", name);
  home
    .without("goes")
    .program("changes", { command: sleeper() })
    .program("comes", { command: sleeper() });
  const { out, code, err } = await home.usrsvcd("reread");
  assert.equal(code, 0, err);
  assert.match(out, /added: comes; removed: goes; changed: changes/);
  const comes = await home.running("comes");
  assert.ok([stays, goes, changes, comes].every(isAlive));
  const line = await logged(home, "config.reread");
  assert.deepEqual(line["added"], ["comes"]);
  const status = await home.statusOf("changes");
  assert.equal(status["pid"], changes);
  assert.equal(status["olderSettings"], true);
  process.kill(goes, "SIGKILL");
  await home.usrsvc("restart", "changes");
  assert.equal((await home.statusOf("changes"))["olderSettings"], undefined);
});

test("a reread with anything wrong keeps the old configuration whole", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  await home.usrsvcd();
  const pid = await home.running("web");
  await logged(home, "program.started", "web");
  home
    .program("web", { command: sleeper(), restart_delay: "soon" })
    .program("new", { command: sleeper() });
  const { code, err } = await home.usrsvcd("reread");
  assert.equal(code, 130);
  assert.match(err, /usrsvc\.cfg:\d+: restart_delay: "soon"/);
  process.kill(await daemonPid(home), "SIGUSR1"); // as systemctl reload does, without a check before
  await logged(home, "config.rejected");
  assert.match((await home.usrsvcd("status")).out, /rejected(.|\n)*restart_delay/);
  process.kill(pid, "SIGKILL");
  await home.running("web", pid);
  assert.equal(home.pid("new"), undefined);
});

test("a syntax error at a reread leaves the supervision as it was", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  await home.usrsvcd();
  const pid = await home.running("web");
  await logged(home, "program.started", "web");
  home.text("broken", "[Program:broken\nthis is no line\n");
  process.kill(await daemonPid(home), "SIGUSR1");
  await logged(home, "config.rejected");
  process.kill(pid, "SIGKILL");
  await home.running("web", pid);
});

test("a faulty program at a cold start is set aside and told; the others run", async (t) => {
  const home = new Home(t)
    .program("good", { command: sleeper() })
    .program("bad", { command: sleeper(), umask: "999" });
  const start = await home.usrsvcd();
  assert.equal(start.code, 0);
  assert.match(start.err, /umask: "999"/);
  await home.running("good");
  const problem = await logged(home, "config.problem", "bad");
  assert.match(problem.msg, /bad is set aside/);
});

test("a stranger with usrsvcd in its command line is never taken for it", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  const script = home.script("usrsvcd", "#!/bin/sh\nsleep 1000\n");
  const stranger = spawn(script, [], { stdio: "ignore", detached: true });
  cleanUp(t, () => process.kill(-(stranger.pid ?? 0), "SIGKILL"));
  writeFileSync(home.file(`${process.getuid?.()}_usrsvcd.pid`), `${stranger.pid}\n`);
  assert.match((await home.usrsvcd("stop")).out, /was not running/);
  assert.equal((await home.usrsvcd("status")).code, 1);
  assert.ok(isAlive(stranger.pid ?? 0));
  assert.equal((await home.usrsvcd()).code, 0);
});

test("in the foreground it logs JSON lines to standard output until SIGTERM or SIGINT", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  const daemon = home.spawn("usrsvcd.cjs", ["--foreground"]);
  const result = finished(daemon);
  const pid = await home.running("web");
  daemon.kill("SIGTERM");
  const { code, out } = await result;
  assert.equal(code, 0);
  const events = lines(out).map((line) => line["event"]);
  assert.equal(events[0], "daemon.started");
  assert.ok(events.includes("program.starting"));
  assert.equal(events.at(-1), "daemon.stopping");
  assert.ok(
    lines(out).every(
      (line) => typeof line["time"] === "string" && !Number.isNaN(Date.parse(line["time"])),
    ),
  );
  assert.ok(isAlive(pid));
});

test("usrsvcd_stdout and usrsvcd_stderr take the log; the configured path leads to it", async (t) => {
  const home = new Home(t);
  const main = `usrsvcd_stdout = ${home.file("log/d.log")}\nusrsvcd_stderr = ${home.file("log/d.err")}`;
  const other = new Home(t, main).program("bad", { command: "/bin/false", maxrestarts: "1" });
  const start = await other.usrsvcd();
  assert.equal(start.code, 0, start.err);
  assert.match(start.out, /log: .*log\/d\.log/);
  const errors = await waitFor("an error", () =>
    lines(home.read("log/d.err")).find((l) => l["event"] === "program.gave-up"),
  );
  assert.equal(errors["program"], "bad");
  assert.ok(lines(home.read("log/d.log")).some((line) => line["event"] === "daemon.ready"));
});

test("a log that is full of lines is rolled, and the configured path leads to the new one", async (t) => {
  const home = new Home(t).program("bad", { command: "/bin/false", maxrestarts: "1" });
  home.main(`usrsvcd_stdout = ${home.file("d.log")}`);
  writeFileSync(home.file("d.1.log"), `${"x".repeat(10 * 1024 * 1024)}\n`);
  assert.equal((await home.usrsvcd()).code, 0);
  await waitFor("a line in the second file", () =>
    home.read("d.2.log").includes("program.gave-up"),
  );
  assert.equal(readlinkSync(home.file("d.log")), "d.2.log");
});

test("start-up failures are told with the path: pidfile and log are 136", async (t) => {
  const pidfile = new Home(t, "pidfile = /nonesuch/d.pid").program("web", { command: sleeper() });
  const one = await pidfile.usrsvcd();
  assert.ok([130, 136].includes(one.code ?? 0), one.err);
  assert.match(one.err, /\/nonesuch/);
  const log = new Home(t, "usrsvcd_stdout = /nonesuch/d.log").program("web", {
    command: sleeper(),
  });
  const two = await log.usrsvcd();
  assert.ok([130, 136].includes(two.code ?? 0), two.err);
  assert.match(two.err, /\/nonesuch/);
});

test("SIGHUP does not end a usrsvcd in the background, and the caller's end neither", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  await home.usrsvcd();
  const pid = await daemonPid(home);
  process.kill(pid, "SIGHUP");
  await logged(home, "daemon.signal");
  assert.ok(isAlive(pid));
});

test("checkconfig tells all problems at once; --json prints the effective settings", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  assert.equal((await home.usrsvcd("checkconfig")).code, 0);
  const { out } = await home.usrsvcd("checkconfig", "--json");
  const [main, web] = lines(out);
  assert.equal(main?.["section"], "Main");
  assert.equal(web?.["restart_delay"], 0);
  assert.equal(web["term_to_kill_seconds"], 8);
  home
    .program("one", { command: sleeper(), maxrestarts: "x" })
    .program("two", { command: sleeper(), nonsense: "1" });
  const bad = await home.usrsvcd("checkconfig");
  assert.equal(bad.code, 130);
  assert.match(bad.err, /maxrestarts(.|\n)*nonsense/);
});

test("a program started by hand is noticed while usrsvcd waits for it", async (t) => {
  const home = new Home(t);
  const script = home.script("byhand.sh", "#!/bin/sh\nsleep 1000\n");
  home.program("hand", { command: script, autostart: "no" });
  await home.usrsvcd();
  await logged(home, "program.stopped", "hand");
  const child = spawn(script, [], { stdio: "ignore", detached: true });
  cleanUp(t, () => process.kill(-(child.pid ?? 0), "SIGKILL"));
  const taken = await waitFor("it to be taken up", () =>
    home.log().find((line) => line.event === "program.adopted"),
  );
  assert.equal(taken.pid, child.pid);
});

test("without koffi it still notices deaths, and says once that it is slower", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  const daemon = home.spawn("usrsvcd.cjs", ["--foreground"], { USRSVC_NO_LIBC: "1" });
  const result = finished(daemon);
  const pid = await home.running("web");
  await waitFor("its start", () => home.read("state/programs/web.json").includes('"running"'));
  process.kill(pid, "SIGKILL");
  const second = await home.running("web", pid);
  daemon.kill("SIGTERM");
  const { out } = await result;
  assert.equal(lines(out).filter((line) => line["event"] === "daemon.degraded").length, 1);
  const stop = await home.run("usrsvc.cjs", ["stop", "web"], { USRSVC_NO_LIBC: "1" });
  assert.equal(stop.code, 0, stop.err);
  assert.ok(!isAlive(second));
});

test("a state folder that others may write to is refused", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  mkdirSync(home.file("state"), { mode: 0o777 });
  const { chmodSync } = await import("node:fs");
  chmodSync(home.file("state"), 0o777);
  const { code, err } = await home.usrsvcd();
  assert.equal(code, 136);
  assert.match(err, /chmod go-w/);
});

function ppid(pid: number): string {
  const { readFileSync } = process.getBuiltinModule("node:fs");
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[1] ?? "";
}

/** init, or a subreaper such as a user's systemd. */
function isReaper(pid: number): boolean {
  if (pid === 1) return true;
  const { readFileSync } = process.getBuiltinModule("node:fs");
  return /systemd|init/.test(readFileSync(`/proc/${pid}/comm`, "utf8"));
}
