import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { cleanUp } from "../support/clean-up.ts";
import { Account } from "./account.ts";
import { Home, isAlive, type Json, lines, sleeper, waitFor } from "./home.ts";

/** A home with a folder for more files. */
function adopting(t: TestContext): Home {
  const home = new Home(t);
  mkdirSync(home.file("usrsvc.d"), { mode: 0o700 });
  return home.main(`config_dir = ${home.file("usrsvc.d")}`);
}

interface Given {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Log for both outputs; else they go to /dev/null. */
  readonly log?: string;
  /** In a session of its own. */
  readonly isDetached?: boolean;
}

/** A process that was started without usrsvc. */
function byHand(t: TestContext, home: Home, argv: readonly string[], given: Given = {}): number {
  const [file = "", ...rest] = argv;
  const { cwd = home.path, env = {}, log, isDetached = true } = given;
  const out = log === undefined ? "ignore" : openSync(log, "a");
  const child: ChildProcess = spawn(file, rest, {
    cwd,
    env: { ...home.env, ...env },
    stdio: ["ignore", out, out],
    detached: isDetached,
  });
  if (typeof out === "number") closeSync(out);
  cleanUp(t, () => void child.kill("SIGKILL"));
  const { pid } = child;
  assert.ok(pid !== undefined);
  return pid;
}

function commandLine(pid: number): readonly string[] {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
}

/** What `usrsvc adopt --json` says. */
async function adopt(home: Home, pid: number, ...words: readonly string[]): Promise<Json> {
  const { out, err } = await home.usrsvc("adopt", String(pid), "--json", ...words);
  const [one] = lines(out);
  assert.ok(one !== undefined, err);
  return one;
}

const node = process.execPath;
/** A script that waits. */
const WAITS = "setInterval(() => {}, 1000);";

describe("usrsvc adopt", () => {
  test("describes a process so that a restart starts the same again", async (t) => {
    const home = adopting(t);
    mkdirSync(home.file("my app"));
    writeFileSync(home.file("my app/wait.js"), WAITS);
    const log = home.file("log/it.log");
    const argv = [node, "wait.js", 'it\'s "q" #1, 50%', "%(h)s", "", "~/x", "a&", "ü"];
    const env = {
      ADOPT_HOST: "10.0.0.5 # x",
      ADOPT_LINES: "a\nb",
      ADOPT_PASSWORD: "hunter2",
      ADOPT_URL: "amqp://u:pw@h/",
    };
    const pid = byHand(t, home, argv, { cwd: home.file("my app"), env, log });

    const { code, out, err } = await home.usrsvc("adopt", String(pid));
    assert.equal(code, 0, err);
    assert.match(out, /\n\[Program:wait\]\ncommand = /);
    assert.match(out, new RegExp(`\nstdout = ${log}\n`));
    assert.match(out, /\n {4}\[\[Env\]\]\n(.*\n)* {4}ADOPT_HOST = "10\.0\.0\.5 # x"\n/);
    assert.match(out, /# ADOPT_PASSWORD looks like a secret/);
    assert.doesNotMatch(out + err, /hunter2|u:pw/);
    assert.match(err, /left out, because the values look like secrets: ADOPT_PASSWORD, ADOPT_URL/);
    assert.deepEqual(readdirSync(home.file("usrsvc.d")), [], "nothing is written without --write");

    const written = await home.usrsvc("adopt", String(pid), "--write");
    assert.equal(written.code, 0, written.err);
    assert.match(
      written.out,
      new RegExp(
        `wait\\.cfg written: process ${pid} is program wait from now on, and was not restarted`,
      ),
    );
    assert.match(written.out, new RegExp(`wait +running +${pid}`));
    assert.equal(statSync(home.file("usrsvc.d/wait.cfg")).mode & 0o7777, 0o600);
    assert.deepEqual(await home.usrsvcd("checkconfig"), {
      code: 0,
      out: `${home.config}: no errors; 1 program valid\n`,
      err: "",
    });

    const again = await home.usrsvc("restart", "wait");
    assert.equal(again.code, 0, again.err);
    const next = Number((await home.statusOf("wait"))["pid"]);
    assert.notEqual(next, pid);
    assert.deepEqual(commandLine(next), argv);
    const environ = readFileSync(`/proc/${next}/environ`, "utf8").split("\0");
    assert.ok(environ.includes("ADOPT_HOST=10.0.0.5 # x"));
    assert.ok(environ.includes("ADOPT_LINES=a\nb"));
    assert.ok(!environ.some((one) => one.startsWith("ADOPT_PASSWORD")));
  });

  test("has a running usrsvcd take it up, which restarts it when it ends, and not before", async (t) => {
    const home = adopting(t);
    assert.equal((await home.usrsvcd()).code, 0);
    const pid = byHand(t, home, sleeper().split(" "));
    const said = await adopt(home, pid, "--write", "--name", "nap");
    assert.equal(said["result"], "adopted", JSON.stringify(said));
    assert.match(String((said["details"] as readonly string[])[0]), /reread; added: nap/);
    assert.equal((said["status"] as Json)["pid"], pid);
    assert.ok(isAlive(pid));
    const refused = await adopt(home, pid, "--write", "--name", "other");
    assert.equal(refused["result"], "managed");
    assert.match(String(refused["message"]), /is already .*program nap/);
    process.kill(pid, "SIGKILL");
    await waitFor("the next one", async () => {
      const { pid: now, state } = await home.statusOf("nap");
      return state === "running" && now !== pid;
    });
  });

  test("asks for the command that a title has hidden, and takes it", async (t) => {
    const home = adopting(t);
    writeFileSync(home.file("titled.js"), `process.title = "my app [main]"; ${WAITS}`);
    const pid = byHand(t, home, [node, "titled.js"]);
    await waitFor("its title", () => commandLine(pid)[0] === "my app [main]");
    const asked = await home.usrsvc("adopt", String(pid));
    assert.equal(asked.code, 1);
    assert.match(asked.out, /\n#command = \S+ …\nproctitle_re = \^my app \\\[main\\\]\$\n/);
    assert.match(asked.err, /the command is missing, .*: usrsvc|--command '/);
    const refused = await adopt(home, pid, "--write");
    assert.equal(refused["result"], "refused");
    assert.deepEqual(readdirSync(home.file("usrsvc.d")), []);
    const command = `${node} titled.js`;
    const taken = await adopt(home, pid, "--write", "--name", "titled", "--command", command);
    assert.equal(taken["result"], "adopted", JSON.stringify(taken));
    assert.equal((await home.usrsvc("restart", "titled")).code, 0);
    const other = await adopt(home, pid, "--command", "'x");
    assert.equal(other["result"], "gone");
  });

  test("names the master of a worker, and what a wrapper has started", async (t) => {
    const home = adopting(t);
    const nap = sleeper();
    writeFileSync(
      home.file("cluster.js"),
      `const c = require("cluster"); if (c.isPrimary) c.fork(); ${WAITS}`,
    );
    const master = byHand(t, home, [node, "cluster.js"]);
    const worker = await waitFor("its worker", () => childOf(master));
    // Until then it is a copy of its master, which has not this path.
    await waitFor("its exec", () => commandLine(worker)[1] === home.file("cluster.js"));
    const said = await adopt(home, worker);
    assert.equal(said["result"], "worker");
    assert.match(String(said["message"]), new RegExp(`adopt ${master}$`));

    const shell = byHand(t, home, ["/bin/sh", "-c", `${nap}; exit 3`]);
    const inner = await waitFor("its child", () => childOf(shell));
    await waitFor("its exec", () => commandLine(inner)[0] === "/bin/sleep");
    const { result, remarks } = await adopt(home, inner);
    assert.equal(result, "ready");
    assert.match(String(remarks), new RegExp(`process ${shell} \\(/bin/sh .*adopt ${shell}\\)`));
    assert.equal((await adopt(home, shell))["result"], "ready");
  });

  test("names what looks the same, and takes the right one all the same", async (t) => {
    const home = adopting(t);
    const words = sleeper().split(" ");
    const first = byHand(t, home, words);
    const second = byHand(t, home, words);
    const said = await adopt(home, second, "--write", "--name", "twin");
    assert.deepEqual(said["otherPids"], [first]);
    assert.match(String(said["remarks"]), new RegExp(`${first} \\(.*\\) matches as well`));
    assert.equal(said["result"], "adopted", JSON.stringify(said));
    assert.equal((await home.statusOf("twin"))["pid"], second);
  });

  test("ends with a stop what was started in the group of others", async (t) => {
    const home = adopting(t);
    const script = `${sleeper()} & echo $! > inner; /bin/sh -c '${sleeper()}; :' & echo $! > wrapper; wait`;
    byHand(t, home, ["/bin/sh", "-c", script]);
    const pid = await waitFor("the wrapper", () => Number(home.read("wrapper")) || undefined);
    const inner = await waitFor("its child", () => childOf(pid));
    const said = await adopt(home, pid, "--write", "--name", "wrapper");
    assert.equal(said["result"], "adopted", JSON.stringify(said));
    assert.match(String(said["section"]), /\nstop_descendants = True\n/);
    assert.equal((await home.usrsvc("stop", "wrapper")).code, 0);
    await waitFor("its child to end", () => !isAlive(inner));
    assert.ok(isAlive(Number(home.read("inner"))), "what it did not start is left alone");
  });

  test("finds a pidfile, log files of their own, a mask and limits", async (t) => {
    const home = adopting(t);
    const [file = "", number = ""] = sleeper().split(" ");
    const logs = `>>${home.file("log/out.log")} 2>>${home.file("log/err.log")}`;
    const line = `umask 027; ulimit -Sn 100; echo $$ > run/it.pid; exec ${file} ${number} ${logs}`;
    const pid = byHand(t, home, ["/bin/sh", "-c", line]);
    await waitFor("its exec", () => commandLine(pid)[0] === file);
    const section = String((await adopt(home, pid))["section"]);
    for (const [key, value] of [
      ["pidfile", home.file("run/it.pid")],
      ["stdout", home.file("log/out.log")],
      ["stderr", home.file("log/err.log")],
      ["umask", "0027"],
      ["limit_nofile", "100"],
    ]) {
      assert.match(section, new RegExp(`^${key} = ${value}$`, "m"));
    }
    assert.doesNotMatch(section, /autopid/, "it does not write its pidfile itself");
  });

  test("keeps the mask of what was started as a daemon looks, but not the 0 of a daemon", async (t) => {
    const home = adopting(t);
    for (const mask of ["027", "0"]) {
      const [file = "", number = ""] = sleeper().split(" ");
      const pid = byHand(t, home, ["/bin/sh", "-c", `umask ${mask}; exec ${file} ${number}`]);
      await waitFor("its exec", () => commandLine(pid)[0] === file);
      const section = String((await adopt(home, pid))["section"]);
      if (mask === "0") assert.doesNotMatch(section, /umask/);
      else assert.match(section, /^umask = 0027$/m);
    }
  });

  test("refuses, with the next step, what cannot be adopted", async (t) => {
    const home = adopting(t);
    const pid = byHand(t, home, sleeper().split(" "));
    const said = async (number: number, ...words: readonly string[]): Promise<string> =>
      `${String((await adopt(home, number, ...words))["result"])}: ${String((await adopt(home, number, ...words))["message"])}`;
    assert.match(await said(1), /^(unsuitable: .*process 1 is the init|foreign: )/);
    assert.match(await said(process.pid), /^unsuitable: .*what this command was called from/);
    assert.match(await said(4_194_303), /^gone: .*there is no process 4194303; ps -u/);
    for (const words of [
      [],
      ["x"],
      ["0"],
      [String(pid), "8"],
      [String(pid), "--name", "all"],
      [String(pid), "--name", "a]"],
    ]) {
      const { code, err } = await home.usrsvc("adopt", ...words);
      assert.equal(code, 1);
      assert.match(err, /--help shows more/);
    }
    const account = new Account(home);
    if (process.getuid?.() === 0 && account.canRun) {
      account.take(t);
      const { code, err } = account.result("adopt", String(pid));
      assert.equal(code, 136);
      assert.match(err, /belongs to root; run it as that account: su - root/);
    }
  });

  test("needs a config_dir to write, and a configuration without errors where usrsvcd runs", async (t) => {
    const home = new Home(t).write();
    const pid = byHand(t, home, sleeper().split(" "));
    const nowhere = await home.usrsvc("adopt", String(pid), "--write");
    assert.equal(nowhere.code, 130);
    assert.match(nowhere.err, /there is no config_dir .* >> \S+usrsvc\.cfg/);
    assert.equal((await home.usrsvc("adopt", String(pid))).code, 0);

    mkdirSync(home.file("usrsvc.d"), { mode: 0o700 });
    home.main(`config_dir = ${home.file("usrsvc.d")}`);
    assert.equal((await home.usrsvcd()).code, 0);
    writeFileSync(home.file("usrsvc.d/bad.cfg"), "[Program:bad]\n");
    const faulty = await home.usrsvc("adopt", String(pid), "--write");
    assert.equal(faulty.code, 130);
    assert.match(
      faulty.err,
      /usrsvcd would not take a configuration with errors[^]*bad\.cfg:1: command: is missing/,
    );
    assert.deepEqual(readdirSync(home.file("usrsvc.d")), ["bad.cfg"]);

    rmSync(home.file("usrsvc.d/bad.cfg"));
    writeFileSync(home.file("usrsvc.d/nap.cfg"), "# mine\n");
    const taken = await adopt(home, pid, "--write", "--name", "nap");
    assert.equal(taken["result"], "taken", JSON.stringify(taken));
    assert.match(String(taken["message"]), /nap\.cfg already exists; choose another name/);
    assert.equal(home.read("usrsvc.d/nap.cfg"), "# mine\n");
  });

  test("works without a configuration, and init makes one with a folder for it", async (t) => {
    const home = new Home(t);
    const pid = byHand(t, home, sleeper().split(" "));
    const { code, out } = await home.usrsvc("adopt", String(pid), "--name", "nap");
    assert.equal(code, 0);
    assert.match(out, /\[Program:nap\]/);
    const none = await home.usrsvc("adopt", String(pid), "--write");
    assert.equal(none.code, 130);
    assert.match(none.err, /there is no configuration; \S+ init writes one/);
    assert.equal((await home.usrsvc("init")).code, 0);
    assert.equal(statSync(home.file("usrsvc.d")).mode & 0o7777, 0o700);
    assert.equal((await home.usrsvc("init")).code, 1);
    const said = await adopt(home, pid, "--write", "--name", "nap");
    assert.equal(said["result"], "adopted", JSON.stringify(said));
  });

  test("what one that was killed has left in config_dir, the next usrsvcd removes", async (t) => {
    const home = adopting(t).program("web", { command: sleeper() });
    const dead = spawn("true");
    await new Promise((resolve) => dead.once("exit", resolve));
    writeFileSync(home.file(`usrsvc.d/.shop.cfg.${dead.pid}-k3j2.new`), "[Program:shop]");
    writeFileSync(home.file(`usrsvc.d/.mine.${process.pid}-k3j2.new`), "");
    assert.equal((await home.usrsvcd("start")).code, 0);
    const left = await waitFor("it to be removed", () => {
      const all = readdirSync(home.file("usrsvc.d"));
      return all.length === 1 && all;
    });
    assert.deepEqual(left, [`.mine.${process.pid}-k3j2.new`]);
  });
});

/** The first child of a process. */
function childOf(pid: number): number | undefined {
  const path = join("/proc", String(pid), "task", String(pid), "children");
  return Number(readFileSync(path, "utf8").split(" ")[0]) || undefined;
}
