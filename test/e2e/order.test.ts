import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { test, type TestContext } from "node:test";
import { Home, isAlive, sleeper, waitFor } from "./home.ts";
import { kill } from "./looks.ts";

/** A database that is ready when the file `go` is there, what needs it, and what is restarted with that. */
function site(t: TestContext, more: Readonly<Record<string, string>> = {}): Home {
  const home = new Home(t);
  return home
    .program("worker", { command: sleeper(), restart_with: "web" })
    .program("web", { command: sleeper(), needs: "db", after: "cache" })
    .program("db", { command: sleeper(), ready: `file://${home.file("go")}`, ...more })
    .program("cache", { command: sleeper() });
}

/** The order in which programs are named at the beginning of lines. */
const named = (text: string): readonly string[] =>
  [...text.matchAll(/^(\w+): /gm)].map(([, name]) => name ?? "").filter((name) => name !== "note");

const state = async (home: Home, name: string): Promise<unknown> =>
  (await home.statusOf(name))["state"];

test("usrsvc start begins with what is needed, and stop ends with it", async (t) => {
  const home = site(t);
  writeFileSync(home.file("go"), "");
  const started = await home.usrsvc("start", "web");
  assert.equal(started.code, 0, started.err);
  assert.deepEqual(named(started.out), ["db", "web"]);
  assert.match(started.err, /note: db is started first, because web needs it/);
  assert.match(started.out, /cache, which it starts after, does not run, and was not waited for/);

  const refused = await home.usrsvc("stop", "--alone", "db");
  assert.equal(refused.code, 1);
  assert.match(
    refused.err,
    /db: not stopped: web would be left without it; usrsvc stop db stops all/,
  );

  const stopped = await home.usrsvc("stop", "db");
  assert.equal(stopped.code, 0);
  assert.deepEqual(named(stopped.out), ["web", "db"]);
  const { out } = await home.usrsvc("status", "web");
  assert.match(out, /why: stopped by usrsvc together with db, which it needs/);
  assert.match(out, /next: stays down until "usrsvc start" \(also of db\)/);

  const back = await home.usrsvc("start", "db");
  assert.deepEqual(named(back.out), ["db", "web"]);
  assert.match(back.err, /web is started as well: it was stopped together with db/);
  const all = named((await home.usrsvc("stop", "all")).out);
  assert.deepEqual(all, ["worker", "web", "db", "cache"]);
  // That was an end of its own.
  assert.deepEqual(named((await home.usrsvc("start", "db")).out), ["db"]);
});

for (const mode of [[], ["-P"]]) {
  test(`start all is in order, ${mode.join("") || "one by one"}, and what failed is waited for by nobody`, async (t) => {
    const home = site(t);
    writeFileSync(home.file("go"), "");
    const { code, out } = await home.usrsvc("start", ...mode, "all");
    assert.equal(code, 0);
    const order = named(out);
    assert.ok(order.indexOf("db") < order.indexOf("web"));
    assert.ok(order.indexOf("cache") < order.indexOf("web"));
    assert.ok(order.indexOf("web") < order.indexOf("worker"));
    await home.usrsvc("stop", ...mode, "all");

    home.program("cache", { command: "false" });
    const failed = await home.usrsvc("start", ...mode, "all");
    assert.equal(failed.code, 134);
    assert.match(
      failed.err,
      /web: not started: cache, which it starts after, could not be started/,
    );
    assert.match(
      failed.err,
      /worker: not started: web, which it starts after, could not be started/,
    );
    assert.match(failed.out, /^db: started/m);
    assert.equal((await home.usrsvc("start", "--alone", "web")).code, 0);
  });
}

test("a restart takes along what is to be restarted with it", async (t) => {
  const home = site(t);
  writeFileSync(home.file("go"), "");
  await home.usrsvc("start", "-P", "all");
  const worker = await home.running("worker");
  const db = await home.running("db");
  const { out, err } = await home.usrsvc("restart", "web");
  assert.deepEqual(named(out), ["web", "worker"]);
  assert.match(err, /worker is restarted as well \(restart_with web\)/);
  assert.notEqual(await home.running("worker"), worker);
  assert.equal(await home.running("db"), db);
  const alone = await home.running("worker");
  await home.usrsvc("restart", "--alone", "web");
  assert.equal(await home.running("worker"), alone);
});

test("status tells that a restart of what it is restarted with was missed", async (t) => {
  const home = new Home(t)
    .program("web", { command: sleeper() })
    .program("worker", { command: sleeper(), restart_with: "web" });
  const problems = async (): Promise<unknown> => (await home.statusOf("worker"))["problems"];
  await home.usrsvc("start", "all");
  await home.usrsvc("stop", "web");
  await home.usrsvc("start", "web"); // no usrsvcd runs
  const text =
    "web was started after it, and it has not been restarted since (restart_with): usrsvc restart worker";
  await waitFor("it is told", async () => String(await problems()) === text);
  await home.usrsvcd("start");
  const { pid } = await home.statusOf("worker");
  await waitFor("it is taken up", () => home.log().some(({ program }) => program === "worker"));
  assert.equal(await home.running("worker"), pid, "an operator may have meant it so");
  assert.equal(String(await problems()), text);
  await home.usrsvc("restart", "worker");
  assert.equal(await problems(), undefined);
});

test("usrsvc start waits for a check, says for what, and gives up with a code of its own", async (t) => {
  const home = new Home(t);
  const go = `file://${home.file("go")}`;
  home.program("web", { command: sleeper(), after: go, start_timeout: "0.6" });
  const late = await home.usrsvc("start", "web");
  assert.equal(late.code, 140);
  assert.match(
    late.err,
    /web: not started: file:\S+go, which it starts after, was not ready within start_timeout \([\d.]+ m?s\) \(no such file: \S+go\)/,
  );
  assert.match(late.err, /usrsvc start --alone web does not wait for that/);
  home.program("web", { command: sleeper(), after: go });
  const starting = home.usrsvc("start", "web");
  writeFileSync(home.file("go"), "");
  assert.equal((await starting).code, 0);
});

test("usrsvcd lets wait, says for what and for how long, and starts when that is ready", async (t) => {
  const home = site(t, { autostart: "False" });
  assert.equal((await home.usrsvcd("start")).code, 0);
  await home.running("cache");
  await waitFor("web waits for db, which is started because web needs it", async () =>
    /^web +waiting .*\n +why: waits for db \(it is starting\), for [\d.]+ m?s\n +next: usrsvcd starts it as soon as that is ready; "usrsvc start --alone web" does not wait$/m.test(
      (await home.usrsvc("status")).out,
    ),
  );
  assert.match(
    (await home.usrsvc("status", "worker")).out,
    /waits for web \(it is waiting itself\)/,
  );
  writeFileSync(home.file("go"), "");
  const web = await home.running("web");
  const worker = await home.running("worker");

  // What dies comes back, and with it what is restarted with it; what needs it runs on.
  process.kill(web, "SIGKILL");
  const next = await home.running("web", web);
  await home.running("worker", worker);
  process.kill(await home.running("db"), "SIGKILL");
  await waitFor("worker runs", async () => (await state(home, "worker")) === "running");
  await waitFor("db is back", async () => (await state(home, "db")) === "running");
  assert.equal(await home.running("web"), next);
  assert.match(
    (await home.usrsvc("status", "worker")).out,
    /its last exit: by usrsvcd: web was restarted \(restart_with\)/,
  );
  const waits = home
    .log()
    .filter(({ event, program }) => event === "program.waiting" && program === "web");
  assert.deepEqual(waits.map(({ waitsFor }) => waitsFor).slice(-1), ["db"]);
});

test("what is still starting when its companion is restarted, is restarted once it has started", async (t) => {
  const home = new Home(t)
    .program("web", { command: sleeper(), success_seconds: "0.1" })
    .program("worker", { command: sleeper(), restart_with: "web", success_seconds: "6" });
  assert.equal((await home.usrsvcd("start")).code, 0);
  const web = await home.running("web");
  const worker = await home.running("worker");
  const states = await waitFor("web runs", async () => {
    const [one, other] = await home.status("web", "worker");
    return one?.["state"] === "running" && [one["state"], other?.["state"]];
  });
  assert.deepEqual(states, ["running", "starting"]);
  process.kill(web, "SIGKILL");
  await home.running("web", web);
  const next = await home.running("worker", worker);
  await waitFor("worker runs", async () => (await state(home, "worker")) === "running");
  assert.equal(await home.running("worker"), next);
  assert.match(
    (await home.usrsvc("status", "worker")).out,
    /its last exit: by usrsvcd: web was restarted \(restart_with\)/,
  );
});

test("with usrsvcd, a restart by hand restarts what goes with it once", async (t) => {
  const home = site(t);
  writeFileSync(home.file("go"), "");
  await home.usrsvcd("start");
  const before = await home.running("worker");
  const { out, code } = await home.usrsvc("restart", "web");
  assert.equal(code, 0);
  assert.deepEqual(named(out), ["web", "worker"]);
  const after = await home.running("worker", before);
  const ends = home
    .log()
    .filter(({ event, program }) => event === "program.exited" && program === "worker");
  assert.equal(ends.length, 1);
  assert.equal(await home.running("worker"), after);
});

test("with usrsvcd, stop and start take along what needs it, and it stays away meanwhile", async (t) => {
  const home = site(t);
  writeFileSync(home.file("go"), "");
  await home.usrsvcd("start");
  const web = await home.running("web");
  assert.equal((await home.usrsvc("stop", "db")).code, 0);
  assert.ok(!isAlive(web));
  await home.usrsvcd("restart");
  assert.equal(await state(home, "web"), "stopped");
  const { out } = await home.usrsvc("start", "db");
  assert.deepEqual(named(out), ["db", "web"]);
  await home.running("web");
});

test("an operator's stop ends a wait, and a reread that names nothing more does", async (t) => {
  const home = site(t);
  await home.usrsvcd("start");
  await waitFor("web waits", async () => (await state(home, "web")) === "waiting");
  await home.usrsvc("stop", "web");
  assert.equal(await state(home, "web"), "stopped");
  await waitFor(
    "worker waits no more: an order only",
    async () => (await state(home, "worker")) === "running",
  );
  await home.usrsvc("start", "--alone", "web");
  assert.equal(await state(home, "web"), "running");
  assert.equal((await home.usrsvc("stop", "web")).code, 0);
  home.program("web", { command: sleeper() });
  assert.equal((await home.usrsvcd("reread")).code, 0);
  assert.equal((await home.usrsvc("start", "web")).code, 0);
});

test("a server that somebody else has started is waited for until its check is true", async (t) => {
  const home = new Home(t);
  const path = home.file("db.sock");
  const words = sleeper();
  const [command = "", ...args] = words.split(" ");
  const db = spawn(command, args, { stdio: "ignore" });
  t.after(() => db.kill("SIGKILL"));
  home
    .program("db", { command: words, ready: `unix://${path}` })
    .program("web", { command: sleeper(), after: "db" });
  await home.usrsvcd("start");
  await waitFor("web waits", async () =>
    /waits for db \(no such file: \S+db\.sock\)/.test((await home.usrsvc("status", "web")).out),
  );
  const server = createServer((socket) => socket.end()).listen(path);
  t.after(() => server.close());
  await home.running("web");
  assert.equal(await home.running("db"), db.pid);
});

test("usrsvcd that is killed in the middle of a wait loses nothing", async (t) => {
  const home = site(t);
  await home.usrsvcd("start");
  await waitFor("web waits", async () => (await state(home, "web")) === "waiting");
  const { pid } = JSON.parse((await home.usrsvcd("status", "--json")).out) as { pid: number };
  await kill(pid);
  const { out } = await home.usrsvc("status", "web");
  assert.match(out, /^web +stopped.*\n.*\n? *.*next: nothing: usrsvcd is not running/m);
  writeFileSync(home.file("go"), "");
  await home.usrsvcd("start");
  await home.running("web");
});

test("checkconfig prints the loop, and nothing of it is started", async (t) => {
  const home = site(t);
  home.program("db", { command: sleeper(), after: "worker" });
  const { code, out, err } = await home.usrsvcd("checkconfig");
  assert.equal(code, 130);
  assert.match(
    out + err,
    /after: waits for itself: worker → web → db → worker \(each starts after the next\)/,
  );
  const { err: refused } = await home.usrsvc("start", "all");
  assert.match(refused, /web: not started: its settings have errors/);
});
