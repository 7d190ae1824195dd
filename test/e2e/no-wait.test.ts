import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import { describe, test } from "node:test";
import { finished, Home, isAlive, lines, sleeper, waitFor } from "./home.ts";
import { daemonPid, pids, up } from "./looks.ts";

/** Ends for nothing but SIGKILL. */
const DEAF = `/bin/sh -c 'trap "" TERM; while :; do sleep 0.1; done'`;
const stopped = { command: sleeper(), autostart: "False" };

/** The usrsvc that goes on, as the note has it. */
function second(err: string): number {
  return Number(/^note: usrsvc, pid (\d+), goes on with it/m.exec(err)?.[1]);
}

/** Waits until usrsvcd is asked for something, which it does not take while it is suspended. */
async function asked(home: Home): Promise<void> {
  const folder = home.file("state/programs");
  await waitFor("the request", () => readdirSync(folder).some((file) => file.endsWith(".request")));
}

describe("--no-wait", () => {
  test("returns once the first signal is sent, and SIGKILL comes when it is time", async (t) => {
    const home = new Home(t).program("web", { command: DEAF, term_to_kill_seconds: "1.5" });
    await home.usrsvc("start", "web");
    const [pid] = await up(home, "web");
    const { code, out, err } = await home.usrsvc("stop", "web", "--no-wait");
    assert.equal(code, 0, err);
    assert.equal(out, `web: stop begun: SIGTERM to pid ${pid}\n`);
    assert.match(err, /usrsvc wait web --for stopped waits for it, usrsvc events web shows how/);
    assert.equal(isAlive(pid), true);
    const status = await home.usrsvc("status", "web");
    assert.match(status.out, /^web +stopping /m);
    assert.match(status.out, new RegExp(`usrsvc, pid ${second(err)}, .*is at work on it`));
    assert.equal((await home.usrsvc("wait", "web", "--for", "stopped", "--timeout", "20")).code, 0);
    await waitFor("its end", () => !isAlive(second(err)));
    const { out: events } = await home.usrsvc("events", "web");
    assert.match(events, /web: stopped, pid \d+: killed, because it ignored SIGTERM/);
  });

  test("goes on with what comes later, and says what has not begun", async (t) => {
    const home = new Home(t)
      .program("db", { command: sleeper(), success_seconds: "0.5" })
      .program("app", { command: sleeper(), needs: "db" })
      .program("up", { command: sleeper() });
    await home.usrsvc("start", "up");
    const { code, out, err } = await home.usrsvc("start", "-P", "--no-wait", "all", "--json");
    assert.equal(code, 0, err);
    assert.deepEqual(
      lines(out).map(({ program, result }) => [program, result]),
      [
        ["up", "running"],
        ["db", "begun"],
        ["app", "waiting"],
      ],
    );
    await up(home, "db", "app", "up");
  });

  test("has the exit code of what has failed by then, or is not known", async (t) => {
    const home = new Home(t)
      .program("bad", { command: "/no/such/command" })
      .program("web", { command: sleeper() });
    for (const withDaemon of [false, true]) {
      if (withDaemon) await home.usrsvcd();
      const { code, out, err } = await home.usrsvc("restart", "-P", "--no-wait", "bad", "web");
      assert.equal(code, 137, err);
      assert.match(err, /^bad: not started: no such command|^bad: not restarted, nothing was/m);
      assert.match(out, /^web: restart begun: /m);
      const nix = await home.usrsvc("stop", "--no-wait", "nix", "bad");
      assert.equal(nix.code, 133, nix.err);
      assert.match(nix.err, /^nix: no such program/m);
      assert.doesNotMatch(nix.err, /goes on/);
      await waitFor("the other to be free again", () => !isAlive(second(err)));
    }
    const { code, err } = await home.usrsvc("stop", "--no-wait", "web", "-c", "/no/such/file");
    assert.equal(code, 130);
    assert.match(err, /\/no\/such\/file/);
  });

  test("loses nothing of a long answer", async (t) => {
    const home = new Home(t).program("web", stopped);
    const names = Array.from({ length: 4000 }, (_, at) => `none${at}`);
    const { code, err } = await home.usrsvc("stop", "--no-wait", ...names);
    assert.equal(code, 133);
    assert.equal(err.match(/no such program/g)?.length, names.length);
  });

  test("names the process that usrsvcd has launched", async (t) => {
    const home = new Home(t).program("web", stopped).program("slow", {
      ...stopped,
      before_start: "/bin/sleep 2",
    });
    await home.usrsvcd();
    const slow = await home.usrsvc("start", "--no-wait", "slow");
    assert.equal(slow.out, "slow: start begun: usrsvcd is starting it\n");
    const { out } = await home.usrsvc("start", "--no-wait", "web");
    const [pid] = await up(home, "web");
    assert.match(out, new RegExp(`^web: start begun: usrsvcd is starting it: pid ${pid}$`, "m"));
    const again = await home.usrsvc("restart", "--no-wait", "web");
    assert.match(again.out, new RegExp(`^web: restart begun: usrsvcd is restarting it: pid \\d+`));
    await waitFor("another", async () => (await up(home, "web"))[0] !== pid);
  });

  test("without usrsvcd a job is watched to its end, and has its timeout", async (t) => {
    const home = new Home(t)
      .program("long", { type: "job", command: sleeper(), timeout: "1s" })
      .program("fails", { type: "job", command: "/bin/sh -c 'sleep 0.3; exit 7'" });
    const { code, out, err } = await home.usrsvc("start", "-P", "--no-wait", "all");
    assert.equal(code, 0, err);
    assert.match(out, /^long: start begun: pid \d+, a job$/m);
    await waitFor("their end", () => !isAlive(second(err)));
    const told = await home.status();
    assert.deepEqual(
      told.map(({ program, lastRun, reason }) => [program, lastRun, String(reason).slice(0, 26)]),
      [
        ["long", "failed", "failed: ran for longer tha"],
        ["fails", "failed", "failed: exited with code 7"],
      ],
    );
  });

  test("without usrsvcd the history tells of a job that is done", async (t) => {
    const home = new Home(t).program("job", { type: "job", command: "/bin/sleep 0.4" });
    const { code, err } = await home.usrsvc("start", "--no-wait", "job");
    assert.equal(code, 0, err);
    await waitFor("its end", () => !isAlive(second(err)));
    const { out } = await home.usrsvc("events", "job", "--json");
    const [{ event, isSuccess, tookMs, msg } = {}, ...more] = lines(out);
    assert.deepEqual([event, isSuccess, more], ["program.job-finished", true, []]);
    assert.ok(Number(tookMs) >= 400 && Number(tookMs) < 60_000, out);
    assert.match(String(msg), /^job: done: exited with code 0, after /);
  });

  test("keeps neither the caller's pipe nor its terminal", async (t) => {
    const home = new Home(t).program("web", { command: DEAF, term_to_kill_seconds: "30" });
    await home.usrsvc("start", "web");
    const [pid] = await up(home, "web");
    // As ssh does: it ends when nobody holds the other end of its pipes.
    const words = [home.command("usrsvc.cjs"), "stop", "web", "--no-wait"];
    const child = spawn("/bin/sh", ["-c", 'exec "$@"', "sh", ...words], {
      env: home.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { code, err } = await finished(child);
    assert.equal(code, 0, err);
    assert.deepEqual([isAlive(pid), isAlive(second(err))], [true, true]);
    process.kill(second(err), "SIGTERM");
    await waitFor("its end", () => !isAlive(second(err)));
    assert.equal(isAlive(pid), true, "who breaks it off leaves the rest");
  });

  test("keeps nothing open that its caller has", async (t) => {
    const home = new Home(t).program("web", { command: DEAF, term_to_kill_seconds: "30" });
    await home.usrsvc("start", "web");
    const words = [home.command("usrsvc.cjs"), "stop", "web", "--no-wait"];
    const child = spawn("/bin/bash", ["-c", 'exec 200>lock; flock -n 200; "$@"', "sh", ...words], {
      cwd: home.path,
      env: home.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { code, err } = await finished(child);
    assert.equal(code, 0, err);
    const folder = `/proc/${second(err)}/fd`;
    const open = readdirSync(folder).map((fd) => readlinkSync(`${folder}/${fd}`));
    assert.deepEqual(
      open.filter((path) => path === home.file("lock")),
      [],
    );
    process.kill(second(err), "SIGTERM");
    await waitFor("its end", () => !isAlive(second(err)));
  });

  test("says of which restarts nobody can wait yet, and names all as a shell reads them", async (t) => {
    const home = new Home(t)
      .program("web", { command: DEAF, term_to_kill_seconds: "1" })
      .program("my db", { command: sleeper() });
    await home.usrsvc("start", "all");
    const file = home.file("usrsvc.cfg");
    const { err } = await home.usrsvc("restart", "--no-wait", "-c", file, "web", "my db");
    const own = `usrsvc -c ${file}`;
    const names = "web 'my db'";
    const note = `until that has ended, ${own} wait ${names} takes what is not restarted yet for ready`;
    assert.ok(err.includes(`${note}, ${own} events ${names} shows how it ended`), err);
    await waitFor("its end", () => !isAlive(second(err)));
  });

  test("what it has not done is in the history, whoever else tells of it", async (t) => {
    const home = new Home(t)
      .program("web", { command: DEAF, term_to_kill_seconds: "30" })
      .program("db", { command: sleeper() });
    await home.usrsvc("start", "all");
    for (const withDaemon of [false, true]) {
      if (withDaemon) await home.usrsvcd();
      const { code, err } = await home.usrsvc("stop", "--no-wait", "web", "db");
      assert.equal(code, 0, err);
      process.kill(second(err), "SIGTERM");
      await waitFor("its end", () => !isAlive(second(err)));
      const { out } = await home.usrsvc("events", "--json", "web", "db");
      const undone = lines(out).filter(({ event }) => event === "program.not-done");
      assert.deepEqual(
        undone.slice(-2).map(({ program, action }) => [program, action]),
        [
          ["web", "stop"],
          ["db", "stop"],
        ],
      );
      assert.match(String(undone.at(-2)?.["msg"]), /stop broken off \(interrupted by SIGTERM\)/);
      assert.match(String(undone.at(-1)?.["msg"]), /db: not stopped: left as they are: db; usrsvc/);
    }
  });

  test("Ctrl-C before it has begun breaks it off", async (t) => {
    const home = new Home(t).program("web", stopped);
    await home.usrsvcd();
    const daemon = await daemonPid(home);
    process.kill(daemon, "SIGSTOP"); // it takes no request
    const child = home.spawn("usrsvc.cjs", ["start", "web", "--no-wait"]);
    const end = finished(child);
    await asked(home);
    child.kill("SIGINT");
    const { code, err } = await end;
    process.kill(daemon, "SIGCONT");
    assert.equal(code, 1, err);
    assert.match(err, /^web: start broken off \(interrupted by SIGINT\): /m);
    assert.equal((await home.statusOf("web"))["state"], "stopped");
  });

  test("without an end is told when the usrsvc that does it is killed", async (t) => {
    const home = new Home(t).program("web", stopped);
    await home.usrsvcd();
    const daemon = await daemonPid(home);
    process.kill(daemon, "SIGSTOP");
    const child = home.spawn("usrsvc.cjs", ["start", "web", "--no-wait"]);
    const end = finished(child);
    await asked(home);
    const [other = 0] = pids(home, /usrsvc\.cjs start web/).filter((pid) => pid !== child.pid);
    process.kill(other, "SIGKILL");
    const { code, err } = await end;
    process.kill(daemon, "SIGCONT");
    assert.equal(code, 1);
    assert.match(err, new RegExp(`pid ${other}, was ended by SIGKILL; usrsvc status shows`));
  });
});
