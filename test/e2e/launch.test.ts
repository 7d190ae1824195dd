import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Home, sleeper, waitFor } from "./home.ts";

test("a restart by hand is not undone, whatever title the new process has given itself", async (t) => {
  const home = new Home(t);
  const runs = home.file("runs");
  const script = home.script(
    "titled.sh",
    `#!/bin/bash\necho "$$" >>${runs}\nexec -a mytitle ${sleeper()}\n`,
  );
  home.program("titled", { command: `/bin/bash ${script}`, success_seconds: "0.5" });
  await home.usrsvcd();
  const first = await home.running("titled");
  await waitFor("its word", () => existsSync(runs));
  const restart = await home.run("usrsvc.cjs", ["restart", "titled"]);
  assert.equal(restart.code, 0, restart.err);
  const second = await home.running("titled", first);
  await waitFor("usrsvcd follows it", () =>
    home.log().some((line) => line.event === "program.adopted" && line.pid === second),
  );
  const pids = (): readonly string[] => readFileSync(runs, "utf8").split("\n").slice(0, -1);
  await waitFor("the word of the other", () => pids().length > 1);
  assert.deepEqual(pids(), [String(first), String(second)]);
  assert.equal(await home.running("titled"), second);
});

test("a program that wants a signal when its parent ends runs on: the parent does not leave", async (t) => {
  if (spawnSync("setpriv", ["--pdeathsig", "TERM", "true"]).status !== 0)
    return t.skip("no setpriv");
  const home = new Home(t);
  const sleep = sleeper();
  const script = home.script("held.sh", `#!/bin/sh\nexec setpriv --pdeathsig TERM ${sleep}\n`);
  home.program("held", { command: script, success_seconds: "0.3", proctitle_re: `^${sleep}$` });
  await home.usrsvcd();
  const started = (): number =>
    home.log().filter(({ event }) => event === "program.started").length;
  let pid: number | undefined;
  for (let round = 1; round <= 3; round += 1) {
    const now = await home.running("held", pid);
    await waitFor("its start", () => started() === round);
    const status = await home.statusOf("held"); // an end would be on record by now
    assert.deepEqual([status["pid"], status["state"]], [now, "running"]);
    process.kill(now, "SIGKILL");
    pid = now;
  }
});

test("a program goes on under its new name without a second copy", async (t) => {
  const command = sleeper();
  const home = new Home(t).program("old", { command });
  await home.usrsvcd();
  const pid = await home.running("old");
  await waitFor("its start", () => home.log().some(({ event }) => event === "program.started"));
  home.without("old").program("new", { command });
  await home.usrsvcd("reread");
  assert.equal(await home.running("new"), pid);
});

test("a program under its new name keeps its process, whatever else is launched just then", async (t) => {
  const home = new Home(t);
  const command = sleeper();
  home.program("old", { command, success_seconds: "0.2" });
  await home.usrsvcd();
  const pid = await home.running("old");
  await waitFor("it is settled", () => home.log().some(({ event }) => event === "program.started"));
  home.without("old");
  for (const name of ["a", "b", "c"]) home.program(name, { command: sleeper() });
  home.program("renamed", { command });
  assert.equal((await home.usrsvcd("reread")).code, 0);
  assert.equal(await home.running("renamed"), pid);
});

test("what one program leaves behind and will not end delays no other", async (t) => {
  const home = new Home(t);
  const stubborn = home.script(
    "stubborn.sh",
    `#!/bin/sh\n(trap "" TERM; while :; do sleep 1; done) &\nwhile :; do sleep 1; done\n`,
  );
  const names = Array.from({ length: 10 }, (_, index) => `stubborn${index}`);
  for (const name of names) {
    home.program(name, {
      command: `${stubborn} ${name}`,
      success_seconds: "0.1",
      term_to_kill_seconds: "5",
    });
  }
  home.program("good", { command: sleeper(), success_seconds: "0.1" });
  await home.usrsvcd();
  const pids = await Promise.all([...names, "good"].map(async (name) => await home.running(name)));
  await waitFor(
    "all are settled",
    () => home.log().filter(({ event }) => event === "program.started").length === pids.length,
  );
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await home.running("good", pids.at(-1));
  // Each of the others has 5 s for its end, and is started after it.
  const begun = home.log().filter(({ event }) => event === "program.starting");
  const again = begun.slice(pids.length).map(({ program }) => program);
  assert.ok(
    again.every((program) => program === "good"),
    again.join(),
  );
});
