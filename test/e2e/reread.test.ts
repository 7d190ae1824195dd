import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { test } from "node:test";
import { child } from "../support/processes.ts";
import { finished, Home, isAlive, type Json, lines, sleeper, waitFor } from "./home.ts";

const ownPidfile = `${process.getuid?.()}_usrsvcd.pid`;

async function daemon(home: Home): Promise<Json> {
  const [status] = lines((await home.usrsvcd("status", "--json")).out);
  assert.ok(status);
  return status;
}

/** Puts these lines into [Main]. */
function setMain(home: Home, ...text: readonly string[]): void {
  const [head = "", ...rest] = home.write().read("usrsvc.cfg").split("\n");
  writeFileSync(home.config, [head, ...text, ...rest].join("\n"));
}

function linesOf(home: Home, file: string, event: string): readonly Json[] {
  return lines(home.read(file)).filter((line) => line["event"] === event);
}

/** What usrsvcd has open of its home. */
function openFiles(pid: number, home: Home): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return path.startsWith(home.path) ? [path.slice(home.path.length + 1)] : [];
    } catch {
      return [];
    }
  });
}

test("log and pidfile of usrsvcd follow a reread, there and back", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  assert.equal((await home.usrsvcd()).code, 0);
  const { pid } = await daemon(home);
  const web = await home.running("web");
  await waitFor("it to be started", () => home.log().some((l) => l.event === "program.started"));
  setMain(
    home,
    `usrsvcd_stdout = ${home.file("log/d.log")}`,
    `usrsvcd_stderr = ${home.file("log/d.err")}`,
    `pidfile = ${home.file("run/own.pid")}`,
  );
  const { code, err } = await home.usrsvcd("reread");
  assert.equal(code, 0, err);
  const now = await daemon(home);
  assert.deepEqual(
    [now["pid"], now["log"], now["pidfile"]],
    [pid, home.file("log/d.log"), home.file("run/own.pid")],
  );
  assert.equal(home.read("run/own.pid"), `${Number(pid)}\n`);
  assert.equal(existsSync(home.file(ownPidfile)), false);
  const moved = linesOf(home, "state/usrsvcd.log", "daemon.moved").at(-1);
  assert.match(String(moved?.["msg"]), /the log continues in .*log\/d\.log and .*log\/d\.err/);
  assert.equal(linesOf(home, "state/usrsvcd.log", "config.reread").length, 0);
  assert.equal(linesOf(home, "log/d.log", "config.reread").length, 1);

  process.kill(web, "SIGKILL");
  await waitFor(
    "the death among the errors",
    () => linesOf(home, "log/d.err", "program.exited").length > 0,
  );
  await waitFor("the old log to be closed", () =>
    openFiles(Number(pid), home).every((path) => !path.startsWith("state/usrsvcd.1.log")),
  );

  home.write();
  assert.equal((await home.usrsvcd("reread")).code, 0);
  assert.equal((await daemon(home))["log"], home.file("state/usrsvcd.log"));
  assert.equal(existsSync(home.file("run/own.pid")), false);
  assert.equal(home.read(ownPidfile), `${Number(pid)}\n`);
  assert.equal(linesOf(home, "state/usrsvcd.log", "config.reread").length, 1);
  await waitFor("the other logs to be closed", () =>
    openFiles(Number(pid), home).every((path) => !path.startsWith("log/d.")),
  );
});

test("in the foreground, what is printed goes to a log, and back", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  const own = home.spawn("usrsvcd.cjs", ["--foreground"]);
  let out = "";
  own.stdout?.on("data", (chunk: Buffer) => (out += chunk.toString()));
  await waitFor("it to supervise", () => out.includes("daemon.ready"));
  setMain(home, `usrsvcd_stdout = ${home.file("log/d.log")}`);
  assert.equal((await home.usrsvcd("reread")).code, 0);
  await waitFor("the last line printed", () => out.includes("daemon.moved"));
  home.write();
  assert.equal((await home.usrsvcd("reread")).code, 0);
  await waitFor("a reread printed", () => out.includes("config.reread"));
  assert.equal(linesOf(home, "log/d.log", "config.reread").length, 1);
  assert.match(String(linesOf(home, "log/d.log", "daemon.moved")[0]?.["msg"]), /standard output$/);
  assert.equal((await home.usrsvcd("stop")).code, 0);
  await waitFor("the end printed", () => out.includes("daemon.stopping"));
});

test("a log or pidfile that cannot be had rejects a reread, and all stays as it was", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  assert.equal((await home.usrsvcd()).code, 0);
  const { pid } = await daemon(home);
  execFileSync("mkfifo", [home.file("fifo")]);
  mkdirSync(home.file("folder/pid"), { recursive: true });
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["usrsvcd_stdout = /nonesuch/d.log", /the log \/nonesuch\/d\.log cannot be written/],
    [`usrsvcd_stdout = ${home.file("fifo")}`, /fifo cannot be written: ENXIO/],
    [`usrsvcd_stdout = stdout`, /usrsvcd_stdout/],
    ["usrsvcd_stderr = /nonesuch/d.err", /\/nonesuch\/d\.err cannot be written/],
    [`pidfile = ${home.file("folder")}`, /pidfile .*\/folder cannot be written/],
    ["pidfile = /nonesuch/d.pid", /pidfile \/nonesuch\/d\.pid cannot be written/],
  ];
  for (const [line, why] of wrong) {
    home.program("new", { command: sleeper() });
    setMain(home, line, ...(line.startsWith("pid") ? [] : [`pidfile = ${home.file("run/own")}`]));
    const { code, err } = await home.usrsvcd("reread");
    assert.equal(code, 130, line);
    const told = err + (await home.usrsvcd("status")).out;
    assert.match(told, why, line);
    home.without("new");
  }
  assert.deepEqual(readdirSync(home.file("run")), ["web.pid"]);
  assert.equal(home.read(ownPidfile), `${Number(pid)}\n`);
  assert.equal(home.pid("new"), undefined);
  home.write();
  assert.equal((await home.usrsvcd("reread")).code, 0);
});

test("a log that is a FIFO whose reader has left does not keep usrsvcd from its work", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  execFileSync("mkfifo", [home.file("fifo")]);
  setMain(home, `usrsvcd_stdout = ${home.file("fifo")}`);
  const start = await home.usrsvcd();
  assert.equal(start.code, 136, start.out);
  assert.match(start.err, /fifo cannot be written: ENXIO/);
  const reader = child(t, "/bin/sh", ["-c", 'exec cat 0<>"$0"', home.file("fifo")]);
  await waitFor("the reader to open it", () => openFiles(reader.pid ?? 0, home)[0] === "fifo");
  assert.equal((await home.usrsvcd()).code, 0);
  reader.kill("SIGKILL");
  await waitFor("the reader's end", () => !isAlive(reader.pid ?? 0));
  assert.equal((await home.usrsvcd("reread")).code, 0);
  assert.equal((await home.usrsvcd("stop")).code, 0);
});

test("only state_dir needs a restart of usrsvcd, is named so, and then applies", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  assert.equal((await home.usrsvcd()).code, 0);
  const { pid } = await daemon(home);
  const web = await home.running("web");
  setMain(home, "smtp_url = smtp://127.0.0.1:9", "alert_interval = 7", "sendmail_path = /bin/true");
  assert.doesNotMatch((await home.usrsvcd("reread")).out, /restart/);
  const text = home.write().read("usrsvc.cfg");
  writeFileSync(home.config, text.replace(`${home.path}/state`, `${home.path}/other`));

  const reread = await home.usrsvcd("reread");
  assert.equal(reread.code, 0);
  assert.match(reread.out, /^state_dir of \[Main\] needs: usrsvcd restart$/m);
  assert.match(reread.err, /usrsvcd has state_dir .*\/state until it is restarted/);
  const status = await home.usrsvcd("status");
  assert.equal(status.code, 0, "it is seen all the same");
  assert.match(status.out, new RegExp(`is running, pid ${Number(pid)},`));

  const restart = await home.usrsvcd("restart");
  assert.equal(restart.code, 0, restart.err);
  assert.match(restart.out, new RegExp(`usrsvcd stopped, pid ${Number(pid)}`));
  const after = await home.usrsvcd("status", "--json");
  assert.equal(after.err, "");
  assert.equal(lines(after.out)[0]?.["log"], home.file("other/usrsvcd.log"));
  assert.ok(isAlive(web));
  assert.equal(home.pid("web"), web);
});

test("a reread names the programs whose changes apply at their next restart only", async (t) => {
  const [first, second] = [sleeper(), sleeper()];
  const home = new Home(t)
    .program("launch", { command: first })
    .program("watch", { command: sleeper() })
    .program("down", { command: first, autostart: "no" });
  assert.equal((await home.usrsvcd()).code, 0);
  const pid = await home.running("launch");
  await home.running("watch");
  await waitFor("both to be started", () => {
    return home.log().filter(({ event }) => event === "program.started").length === 2;
  });
  home
    .program("launch", { command: second })
    .program("watch", { command: first, maxrestarts: "3", autorestart: "no" })
    .program("down", { command: second, autostart: "no" });
  home.program("watch", { command: commandOf(home, "watch"), maxrestarts: "3" });
  const { out } = await home.usrsvcd("reread");
  assert.match(out, /changed: launch, watch, down/);
  assert.match(out, /^keep running with older settings until they are restarted: launch$/m);
  const line = home.log().find(({ event }) => event === "config.reread");
  assert.deepEqual(line?.["atRestart"], ["launch"]);
  assert.match(
    line?.msg ?? "",
    /nothing was restarted; .* keep running with older settings: launch$/,
  );
  assert.equal(home.pid("launch"), pid);

  home.program("launch", { command: first });
  const back = await home.usrsvcd("reread");
  assert.match(back.out, /changed: launch$/m);
  assert.doesNotMatch(back.out, /older/);
});

/** The command with which a program runs. */
function commandOf(home: Home, name: string): string {
  return execFileSync("ps", ["-o", "args=", "-p", String(home.pid(name))])
    .toString()
    .trim();
}

test("a program that was set aside for a folder is taken in when the folder is there", async (t) => {
  const home = new Home(t).program("early", { command: sleeper() });
  home.program("late", { command: sleeper(), directory: home.file("data/late") });
  home.program("bad", { command: sleeper(), umask: "999" });
  assert.equal((await home.usrsvcd()).code, 0);
  const early = await home.running("early");
  mkdirSync(home.file("data/late"), { recursive: true });
  await waitFor("it to run", () => home.pid("late"));
  const line = home.log().find(({ event }) => event === "config.reread");
  assert.deepEqual(line?.["added"], ["late"]);
  assert.match(line?.msg ?? "", /data\/late is there now: no longer set aside: late$/);
  const { rereads, setAside } = await daemon(home);
  assert.deepEqual([rereads, setAside], [0, ["bad"]], "nobody has asked for it");
  assert.equal(home.pid("early"), early);
});

test("where the file has changed as well, a program that was set aside waits for a reread", async (t) => {
  const home = new Home(t).program("early", { command: sleeper() });
  const directory = home.file("data/late");
  home.program("late", { command: sleeper(), directory });
  assert.equal((await home.usrsvcd()).code, 0);
  home.program("new", { command: sleeper() });
  mkdirSync(directory, { recursive: true });
  const line = await waitFor("a word of it", () =>
    home.log().find(({ msg }) => msg.includes("is there now")),
  );
  assert.equal(line.level, "warn");
  assert.match(line.msg, /has also changed: run usrsvcd reread to apply it$/);
  assert.equal(home.pid("late"), undefined);
  assert.match((await home.usrsvcd("reread")).out, /added: late, new/);
  await home.running("late");
});

test("a reread that is interrupted while usrsvcd does not answer is a failure like others: 1", async (t) => {
  const home = new Home(t).program("x", { command: sleeper() });
  await home.usrsvcd();
  const pid = Number((await daemon(home))["pid"]);
  process.kill(pid, "SIGSTOP");
  try {
    const reread = home.spawn("usrsvcd.cjs", ["reread"]);
    await waitFor("usrsvcd to be asked", () => {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      const pending = /^ShdPnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
      return (BigInt(`0x${pending}`) & (1n << 9n)) !== 0n; // SIGUSR1
    });
    reread.kill("SIGINT");
    const { code, err } = await finished(reread);
    assert.equal(code, 1, err);
    assert.match(err, /interrupted by SIGINT/);
  } finally {
    process.kill(pid, "SIGCONT");
  }
});

test("a reread names what it leaves running, what was still starting as well", async (t) => {
  const home = new Home(t).program("stays", { command: sleeper() });
  home.program("slow", { command: sleeper(), ready: `file://${home.file("never")}` });
  home.program("up", { command: sleeper() });
  assert.equal((await home.usrsvcd("start")).code, 0);
  const [up, slow] = [await home.running("up"), await home.running("slow")];
  assert.equal((await home.statusOf("slow"))["state"], "starting");
  home.without("slow").without("up");
  const { out } = await home.usrsvcd("reread");
  assert.match(out, /^reread; none added; removed: slow, up; none changed$/m);
  assert.match(out, new RegExp(`^slow keeps running, pid ${slow}, and is no longer managed$`, "m"));
  assert.match(out, new RegExp(`^up keeps running, pid ${up}, and is no longer managed$`, "m"));
  const removed = home
    .log()
    .find((one) => one.event === "program.removed" && one.program === "slow");
  assert.equal(removed?.pid, slow);
  const ended = await home.usrsvc("stop", "slow");
  assert.equal(ended.code, 0, ended.err);
});
