import { writeFileSync } from "node:fs";
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Home, isAlive, type Json, type LogLine, waitFor } from "./home.ts";
import { daemonPid, heeds } from "./looks.ts";

/** A program that ends as it is told: by USR1 with code 0, by USR2 with 2, by HUP with 3. */
const OBEDIENT = `#!/bin/sh
trap "exit 0" USR1
trap "exit 2" USR2
trap "exit 3" HUP
while :; do sleep 0.05; done
`;

function homeWith(t: TestContext, settings: Readonly<Record<string, string>> = {}): Home {
  const home = new Home(t);
  const command = home.script("app.sh", OBEDIENT);
  return home.program("app", { command, autorestart: "on-failure", ...settings });
}

/** Waits for a line of the log, the `nth` of its kind. */
async function logged(home: Home, event: string, nth = 1): Promise<LogLine> {
  return await waitFor(
    `${event}, number ${nth}`,
    () => home.log().filter((line) => line.event === event && line.program === "app")[nth - 1],
  );
}

async function settled(home: Home): Promise<Json> {
  return await waitFor("app to be stopped", async () => {
    const seen = await home.statusOf("app");
    return seen["state"] === "stopped" ? seen : undefined;
  });
}

test("with on-failure a failure is answered, a success is not: log, status and a new usrsvcd say so", async (t) => {
  const home = homeWith(t);
  await home.usrsvcd();
  const first = await home.running("app");
  await logged(home, "program.started");
  await heeds(first, "SIGHUP");
  process.kill(first, "SIGHUP");
  const second = await home.running("app", first);
  await logged(home, "program.started", 2);
  await heeds(second, "SIGUSR1");
  process.kill(second, "SIGUSR1");
  const stopped = await logged(home, "program.stopped");
  assert.equal(
    stopped.msg,
    "app: stays down: exited with code 0, a success (autorestart = on-failure)",
  );
  assert.deepEqual([stopped["why"], stopped["exit"]], ["succeeded", { code: 0 }]);
  const [failure, success] = home.log().filter(({ event }) => event === "program.exited");
  assert.deepEqual([failure?.msg, failure?.level], ["app: exited with code 3", "warn"]);
  assert.deepEqual([success?.msg, success?.level], ["app: exited with code 0", "info"]);
  const status = await settled(home);
  assert.equal(status["reason"], "exited with code 0, a success");
  assert.equal(status["next"], "nothing: autorestart = on-failure");
  await home.usrsvcd("restart");
  await logged(home, "program.stopped", 2);
  assert.equal((await settled(home))["next"], "nothing: autorestart = on-failure");
  assert.equal((await home.usrsvc("start", "app")).code, 0);
  const third = await home.running("app");
  process.kill(third, "SIGKILL");
  await home.running("app", third);
});

test("success_exit names further codes and signals, and replaces 0", async (t) => {
  const home = homeWith(t, { success_exit: "2, SIGKILL" });
  await home.usrsvcd();
  const first = await home.running("app");
  await logged(home, "program.started");
  await heeds(first, "SIGUSR1");
  process.kill(first, "SIGUSR1");
  const second = await home.running("app", first);
  await logged(home, "program.started", 2);
  await heeds(second, "SIGUSR2");
  process.kill(second, "SIGUSR2");
  assert.match((await logged(home, "program.stopped")).msg, /exited with code 2, a success/);
  const line = home.log().findLast(({ event }) => event === "program.exited");
  assert.equal(line?.level, "info");
  await home.usrsvc("start", "app");
  process.kill(await home.running("app", second), "SIGKILL");
  assert.match((await logged(home, "program.stopped", 2)).msg, /killed by SIGKILL, a success/);
});

test("an end that nobody saw is a failure", async (t) => {
  const home = homeWith(t, { autostart: "no" });
  await home.usrsvc("start", "app");
  const first = await home.running("app");
  await heeds(first, "SIGUSR1");
  process.kill(first, "SIGUSR1");
  await waitFor("app to end", () => !isAlive(first));
  await home.usrsvcd();
  await home.running("app", first);
});

test("a start that ends well at once is not tried again, by whomever it was made", async (t) => {
  const home = new Home(t);
  home.program("app", { command: "/bin/true", autorestart: "on-failure", autostart: "no" });
  await home.usrsvcd();
  await logged(home, "program.stopped");
  const start = await home.usrsvc("start", "app");
  assert.equal(start.code, 134);
  assert.match(start.out + start.err, /leaves it down: that was a success .*on-failure/);
  assert.match((await logged(home, "program.stopped", 2)).msg, /exited with code 0, a success/);
  const status = await home.statusOf("app");
  assert.deepEqual([status["state"], status["failures"]], ["stopped", 0]);
  assert.equal(status["next"], "nothing: autorestart = on-failure");
  home.program("app", { command: "/bin/true", autorestart: "on-failure" });
  await home.usrsvcd("restart");
  await logged(home, "program.stopped", 3);
  assert.equal(home.log().filter(({ event }) => event === "program.starting").length, 1);
  home.program("app", { command: "/bin/false", autorestart: "on-failure" });
  await home.usrsvcd("reread");
  assert.match((await home.usrsvc("restart", "app")).err, /will try it again/);
  await logged(home, "program.backoff");
});

test("a restart that is killed in the middle is finished, however the program ended", async (t) => {
  const home = new Home(t);
  const go = home.file("go");
  const slow = home.script("slow.sh", `#!/bin/sh\nwhile [ ! -e ${go} ]; do sleep 0.05; done\n`);
  const text = `#!/bin/sh\ntrap "exec ${slow}" TERM\nwhile :; do sleep 0.05; done\n`;
  home.program("app", { command: home.script("app.sh", text), autorestart: "on-failure" });
  await home.usrsvcd();
  const first = await home.running("app");
  await logged(home, "program.started");
  const daemon = await daemonPid(home);
  assert.ok(isAlive(daemon));
  await heeds(first, "SIGTERM");
  const restart = home.spawn("usrsvc.cjs", ["restart", "--here", "app"]);
  await waitFor(
    "the stop to begin",
    async () => (await home.statusOf("app"))["state"] === "stopping",
  );
  restart.kill("SIGKILL");
  writeFileSync(go, "");
  await home.running("app", first);
  assert.ok(!home.log().some((line) => line["why"] === "succeeded"));
});
