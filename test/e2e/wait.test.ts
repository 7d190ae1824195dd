import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Home, lines, sleeper, waitFor } from "./home.ts";

/** Waits in the background; resolves with what it printed and its code. */
async function waiting(home: Home, ...words: readonly string[]): Promise<Outcome> {
  return await outcome(home.spawn("usrsvc.cjs", ["wait", ...words]));
}

type Outcome = readonly [out: string, code: number | null];

async function outcome(child: ChildProcess): Promise<Outcome> {
  let out = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => (out += chunk.toString()));
  }
  return await new Promise((resolve) => child.once("close", (code) => resolve([out, code])));
}

/** True where a process has a pidfd of another (pidfd_open(2), fdinfo). */
function holds(holder: number | undefined, pid: number): boolean {
  const infos = `/proc/${holder}/fdinfo`;
  return readdirSync(infos).some((fd) => {
    try {
      return readFileSync(`${infos}/${fd}`, "utf8").includes(`Pid:\t${pid}\n`);
    } catch {
      return false; // closed meanwhile
    }
  });
}

describe("usrsvc wait", () => {
  test("waits until programs are ready, and until they are stopped", async (t) => {
    const home = new Home(t)
      .program("web", { command: sleeper() })
      .program("db", { command: sleeper() });
    const ready = waiting(home, "all");
    await home.usrsvc("start", "all");
    const [out, code] = await ready;
    assert.equal(code, 0);
    assert.match(out, /^web: ready, pid \d+$/m);
    assert.match(out, /^db: ready, pid \d+$/m);
    const stopped = waiting(home, "web", "--for", "stopped");
    await home.usrsvc("stop", "web");
    assert.deepEqual(await stopped, ["web: stopped\n", 0]);
  });

  test("has the exit code of the program that ends", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    assert.equal((await home.usrsvc("start", "web")).code, 0);
    const pid = await home.running("web");
    const child = home.spawn("usrsvc.cjs", ["wait", "web", "--for", "exit", "--json"]);
    const exit = outcome(child);
    await waitFor("it to hold on to the process", () => holds(child.pid, pid));
    process.kill(pid, "SIGKILL");
    const [out, code] = await exit;
    const [line = {}] = lines(out);
    assert.deepEqual([code, line["exitCode"], line["action"]], [137, 137, "wait"]);
  });

  test("has that of a job, done or failed", async (t) => {
    const home = new Home(t)
      .program("good", { command: "/bin/sh -c 'exit 0'", type: "job" })
      .program("bad", { command: "/bin/sh -c 'exit 3'", type: "job" });
    await home.usrsvc("start", "--no-wait", "all");
    assert.equal((await home.usrsvc("wait", "good")).code, 0);
    const { code, err } = await home.usrsvc("wait", "good", "bad", "--for", "done");
    assert.equal(code, 3);
    assert.match(err, /^bad: not done: failed: exited with code 3/m);
  });

  test("gives up after --timeout, and says what there is instead", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    const { code, err } = await home.usrsvc("wait", "web", "--timeout", "200ms");
    assert.equal(code, 141);
    assert.match(err, /^web: not ready within 200 ms \(--timeout\): stopped/m);
  });

  test("refuses what makes no sense, with the next step", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    const rows: readonly [words: readonly string[], code: number, err: RegExp][] = [
      [["web", "--for", "redy"], 1, /"redy" is nothing to wait for; did you mean ready\?/],
      [["web", "--timeout", "soon"], 1, /--timeout: "soon" is not a time such as 30/],
      [["web", "--timeout", "0"], 1, /--timeout: "0" is not a time/],
      [["wbe"], 133, /^wbe: no such program; did you mean web\?$/m],
      [["web", "--for", "done"], 1, /^web: is no job \(type = job\).*use --for exit/m],
    ];
    for (const [words, code, err] of rows) {
      const result = await home.usrsvc("wait", ...words);
      assert.equal(result.code, code, words.join(" "));
      assert.match(result.err, err);
    }
  });

  test("knows of no run that nobody has watched, and of no other in its place", async (t) => {
    const home = new Home(t);
    const end = home.file("end");
    const fails = `/bin/sh -c 'while ! test -e "${end}"; do sleep 0.05; done; exit 4'`;
    home.program("job", { command: "/bin/true", type: "job" });
    assert.equal((await home.usrsvc("start", "job")).code, 0);
    home.program("job", { command: fails, type: "job" });
    const { code: begun, err } = await home.usrsvc("start", "job", "--no-wait");
    assert.equal(begun, 0, err);
    process.kill(Number(/usrsvc, pid (\d+)/.exec(err)?.[1]), "SIGKILL");
    const wait = waiting(home, "job", "--for", "done", "--timeout", "60");
    writeFileSync(end, "");
    const [out, code] = await wait;
    assert.equal(code, 1, out);
    assert.match(out, /^job: not done: it has ended while nothing was watching, and nobody knows/);
    assert.equal((await home.statusOf("job"))["lastRun"], undefined);
  });

  test("does not wait for what can never come", async (t) => {
    const home = new Home(t)
      .program("off", { command: sleeper(), enabled: "False" })
      .program("bad", { command: sleeper(), success_seconds: "soon" });
    assert.deepEqual(await waiting(home, "off"), [
      "off: would never be ready: it is down, and it is disabled (enabled = False)\n",
      132,
    ]);
    const [out, code] = await waiting(home, "bad", "--for", "running");
    assert.equal(code, 130);
    assert.match(out, /its settings have errors: usrsvcd checkconfig/);
    assert.equal((await waiting(home, "off", "--for", "stopped"))[1], 0);
  });

  test("says at once that nobody is about to start a program, and waits all the same", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    for (const goal of ["ready", "running"]) {
      const wait = home.spawn("usrsvc.cjs", ["wait", "web", "--for", goal]);
      let out = "";
      let err = "";
      wait.stdout?.on("data", (chunk: Buffer) => (out += chunk.toString()));
      wait.stderr?.on("data", (chunk: Buffer) => (err += chunk.toString()));
      const ended = new Promise((resolve) => wait.once("close", resolve));
      await waitFor("the note", () => err.includes("next: "));
      assert.match(
        err,
        /^note: web is down, and nobody is about to start it; waiting all the same; to start it: usrsvc start web\n {4}why: .*\n {4}next: .*\n$/,
      );
      assert.equal(out, "");
      assert.equal((await home.usrsvc("start", "web")).code, 0);
      assert.equal(await ended, 0);
      assert.match(out, new RegExp(`^web: ${goal}`));
      assert.equal(err.match(/note:/g)?.length, 1);
      assert.equal((await home.usrsvc("stop", "web")).code, 0);
    }
  });

  test("of one that an operator has stopped, with usrsvcd, the note tells what holds it down", async (t) => {
    const home = new Home(t).program("web", { command: sleeper(), autostart: "True" });
    assert.equal((await home.usrsvcd("start")).code, 0);
    await home.running("web");
    await home.usrsvc("stop", "web");
    const { code, err } = await home.usrsvc("wait", "web", "--timeout", "200ms");
    assert.equal(code, 141);
    assert.match(err, /why: stopped by usrsvc\n {4}next: stays down until "usrsvc start"/);
    const stopped = await home.usrsvc("wait", "web", "--for", "stopped");
    assert.deepEqual([stopped.code, stopped.err], [0, ""]);
  });

  test("sees the end of what is in no configuration file any more", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    assert.equal((await home.usrsvc("start", "web")).code, 0);
    const pid = await home.running("web");
    home.without("web").program("other", { command: sleeper() });
    const stopped = home.spawn("usrsvc.cjs", ["wait", "web", "--for", "stopped"]);
    const exit = home.spawn("usrsvc.cjs", ["wait", "web", "--for", "exit"]);
    const both = [outcome(stopped), outcome(exit)];
    await waitFor("it to hold on to the process", () => holds(exit.pid, pid));
    assert.equal((await home.usrsvc("stop", "web")).code, 0);
    const [first, second] = await Promise.all(both);
    assert.deepEqual(first, ["web: stopped\n", 0]);
    assert.equal(second?.[1], 143);
  });
});
