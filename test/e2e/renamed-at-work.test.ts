import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { describe, test, type TestContext } from "node:test";
import { finished, Home, isAlive, type Result, sleeper, waitFor } from "./home.ts";
import { pids, sessionOf, titledPid, told, up } from "./looks.ts";

/** Long enough for a reread, and what follows from it, in s. */
const WINDOW_S = 8;
const x = sleeper();
const isX = new RegExp(`^${x}$`);

type Sections = Readonly<Record<string, string>>;

/** The programs are these from now on, and no others; those whose commands are `x` are watched for long. */
function rename(home: Home, before: Sections, after: Sections): void {
  for (const name of Object.keys(before)) home.without(name);
  for (const [name, command] of Object.entries(after)) {
    home.program(name, { command, success_seconds: command === x ? String(WINDOW_S) : "0.3" });
  }
}

/** A program that nobody finds by its words. */
function titled(home: Home): string {
  return home.script("titled.sh", `#!/bin/bash\nexec -a 'app: main' ${sleeper()}\n`);
}

/** One that does not end before it is let go, or before `seconds` are over. */
function slow(home: Home, seconds?: number): string {
  writeFileSync(home.file("held"), "");
  const wait = seconds === undefined ? "while [ -e held ]; do sleep 0.1; done" : `sleep ${seconds}`;
  const trap = `trap '${wait}; exit 0' TERM`;
  return home.script("slow.sh", `#!/bin/bash\n${trap}\nwhile :; do sleep 0.1; done\n`);
}

function letGo(home: Home): void {
  rmSync(home.file("held"));
}

/** Under usrsvcd, x is told to end, and takes long for that; meanwhile its section becomes x2. */
async function renamedWhileEnding(
  t: TestContext,
  action: "stop" | "restart",
): Promise<{ readonly home: Home; readonly old: number; readonly done: Promise<Result> }> {
  const home = new Home(t);
  const command = slow(home);
  rename(home, {}, { x: command });
  await home.usrsvcd();
  const [old] = await up(home, "x");
  const done = finished(home.spawn("usrsvc.cjs", [action, "x"]));
  await waitFor("the end to begin", async () => {
    return (await home.statusOf("x"))["state"] === "stopping";
  });
  rename(home, { x: command }, { x2: command });
  await home.usrsvcd("reread");
  assert.ok(isAlive(old), "the reread waits for nobody");
  letGo(home);
  return { home, old, done };
}

/** Begins a restart, and waits until it starts the program anew. */
async function restarting(
  home: Home,
  name: string,
  title: RegExp,
): Promise<{ readonly restart: Promise<Result> }> {
  const [old = 0] = pids(home, title);
  const restart = finished(home.spawn("usrsvc.cjs", ["restart", name]));
  await waitFor(`${name} to be started anew`, () => {
    const now = pids(home, title);
    return now.length === 1 && now[0] !== old;
  });
  return { restart };
}

/** What was launched: bash's children are its copies until they execute something. */
function leaders(home: Home, title: RegExp): readonly number[] {
  return pids(home, title).filter((pid) => sessionOf(pid) === pid);
}

/** Fails as soon as there are two. */
async function oneUntil<T>(home: Home, title: RegExp, done: Promise<T>): Promise<T> {
  let isDone = false;
  const result = done.finally(() => (isDone = true));
  await waitFor("what goes on", () => {
    assert.ok(leaders(home, title).length < 2, `two of ${title}`);
    return isDone;
  });
  return await result;
}

describe("sections that are renamed while somebody restarts one of them", () => {
  test("the others go on at once, that one when it is done; nothing runs twice", async (t) => {
    const home = new Home(t);
    const y = titled(home);
    rename(home, {}, { x, y });
    await home.usrsvcd();
    await up(home, "x", "y");
    const pidOfY = await titledPid(home, /^app: main/);
    const { restart } = await restarting(home, "x", isX);
    const [pidOfX] = pids(home, isX);
    rename(home, { x, y }, { x2: x, y2: y });
    const { out } = await home.usrsvcd("reread");
    assert.match(
      out,
      /x2 was x before its section was renamed, and usrsvcd, pid \d+ is at work on it/,
    );
    assert.deepEqual(told(home, "program.adopted", "x2"), []);
    await waitFor("y2", async () => (await home.statusOf("y2"))["pid"] === pidOfY);
    await oneUntil(home, isX, (async () => await Promise.all([restart, up(home, "x2", "y2")]))());
    assert.deepEqual(pids(home, /^app: main/), [pidOfY]);
    await waitFor("x2 to be taken up", () => told(home, "program.adopted", "x2").length === 1);
    assert.equal((await home.statusOf("x2"))["pid"], pidOfX);
    assert.deepEqual(told(home, "program.starting", "x2"), []);
    assert.deepEqual(told(home, "program.starting", "y2"), []);
    assert.equal((await home.status()).length, 2, "nothing is left under an old name");
  });

  test("who starts it under its new name waits, and finds it", async (t) => {
    const home = new Home(t);
    rename(home, {}, { x });
    await home.usrsvcd();
    await up(home, "x");
    const { restart } = await restarting(home, "x", isX);
    const [pid] = pids(home, isX);
    rename(home, { x }, { x2: x });
    await home.usrsvcd("reread");
    const { out } = await oneUntil(home, isX, home.usrsvc("start", "x2"));
    assert.match(out, new RegExp(`x2: already running, pid ${pid} `));
    assert.equal((await restart).code, 0);
  });

  test("two that are swapped wait for each other, and for no third", async (t) => {
    const home = new Home(t);
    const [y, z] = [sleeper(), sleeper()];
    rename(home, {}, { x, y, z });
    await home.usrsvcd();
    const [, pidOfY, pidOfZ] = await up(home, "x", "y", "z");
    const { restart } = await restarting(home, "x", isX);
    const [pidOfX] = pids(home, isX);
    rename(home, { x, y, z }, { x: y, y: x, z2: z });
    await home.usrsvcd("reread");
    await waitFor("z2", async () => (await home.statusOf("z2"))["pid"] === pidOfZ);
    await oneUntil(home, isX, restart);
    await waitFor("both", () => told(home, "program.adopted").length >= 2 && home.pid("y"));
    await waitFor("the swap", async () => (await home.statusOf("x"))["pid"] === pidOfY);
    assert.equal((await home.statusOf("y"))["pid"], pidOfX);
    assert.equal(pids(home, new RegExp(`^${y}$`)).length, 1);
  });

  test("also while it takes long to end", async (t) => {
    const { home, old, done: restart } = await renamedWhileEnding(t, "restart");
    await oneUntil(home, /slow\.sh$/, restart);
    const [pid] = await oneUntil(home, /slow\.sh$/, up(home, "x2"));
    assert.notEqual(pid, old);
    assert.deepEqual(told(home, "program.starting", "x2"), []);
  });

  test("a stop leaves it down, and the new section is started as a new one", async (t) => {
    const { home, old, done: stop } = await renamedWhileEnding(t, "stop");
    await oneUntil(home, /slow\.sh$/, stop);
    const [pid] = await oneUntil(home, /slow\.sh$/, up(home, "x2"));
    assert.notEqual(pid, old);
  });

  test("where it is renamed back, or removed, meanwhile", async (t) => {
    const home = new Home(t);
    rename(home, {}, { x });
    await home.usrsvcd();
    await up(home, "x");
    const { restart } = await restarting(home, "x", isX);
    const [pid] = pids(home, isX);
    rename(home, { x }, { x2: x });
    await home.usrsvcd("reread");
    rename(home, { x2: x }, {});
    await home.usrsvcd("reread");
    rename(home, {}, { x });
    await home.usrsvcd("reread");
    await oneUntil(home, isX, restart);
    assert.deepEqual(await up(home, "x"), [pid]);
  });

  test("without usrsvcd", async (t) => {
    const home = new Home(t);
    const y = titled(home);
    rename(home, {}, { x, y });
    await home.usrsvc("start", "all", "-P");
    const { restart } = await restarting(home, "x", isX);
    const [pid] = pids(home, isX);
    rename(home, { x, y }, { x2: x, y2: y });
    assert.equal((await home.usrsvc("status", "y2")).code, 0);
    const { out, err } = await oneUntil(home, isX, home.usrsvc("start", "all"));
    assert.match(err, /y2 goes on with pid/);
    assert.match(out, new RegExp(`x2: already running, pid ${pid} `));
    assert.match(out, /y2: already running/);
    assert.equal((await restart).code, 0);
    await titledPid(home, /^app: main/);
  });

  test("without usrsvcd, while it takes long to end", async (t) => {
    const home = new Home(t);
    const command = slow(home, 5);
    rename(home, {}, { x: command });
    await home.usrsvc("start", "x");
    const restart = finished(home.spawn("usrsvc.cjs", ["restart", "x"]));
    await waitFor("the end to begin", async () => {
      return (await home.statusOf("x"))["state"] === "stopping";
    });
    rename(home, { x: command }, { x2: command });
    const { out } = await oneUntil(home, /slow\.sh$/, home.usrsvc("start", "x2"));
    assert.match(out, /x2: already running/);
    assert.equal((await restart).code, 0);
  });

  test("and one that is removed just then is shown as what it is", async (t) => {
    const home = new Home(t);
    rename(home, {}, { x });
    await home.usrsvcd();
    await up(home, "x");
    await restarting(home, "x", isX);
    const [pid] = pids(home, isX);
    rename(home, { x }, {});
    await home.usrsvcd("reread");
    const status = await home.statusOf("x");
    assert.equal(status["pid"], pid);
    assert.deepEqual(status["problems"], [
      "is not in any configuration file any more, and keeps running: usrsvc stop x ends it",
    ]);
  });
});

test("a section that is renamed where the reread is refused is shown once", async (t) => {
  const home = new Home(t);
  rename(home, {}, { x });
  await home.usrsvcd();
  const [pid] = await up(home, "x");
  rename(home, { x }, { x2: x });
  home.text("bad", "[Program:bad]\nno_such_key = 1\n");
  assert.notEqual((await home.usrsvcd("reread")).code, 0);
  const all = await home.status();
  assert.deepEqual(
    all.filter((one) => one["pid"] === pid).map((one) => one["program"]),
    ["x2"],
  );
});
