import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Home, waitFor } from "./home.ts";

const FILES = { pidfile: "~/run/web:%(instance)s.pid", stdout: "~/log/%(instance)s.log" };
const COMMAND = "sh -c 'echo I am %(program)s %(instance)s; exec sleep 600'";

test("instances are programs of their own, known again by usrsvcd, and fewer after a reread", async (t) => {
  const home = new Home(t).program("web", { command: COMMAND, instances: "3", ...FILES });
  assert.equal((await home.usrsvcd("start")).code, 0);
  const pids = [1, 2, 3].map(async (n) => await home.running(`web:${n}`));
  const [first, , third] = await Promise.all(pids);
  await waitFor("its words", () => home.read("log/2.log").endsWith("\n"));
  assert.equal(home.read("log/2.log"), "I am web 2\n");

  // One that dies is started again, and the others are left alone.
  process.kill(first ?? 0, "SIGKILL");
  await home.running("web:1", first);
  assert.equal(await home.running("web:3"), third);

  home.program("web", { command: COMMAND, instances: "2", ...FILES });
  assert.equal((await home.usrsvcd("reread")).code, 0);
  const { out } = await home.usrsvc("status");
  assert.match(out, /^web:3 +running.*\n +problem: .*usrsvc stop web:3/m);
  const stopped = await home.usrsvc("stop", "web");
  assert.match(stopped.out, /web:1: stopped[\s\S]*web:2: stopped[\s\S]*web:3: stopped/);
  assert.doesNotMatch((await home.usrsvc("status")).out, /web:3/);
  const { err, code } = await home.usrsvc("start", "web:3");
  assert.equal(code, 133);
  assert.match(err, /web:3: no such program; did you mean web:[12]\?/);
});

test("a rolling restart goes one by one, and ends at the first that fails", async (t) => {
  const home = new Home(t).program("web", {
    command: "sh -c 'test -e %(HOME)s/bad-%(instance)s && exit 3; exec sleep 600'",
    instances: "3",
    ...FILES,
  });
  assert.equal((await home.usrsvc("start", "web")).code, 0);
  const before = await Promise.all([1, 2, 3].map(async (n) => await home.running(`web:${n}`)));
  assert.equal((await home.usrsvc("restart", "--rolling", "web:*")).code, 0);
  const after = await Promise.all([1, 2, 3].map(async (n) => await home.running(`web:${n}`)));
  assert.ok(after.every((pid, index) => pid !== before[index]));

  home.script("bad-2", "");
  const { code, out, err } = await home.usrsvc("restart", "--rolling", "web");
  assert.equal(code, 134);
  assert.match(out, /web:1: .*started/);
  assert.match(err, /web:2: .*exited with code 3[\s\S]*web:2 failed; left as they are: web:3/);
  assert.equal(await home.running("web:3"), after[2]);
  await waitFor("web:3 is not touched", () => readFileSync(`/proc/${after[2]}/comm`).length > 0);
});
