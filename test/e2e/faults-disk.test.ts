import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { cannotMount, fill, makeReadOnly, smallDisk } from "../support/mounts.ts";
import { Home, isAlive, type LogLine, sleeper, waitFor } from "./home.ts";

/*
 * A disk that is full or read-only, and mended later: usrsvcd runs on, tells it once, and goes on with each
 * program as soon as it can.
 */

/** A trouble is tried again every 10 s. */
const RETRY_MS = 15_000;

function told(home: Home, event: string, program: string): readonly LogLine[] {
  return home.log().filter((line) => line.event === event && line.program === program);
}

describe("a disk", { skip: cannotMount }, () => {
  test("that is read-only under state_dir delays starts, and nothing is forgotten", async (t) => {
    const home = new Home(t);
    home.main(`usrsvcd_stdout = ${home.file("log/usrsvcd.log")}`);
    const log = (event: string, program: string): readonly LogLine[] =>
      home
        .read("log/usrsvcd.log")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as LogLine)
        .filter((line) => line.event === event && line.program === program);
    for (const name of ["web", "job", "old"]) home.program(name, { command: sleeper() });
    await home.usrsvcd();
    const web = await home.running("web");
    const job = await home.running("job");
    await home.running("old");
    await waitFor("the starts to be over", () => log("program.started", "old").length > 0);
    const mend = makeReadOnly(t, home.file("state"));
    process.kill(web, "SIGKILL");
    await waitFor("the trouble to be told", () => log("program.error", "web").length > 0);
    const refused = await home.usrsvc("restart", "--here", "job");
    assert.notEqual(refused.code, 0);
    assert.match(refused.out + refused.err, /its file system is read-only/);
    assert.ok(isAlive(job), "what cannot be started again is not ended");
    const stopped = await home.usrsvc("stop", "old");
    assert.equal(stopped.code, 0, stopped.out + stopped.err);
    assert.match(stopped.out + stopped.err, /ask for it again when that is mended/);
    mend();
    await waitFor("web", async () => (await home.statusOf("web"))["state"] === "running", RETRY_MS);
    await waitFor("the end to be told", () => log("program.recovered", "web").length > 0);
    assert.equal(log("program.error", "web").length, 1, home.read("log/usrsvcd.log"));
    const { lastExit, restarts } = await home.statusOf("web");
    assert.deepEqual((lastExit as { signal: string }).signal, "SIGKILL");
    assert.equal(restarts, 1);
  });

  test("that is full under a pidfile gets it written when there is room", async (t) => {
    const home = new Home(t);
    smallDisk(t, home.file("small"));
    const makeRoom = fill(home.file("small"));
    const pidfile = home.file("small/web.pid");
    home.program("web", { command: sleeper(), pidfile });
    await home.usrsvcd();
    await waitFor("web", () => told(home, "program.started", "web").length > 0);
    const [warning] = told(home, "program.warning", "web");
    assert.match(warning?.msg ?? "", /small\/web\.pid could not be written: .*ENOSPC/);
    makeRoom();
    await waitFor("the pidfile", () => told(home, "program.pidfile-mended", "web")[0], RETRY_MS);
    const { pid } = await home.statusOf("web");
    assert.equal(Number(readFileSync(pidfile, "utf8")), pid);
    assert.equal(told(home, "program.warning", "web").length, 1);
  });

  test("that is read-only under a program's log counts as no failure of the program", async (t) => {
    const home = new Home(t);
    smallDisk(t, home.file("small"));
    home.program("web", {
      command: sleeper(),
      stdout: home.file("small/web.log"),
      maxrestarts: "1",
    });
    await home.usrsvcd();
    const web = await home.running("web");
    await waitFor("web", () => told(home, "program.started", "web").length > 0);
    const mend = makeReadOnly(t, home.file("small"));
    process.kill(web, "SIGKILL");
    const down = await waitFor("the trouble", async () => {
      const status = await home.statusOf("web");
      return status["state"] === "backoff" ? status : undefined;
    });
    assert.match(String(down["reason"]), /web\.log cannot be \w+: its file system is read-only/);
    mend();
    await waitFor("web", async () => (await home.statusOf("web"))["state"] === "running", RETRY_MS);
    assert.equal(told(home, "program.gave-up", "web").length, 0);
  });
});
