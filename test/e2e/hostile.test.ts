import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { procReader } from "../../proc/reader.ts";
import { makeHugeFile, noFiles } from "../support/strange-files.ts";
import { Home, isAlive, lines, sleeper, waitFor } from "./home.ts";
import { withDaemonStopped } from "./looks.ts";

/** What programs (or a disk) may do to the files of usrsvc. */

async function started(home: Home, name: string): Promise<number> {
  const line = await waitFor(`${name} to be started`, () =>
    home.log().find((l) => l.event === "program.started" && l.program === name),
  );
  return Number(line.pid);
}

for (const { kind, make } of noFiles) {
  test(`a pidfile that is ${kind} keeps nobody waiting, and is told of`, async (t) => {
    const home = new Home(t)
      .program("odd", { command: sleeper() })
      .program("web", { command: sleeper() });
    assert.equal((await home.usrsvcd()).code, 0);
    const [odd, web] = [await started(home, "odd"), await started(home, "web")];
    const pidfile = home.file("run/odd.pid");
    rmSync(pidfile);
    make(pidfile);
    const [first, second] = await home.status();
    assert.deepEqual([first?.["pid"], second?.["pid"]], [odd, web]);
    assert.match(
      String(first?.["problems"]),
      new RegExp(`^pidfile ${pidfile} is a .*, not a file$`),
    );
    process.kill(odd, "SIGKILL");
    process.kill(web, "SIGKILL");
    await home.running("web", web);
    await waitFor("the other to be started again", async () => {
      const { pid } = await home.statusOf("odd");
      return kind === "a folder" || (pid !== undefined && pid !== odd);
    });
    assert.equal((await home.usrsvc("stop", "web")).code, 0);
    assert.equal((await home.usrsvcd("stop")).code, 0);
    await home.usrsvc("stop", "odd");
    rmSync(pidfile, { recursive: true, force: true });
  });
}

test("records that are no files are put aside, and their programs go on", async (t) => {
  const home = new Home(t);
  for (const index of noFiles.keys()) home.program(`p${index}`, { command: sleeper() });
  assert.equal((await home.usrsvcd()).code, 0);
  const pids: number[] = [];
  for (const index of noFiles.keys()) pids.push(await started(home, `p${index}`));
  const record = (index: number): string => home.file(`state/programs/p${index}.json`);
  /** While nothing is written there. */
  const spoil = (): void => {
    for (const [index, { make }] of noFiles.entries()) {
      rmSync(record(index), { recursive: true, force: true });
      make(record(index));
    }
    makeHugeFile(home.file("state/programs/huge.json"), "{");
  };
  // It writes anew at once what is lost.
  const daemon = JSON.parse(home.read("state/usrsvcd.json")) as { process: { pid: number } };
  process.kill(daemon.process.pid, "SIGSTOP");
  spoil();
  const shown = await home.status();
  assert.deepEqual(
    shown.map(({ pid }) => pid),
    pids,
  );
  for (const one of shown) assert.match(String(one["problems"]), /not a file/);
  process.kill(daemon.process.pid, "SIGCONT");
  for (const pid of pids) process.kill(pid, "SIGKILL");
  for (const [index, pid] of pids.entries()) await home.running(`p${index}`, pid);
  await waitFor("all to be on record again", async () =>
    (await home.status()).every((one) => one["problems"] === undefined),
  );
  assert.equal((await home.usrsvcd("stop")).code, 0);
  spoil();
  const { code, out } = await home.usrsvc("stop", "all", "-P");
  assert.equal(code, 0, out);
  for (const index of noFiles.keys()) assert.equal(home.pid(`p${index}`), undefined);
});

test("a mail whose next try is at no date that there is ends no usrsvcd", async (t) => {
  const home = new Home(t, "smtp_url = smtp://127.0.0.1:1/");
  home.program("web", { command: sleeper(), email_alerts: "me@example.org" });
  const at = new Date().toISOString();
  const alert = { kind: "started", reason: "why", next: "runs", output: [], program: "web", at };
  const failure = { at, reason: "connect ECONNREFUSED" };
  const times = { lastSentAt: 0, retryAt: Number.MAX_SAFE_INTEGER };
  const mail = { program: "web", to: ["me@example.org"], alerts: [alert], total: 1, failure };
  mkdirSync(home.file("state/mail"), { recursive: true, mode: 0o700 });
  writeFileSync(home.file("state/mail/web.json"), JSON.stringify({ ...mail, ...times }));
  assert.equal((await home.usrsvcd()).code, 0);
  await started(home, "web");
  assert.match((await home.usrsvcd("status")).out, /1 mail waits/);
});

test("requests to stop that were left behind mean nothing, and are removed", async (t) => {
  const home = new Home(t).program("web", { command: sleeper(), success_seconds: "1" });
  mkdirSync(home.file("state/programs"), { recursive: true, mode: 0o700 });
  const boot = procReader().bootId();
  const left = home.file("state/programs/web.stop");
  const texts = [`${process.pid}\n`, `${process.pid} 1 ${boot}\n`, "99999999 1 x\n", ""];
  for (const text of texts) {
    writeFileSync(left, text);
    const start = await home.usrsvc("start", "web");
    assert.equal(start.code, 0, start.err);
    assert.equal(existsSync(left), false, JSON.stringify(text));
    assert.equal((await home.usrsvc("stop", "web")).code, 0);
  }
  execFileSync("mkfifo", [left]);
  writeFileSync(home.file("state/programs/other.stop"), "1\n");
  assert.equal((await home.usrsvcd()).code, 0);
  await waitFor("usrsvcd to remove them", () =>
    readdirSync(home.file("state/programs")).every((file) => !file.endsWith(".stop")),
  );
});

test("a stop in a long start window is heard all the same", async (t) => {
  const home = new Home(t).program("web", { command: sleeper(), success_seconds: "60" });
  assert.equal((await home.usrsvcd()).code, 0);
  const byDaemon = await home.running("web");
  const began = performance.now();
  assert.equal((await home.usrsvc("stop", "web")).code, 0);
  assert.equal(isAlive(byDaemon), false);
  assert.equal((await home.usrsvcd("stop")).code, 0);
  const start = home.spawn("usrsvc.cjs", ["start", "web"]);
  const byTool = await home.running("web", byDaemon);
  assert.equal((await home.usrsvc("stop", "web")).code, 0);
  assert.equal(isAlive(byTool), false);
  assert.ok(performance.now() - began < 60_000);
  await waitFor("the start to be over", () => start.exitCode !== null);
  assert.deepEqual(
    readdirSync(home.file("state/programs")).filter((file) => !file.endsWith(".json")),
    [],
  );
});

test("stale pidfiles go when a program is, or is to stay, down, but not those of programs", async (t) => {
  const home = new Home(t);
  const own = { autopid: "no", autostart: "no" };
  home
    .program("web", { command: sleeper(), autostart: "no" })
    .program("off", { command: sleeper(), enabled: "no" })
    .program("own", { command: sleeper(), ...own });
  const write = (): void => {
    for (const name of ["web", "off", "own"])
      writeFileSync(home.file(`run/${name}.pid`), "4194305");
  };
  write();
  const { out, code } = await home.usrsvc("stop", "all");
  assert.equal(code, 0);
  assert.match(out, /web: was not running\n    stale pidfile .*web\.pid removed: process 4194305/);
  // A disabled program is skipped by `stop all`, its pidfile as well; usrsvcd removes that.
  assert.deepEqual(readdirSync(home.file("run")), ["off.pid", "own.pid"]);
  write();
  rmSync(home.file("state"), { recursive: true });
  assert.equal((await home.usrsvcd()).code, 0);
  await waitFor("usrsvcd to remove them", () => readdirSync(home.file("run")).length === 1);
  assert.deepEqual(readdirSync(home.file("run")), ["own.pid"]);
  const mended = await waitFor("a line of it", () =>
    home.log().find((l) => l.event === "program.pidfile-repaired" && l.program === "off"),
  );
  assert.match(mended.msg, /stale pidfile .* removed/);
});

test("a usrsvcd that could not tell of itself is seen by its lock, and tells later", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  mkdirSync(home.file("state/usrsvcd.json/in-the-way"), { recursive: true });
  execFileSync("chmod", ["-R", "go-rwx", home.file("state")]);
  assert.equal((await home.usrsvcd()).code, 0);
  await started(home, "web");
  const seen = await home.usrsvcd("status");
  assert.equal(seen.code, 0);
  const why = "\\S+/usrsvcd\\.json is a folder: move it away";
  assert.match(
    seen.out,
    new RegExp(`is running, pid \\d+, but has reported no details: ${why}$`, "m"),
  );
  const note = new RegExp(`note: usrsvcd, pid \\d+, cannot write what it is: ${why}$`, "m");
  assert.match((await home.usrsvc("status")).out, note);
  const before = performance.now();
  const asked = await home.usrsvcd("reread");
  assert.ok(performance.now() - before < 8000, "no answer is waited for that cannot come");
  assert.equal(asked.code, 11);
  assert.match(
    asked.out + asked.err,
    new RegExp(`may have read it, but cannot report it: ${why}; `),
  );
  assert.match((await home.usrsvcd()).err, /already running .*, pid \d+$/m);
  assert.equal((await home.usrsvcd()).code, 135);
  const [json] = lines((await home.usrsvcd("status", "--json")).out);
  assert.equal(json?.["running"], true);
  rmSync(home.file("state/usrsvcd.json"), { recursive: true });
  await waitFor("it to tell of itself", async () =>
    (await home.usrsvcd("status")).out.includes("configuration: "),
  );
  const told = home.log().filter(({ event }) => event === "daemon.degraded");
  assert.equal(told.length, 2, JSON.stringify(told));

  await withDaemonStopped(home, async () => {
    rmSync(home.file("state/usrsvcd.json"));
    symlinkSync("/dev/zero", home.file("state/usrsvcd.json"));
    assert.match((await home.usrsvcd("status")).out, /reported no details/);
  });
  assert.equal((await home.usrsvcd("reread")).code, 0, "the answer is written anew");
  rmSync(home.file("state/usrsvcd.json"));
  const stop = await home.usrsvcd("stop");
  assert.match(stop.out, new RegExp(`usrsvcd stopped, pid ${Number(json["pid"])}`));
  assert.equal((await home.usrsvcd("status")).code, 1);
  assert.equal((await home.usrsvcd("stop")).out, "usrsvcd was not running\n");
});
