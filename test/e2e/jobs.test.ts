import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Home, isAlive, type Json, sleeper, waitFor } from "./home.ts";

const state = async (home: Home, name: string): Promise<unknown> =>
  (await home.statusOf(name))["state"];

/** A job that writes a line for each run, and ends with this code. */
function counting(home: Home, name: string, code = 0, seconds = "0"): string {
  return home.script(
    name,
    `#!/bin/sh\necho run >> ${home.file(`${name}.runs`)}\nsleep ${seconds}\nexit ${code}\n`,
  );
}

const runs = (home: Home, name: string): number => home.read(`${name}.runs`).split("\n").length - 1;

test("a job that ends well is done, within success_seconds and after it, and start says how long it took", async (t) => {
  const home = new Home(t);
  home
    .program("quick", { type: "job", command: counting(home, "quick") })
    .program("slow", { type: "job", command: counting(home, "slow", 0, "4") });
  for (const name of ["quick", "slow"]) {
    const { code, out, err } = await home.usrsvc("start", name);
    assert.equal(code, 0, err);
    assert.match(out, new RegExp(`^${name}: done: exited with code 0, after [0-9.]+ m?s\n$`));
    const { state: is, lastRun, reason, lastExit } = await home.statusOf(name);
    assert.deepEqual([is, lastRun], ["done", "done"]);
    assert.match(String(reason), /^exited with code 0, after /);
    const took = (lastExit as Json)["tookSeconds"];
    assert.ok(typeof took === "number" && (name === "slow") === took >= 3.9, String(took));
  }
  assert.equal((await home.usrsvc("status")).code, 0);
});

test("a job that fails is reported with what it wrote, and not tried again", async (t) => {
  const home = new Home(t);
  const text = "#!/bin/sh\necho run >> bad.runs\necho cannot open db >&2\nexit 3\n";
  home.program("bad", { type: "job", command: home.script("bad", text), directory: home.path });
  const alone = await home.usrsvc("start", "bad");
  assert.equal(alone.code, 134);
  assert.match(
    alone.err,
    /^bad: failed: exited with code 3, after [\d.]+ m?s\n {4}\| cannot open db\n$/,
  );
  assert.equal((await home.usrsvc("status", "bad")).code, 1);

  assert.equal((await home.usrsvcd("start")).code, 0);
  const json = await home.usrsvc("start", "--json", "bad");
  const { result, exitCode, exit } = JSON.parse(json.out) as Json;
  assert.deepEqual([result, exitCode, exit], ["failed", 134, { code: 3 }]);
  const { next, lastRun, reason } = await home.statusOf("bad");
  assert.equal(next, 'nothing: it has failed; "usrsvc start bad" runs it again');
  assert.equal(lastRun, "failed");
  assert.match(
    String(reason),
    /^failed: exited with code 3, after .*; it wrote: cannot open db; log: /,
  );
  const told = await waitFor("its end to be told", () => {
    const all = home.log().filter(({ event }) => event === "program.job-finished");
    return all.length > 0 && all;
  });
  assert.deepEqual(
    told.map(({ level, isSuccess }) => [level, isSuccess]),
    [["error", false]],
  );
  assert.equal(runs(home, "bad"), 2);
});

test("with on-failure a job is tried again until maxrestarts", async (t) => {
  const home = new Home(t);
  home.program("bad", {
    type: "job",
    command: counting(home, "bad", 3, "0.4"), // longer than success_seconds
    autorestart: "on-failure",
    maxrestarts: "2",
  });
  assert.equal((await home.usrsvcd("start")).code, 0);
  await waitFor("fatal", async () => (await state(home, "bad")) === "fatal");
  assert.equal(runs(home, "bad"), 2);
});

test("usrsvcd starts a job once in a boot, and what needs it once it is done", async (t) => {
  const home = new Home(t);
  home
    .program("app", { command: sleeper(), needs: "migrate" })
    .program("migrate", { type: "job", command: counting(home, "migrate", 0, "0.6") });
  assert.equal((await home.usrsvcd("start")).code, 0);
  const pid = await home.running("app");
  assert.equal(await state(home, "migrate"), "done");
  const order = home.log().filter(({ event }) => event === "program.job-finished");
  const begun = home
    .log()
    .find(({ event, program }) => event === "program.starting" && program === "app");
  assert.ok(String(order[0]?.["time"]) <= String(begun?.["time"]));
  assert.equal((await home.usrsvcd("restart")).code, 0);
  assert.equal((await home.usrsvc("restart", "app")).code, 0);
  assert.ok(!isAlive(pid));
  assert.equal(runs(home, "migrate"), 1);
});

test("usrsvc start of what needs a job runs that first, and waits for it", async (t) => {
  const home = new Home(t);
  home
    .program("app", { command: sleeper(), needs: "migrate" })
    .program("migrate", { type: "job", command: counting(home, "migrate", 0, "0.6") });
  const { code, out, err } = await home.usrsvc("start", "app");
  assert.equal(code, 0, err);
  assert.match(out, /^migrate: done: .*\napp: started, /);
});

test("a job that takes longer than timeout is ended and has failed, with usrsvcd and without", async (t) => {
  const home = new Home(t);
  home.program("long", { type: "job", command: sleeper(), timeout: "1s", autostart: "False" });
  for (const daemon of [false, true]) {
    if (daemon) assert.equal((await home.usrsvcd("start")).code, 0);
    const { code, err } = await home.usrsvc("start", "long");
    assert.equal(code, 134);
    assert.match(
      err,
      /^long: failed: ran for longer than timeout \(1 s\); ended after [1-9](\.\d)? s\n$/,
    );
    const { lastRun, state: is } = await home.statusOf("long");
    assert.deepEqual([is, lastRun], ["stopped", "failed"]);
  }
});

test("--no-wait returns while the job runs, and an operator's stop of it is no failure", async (t) => {
  const home = new Home(t);
  home.program("long", { type: "job", command: sleeper(), autostart: "False" });
  assert.equal((await home.usrsvcd("start")).code, 0);
  const { code, out } = await home.usrsvc("start", "--no-wait", "long");
  assert.equal(code, 0);
  assert.match(out, /^long: start begun: usrsvcd is starting it: pid \d+$/m);
  await waitFor("it to run", async () => (await state(home, "long")) === "running");
  assert.equal((await home.usrsvc("stop", "long")).code, 0);
  const { state: is, lastRun } = await home.statusOf("long");
  assert.deepEqual([is, lastRun], ["stopped", "stopped"]);
  assert.ok(!home.log().some(({ event }) => event === "program.job-finished"));
});

test("with catch_up a job that was due while no usrsvcd ran is run once, and not again", async (t) => {
  const home = new Home(t);
  home.program("nightly", {
    type: "job",
    command: counting(home, "nightly"),
    schedule: "0 0 1 1 *", // far away, unless this runs in the first minutes of a year
    catch_up: "True",
  });
  assert.equal((await home.usrsvcd("start")).code, 0);
  const file = home.file("state/programs/nightly.json");
  await waitFor("up to when all is dealt with", () =>
    home.read("state/programs/nightly.json").includes("dueUntil"),
  );
  assert.equal(runs(home, "nightly"), 0);
  const { nextDueAt, next } = await home.statusOf("nightly");
  assert.ok(Date.parse(String(nextDueAt)) > Date.now());
  assert.match(String(next), /^usrsvcd starts it at \d{4}-01-01 00:00, in /);
  assert.equal((await home.usrsvc("status")).code, 0, "what waits for its time is as it should be");

  assert.equal((await home.usrsvcd("stop")).code, 0);
  const record = JSON.parse(readFileSync(file, "utf8")) as Json;
  writeFileSync(file, JSON.stringify({ ...record, dueUntil: "2020-01-01T12:00:00.000Z" }));
  assert.equal((await home.usrsvcd("start")).code, 0);
  await waitFor("the run", async () => (await state(home, "nightly")) === "done");
  assert.equal(runs(home, "nightly"), 1);
  assert.equal((await home.usrsvcd("restart")).code, 0);
  await waitFor("the next usrsvcd", async () => (await state(home, "nightly")) === "done");
  assert.equal(runs(home, "nightly"), 1);
  assert.ok(existsSync(file));
});

test("what becomes of a time at which a job still runs, overlap says", async (t) => {
  const home = new Home(t);
  const go = home.file("go");
  const untilGo = (name: string): string =>
    home.script(
      name,
      `#!/bin/sh\necho run >> ${home.file(`${name}.runs`)}\nuntil [ -e ${go} ]; do sleep 0.1; done\n`,
    );
  const long = { type: "job", schedule: "0 0 1 1 *", catch_up: "True", timeout: "1m" };
  home
    .program("skips", { ...long, command: untilGo("skips") })
    .program("queues", { ...long, overlap: "queue", command: untilGo("queues") })
    .program("kills", { ...long, overlap: "kill", command: counting(home, "kills", 0, "60") });
  assert.equal((await home.usrsvcd("start")).code, 0);
  const names = ["skips", "queues", "kills"];
  assert.equal((await home.usrsvc("start", "--no-wait", "-P", ...names)).code, 0);
  assert.equal((await home.usrsvcd("stop")).code, 0);
  for (const name of names) {
    const file = home.file(`state/programs/${name}.json`);
    const record = JSON.parse(readFileSync(file, "utf8")) as Json;
    writeFileSync(file, JSON.stringify({ ...record, dueUntil: "2020-01-01T12:00:00.000Z" }));
  }
  const killed = (await home.statusOf("kills"))["pid"];
  assert.equal((await home.usrsvcd("start")).code, 0);
  await waitFor("the next run of what was ended", () => runs(home, "kills") === 2);
  assert.ok(!isAlive(Number(killed)));
  await waitFor("the others to be told of", () => {
    const all = home.log().filter(({ event }) => event === "program.job-overlap");
    return all.length === 2;
  });
  writeFileSync(go, "");
  await waitFor("the next run of what was queued", () => runs(home, "queues") === 2);
  await waitFor("the end of the other", async () => (await state(home, "skips")) !== "running");
  assert.equal(runs(home, "skips"), 1);
  const overlaps = home.log().filter(({ event }) => event === "program.job-overlap");
  assert.deepEqual(overlaps.map(({ program, overlap }) => [program, overlap]).toSorted(), [
    ["queues", "queue"],
    ["skips", "skip"],
  ]);
  const ends = home.log().filter(({ event }) => event === "program.job-finished");
  // How one ended whose usrsvcd has ended first is known where the kernel tells.
  for (const { program, isSuccess, exit } of ends) {
    const isKnown = (exit as Json)["unknown"] === undefined;
    assert.equal(isSuccess, isKnown && program !== "kills", program);
  }
});

test("start all runs no job that has a schedule, but has it run again when it is due", async (t) => {
  const home = new Home(t);
  home.program("nightly", {
    type: "job",
    command: counting(home, "nightly"),
    schedule: "0 0 1 1 *",
  });
  assert.equal((await home.usrsvcd("start")).code, 0);
  assert.equal((await home.usrsvc("stop", "all")).code, 0);
  assert.match(String((await home.statusOf("nightly"))["next"]), /^stays down/);
  const { code, out } = await home.usrsvc("start", "all");
  assert.equal(code, 0);
  assert.match(out, /^nightly: is started when it is due \(schedule = 0 0 1 1 \*\)/);
  assert.match(String((await home.statusOf("nightly"))["next"]), /^usrsvcd starts it at /);
  assert.equal(runs(home, "nightly"), 0);
  assert.equal((await home.usrsvc("start", "nightly")).code, 0);
  assert.equal(runs(home, "nightly"), 1);
});

test("a schedule of six fields has seconds", async (t) => {
  const home = new Home(t);
  const command = home.script("tick.sh", `#!/bin/sh\ndate +%s >>${home.file("ticks")}\n`);
  home.program("tick", { command, type: "job", schedule: "*/2 * * * * *" });
  await home.usrsvcd();
  const ticks = (): readonly string[] => home.read("ticks").split("\n").filter(Boolean);
  await waitFor("it ran thrice", () => ticks().length >= 3);
  const { nextDueAt } = await home.statusOf("tick");
  assert.match(String(nextDueAt), /:\d[02468]\.000Z$/);
});
