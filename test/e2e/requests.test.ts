import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { unreaped } from "../support/processes.ts";
import { makeHugeFile } from "../support/strange-files.ts";
import { finished, Home, isAlive, lines, type Result, sleeper, waitFor } from "./home.ts";
import {
  daemonPid,
  environOf,
  kill,
  onlyPid,
  parentOf,
  pids,
  settled,
  stays,
  titledPid,
  told,
  up,
} from "./looks.ts";

/** A home with one program, which usrsvcd has started; usrsvcd has OF_USRSVCD in its environment. */
async function begin(
  home: Home,
  settings: Readonly<Record<string, string>> = {},
): Promise<{ readonly daemon: number; readonly pid: number }> {
  home.program("web", { command: sleeper(), ...settings }, "[[Env]]\nOF_PROGRAM = 1\n");
  await home.run("usrsvcd.cjs", [], { OF_USRSVCD: "1" });
  const [pid] = await up(home, "web");
  await settled(home, "web");
  return { daemon: await daemonPid(home), pid };
}

/** Requests and answers that lie in the folder. */
function asked(home: Home): readonly string[] {
  return readdirSync(home.file("state/programs")).filter((file) => /\.(request|answer)/.test(file));
}

/** Asks from a shell that has SECRET in its environment. */
async function fromShell(home: Home, ...words: readonly string[]): Promise<Result> {
  return await home.run("usrsvc.cjs", words, { SECRET: "y" });
}

describe("a start that is asked for where usrsvcd runs", () => {
  test("is one of many at once, of which nothing is said on standard error", async (t) => {
    const home = new Home(t);
    const names = Array.from({ length: 15 }, (_, index) => `web${index}`);
    for (const name of names) home.program(name, { command: sleeper(), autostart: "no" });
    const daemon = home.spawn("usrsvcd.cjs", ["--foreground"]);
    let said = "";
    daemon.stderr?.on("data", (data: Buffer) => (said += data.toString()));
    await waitFor("usrsvcd", async () => (await home.usrsvcd("status")).code === 0);
    const { code, out } = await home.usrsvc("-P", "start", "all");
    assert.equal(code, 0, out);
    await home.usrsvcd("stop");
    assert.equal(said, "");
  });

  test("leaves no answers for those who were killed meanwhile", async (t) => {
    const home = new Home(t);
    await begin(home);
    await home.usrsvcd("stop");
    const { pid: gone } = spawnSync("true");
    const folder = home.file("state/programs");
    const left = ["answer", "answer.new", "request.new"].map((end) => `web.${gone}-1-mwyd.${end}`);
    for (const file of left) writeFileSync(`${folder}/${file}`, "{}");
    const mine = `web.${process.pid}-1-mwyd.answer`;
    writeFileSync(`${folder}/${mine}`, "{}");
    await home.usrsvcd();
    // Ready it is before it tidies up.
    await waitFor("them to go", () => asked(home).length === 1);
    assert.deepEqual(asked(home), [mine]);
  });

  test("is made by usrsvcd: environment and parent are those of a restart at night", async (t) => {
    const home = new Home(t);
    const { daemon, pid: first } = await begin(home);
    const claim = (pid: number): void => {
      assert.equal(parentOf(pid), daemon);
      const env = environOf(pid);
      assert.deepEqual(
        [env.get("OF_USRSVCD"), env.get("OF_PROGRAM"), env.get("SECRET")],
        ["1", "1", undefined],
      );
    };
    claim(first);
    const restart = await fromShell(home, "restart", "web");
    assert.equal(restart.code, 0, restart.err);
    assert.match(restart.out, new RegExp(`^web: stopped, pid ${first}: .*; started, pid \\d+`));
    const [second] = await up(home, "web");
    assert.notEqual(second, first);
    claim(second);
    await home.usrsvc("stop", "web");
    const start = await fromShell(home, "start", "web");
    assert.match(start.out, /^web: started, pid/);
    const [third] = await up(home, "web");
    claim(third);
    const again = await fromShell(home, "start", "web");
    assert.match(again.out, new RegExp(`^web: already running, pid ${third}`));
    await kill(third); // its end is known, for it is a child of usrsvcd
    await waitFor("its end", () => told(home, "program.exited").some(({ pid }) => pid === third));
    claim(await home.running("web", third));
    assert.deepEqual(asked(home), []);
    const requests = told(home, "program.requested", "web");
    assert.deepEqual(
      requests.map((line) => line["action"]),
      ["restart", "start", "start"],
    );
  });

  test("with --here is made with the environment of this shell, which is said", async (t) => {
    const home = new Home(t);
    const { daemon } = await begin(home);
    const restart = await fromShell(home, "restart", "--here", "web");
    assert.equal(restart.code, 0, restart.err);
    assert.match(restart.out, /with this shell's environment \(--here\)/);
    const [pid] = await up(home, "web");
    assert.equal(environOf(pid).get("SECRET"), "y");
    assert.notEqual(parentOf(pid), daemon);
    await waitFor("usrsvcd to follow", () =>
      told(home, "program.adopted", "web").some((line) => line.pid === pid),
    );
    await kill(pid);
    const next = await home.running("web", pid);
    assert.equal(environOf(next).get("SECRET"), undefined);
    assert.equal((await home.usrsvc("stop", "--here", "web")).code, 1, "it is no option of stop");
  });

  test("of a program that asks to end with its parent: it runs on", async (t) => {
    if (spawnSync("setpriv", ["--pdeathsig", "TERM", "true"]).status !== 0)
      return t.skip("no setpriv");
    const home = new Home(t);
    const sleep = sleeper();
    const { daemon } = await begin(home, {
      command: `setpriv --pdeathsig TERM ${sleep}`,
      proctitle_re: `^${sleep}$`,
    });
    assert.equal((await fromShell(home, "restart", "web")).code, 0);
    const pid = await titledPid(home, new RegExp(`^${sleep}$`));
    assert.equal(parentOf(pid), daemon);
    await stays("it lives", () => isAlive(pid), 300);
  });

  test("that fails is told as if it had been made here", async (t) => {
    const home = new Home(t);
    const command = home.script("fails.sh", "#!/bin/sh\necho no database >&2\nexit 7\n");
    await begin(home);
    home.program("fails", { command, autostart: "no", autorestart: "no" });
    await home.usrsvcd("reread");
    const { code, err } = await home.usrsvc("start", "fails");
    assert.equal(code, 134);
    assert.match(err, /^fails: not started: exited with code 7 within success_seconds \(0\.3\)/m);
    assert.match(err, /\| no database/);
    const json = await home.usrsvc("start", "--json", "fails");
    const [result] = lines(json.out);
    assert.deepEqual(
      [result?.["program"], result?.["result"], result?.["exitCode"], result?.["exit"]],
      ["fails", "failed", 134, { code: 7 }],
    );
    const [line] = told(home, "program.start-failed", "fails");
    assert.match(line?.msg ?? "", /exited with code 7/);
  });

  test("of many at once: each has its answer", async (t) => {
    const home = new Home(t);
    await begin(home);
    const names = ["a", "b", "c", "d", "e"];
    for (const name of names) home.program(name, { command: sleeper(), autostart: "no" });
    await home.usrsvcd("reread");
    const start = await home.usrsvc("-P", "start", ...names);
    assert.equal(start.code, 0, start.err);
    const first = await up(home, ...names);
    const restart = await home.usrsvc("-P", "restart", "all");
    assert.equal(restart.code, 0, restart.err);
    const second = await up(home, ...names);
    assert.ok(!second.some((pid) => first.includes(pid)));
    assert.equal(pids(home, /^\/bin\/sleep/).length, 6);
    assert.deepEqual(asked(home), []);
  });

  test("by two at once: one process", async (t) => {
    const home = new Home(t);
    const { pid: first } = await begin(home);
    const both = await Promise.all([
      fromShell(home, "restart", "web"),
      fromShell(home, "restart", "web"),
    ]);
    // The one that comes second need not wait for the other's start window to close.
    const calledOff = both.filter(({ code }) => code !== 0);
    assert.deepEqual(calledOff, [], "an overtaken restart is no failure");
    const [pid] = await up(home, "web");
    assert.deepEqual(pids(home, /^\/bin\/sleep/), [pid]);
    assert.notEqual(pid, first);
    await home.usrsvc("stop", "web");
    const starts = await Promise.all([1, 2, 3].map(async () => await home.usrsvc("start", "web")));
    assert.ok(starts.every(({ code }) => code === 0));
    assert.equal(starts.filter(({ out }) => out.startsWith("web: started")).length, 1);
    assert.equal(pids(home, /^\/bin\/sleep/).length, 1);
  });

  test("can be called off by a stop before it is launched", async (t) => {
    const home = new Home(t);
    const dead = await unreaped(t, 0);
    await dead.end();
    // A dead process that nobody reaps is waited for.
    home.program("slow", { command: sleeper(), autopid: "no" });
    writeFileSync(home.file("run/slow.pid"), `${dead.process.pid}\n`);
    const start = finished(home.spawn("usrsvc.cjs", ["start", "slow"]));
    await waitFor("it to hold the lock", () => home.read("state/locks/slow") !== "");
    const stop = await home.usrsvc("stop", "slow");
    assert.equal(stop.code, 0, stop.err);
    const { code, err } = await start;
    assert.equal(code, 1, err);
    assert.match(err, /^slow: not started: usrsvc stop was called in the meantime/m);
    assert.deepEqual(pids(home, /^\/bin\/sleep/), []);
  });

  test("whose asker was killed before its turn came undoes no stop that was called since", async (t) => {
    const home = new Home(t);
    await begin(home);
    home.program("web", { command: sleeper(), success_seconds: "60" });
    await home.usrsvc("stop", "web");
    await home.usrsvcd("reread");
    const holder = home.spawn("usrsvc.cjs", ["start", "--here", "web"]);
    const start = finished(holder);
    await home.running("web");
    holder.kill("SIGSTOP"); // it holds the lock
    const asker = home.spawn("usrsvc.cjs", ["restart", "web"]);
    await waitFor("it to be taken", () => told(home, "program.requested").length > 0);
    asker.kill("SIGKILL");
    await finished(asker);
    holder.kill("SIGCONT");
    await start; // the restart calls it off
    const { code, err } = await home.usrsvc("stop", "web");
    assert.equal(code, 0, err);
    await waitFor("the request to end", () =>
      told(home, "program.requested").some(({ msg }) => /ended before its turn came/.test(msg)),
    );
    await stays("it is down", () => pids(home, /^\/bin\/sleep/).length === 0, 300);
  });

  test("can be called off by a stop, in a long start window", async (t) => {
    const home = new Home(t);
    await begin(home, { success_seconds: "0.3" });
    home.program("slow", { command: sleeper(), success_seconds: "60", autostart: "no" });
    await home.usrsvcd("reread");
    const start = finished(home.spawn("usrsvc.cjs", ["start", "slow"]));
    const pid = await home.running("slow");
    const began = performance.now();
    assert.equal((await home.usrsvc("stop", "slow")).code, 0);
    assert.ok(performance.now() - began < 30_000);
    assert.ok(!isAlive(pid));
    const { code, err } = await start;
    assert.equal(code, 1, err);
    assert.match(err, new RegExp(`launched as pid ${pid}; usrsvc stop was called in the meantime`));
    await stays("it stays down", () => home.pid("slow") === undefined, 300);
  });

  test("goes on when who has asked is called off, or killed", async (t) => {
    const home = new Home(t);
    const { daemon } = await begin(home, { success_seconds: "0.8" });
    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      const [before] = await up(home, "web");
      const requests = told(home, "program.requested").length;
      const asker = home.spawn("usrsvc.cjs", ["restart", "web"]);
      const result = finished(asker);
      await waitFor("it to be taken", () => told(home, "program.requested").length > requests);
      asker.kill(signal);
      const { code } = await result;
      assert.notEqual(code, 0);
      const pid = await home.running("web", before);
      await up(home, "web");
      assert.equal(home.pid("web"), pid);
      assert.equal(parentOf(pid), daemon);
      await waitFor("no answer to be left", () => asked(home).length === 0);
    }
  });
});

describe("settings that usrsvcd does not have", () => {
  test("count for a restart by hand, which says what would bring the old ones back", async (t) => {
    const home = new Home(t);
    await begin(home);
    const command = sleeper();
    home.program("web", { command });
    const restart = await home.usrsvc("restart", "web");
    assert.equal(restart.code, 0, restart.err);
    assert.match(restart.out, /usrsvcd has older settings of web than the file.*usrsvcd reread/);
    const pid = onlyPid(home, new RegExp(`^${command}$`));
    assert.equal((await home.statusOf("web"))["pid"], pid);
    const env = environOf(pid);
    assert.deepEqual([env.get("OF_USRSVCD"), env.get("SECRET")], ["1", undefined]);
    await home.usrsvcd("reread");
    const again = await home.usrsvc("restart", "web");
    assert.doesNotMatch(again.out, /older settings/);
    assert.equal(parentOf(home.pid("web") ?? 0), await daemonPid(home));
  });

  test("are no others for who calls its home by another name", async (t) => {
    const home = new Home(t);
    await begin(home);
    const link = home.file("link");
    symlinkSync(home.path, link);
    const again = await home.run("usrsvc.cjs", ["restart", "web"], { HOME: link });
    assert.equal(again.code, 0, again.err);
    assert.doesNotMatch(again.out, /older settings/);
    assert.equal(parentOf(home.pid("web") ?? 0), await daemonPid(home));
    const status = await home.run("usrsvc.cjs", ["status", "--json"], { HOME: link });
    const [web] = lines(status.out);
    assert.deepEqual([web?.["state"], web?.["olderSettings"]], ["running", undefined]);
    const own = await home.run("usrsvcd.cjs", ["reread", "--json"], { HOME: link });
    assert.match(own.out, /"changed":\[\]/);
  });

  test("of a new program: it is started, and said that usrsvcd does not know it", async (t) => {
    const home = new Home(t);
    await begin(home);
    home.program("new", { command: sleeper() });
    const { code, out } = await fromShell(home, "start", "new");
    assert.equal(code, 0);
    assert.match(out, /usrsvcd does not know new yet.*usrsvcd reread/);
    const pid = home.pid("new") ?? 0;
    assert.equal(environOf(pid).get("SECRET"), undefined);
    await home.usrsvcd("reread");
    await waitFor("it to be taken up", () => told(home, "program.adopted", "new").length > 0);
    assert.equal((await home.statusOf("new"))["pid"], pid);
  });

  test("of another file with its state_dir: it is started here, which is said", async (t) => {
    const home = new Home(t);
    await begin(home);
    const path = home.file("stage.cfg");
    const text =
      `[Main]\nstate_dir = ${home.file("state")}\n[Program:stage]\ncommand = ${sleeper()}\n` +
      `pidfile = ${home.file("run/stage.pid")}\nstdout = ${home.file("log/stage.log")}\nsuccess_seconds = 0.3\n`;
    writeFileSync(path, text, { mode: 0o600 });
    const { code, out } = await fromShell(home, "-c", path, "start", "stage");
    assert.equal(code, 0);
    assert.match(out, /usrsvcd is running with another configuration file/);
    assert.ok(isAlive(home.pid("stage") ?? 0));
    assert.equal((await home.usrsvc("-c", path, "stop", "stage")).code, 0);
  });
});

describe("a usrsvcd that does not answer", () => {
  test("is no reason for a start to undo a stop that was called after it", async (t) => {
    const home = new Home(t);
    const { daemon } = await begin(home);
    await home.usrsvc("stop", "web");
    await waitFor("usrsvcd to say so", () => told(home, "program.stopped", "web").length > 0);
    process.kill(daemon, "SIGSTOP");
    try {
      const start = home.spawn("usrsvc.cjs", ["start", "web"]);
      const started = finished(start);
      await waitFor("it to ask", () => readdirSync(home.file("state/programs")).length > 1);
      // It waits for a second, and a stop takes longer on a loaded machine.
      start.kill("SIGSTOP");
      const stop = await home.usrsvc("stop", "web");
      start.kill("SIGCONT");
      assert.match(stop.out, /was not running/);
      const { code, err } = await started;
      assert.equal(code, 1, err);
      assert.match(err, /not touched: a usrsvc stop that was called later has stopped it/);
    } finally {
      process.kill(daemon, "SIGCONT");
    }
    await stays("it is down", () => pids(home, /^\/bin\/sleep/).length === 0, 500);
    assert.match((await home.usrsvc("start", "web")).out, /: started, pid/);
  });

  test("is done without after a second, and makes no second one when it wakes up", async (t) => {
    const home = new Home(t);
    const { daemon, pid: first } = await begin(home);
    process.kill(daemon, "SIGSTOP");
    let restart: Result;
    try {
      restart = await fromShell(home, "restart", "web");
    } finally {
      process.kill(daemon, "SIGCONT");
    }
    assert.equal(restart.code, 0, restart.err);
    assert.match(restart.out, /usrsvcd, pid \d+, did not take the request in time/);
    const second = onlyPid(home, /^\/bin\/sleep/);
    assert.notEqual(second, first);
    const env = environOf(second);
    assert.deepEqual([env.get("OF_USRSVCD"), env.get("SECRET")], ["1", undefined], "as usrsvcd's");
    await waitFor("usrsvcd to follow", () =>
      told(home, "program.adopted").some((line) => line.pid === second),
    );
    assert.deepEqual(told(home, "program.requested"), []);
    assert.deepEqual(pids(home, /^\/bin\/sleep/), [second]);
    assert.deepEqual(asked(home), []);
  });

  test("since it is killed in the middle: who has asked goes on", async (t) => {
    const home = new Home(t);
    // It takes its time to leave.
    const command = home.script("slow.sh", `#!/bin/sh\ntrap '' TERM\nsleep ${process.pid}\n:\n`);
    const { daemon, pid: first } = await begin(home, { command, term_to_kill_seconds: "1" });
    const restart = finished(home.spawn("usrsvc.cjs", ["restart", "web"]));
    await waitFor("it to be taken", () => told(home, "program.requested").length > 0);
    await waitFor("its end to begin", () =>
      home.read("state/programs/web.json").includes('"stopping"'),
    );
    await kill(daemon);
    const { code, out, err } = await restart;
    assert.equal(code, 0, err);
    const second = await titledPid(home, /^\/bin\/sh \S*slow\.sh/);
    assert.notEqual(second, first);
    assert.match(out, new RegExp(`started, pid ${second}`));
    assert.deepEqual(asked(home), []);
  });
});

describe("a program that asks for its own restart", () => {
  for (const withDaemon of [true, false]) {
    test(`gets it, ${withDaemon ? "under usrsvcd" : "without usrsvcd"}`, async (t) => {
      const home = new Home(t);
      const usrsvc = home.command("usrsvc.cjs");
      const command = home.script(
        "deploys.sh",
        `#!/bin/sh
echo $$ >>${home.file("starts")}
until [ -e ${home.file("deploy")} ]; do sleep 0.03; done
rm ${home.file("deploy")}
${usrsvc} restart web >>${home.file("said")} 2>&1
echo went on >>${home.file("said")}
`,
      );
      home.program("web", { command });
      if (withDaemon) await home.usrsvcd();
      else await home.usrsvc("start", "web");
      const starts = (): readonly number[] =>
        home.read("starts").split("\n").slice(0, -1).map(Number);
      for (const round of [1, 2]) {
        const [before] = await up(home, "web");
        assert.equal(starts().length, round);
        writeFileSync(home.file("deploy"), "");
        const pid = await waitFor("another", () => starts()[round]);
        await waitFor("the old one to end", () => !isAlive(before));
        await up(home, "web");
        assert.equal(home.pid("web"), pid);
        // Its next `sleep` shows the shell's command line until it has been executed.
        await waitFor("it to be alone", () => {
          const [only, ...more] = pids(home, /^\/bin\/sh \S*deploys\.sh/);
          return only === pid && more.length === 0;
        });
      }
      await stays("it lives on", () => starts().length === 3 && isAlive(starts()[2] ?? 0), 300);
      assert.doesNotMatch(home.read("said"), /went on/);
      await waitFor("no usrsvc to be left", () => pids(home, /usrsvc\.cjs restart/).length === 0);
    });
  }
});

describe("requests that lie there when usrsvcd begins", () => {
  const request = (more: object = {}): string =>
    JSON.stringify({
      id: "1-1-a",
      program: "web",
      action: "restart",
      at: new Date().toISOString(),
      asker: { pid: process.pid, startTime: 1 },
      fingerprint: "none",
      ...more,
    });

  test("are void, damaged or declined, and do not stay; the program is left alone", async (t) => {
    const home = new Home(t);
    const { pid } = await begin(home);
    const put = (file: string, text: string): void =>
      writeFileSync(home.file(`state/programs/${file}`), text);
    const putAll = (): void => {
      put("web.1-1-a.request", request());
      put("web.1-2-a.request", request({ id: "1-2-a", at: "2001-01-01T00:00:00Z" }));
      put("web.1-3-a.request", "{");
      put("web.1-4-a.request", request({ id: "1-4-a", action: "format" }));
      put("nobody.1-5-a.request", request({ id: "1-5-a", program: "nobody" }));
      put("web.1-6-a.request", request({ id: "../../1-6-a" }));
    };
    await home.usrsvcd("stop");
    putAll();
    await home.usrsvcd();
    await waitFor("them to be taken", () => !asked(home).some((file) => file.includes(".request")));
    putAll(); // and while it runs
    await waitFor("them to be taken", () => !asked(home).some((file) => file.includes(".request")));
    assert.deepEqual((await up(home, "web"))[0], pid);
    assert.deepEqual(told(home, "program.requested"), []);
  });

  test("that are no files, or huge, keep usrsvcd from nothing", async (t) => {
    const home = new Home(t);
    const { pid } = await begin(home);
    execFileSync("mkfifo", [home.file("state/programs/web.1-7-a.request")]);
    makeHugeFile(home.file("state/programs/web.1-8-a.request"), "{");
    await kill(pid);
    await home.running("web", pid);
    assert.equal((await home.usrsvc("restart", "web")).code, 0);
  });
});
