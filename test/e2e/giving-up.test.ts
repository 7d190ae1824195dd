import assert from "node:assert/strict";
import { test } from "node:test";
import { Home, type Json, type LogLine, waitFor } from "./home.ts";

/** Waits for a line of the log, the `nth` of its kind. */
async function logged(home: Home, event: string, nth = 1): Promise<LogLine> {
  return await waitFor(
    `${event}, number ${nth}`,
    () => home.log().filter((line) => line.event === event && line.program === "app")[nth - 1],
  );
}

async function inState(home: Home, state: string): Promise<Json> {
  return await waitFor(`app to be ${state}`, async () => {
    const seen = await home.statusOf("app");
    return seen["state"] === state ? seen : undefined;
  });
}

function count(home: Home, event: string): number {
  return home.log().filter((line) => line.event === event).length;
}

test("with restart_window, deaths after good starts are counted, and so are failed starts", async (t) => {
  const home = new Home(t);
  // It lives for longer than success_seconds twice, then fails to start.
  const script = home.script(
    "app.sh",
    `#!/bin/sh\necho x >> ${home.file("starts")}\n[ "$(wc -l < ${home.file("starts")})" -gt 2 ] || sleep 3\nexit 3\n`,
  );
  home.program("app", { command: script, maxrestarts: "3", restart_window: "10m" });
  await home.usrsvcd();
  const gaveUp = await logged(home, "program.gave-up");
  assert.match(
    gaveUp.msg,
    /^app: given up after 3 failures \(maxrestarts = 3\) within 10 min \(restart_window\): exited with code 3 .*; fix it, then run usrsvc start app$/,
  );
  assert.deepEqual([gaveUp["inWindow"], gaveUp["failures"]], [3, 1]);
  assert.equal(count(home, "program.exited"), 2);
  const status = await inState(home, "fatal");
  assert.equal(
    status["next"],
    'usrsvcd gave up (maxrestarts = 3 within restart_window, 10 min): fix it, then run "usrsvc start app"',
  );
  // A start by hand begins a new count.
  home.program("app", {
    command: home.script("app.sh", "#!/bin/sh\nsleep 3\nexit 4\n"),
    maxrestarts: "3",
    restart_window: "10m",
  });
  assert.equal((await home.usrsvc("start", "app")).code, 0);
  const second = await logged(home, "program.gave-up", 2);
  assert.match(second.msg, /after 3 failures .*: exited with code 4; fix it/);
  assert.equal(count(home, "program.exited"), 5);
});

test("retry_after: what was given up is tried again then, also by the next usrsvcd, and not before", async (t) => {
  const home = new Home(t);
  const script = home.script("app.sh", "#!/bin/sh\nexit 3\n");
  const settings = { command: script, maxrestarts: "2", restart_delay: "0", retry_after: "15s" };
  home.program("app", settings);
  await home.usrsvcd();
  const gaveUp = await logged(home, "program.gave-up");
  assert.match(gaveUp.msg, /\(maxrestarts = 2\): .*; next try in 15 s \(retry_after\); or fix it/);
  const due = Date.parse(String(gaveUp["nextTryAt"]));
  const status = await inState(home, "fatal");
  assert.equal(status["nextTryAt"], gaveUp["nextTryAt"]);
  assert.match(
    String(status["next"]),
    /^usrsvcd gave up after 2 failed starts \(maxrestarts = 2\), and tries again in .* s \(retry_after\); or fix it/,
  );
  await home.usrsvcd("restart");
  assert.match((await logged(home, "program.warning")).msg, /was given up; next try in .* s/);
  const again = await inState(home, "fatal");
  assert.ok(Math.abs(Date.parse(String(again["nextTryAt"])) - due) < 100);
  home.script("app.sh", "#!/bin/sh\nexec sleep 1000\n");
  const start = await logged(home, "program.starting", 3);
  assert.ok(
    Date.parse(String(start["time"])) >= due - 100,
    `${String(start["time"])} is too early`,
  );
  await logged(home, "program.started");
  const running = await inState(home, "running");
  assert.ok(!("nextTryAt" in running));
});

test("retry_after that is set after the end, and taken out again, counts at a reread", async (t) => {
  const home = new Home(t);
  const settings = { command: "/bin/false", maxrestarts: "1" };
  home.program("app", settings);
  await home.usrsvcd();
  const first = await inState(home, "fatal");
  assert.match(String(first["next"]), /^usrsvcd gave up after 1 failed start .*: fix it/);
  home.program("app", { ...settings, retry_after: "1h" });
  await home.usrsvcd("reread");
  const waits = await waitFor("a time", async () => {
    const seen = await home.statusOf("app");
    return "nextTryAt" in seen ? seen : undefined;
  });
  assert.equal(waits["state"], "fatal");
  home.program("app", settings);
  await home.usrsvcd("reread");
  await waitFor("no time", async () => !("nextTryAt" in (await home.statusOf("app"))));
  home.program("app", { ...settings, retry_after: "1s" });
  await home.usrsvcd("reread");
  await logged(home, "program.gave-up", 2);
});

test("restart_max_delay caps the pauses; as long as restart_delay they are all the same", async (t) => {
  const home = new Home(t);
  const settings = { command: "/bin/false", restart_delay: "500ms", restart_max_delay: "500ms" };
  home.program("app", settings);
  await home.usrsvcd();
  await logged(home, "program.backoff", 3);
  const pauses = home.log().filter(({ event }) => event === "program.backoff");
  assert.ok(pauses.every((line) => line["delayMs"] === 500));
});
