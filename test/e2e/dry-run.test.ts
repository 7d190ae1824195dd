import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, test } from "node:test";
import { Home, isAlive, lines, sleeper, waitFor } from "./home.ts";
import { heeds } from "./looks.ts";

describe("--dry-run", () => {
  test("says what would be done, in its order, and does nothing", async (t) => {
    const home = new Home(t)
      .program("db", { command: sleeper(), stop: "INT 3s" })
      .program("web", { command: sleeper(), needs: "db" });
    const start = await home.usrsvc("start", "web", "--dry-run");
    assert.equal(start.code, 0);
    assert.match(start.out, /^db: would be started: .*\nweb: would be started: .*\n {4}after db$/m);
    assert.match(start.err, /db is started first, because web needs it/);
    assert.ok(!existsSync(home.file("state")), "nothing is written");

    await home.usrsvc("start", "web");
    const pids = [await home.running("web"), await home.running("db")];
    const stop = await home.usrsvc("stop", "db", "--dry-run", "--json");
    assert.deepEqual(
      lines(stop.out).map(({ program, result, message }) => [program, result, message]),
      [
        ["web", "would-stop", `would be stopped: pid ${pids[0]} by TERM (8 s), then KILL`],
        ["db", "would-stop", `would be stopped: pid ${pids[1]} by INT (3 s), then KILL`],
      ],
    );
    const restart = await home.usrsvc("restart", "db", "--dry-run");
    assert.match(
      restart.out,
      /^db: would be restarted: pid \d+ by INT \(3 s\), then KILL; then started: /m,
    );
    assert.match((await home.usrsvc("start", "db", "--dry-run")).out, /^db: already running, pid/);
    assert.ok(pids.every((pid) => isAlive(pid)));
  });

  test("has the code, and the reason, of what would be refused", async (t) => {
    const home = new Home(t)
      .program("gone", { command: "/nowhere/x" })
      .program("off", { command: sleeper(), enabled: "False" });
    const gone = await home.usrsvc("start", "gone", "--dry-run");
    assert.equal(gone.code, 137);
    assert.match(gone.err, /^gone: would not be started: no such command: \/nowhere\/x$/m);
    assert.equal((await home.usrsvc("start", "off", "--dry-run")).code, 132);
    assert.match(
      (await home.usrsvc("start", "all", "--dry-run")).out,
      /^off: skipped: it is disabled$/m,
    );
  });
});

describe("--dry-run promises what happens", () => {
  test("of what follows from a refusal, and of a stop that would leave others without it", async (t) => {
    const home = new Home(t)
      .program("gone", { command: "/nowhere/x" })
      .program("web", { command: sleeper(), needs: "gone" })
      .program("db", { command: sleeper() })
      .program("app", { command: sleeper(), needs: "db" });
    const start = await home.usrsvc("start", "web", "--dry-run");
    assert.equal(start.code, 137);
    assert.match(
      start.err,
      /^web: would not be started: gone, which it starts after, could not be started$/m,
    );
    assert.equal((await home.usrsvc("start", "web")).code, 137);

    assert.equal((await home.usrsvc("start", "app")).code, 0);
    for (const [more, words] of [
      [["--dry-run"], "would not be stopped"],
      [[], "not stopped"],
    ] as const) {
      const stop = await home.usrsvc("stop", "db", "--alone", ...more);
      assert.equal(stop.code, 1);
      assert.ok(stop.err.startsWith(`db: ${words}: app would be left without it`), stop.err);
    }
  });

  test("of what is held, and of what is remembered", async (t) => {
    const home = new Home(t)
      .program("web", { command: sleeper() })
      .program("idle", { command: sleeper() })
      .program("night", { command: sleeper(), type: "job", schedule: "0 4 * * *" });
    await home.usrsvc("start", "web");
    await home.usrsvc("hold", "web", "idle");
    const stop = await home.usrsvc("stop", "--all", "--remember", "--dry-run");
    assert.match(stop.out, /^web: would be stopped: .*\n {4}it is held by .*; the hold stays/m);
    assert.match(stop.err, /^note: would be remembered: web, night$/m);
    assert.ok(!existsSync(home.file("state/remembered.json")), "nothing is remembered");

    await home.usrsvc("stop", "--all", "--remember");
    const start = await home.usrsvc("start", "--remembered", "--dry-run");
    assert.equal(start.code, 0, start.err);
    assert.match(start.out, /^web: would be started: /m);
    assert.match(start.out, /^idle: would be left as it is, and no longer stopped/m);
    assert.match(start.out, /^night: would be left until it is due/m);
    const done = await home.usrsvc("start", "--remembered");
    assert.match(done.out, /^web: started/m);
    assert.match(done.out, /^idle: is no longer stopped, and left as it is/m);
    assert.match(done.out, /^night: is started when it is due/m);
  });
});

describe("with usrsvcd", () => {
  test("a dry run says who would start it", async (t) => {
    const home = new Home(t).program("web", { command: sleeper(), autostart: "False" });
    await home.usrsvcd();
    const dry = async (...words: readonly string[]): Promise<string> =>
      (await home.usrsvc("start", "--dry-run", ...words)).out;
    assert.match(await dry("web"), /^web: would be started by usrsvcd: [^\n]*\n$/);
    home.program("web", { command: sleeper(), autostart: "False", restart_delay: "7" });
    home.program("new", { command: sleeper() });
    assert.match(
      await dry("web"),
      /^web: would be started: .*\n {4}usrsvcd has older settings of web than the file; run usrsvcd reread before$/m,
    );
    assert.match(
      await dry("new"),
      /^new: would be started: .*\n {4}usrsvcd does not know new yet/m,
    );
    assert.match(await dry("web", "--reread"), /^web: would be started by usrsvcd: [^\n]*\n$/);
  });

  test("a start that waits for somebody else, and is given up, names who is at work", async (t) => {
    const home = new Home(t).program("web", {
      command: `/bin/sh -c 'trap "" TERM; while :; do sleep 0.05; done'`,
      stop: "TERM 60s, KILL",
    });
    await home.usrsvcd();
    await heeds(await home.running("web"), "SIGTERM");
    const other = home.spawn("usrsvc.cjs", ["stop", "web"]);
    await waitFor("the stop", async () => (await home.statusOf("web"))["state"] === "stopping");
    const dry = await home.usrsvc("start", "web", "--timeout", "2s");
    assert.equal(dry.code, 141);
    assert.match(
      dry.err,
      new RegExp(`runs just now, and usrsvc, pid ${other.pid}.* is at work on it`),
    );
    const stop = await home.usrsvc("stop", "web", "--dry-run");
    assert.match(stop.out, new RegExp(`usrsvc, pid ${other.pid}.*, is at work on it now`));
    other.kill("SIGINT");
  });
});

describe("--timeout", () => {
  test("of a start names what it has not come to, and says that the process is not ready", async (t) => {
    const home = new Home(t);
    const file = home.file("never");
    home
      .program("db", { command: sleeper(), ready: `file://${file}`, start_timeout: "60" })
      .program("web", { command: sleeper(), needs: "db" });
    await home.usrsvcd();
    await home.running("db");
    const start = await home.usrsvc("start", "db", "web", "--timeout", "2s");
    assert.equal(start.code, 141);
    assert.match(
      start.err,
      /^db: start broken off .*: pid \d+ runs, and is not ready yet; usrsvcd goes on with its start; usrsvc wait db waits for that$/m,
    );
    assert.match(start.err, /^left as they are: web; usrsvc start web goes on with them$/m);
  });

  test("of a start and a stop breaks them off, and says what is left", async (t) => {
    const home = new Home(t).program("web", {
      command: `/bin/sh -c 'trap "" TERM; while :; do sleep 0.05; done'`,
      success_seconds: "60",
    });
    const start = await home.usrsvc("start", "web", "--timeout", "2s");
    assert.equal(start.code, 141);
    const broken =
      /web: broken off \(not over within 2 s \(--timeout\)\); it was launched as pid (\d+) and is left running/;
    const pid = Number(broken.exec(start.err)?.[1]);
    assert.ok(isAlive(pid), start.err);
    await heeds(pid, "SIGTERM");
    const stop = await home.usrsvc("stop", "web", "--timeout", "0.3");
    assert.equal(stop.code, 141);
    assert.match(
      stop.err,
      new RegExp(
        `web: stop broken off .*: pid ${pid} was told to end, and still runs; nobody sees to its end: usrsvc stop web$`,
        "m",
      ),
    );
  });
});
