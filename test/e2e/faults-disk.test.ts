import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { cannotMount, fill, makeReadOnly, smallDisk } from "../support/mounts.ts";
import { Home, isAlive, type Json, lines, type LogLine, sleeper, waitFor } from "./home.ts";

/*
 * A disk that is full or read-only, and mended later: usrsvcd runs on, tells it once, and goes on with each
 * program as soon as it can.
 */

/** What `status` tells of all programs. */
async function noteOf(home: Home): Promise<string | undefined> {
  const { notes } = await home.statusOf("web");
  return (notes as readonly string[] | undefined)?.[0];
}

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
    assert.equal(stopped.code, 1, stopped.out + stopped.err);
    assert.match(stopped.out + stopped.err, /stopped, pid/);
    assert.match(stopped.out + stopped.err, /repeat the command when that is fixed/);
    mend();
    await waitFor("web", async () => (await home.statusOf("web"))["state"] === "running");
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
    const warning = await waitFor("a word of it", () => told(home, "program.warning", "web")[0]);
    assert.match(warning.msg, /small\/web\.pid could not be written: .*ENOSPC/);
    makeRoom();
    await waitFor("the pidfile", () => told(home, "program.pidfile-repaired", "web")[0]);
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
    await waitFor("web", async () => (await home.statusOf("web"))["state"] === "running");
    assert.equal(told(home, "program.gave-up", "web").length, 0);
  });

  test("that is full under usrsvcd's log loses no line, and status says so", async (t) => {
    const home = new Home(t);
    const small = home.file("small");
    smallDisk(t, small);
    home.main(`usrsvcd_stdout = ${join(small, "usrsvcd.log")}`);
    home.program("web", { command: sleeper() });
    await home.usrsvcd();
    const web = await home.running("web");
    await waitFor("web", () => home.read("small/usrsvcd.log").includes("program.started"));
    const makeRoom = fill(small);
    process.kill(web, "SIGKILL");
    await home.running("web", web);
    const daemon = Number(home.read(`${process.getuid?.()}_usrsvcd.pid`));
    const hangUp = (): boolean => process.kill(daemon, "SIGHUP"); // which it logs, and ignores
    // There may be room for some lines in the last block of the file.
    for (let count = 0; count < 100; count += 1) {
      hangUp();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    const note = await waitFor("status to tell", async () => await noteOf(home));
    assert.match(note, /^since .*: the log of usrsvcd cannot be written: ENOSPC/);
    makeRoom();
    await waitFor("the note to go", async () => (await noteOf(home)) === undefined);
    const all = lines(home.read("small/usrsvcd.log")); // each of them is whole
    const events = all.map(({ event }) => event);
    assert.deepEqual(
      ["daemon.started", "program.exited", "daemon.degraded"].filter((e) => events.includes(e)),
      ["daemon.started", "program.exited", "daemon.degraded"],
    );
    assert.match(String(all.at(-1)?.["msg"]), /could not be written since .* not one of its lines/);
  });

  test("that is read-only at the start keeps usrsvcd neither from beginning nor from its pidfile", async (t) => {
    const home = new Home(t);
    const small = home.file("small");
    smallDisk(t, small);
    const pidfile = join(small, "usrsvcd.pid");
    home.main(`usrsvcd_stdout = ${join(small, "usrsvcd.log")}\npidfile = ${pidfile}`);
    home.program("web", { command: sleeper() });
    const mend = makeReadOnly(t, small);
    const { code, err } = await home.usrsvcd();
    assert.equal(code, 0, err);
    await home.running("web");
    assert.match((await noteOf(home)) ?? "", /the log of usrsvcd cannot be written: .*read-only/);
    mend();
    await waitFor("its pidfile", () => existsSync(pidfile));
    const log = (): readonly Json[] => lines(home.read("small/usrsvcd.log"));
    await waitFor("its log", () => log().some(({ event }) => event === "daemon.started"));
  });

  test("that is read-only under state_dir is told by status, and keeps usrsvcd going", async (t) => {
    const home = new Home(t);
    home.main(`usrsvcd_stdout = ${home.file("log/usrsvcd.log")}`);
    for (const name of ["web", "job"]) home.program(name, { command: sleeper() });
    await home.usrsvcd();
    const web = await home.running("web");
    await home.running("job");
    assert.equal((await home.usrsvcd("stop")).code, 0);
    const mend = makeReadOnly(t, home.file("state"));
    assert.equal((await home.usrsvcd()).code, 0);
    const { out } = await home.usrsvc("status");
    assert.match(out, /state\/programs is on a file system that is read-only/);
    const reread = await home.usrsvcd("reread");
    assert.equal(reread.code, 11);
    assert.match(
      reread.err,
      /may have read it, but cannot report it: .*\/state is on a file system/,
    );
    process.kill(web, "SIGKILL");
    await waitFor("its death to be told", () => home.read("log/usrsvcd.log").includes("SIGKILL"));
    mend();
    await waitFor("web", async () => (await home.statusOf("web"))["state"] === "running");
  });
});
