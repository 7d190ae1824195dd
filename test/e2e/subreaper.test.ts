import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { Pid } from "../../proc/pid.ts";
import { procReader } from "../../proc/reader.ts";
import { cleanUp } from "../support/clean-up.ts";
import { Home, isAlive, type LogLine, sleeper, waitFor } from "./home.ts";
import { daemonPid, heeds } from "./looks.ts";

const reader = procReader();
const ppid = (pid: number): number => reader.stat(pid as Pid).ppid;

/** A kernel before 6.15: nothing but a parent gets to know how a process ended. */
const older = { USRSVC_NO_PIDFD_INFO: "1" };

/** A home with a classic daemon in it, which forks twice, and leaves with 9 on SIGUSR2. */
function homeOf(...args: ConstructorParameters<typeof Home>): Home {
  const home = new Home(...args);
  home.script("inner.sh", `#!/bin/sh\ntrap 'exit 9' USR2\nwhile :; do sleep 0.05; done\n`);
  const inner = home.file("inner.sh");
  const text = `#!/bin/sh\n(setsid ${inner} >/dev/null 2>&1 &)\nexit 0\n`;
  return home.program("fork", {
    command: home.script("daemon.sh", text),
    proctitle_re: "inner.sh",
  });
}

async function logged(home: Home, event: string, program?: string): Promise<LogLine> {
  return await waitFor(`${event} of ${program ?? "usrsvcd"} in the log`, () =>
    home.log().find((line) => line.event === event && line.program === program),
  );
}

async function start(home: Home, env: NodeJS.ProcessEnv = older): Promise<number> {
  const { code, err } = await home.run("usrsvcd.cjs", ["start"], env);
  assert.equal(code, 0, err);
  return await daemonPid(home);
}

describe("usrsvcd where only a parent is told how a process ended", () => {
  test("adopts what forks away, tells how it ended, and hands it to init when it leaves", async (t) => {
    const home = homeOf(t);
    const usrsvcd = await start(home);
    assert.match((await logged(home, "daemon.reaping")).msg, /before Linux 6\.15/);
    await logged(home, "program.started", "fork");
    const pid = await home.running("fork");
    assert.equal(ppid(pid), usrsvcd);
    await heeds(pid, "SIGUSR2");
    process.kill(pid, "SIGUSR2");
    assert.deepEqual((await logged(home, "program.exited", "fork"))["exit"], { code: 9 });
    const second = await home.running("fork", pid);
    assert.equal((await home.usrsvcd("stop")).code, 0);
    assert.ok(isAlive(second));
    await waitFor("another to be its parent", () => ppid(second) !== usrsvcd);
    await start(home);
    assert.equal((await logged(home, "program.adopted", "fork")).pid, second);
  });

  test("SIGKILL of it does no harm to what it has adopted", async (t) => {
    const home = homeOf(t);
    const usrsvcd = await start(home);
    await logged(home, "program.started", "fork");
    const pid = await home.running("fork");
    process.kill(usrsvcd, "SIGKILL");
    await waitFor("another to be its parent", () => ppid(pid) !== usrsvcd);
    assert.ok(isAlive(pid));
  });

  test("leaves no zombie of what programs leave, and tells what came while it was stopped", async (t) => {
    const home = homeOf(t);
    const many = "for n in $(seq 150); do (setsid sleep 0.0$((n % 10)) &); done; exec sleep 600";
    home.program("many", { command: home.script("many.sh", `#!/bin/bash\n${many}\n`) });
    const usrsvcd = await start(home);
    for (const name of ["fork", "many"]) await logged(home, "program.started", name);
    const [fork, other] = [await home.running("fork"), await home.running("many")];
    await waitFor("none to be left", () => !hasZombie(childrenOf(usrsvcd)));
    await heeds(fork, "SIGUSR2");
    process.kill(usrsvcd, "SIGSTOP");
    cleanUp(t, () => void (isAlive(usrsvcd) && process.kill(usrsvcd, "SIGCONT")));
    process.kill(fork, "SIGUSR2");
    process.kill(other, "SIGKILL");
    await waitFor("its death", () => reader.stat(fork).state === "Z");
    process.kill(usrsvcd, "SIGCONT");
    assert.deepEqual((await logged(home, "program.exited", "fork"))["exit"], { code: 9 });
    const { exit } = await logged(home, "program.exited", "many");
    assert.deepEqual(exit, { signal: "SIGKILL" });
    await waitFor("none to be left", () => !hasZombie(childrenOf(usrsvcd)));
  });

  test("subreaper = no leaves them to init, and a reread follows the setting", async (t) => {
    const home = homeOf(t, "subreaper = no");
    const usrsvcd = await start(home);
    await logged(home, "program.started", "fork");
    const pid = await home.running("fork");
    assert.notEqual(ppid(pid), usrsvcd);
    home.main("subreaper = yes");
    const { code, out, err } = await home.usrsvcd("reread");
    assert.equal(code, 0, out + err);
    assert.doesNotMatch(out, /needs: usrsvcd restart/);
    await logged(home, "daemon.reaping");
    await heeds(pid, "SIGUSR2");
    process.kill(pid, "SIGUSR2");
    const second = await home.running("fork", pid);
    await waitFor("usrsvcd to be its parent", () => ppid(second) === usrsvcd);
    home.main("subreaper = no");
    assert.equal((await home.usrsvcd("reread")).code, 0);
    await heeds(second, "SIGUSR2");
    process.kill(second, "SIGUSR2");
    await waitFor("another to be its parent", () => {
      const third = home.pid("fork");
      return third !== undefined && third !== second && isAlive(third) && ppid(third) !== usrsvcd;
    });
    const exits = home.log().filter(({ event }) => event === "program.exited");
    assert.deepEqual(exits.at(-1)?.["exit"], { code: 9 });
  });
});

describe("usrsvcd, of what it was executed with", () => {
  test("a SIGCHLD that its caller ignores is not ignored", async (t) => {
    const home = homeOf(t).program("web", { command: sleeper() });
    const argv = ["--ignore-signal=CHLD", home.command("usrsvcd.cjs")];
    const made = spawn("env", argv, { env: { ...home.env, ...older }, stdio: "ignore" });
    await new Promise((resolve) => made.once("exit", resolve));
    for (const name of ["web", "fork"]) await logged(home, "program.started", name);
    process.kill(await home.running("web"), "SIGKILL");
    const { exit } = await logged(home, "program.exited", "web");
    assert.deepEqual(exit, { signal: "SIGKILL" });
    const fork = await home.running("fork");
    await heeds(fork, "SIGUSR2");
    process.kill(fork, "SIGUSR2");
    assert.deepEqual((await logged(home, "program.exited", "fork"))["exit"], { code: 9 });
  });

  test("children of the shell that has become usrsvcd are reaped", async (t) => {
    const home = new Home(t, "subreaper = no").program("web", { command: sleeper() });
    const line = `sleep 0.5 & exec "$0" start --foreground`;
    const shell = spawn("sh", ["-c", line, home.command("usrsvcd.cjs")], {
      env: home.env,
      stdio: "ignore",
    });
    cleanUp(t, () => void shell.kill());
    const usrsvcd = await waitFor("usrsvcd to run", async () => {
      const { code, out } = await home.usrsvcd("status", "--json");
      return code === 0 && (JSON.parse(out) as { pid: number }).pid;
    });
    assert.equal(usrsvcd, shell.pid);
    await waitFor("the sleep to be gone", () => childrenOf(usrsvcd).length === 0);
  });
});

/** Those that its first thread has: what was left to it. What it starts is another thread's. */
function childrenOf(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter((word) => word !== "");
}

function hasZombie(pids: readonly string[]): boolean {
  return pids.some((pid) => {
    try {
      return reader.stat(Number(pid) as Pid).state === "Z";
    } catch {
      return false; // reaped meanwhile
    }
  });
}
