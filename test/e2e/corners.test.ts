import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { Home, isAlive, sleeper, waitFor } from "./home.ts";
import { whileStopped } from "./looks.ts";
import { cleanUp } from "../support/clean-up.ts";

test("a stop need not wait for a long start window of usrsvcd", async (t) => {
  const home = new Home(t).program("slow", { command: sleeper(), success_seconds: "60" });
  await home.usrsvcd();
  const pid = await home.running("slow");
  const began = performance.now();
  const { code, out, err } = await home.usrsvc("stop", "slow");
  assert.equal(code, 0, err);
  assert.match(out, new RegExp(`stopped, pid ${pid}`));
  assert.ok(performance.now() - began < 30_000);
  assert.ok(!isAlive(pid));
  assert.equal((await home.statusOf("slow"))["state"], "stopped");
});

test("a stop need not wait for a long start window of another usrsvc", async (t) => {
  const home = new Home(t).program("slow", { command: sleeper(), success_seconds: "60" });
  const starter = home.spawn("usrsvc.cjs", ["start", "slow"]);
  const ended = new Promise((resolve) => starter.once("close", resolve));
  const pid = await home.running("slow");
  const began = performance.now();
  assert.equal((await home.usrsvc("stop", "slow")).code, 0);
  assert.ok(performance.now() - began < 30_000);
  await ended;
  assert.ok(!isAlive(pid));
});

test("two programs with one command do not take each other's process", async (t) => {
  const command = sleeper();
  const home = new Home(t).program("a", { command }).program("b", { command });
  await home.usrsvc("start", "all");
  const a = await home.running("a");
  const b = await home.running("b");
  assert.notEqual(a, b);
  process.kill(a, "SIGKILL");
  await waitFor("a to end", () => !isAlive(a));
  await home.usrsvcd();
  const second = await home.running("a", a);
  assert.notEqual(second, b);
  assert.equal((await home.statusOf("b"))["pid"], b);
  await home.usrsvc("stop", "a");
  assert.ok(isAlive(b));
});

test("one process that runs already becomes one program, not three", async (t) => {
  const command = sleeper();
  const home = new Home(t);
  for (const name of ["a", "b", "c"]) home.program(name, { command });
  const [file = "", ...words] = command.split(" ");
  const byHand = spawn(file, words, { stdio: "ignore" });
  cleanUp(t, () => byHand.kill("SIGKILL"));
  assert.equal((await home.usrsvc("start", "all")).code, 0);
  const pids = (await home.status()).map((one) => one["pid"]);
  assert.equal(new Set(pids).size, 3, String(pids));
});

test("a program that got another name in the configuration is not started a second time", async (t) => {
  const command = sleeper();
  const home = new Home(t).program("old", { command });
  await home.usrsvc("start", "old");
  const pid = await home.running("old");
  home.without("old").program("new", { command });
  const { out } = await home.usrsvc("start", "new");
  assert.match(out, new RegExp(`new: already running, pid ${pid}`));
});

test("a wrapper that outlives its child is not doubled", async (t) => {
  const home = new Home(t);
  const number = `77${process.pid}`;
  const text = `#!/bin/sh\necho $$ >>${home.file("wrappers")}\nwhile :; do sleep ${number}; sleep 0.3; done\n`;
  home.program("w", {
    command: home.script("wrapper.sh", text),
    proctitle_re: `^sleep ${number}$`,
  });
  await home.usrsvcd();
  const pid = await home.running("w");
  await waitFor("its start", () => home.log().some(({ event }) => event === "program.started"));
  process.kill(pid, "SIGKILL");
  await home.running("w", pid);
  const wrappers = home.read("wrappers").trim().split("\n").map(Number);
  assert.equal(wrappers.filter(isAlive).length, 1);
});

test("SIGTERM ends usrsvcd at once, also while it has many programs to start", async (t) => {
  const home = new Home(t);
  for (let n = 0; n < 60; n += 1) home.program(`p${n}`, { command: sleeper() });
  const daemon = home.spawn("usrsvcd.cjs", ["--foreground"]);
  const ended = new Promise((resolve) => daemon.once("close", resolve));
  await waitFor("the first to start", () => home.pid("p0"));
  daemon.kill("SIGTERM");
  await ended;
  const count = (): number =>
    [...Array(60).keys()].filter((n) => home.pid(`p${n}`) !== undefined).length;
  const then = count();
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(count(), then, "nothing is launched after it left");
});

test("a state folder that is deleted under usrsvcd is made anew, and programs are kept running", async (t) => {
  const home = new Home(t, "").program("web", { command: sleeper() });
  const daemon = home.spawn("usrsvcd.cjs", ["--foreground"]);
  cleanUp(t, () => daemon.kill("SIGKILL"));
  const pid = await home.running("web");
  await waitFor("its start", () => home.read("state/programs/web.json").includes('"running"'));
  whileStopped(daemon.pid ?? 0, () => rmSync(home.file("state"), { recursive: true }));
  daemon.kill("SIGUSR1");
  await waitFor("the folder", () => home.read("state/usrsvcd.json") !== "");
  process.kill(pid, "SIGKILL");
  await home.running("web", pid);
  assert.equal(daemon.exitCode, null);
});

test("after it gave up, a start by hand that fails makes it try again", async (t) => {
  const home = new Home(t);
  const script = home.script(
    "app.sh",
    `#!/bin/sh\n[ -e ${home.file("mended")} ] || exit 3\nsleep 1000\n`,
  );
  home.program("app", {
    command: script,
    maxrestarts: "2",
    success_seconds: "0.1",
    restart_delay: "1",
  });
  await home.usrsvcd();
  const given = (): number => home.log().filter(({ event }) => event === "program.gave-up").length;
  await waitFor("it to give up", () => given() === 1);
  assert.equal((await home.usrsvc("start", "app")).code, 134);
  await waitFor(
    "another try",
    () => home.log().filter(({ event }) => event === "program.backoff").length > 1,
  );
  await waitFor("it to give up again", () => given() === 2);
});

test("autorestart and autostart that are switched on by a reread take effect", async (t) => {
  const command = sleeper();
  const other = sleeper();
  const home = new Home(t)
    .program("once", { command, autorestart: "no" })
    .program("manual", { command: other, autostart: "no" });
  await home.usrsvcd();
  const pid = await home.running("once");
  await waitFor("its start", () => home.log().some(({ event }) => event === "program.started"));
  process.kill(pid, "SIGKILL");
  await waitFor("it to be down", () => home.log().some((line) => line["why"] === "ended"));
  home.program("once", { command }).program("manual", { command: other });
  assert.equal((await home.usrsvcd("reread")).code, 0);
  await home.running("once", pid);
  await home.running("manual");
});

test("trouble with one program's files does not keep the others from being acted on", async (t) => {
  const home = new Home(t)
    .program("a", { command: sleeper() })
    .program("b", { command: sleeper() });
  await home.usrsvc("start", "all");
  const pids = [await home.running("a"), await home.running("b")];
  rmSync(home.file("run"), { recursive: true });
  const { out, err } = await home.usrsvc("stop", "all");
  assert.match(out + err, /a: stopped(.|\n)*b: stopped/);
  assert.ok(!pids.some(isAlive));
});

test("results that cannot be written do not keep the others from being acted on", async (t) => {
  const home = new Home(t)
    .program("a", { command: sleeper() })
    .program("b", { command: sleeper() });
  await home.usrsvc("start", "all");
  const pids = [await home.running("a"), await home.running("b")];
  const command = `${home.command("usrsvc.cjs")} stop all >/dev/full`;
  const child = spawn("/bin/sh", ["-c", command], { env: home.env, stdio: "ignore" });
  const code = await new Promise((resolve) => child.once("close", resolve));
  assert.equal(code, 1);
  assert.ok(!pids.some(isAlive));
});
