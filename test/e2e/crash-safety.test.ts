import assert from "node:assert/strict";
import { test } from "node:test";
import { Home, isAlive, waitFor } from "./home.ts";

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
    assert.equal(copies(), 1, `round ${round}`);
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
    assert.equal(copies(), 1, `round ${round}`);
  }
});
