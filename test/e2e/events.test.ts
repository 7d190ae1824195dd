import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { finished, Home, lines, sleeper, waitFor } from "./home.ts";

test("usrsvc events tells the story of a program, without a log", async (t) => {
  const home = new Home(t)
    .program("web", { command: sleeper() })
    .program("db", { command: sleeper() });
  const empty = await home.usrsvc("events");
  assert.equal(empty.code, 0);
  assert.match(empty.err, /nothing is known to have happened/);

  // What usrsvc does without a usrsvcd.
  await home.usrsvc("start", "web");
  await home.usrsvc("stop", "web");
  const first = await home.usrsvc("events", "web");
  assert.match(
    first.out,
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}web: started, pid \d+ .*\n.* {2}web: stopped, pid \d+: terminated/,
  );

  // What usrsvcd does, and sees.
  await home.usrsvcd("start");
  await home.usrsvc("start", "web");
  const pid = await home.running("web");
  process.kill(pid, "SIGKILL");
  await home.running("web", pid);
  await waitFor("it is told", async () =>
    /WARN {2}web: killed by SIGKILL, not by usrsvc\n.*web: starting again: .*\(killed by SIGKILL, not by usrsvc\)\n/.test(
      (await home.usrsvc("events", "web")).out,
    ),
  );
  await waitFor(
    "it to run for long enough",
    async () =>
      (await home.usrsvc("events", "web")).out.match(/web: is running, pid/g)?.length === 2,
  );
  await home.usrsvc("signal", "web", "USR1");
  await waitFor("both are told", async () => {
    const { out } = await home.usrsvc("events", "web");
    return (
      /web: SIGUSR1 sent to pid \d+\n/.test(out) && /killed by SIGUSR1, by usrsvc signal/.test(out)
    );
  });

  const { out } = await home.usrsvc("events", "--json", "-n", "3", "web");
  const all = lines(out);
  assert.equal(all.length, 3);
  for (const line of all) {
    assert.equal(line["program"], "web");
    assert.ok(!Number.isNaN(Date.parse(String(line["time"]))));
    assert.match(String(line["event"]), /^program\./);
  }
  assert.match((await home.usrsvc("events")).out, /usrsvcd \S+ begins, pid[\s\S]*db: starting/);
  assert.doesNotMatch((await home.usrsvc("events", "db")).out, /web/);

  const none = await home.usrsvc("events", "--since", "2099-01-01");
  assert.match(none.err, /nothing is known to have happened since 2099-01-01/);
  assert.equal((await home.usrsvc("events", "--since", "soon")).code, 1);
  assert.equal((await home.usrsvc("events", "-n", "x")).code, 1);
  assert.equal((await home.usrsvc("events", "wep")).code, 133);

  // A program that is in no file any more has its past all the same.
  await home.usrsvc("stop", "db");
  home.without("db");
  assert.match((await home.usrsvc("events", "db")).out, /db: stays down: stopped by usrsvc/);
});

test("usrsvc events -f goes on with what happens", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  await home.usrsvc("start", "web");
  const child = home.spawn("usrsvc.cjs", ["events", "-f", "web"]);
  let seen = "";
  child.stdout?.on("data", (chunk: Buffer) => (seen += chunk.toString()));
  await waitFor("what was", () => /web: started/.test(seen));
  await home.usrsvc("stop", "web");
  await waitFor("what comes", () => /web: stopped, pid/.test(seen));
  const ended = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGINT");
  await ended;
  assert.equal(seen.match(/web: started/g)?.length, 1);
});

test("usrsvc events -f ends when its reader has left", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  const line = `${home.command("usrsvc.cjs")} events -f | head -n 1`;
  const shell = spawn("/bin/sh", ["-c", line], {
    env: home.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => shell.kill("SIGKILL"));
  const ended = finished(shell);
  await waitFor("it to end", async () => {
    await home.usrsvc("start", "web");
    await home.usrsvc("stop", "web");
    return shell.exitCode !== null;
  });
  assert.match((await ended).out, /^\S+ \S+ {2}web: started, .*\n$/);
});
