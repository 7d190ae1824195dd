import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { procReader, statIfAny } from "../../proc/reader.ts";
import { programLock, tryLock } from "../../src/state/lock.ts";
import { stateDir } from "../../src/state/state-dir.ts";
import { hangOnOpen } from "../support/lease.ts";
import { finished, Home, isAlive, lines, sleeper, waitFor } from "./home.ts";

/**
 * A service that notes its pid when it begins; how many of those noted live is how many copies
 * there are.
 */
function noting(home: Home): { command: string; copies: () => number } {
  const script = home.script(
    "noting.sh",
    `#!/bin/sh\necho $$ >>${home.file("pids")}\nwhile :; do sleep 0.5; done\n`,
  );
  const copies = (): number =>
    home
      .read("pids")
      .split("\n")
      .filter((line) => line !== "" && isAlive(Number(line))).length;
  return { command: script, copies };
}

/** There is one copy, and no more, as soon as there is any: it may be called started before it has noted its pid. */
async function isOne(copies: () => number, what: string): Promise<void> {
  await waitFor(`${what}: a copy`, () => copies() > 0);
  assert.equal(copies(), 1, what);
}

test("SIGKILL of usrsvc at any instant of a start never leads to two copies", async (t) => {
  const home = new Home(t);
  const { command, copies } = noting(home);
  home.program("one", { command, success_seconds: "0.2" });
  for (let round = 0; round < 14; round += 1) {
    const tool = home.spawn("usrsvc.cjs", ["start", "one"]);
    const ended = new Promise((resolve) => tool.once("close", resolve));
    // From before it has read its configuration to after the launch.
    await new Promise((resolve) => setTimeout(resolve, 50 + round * 12));
    tool.kill("SIGKILL");
    await ended;
    const { code, err } = await home.usrsvc("start", "one");
    assert.equal(code, 0, `round ${round}: ${err}`);
    await isOne(copies, `round ${round}`);
    assert.equal((await home.usrsvc("stop", "one")).code, 0);
    assert.equal(copies(), 0, `round ${round}`);
  }
});

test("SIGKILL of usrsvcd at any instant never leads to two copies, nor to none", async (t) => {
  const home = new Home(t);
  const { command, copies } = noting(home);
  home.program("one", { command, success_seconds: "0.2" });
  for (let round = 0; round < 10; round += 1) {
    const daemon = home.spawn("usrsvcd.cjs", ["--foreground"]);
    const ended = new Promise((resolve) => daemon.once("close", resolve));
    await new Promise((resolve) => setTimeout(resolve, 60 + round * 15));
    daemon.kill("SIGKILL");
    await ended;
    assert.ok(copies() <= 1, `round ${round}`);
  }
  const daemon = home.spawn("usrsvcd.cjs", ["--foreground"]);
  await waitFor("one copy", () => copies() === 1);
  const pid = await home.running("one");
  await waitFor("a settled record", () =>
    home.read("state/programs/one.json").includes('"running"'),
  );
  assert.equal(copies(), 1);
  assert.equal((await home.statusOf("one"))["pid"], pid);
  daemon.kill("SIGTERM");
});

test("usrsvc and usrsvcd acting at the same time make one copy", async (t) => {
  const home = new Home(t);
  const { command, copies } = noting(home);
  home.program("one", { command, success_seconds: "0.1" });
  await home.usrsvcd();
  await home.running("one");
  for (let round = 0; round < 5; round += 1) {
    const pid = await home.running("one");
    process.kill(pid, "SIGKILL");
    const both = await Promise.all([
      home.usrsvc("start", "one"),
      home.usrsvc("restart", "one"),
      home.usrsvc("start", "one"),
    ]);
    for (const { code, err } of both) assert.equal(code, 0, err);
    await isOne(copies, `round ${round}`);
  }
});

/** A program that no look through all processes finds: only what its record says leads to it. */
const onRecordOnly = { scan_for_process: "no", success_seconds: "0.1" };

/** System calls around a launch, by name and number of the call: where the actor is killed. */
const places: readonly string[] = [
  "flock:when=1", // for its lock
  "pwrite64:when=1", // which is signed
  "pwrite64:when=2", // the launch is noted there
  "close_range:when=1", // descriptors are sealed
  "pidfd_open:when=2", // the program was executed just now, and nobody knows its pid
  "pwrite64:when=3", // the record with its pid is written
  "renameat2:when=1", // and put in place
  "pwrite64:when=4", // the record of its success
  "renameat2:when=2",
  "flock:when=2", // it lets go
];

const noStrace =
  spawnSync("strace", ["-o", "/dev/null", "-b", "execve", "true"]).status === 0
    ? false
    : "no strace";

/** Here the child is killed, before its exec, and not who made it. */
const inChild = "setsid:when=1";

/** A command that is killed as it enters a system call; what it has launched by then is not traced. */
function killedAt(home: Home, place: string, command: string, ...words: string[]): ChildProcess {
  const [call = "", when = ""] = place.split(":");
  const trace = ["-f", "-qq", "-o", "/dev/null", "-b", "execve", "-e", `trace=${call}`];
  const inject = ["-e", `inject=${call}:signal=SIGKILL:${when}`];
  return spawn("strace", [...trace, ...inject, process.execPath, home.command(command), ...words], {
    env: home.env,
    cwd: home.path,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

test(
  "usrsvc killed at any system call of a launch: the next start makes one copy, never two",
  { skip: noStrace },
  async (t) => {
    const lanes = [new Home(t), new Home(t)];
    const work = [...places, inChild].values();
    const survived: string[] = [];
    await Promise.all(
      lanes.map(async (home) => {
        const { command, copies } = noting(home);
        home.program("one", { command, ...onRecordOnly });
        for (const place of work) {
          const tool = await finished(killedAt(home, place, "usrsvc.cjs", "start", "one"));
          if (tool.code !== null) survived.push(place);
          const { code, err } = await home.usrsvc("start", "one");
          assert.equal(code, 0, `${place}: ${err}`);
          await isOne(copies, place);
          assert.equal((await home.usrsvc("stop", "one")).code, 0, place);
          assert.equal(copies(), 0, place);
        }
      }),
    );
    assert.deepEqual(survived, [inChild]);
  },
);

test(
  "usrsvcd killed at any system call of a launch: the next one has one copy, never two",
  { skip: noStrace },
  async (t) => {
    const lanes = [new Home(t), new Home(t)];
    const work = places.values();
    const survived: string[] = [];
    await Promise.all(
      lanes.map(async (home) => {
        const { command, copies } = noting(home);
        home.program("one", { command, ...onRecordOnly });
        for (const place of work) {
          const first = killedAt(home, place, "usrsvcd.cjs", "--foreground");
          const ended = finished(first);
          const settled = (): boolean => isSettled(home, "one");
          await waitFor(`${place}: its end, or the start`, () => !isRunning(first) || settled());
          if (isRunning(first)) await home.usrsvcd("stop");
          if ((await ended).code !== null) survived.push(place);
          assert.ok(copies() <= 1, place);
          const next = home.spawn("usrsvcd.cjs", ["--foreground"]);
          await waitFor(`${place}: one copy`, () => copies() === 1);
          const pid = await home.running("one");
          await waitFor(`${place}: a settled record`, settled);
          assert.equal(copies(), 1, place);
          next.kill("SIGTERM");
          await waitFor(`${place}: its end`, () => !isRunning(next));
          process.kill(pid, "SIGKILL");
          await waitFor(`${place}: its end`, () => copies() === 0);
        }
      }),
    );
    assert.deepEqual(survived, []);
  },
);

/** True when a program is on record as one that runs, and does. */
function isSettled(home: Home, name: string): boolean {
  const [record] = lines(`${home.read(`state/programs/${name}.json`).trim()}\n`);
  const pid = (record?.["process"] as { pid?: number } | undefined)?.pid;
  return record?.["state"] === "running" && pid !== undefined && isAlive(pid);
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** A program whose exec hangs, its interpreter being on a file system that does not answer. */
function hanging(
  t: TestContext,
  home: Home,
): { copies: () => number; answer: () => void } | undefined {
  const interpreter = home.script("interpreter", "");
  copyFileSync("/bin/sh", interpreter);
  const { copies } = noting(home);
  const command = home.script(
    "hanging.sh",
    `#!${interpreter}\necho $$ >>${home.file("pids")}\nwhile :; do sleep 0.5; done\n`,
  );
  home.program("one", { command, ...onRecordOnly });
  const answer = hangOnOpen(t, interpreter);
  return answer && { copies, answer };
}

/** What `parent` has launched, which is not the program yet but has its session. */
async function childOf(parent: ChildProcess): Promise<number> {
  const reader = procReader();
  return await waitFor("the launch", () =>
    reader.pids().find((pid) => {
      const stat = statIfAny(reader, pid);
      return stat?.ppid === parent.pid && stat?.session === pid;
    }),
  );
}

const actors: readonly [name: string, command: string, words: readonly string[]][] = [
  ["usrsvc", "usrsvc.cjs", ["start", "one"]],
  ["usrsvcd", "usrsvcd.cjs", ["--foreground"]],
];
for (const [name, command, words] of actors) {
  test(`${name} killed while the program hangs in its exec: it has the lock, and is found`, async (t) => {
    const home = new Home(t);
    const made = hanging(t, home);
    if (made === undefined) return t.skip("no leases on this file system");
    const first = home.spawn(command, words);
    const launched = await childOf(first);
    first.kill("SIGKILL");
    await waitFor("its end", () => !isRunning(first));
    assert.ok(isAlive(launched));
    const lock = programLock(stateDir(home.file("state")), "one");
    assert.equal(await tryLock(lock), undefined, "nobody else may act on the program");
    const next = home.spawn(command, words);
    made.answer();
    assert.equal(await home.running("one"), launched);
    await waitFor("a settled record", () => isSettled(home, "one"));
    assert.equal(made.copies(), 1);
    if (name === "usrsvc") await waitFor("its end", () => !isRunning(next));
    assert.equal((await home.statusOf("one"))["pid"], launched);
    next.kill("SIGTERM");
  });
}

test("usrsvcd killed while a program hangs in its exec: the next one begins, and sees to the others", async (t) => {
  const home = new Home(t);
  const made = hanging(t, home);
  if (made === undefined) return t.skip("no leases on this file system");
  const first = home.spawn("usrsvcd.cjs", ["--foreground"]);
  await childOf(first);
  first.kill("SIGKILL");
  await waitFor("its end", () => !isRunning(first));
  home.program("two", { command: sleeper() });
  const next = home.spawn("usrsvcd.cjs", ["--foreground"]);
  const refusal = finished(next).then(({ err }) => err);
  const seen = home.running("two").then(() => "");
  seen.catch(() => {}); // when it is refused there is nothing to see
  assert.equal(await Promise.race([refusal, seen]), "");
  made.answer();
  await home.running("one");
  next.kill("SIGTERM");
});

test("usrsvc killed right after it launched a program without a mark: one copy, never two", async (t) => {
  if (noStrace !== false) return t.skip(noStrace);
  const home = new Home(t);
  const { command, copies } = noting(home);
  home.program("one", { command: `/usr/bin/env -i ${command}`, success_seconds: "0.1" });
  for (const place of ["pidfd_open:when=2", "pwrite64:when=3", "renameat2:when=1"]) {
    await finished(killedAt(home, place, "usrsvc.cjs", "start", "one"));
    await waitFor("it was launched", () => copies() === 1);
    const { code, err } = await home.usrsvc("start", "one");
    assert.equal(code, 0, `${place}: ${err}`);
    await isOne(copies, place);
    assert.equal((await home.usrsvc("stop", "one")).code, 0, place);
    assert.equal(copies(), 0, place);
  }
});

test("what a program has left behind is not taken for it, were its starter killed just then", async (t) => {
  if (noStrace !== false) return t.skip(noStrace);
  const home = new Home(t);
  const helper = sleeper();
  const script = home.script(
    "leaving.sh",
    `#!/bin/sh\nsetsid ${helper} &\necho $$ >>${home.file("runs")}\n`,
  );
  home.program("one", { command: script, success_seconds: "0.1" });
  await finished(killedAt(home, "renameat2:when=1", "usrsvc.cjs", "start", "one"));
  await waitFor("it was launched", () => home.read("runs") !== "");
  const { code, out } = await home.usrsvc("start", "one");
  assert.equal(code, 134, out);
  assert.equal(home.read("runs").split("\n").length - 1, 2, "it was started once more");
});

test("a program that hangs in its exec keeps usrsvcd from no other, at its start and later", async (t) => {
  const home = new Home(t).program("other", { command: sleeper(), success_seconds: "0.1" });
  const made = hanging(t, home);
  if (made === undefined) return t.skip("no leases on this file system");
  await home.usrsvcd();
  let pid = await home.running("other");
  // While it hangs, and after it was given up.
  for (const until of ["program.started", "program.start-failed", "program.backoff"]) {
    const program = until === "program.started" ? "other" : "one";
    await waitFor(until, () =>
      home.log().some((line) => line.event === until && line.program === program),
    );
    process.kill(pid, "SIGKILL");
    pid = await home.running("other", pid);
  }
  const [failure] = home.log().filter(({ event }) => event === "program.start-failed");
  assert.match(String(failure?.["reason"]), /nothing happened for 10 s/);
  made.answer();
  await home.running("one");
  // In mid-exec it does not show its words yet.
  await waitFor("it is executed", () => made.copies() > 0);
  assert.equal(made.copies(), 1);
});
