import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { describe, test, type TestContext } from "node:test";
import { cleanUp } from "../support/clean-up.ts";
import { refOf } from "../support/processes.ts";
import { Account } from "./account.ts";
import { Home, isAlive, sleeper, waitFor } from "./home.ts";
import { kill, told } from "./looks.ts";

/*
 * A record that names a process of another account: it is not the program, cannot be ended, and keeps nobody from
 * starting, stopping and looking after the real one.
 */

const skip = process.getuid?.() === 0 ? false : "only root has processes of another account";

interface Scene {
  readonly home: Home;
  readonly account: Account;
  /** The pid of root's process. */
  readonly stranger: number;
  /** The pid of the program, as status has it. */
  readonly pid: () => number | undefined;
  /** Lets the record name root's process. */
  readonly forge: () => void;
}

/** The program runs, in a home of another account. */
async function scene(t: TestContext): Promise<Scene | undefined> {
  const home = new Home(t).program("web", { command: sleeper() });
  const account = new Account(home);
  if (!account.canRun) {
    t.skip("another account cannot read the built commands here");
    return undefined;
  }
  account.take(t);
  const child = spawn("sleep", ["1000"], { stdio: "ignore" });
  cleanUp(t, () => void child.kill("SIGKILL"));
  await once(child, "spawn");
  const stranger = child.pid ?? 0;
  const { startTime } = refOf(stranger);
  const file = home.file("state/programs/web.json");
  account.usrsvc("start", "web");
  return {
    home,
    account,
    stranger,
    pid: () => account.statusOf("web")["pid"] as number | undefined,
    forge() {
      const record = JSON.parse(readFileSync(file, "utf8")) as object;
      const process = { pid: stranger, startTime };
      writeFileSync(file, JSON.stringify({ ...record, process, launched: process }));
    },
  };
}

describe("a record that names a process of root", { skip }, () => {
  test("is not what status shows, nor what a stop ends", async (t) => {
    const made = await scene(t);
    if (made === undefined) return;
    const { account, stranger, pid, forge } = made;
    const web = pid() ?? 0;
    forge();
    assert.equal(pid(), web);
    const named = `its record named process ${stranger}, which belongs to root and is not the program`;
    assert.match(account.usrsvc("status"), new RegExp(named.replace("named", "names")));
    const out = account.usrsvc("stop", "web");
    assert.match(out, new RegExp(`^web: stopped, pid ${web}: .*\n    ${named}$`, "m"));
    forge();
    assert.equal(account.statusOf("web")["state"], "stopped");
    assert.match(account.usrsvc("stop", "web"), /^web: was not running$/m);
    assert.ok(isAlive(stranger));
  });

  test("is recreated by usrsvcd, once, which goes on with the program", async (t) => {
    const made = await scene(t);
    if (made === undefined) return;
    const { home, account, stranger, pid, forge } = made;
    const web = pid() ?? 0;
    const lines = (): number =>
      home.log().filter(({ msg }) => /record named process .* root .*: recreated/.test(msg)).length;
    forge();
    account.usrsvcd();
    await waitFor("the record to be mended", () => lines() === 1);
    assert.equal(pid(), web, "when it begins");
    forge();
    await waitFor("it to be mended again", () => lines() === 2);
    assert.equal(pid(), web, "while it holds the program");
    account.usrsvcd("stop");
    forge();
    await kill(web);
    account.usrsvcd();
    await waitFor("the program to be started", () => pid() !== undefined && pid() !== web);
    assert.equal(lines(), 3);
    assert.match(account.usrsvc("stop", "web"), /^web: stopped, pid /m);
    assert.ok(isAlive(stranger));
  });
});

test("a program that has become root is the program, and is left to root", { skip }, async (t) => {
  const home = new Home(t);
  const account = new Account(home);
  if (!account.canRun) return t.skip("another account cannot read the built commands here");
  const setpriv = home.file("setpriv");
  home.program("web", { command: `${setpriv} --reuid=0 --clear-groups ${sleeper()}` });
  account.take(t);
  copyFileSync("/usr/bin/setpriv", setpriv);
  chmodSync(setpriv, 0o4755);
  account.usrsvc("start", "web");
  const pid = Number(account.statusOf("web")["pid"] ?? 0);
  if (pid === 0) return t.skip("no setuid file can be executed here");
  cleanUp(t, () => void (isAlive(pid) && process.kill(pid, "SIGKILL")));
  account.usrsvcd();
  await waitFor("it to be taken up", () => told(home, "program.adopted")[0]?.pid === pid);
  const words = `process ${pid} belongs to root, and this account cannot end it`;
  assert.deepEqual(account.statusOf("web")["problems"], [words]);
  const { code, err } = account.result("restart", "web");
  assert.deepEqual(
    [code, err.trim()],
    [136, `web: not restarted: ${words}; root can: kill ${pid}`],
  );
  const signal = account.result("signal", "web", "CONT");
  assert.deepEqual(
    [signal.code, signal.err.trim()],
    [136, `web: not signalled: process ${pid} belongs to root`],
  );
  assert.match(account.result("stop", "web").err, /; once it has ended, it stays down$/m);
  assert.equal(account.statusOf("web")["state"], "running");
  await kill(pid);
  await waitFor("its end to be told", () => told(home, "program.stopped")[0]?.["why"] === "asked");
  assert.deepEqual(told(home, "program.error"), []);
});
