import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { procReader } from "../../proc/reader.ts";
import { programLock, waitLock } from "../../src/state/lock.ts";
import { readRecord, writeRecord } from "../../src/state/record-file.ts";
import { stateDir } from "../../src/state/state-dir.ts";
import { finished, Home, isAlive, type Json, sleeper, waitFor } from "./home.ts";
import { kill, parentIfAny, pids, settled, titledPid, told, up } from "./looks.ts";

/*
 * Stops that come to no end: whoever made them was killed, or suspended, in the middle. The last order
 * counts, and status says where it stands.
 */

/** Says when it was told to end, and does not. */
const STUBBORN = `#!/bin/sh
trap 'echo told' TERM
while :; do sleep 0.05; done
`;

function stubborn(t: TestContext, termToKillSeconds = "3"): Home {
  const home = new Home(t).write();
  home.program("web", {
    command: home.script("stubborn.sh", STUBBORN),
    term_to_kill_seconds: termToKillSeconds,
  });
  return home;
}

/** `usrsvc WORDS`, killed as soon as the program was told to end. */
async function killedInside(home: Home, ...words: readonly string[]): Promise<void> {
  const before = home.read("log/web.log").length;
  const tool = home.spawn("usrsvc.cjs", words);
  await waitFor("it to be told", () => home.read("log/web.log").length > before);
  tool.kill("SIGKILL");
  await finished(tool);
}

const problems = (status: Json): string => JSON.stringify(status["problems"] ?? []);

describe("a stop whose maker was killed", () => {
  test("is finished by usrsvcd, and lasts", async (t) => {
    const home = stubborn(t);
    await home.usrsvcd();
    const [pid] = await up(home, "web");
    await settled(home, "web");
    await killedInside(home, "stop", "web");
    await waitFor("it to end", () => !isAlive(pid));
    const status = await waitFor("usrsvcd to say so", async () => {
      const now = await home.statusOf("web");
      return now["state"] === "stopped" && now["reason"] === "stopped by usrsvc" && now;
    });
    const { signal, by } = status["lastExit"] as Json;
    assert.deepEqual([signal, by], ["SIGKILL", "usrsvc stop"]);
    assert.match(String(told(home, "program.stopping", "web")[0]?.msg), /stop was interrupted/);
    await home.usrsvcd("restart");
    assert.equal((await home.statusOf("web"))["state"], "stopped", "also for the next one");
    assert.equal(told(home, "program.starting", "web").length, 1);
  });

  test("is finished by usrsvcd also where what was told to end has left something", async (t) => {
    const home = new Home(t);
    const work = sleeper();
    const title = new RegExp(`^${work}$`);
    home.program("web", { command: `: && ${work} && :`, useshell: "yes" });
    await home.usrsvcd();
    await up(home, "web");
    await settled(home, "web");
    await waitFor("its work", () => pids(home, title).length === 1);
    const state = stateDir(home.file("state"));
    const { record } = readRecord(state, "web", procReader().bootId());
    assert.ok(record?.process !== undefined);
    {
      // As usrsvc stop would have it, up to where it is killed.
      using lock = await waitLock(programLock(state, "web"), 5000, undefined);
      assert.ok(lock);
      writeRecord(state, { ...record, desired: "down", state: "stopping", by: "usrsvc" });
      await kill(record.process.pid);
      assert.equal(pids(home, title).length, 1);
    }
    await waitFor("the rest to end", () => pids(home, title).length === 0);
    await waitFor("usrsvcd to say so", () => told(home, "program.stopped", "web").length === 1);
    const status = await home.statusOf("web");
    assert.deepEqual([status["state"], status["reason"]], ["stopped", "stopped by usrsvc"]);
    assert.equal(told(home, "program.starting", "web").length, 1);
  });

  test("is finished by the next usrsvcd, where none ran", async (t) => {
    const home = stubborn(t);
    await home.usrsvc("start", "web");
    const pid = await home.running("web");
    await killedInside(home, "stop", "web");
    const status = await home.statusOf("web");
    assert.deepEqual([status["state"], status["pid"]], ["running", pid]);
    assert.match(problems(status), /usrsvc stop was interrupted, and it is still running/);
    await home.usrsvcd();
    await waitFor("it to end", () => !isAlive(pid));
    await waitFor("usrsvcd to say so", () => told(home, "program.stopped", "web").length === 1);
    assert.equal((await home.statusOf("web"))["reason"], "stopped by usrsvc");
  });

  test("is taken back by a start", async (t) => {
    const home = stubborn(t);
    await home.usrsvc("start", "web");
    const pid = await home.running("web");
    await killedInside(home, "stop", "web");
    assert.match((await home.usrsvc("start", "web")).out, /already running/);
    await home.usrsvcd();
    assert.deepEqual(await up(home, "web"), [pid]);
    assert.equal(problems(await home.statusOf("web")), "[]");
    await kill(pid);
    await home.running("web", pid); // it is wanted again
  });

  test("of a restart is finished, and followed by a start", async (t) => {
    const home = stubborn(t);
    await home.usrsvcd();
    const [pid] = await up(home, "web");
    await settled(home, "web");
    await killedInside(home, "restart", "web");
    const next = await home.running("web", pid);
    assert.equal(isAlive(pid), false);
    assert.deepEqual(await up(home, "web"), [next]);
  });
});

test("a restart killed while workers outlive their master leaves no second generation", async (t) => {
  const home = new Home(t).write();
  const master = home.script(
    "master.sh",
    `#!/bin/sh
for i in 1 2; do sh -c 'trap "" TERM; while :; do sleep 0.05; done' worker-of-${process.pid} & done
trap 'echo told; exit 0' TERM
while :; do sleep 0.05; done
`,
  );
  home.program("web", { command: master, term_to_kill_seconds: "2" });
  await home.usrsvc("start", "web");
  const WORKER = new RegExp(`worker-of-${process.pid}$`);
  const pid = await home.running("web");
  // What a worker forks is its copy until it has executed a sleep: their parent is the master.
  const workersOf = (master: number): readonly number[] =>
    pids(home, WORKER).filter((one) => parentIfAny(one) === master);
  const old = await waitFor("two workers", () => {
    const all = workersOf(pid);
    return all.length === 2 && all;
  });
  const tool = home.spawn("usrsvc.cjs", ["restart", "web"]);
  await waitFor("the master to end", () => !isAlive(pid));
  tool.kill("SIGKILL");
  await finished(tool);
  assert.ok(old.every(isAlive));
  await home.usrsvcd();
  const [next] = await up(home, "web");
  await settled(home, "web");
  assert.deepEqual(old.filter(isAlive), []);
  await waitFor("two workers, and no more", () => workersOf(next).length === 2);
});

test("a stop killed while a child outlives its wrapper is finished by the next usrsvcd", async (t) => {
  const home = new Home(t).write();
  const child = home.script("child.sh", STUBBORN);
  const command = home.script("wrapper.sh", `#!/bin/sh\n${child}\nexit 1\n`);
  home.program("web", { command, term_to_kill_seconds: "3" });
  await home.usrsvc("start", "web");
  const wrapper = await home.running("web");
  await killedInside(home, "stop", "web");
  await waitFor("the wrapper to end", () => !isAlive(wrapper));
  await titledPid(home, /child\.sh/);
  await home.usrsvcd();
  await waitFor("its child to end", () => pids(home, /child\.sh/).length === 0);
  assert.equal((await home.statusOf("web"))["state"], "stopped");
  assert.equal(told(home, "program.starting", "web").length, 0);
});

test("a restart killed while a child outlives its wrapper leaves none of it", async (t) => {
  const home = new Home(t).write();
  const child = home.script("child.sh", STUBBORN);
  const command = home.script("wrapper.sh", `#!/bin/sh\n${child}\nexit 1\n`);
  home.program("web", { command, term_to_kill_seconds: "3" });
  await home.usrsvcd();
  await up(home, "web");
  await settled(home, "web");
  const old = await titledPid(home, /child\.sh/);
  await killedInside(home, "restart", "web", "--here");
  await waitFor("another child alone", () => {
    const all = pids(home, /child\.sh/);
    return all.length === 1 && all[0] !== old;
  });
  await settled(home, "web");
  const now = await titledPid(home, /child\.sh/);
  assert.ok(now !== old && !isAlive(old));
  assert.deepEqual(
    told(home, "program.starting", "web").map(({ msg }) => /limit/.test(msg)),
    [false, false],
  );
});

test("who is suspended in the middle of a stop is named, with what to do", async (t) => {
  const home = stubborn(t, "3");
  await home.usrsvc("start", "web");
  const pid = await home.running("web");
  const tool = home.spawn("usrsvc.cjs", ["stop", "web"]);
  await waitFor("it to be told", () => home.read("log/web.log").includes("told"));
  tool.kill("SIGSTOP");
  await waitFor("status to name it", async () =>
    problems(await home.statusOf("web")).includes(
      `usrsvc, pid ${tool.pid}, which is working on it`,
    ),
  );
  await kill(pid);
  const status = await home.statusOf("web");
  assert.deepEqual(
    [status["state"], status["reason"]],
    ["stopped", "was being stopped, and has ended"],
  );
  assert.match(problems(status), /is suspended/);
  tool.kill("SIGCONT");
  assert.equal((await finished(tool)).code, 0);
  assert.equal((await home.statusOf("web"))["reason"], "stopped by usrsvc");
});
