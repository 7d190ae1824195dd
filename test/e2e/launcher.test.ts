import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Home, sleeper, waitFor } from "./home.ts";

/** The warm launcher of the usrsvcd: the shell, and what waits below it to become a program. */
async function warmLauncher(home: Home): Promise<{ shell: number; waiting: number }> {
  await waitFor("the first start is over", () =>
    home.log().some((line) => line.event === "program.started"),
  );
  const daemon = Number(home.log().find((line) => line.event === "daemon.started")?.pid);
  return await waitFor("a warm launcher", () => {
    for (const shell of childrenOf(daemon)) {
      for (const waiting of childrenOf(shell)) {
        if (session(waiting) === waiting && isLauncher(waiting)) return { shell, waiting };
      }
    }
    return undefined;
  });
}

function fields(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text
      .slice(text.lastIndexOf(")") + 4)
      .split(" ")
      .map(Number);
  } catch {
    return []; // gone
  }
}

const session = (pid: number): number | undefined => fields(pid)[2];

function childrenOf(parent: number): readonly number[] {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return pids.filter((pid) => fields(pid)[0] === parent);
}

function isLauncher(pid: number): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").endsWith("\0usrsvc-launcher\0");
}

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
  const restart = await home.run("usrsvc.cjs", ["restart", "titled"]);
  assert.equal(restart.code, 0, restart.err);
  const second = await home.running("titled", first);
  await waitFor("usrsvcd follows it", () =>
    home.log().some((line) => line.event === "program.taken-up" && line.pid === second),
  );
  assert.deepEqual(readFileSync(runs, "utf8").trim().split("\n"), [String(first), String(second)]);
  assert.equal(await home.running("titled"), second);
});

test("a launcher that is killed with its line unread costs usrsvcd nothing", async (t) => {
  const home = new Home(t).program("web", { command: sleeper(), success_seconds: "0.5" });
  await home.usrsvcd();
  const pid = await home.running("web");
  const { shell, waiting } = await warmLauncher(home);
  for (const one of [waiting, shell]) process.kill(one, "SIGSTOP");
  process.kill(pid, "SIGKILL");
  await waitFor("the death is told", () =>
    home.log().some((line) => line.event === "program.exited" && line.pid === pid),
  );
  for (const one of [waiting, shell]) process.kill(one, "SIGKILL");
  await home.running("web", pid);
  const status = await home.run("usrsvcd.cjs", ["status"]);
  assert.equal(status.code, 0, status.err);
});

test("a launcher that hangs is not taken for the program", async (t) => {
  const home = new Home(t).program("web", {
    command: sleeper(),
    success_seconds: "0.5",
    term_to_kill_seconds: "0.2",
  });
  await home.usrsvcd();
  const pid = await home.running("web");
  const { waiting } = await warmLauncher(home);
  process.kill(waiting, "SIGSTOP");
  process.kill(pid, "SIGKILL");
  const failed = await waitFor("the start fails", () =>
    home.log().find((line) => line.event === "program.start-failed"),
  );
  assert.match(String(failed["reason"]), /was not executed within success_seconds/);
  const next = await home.running("web", pid);
  assert.notEqual(next, waiting);
});

test("the age of a launcher is none of the program's", async (t) => {
  const home = new Home(t).program("web", { command: sleeper(), success_seconds: "0.2" });
  await home.usrsvcd();
  const pid = await home.running("web");
  const { waiting } = await warmLauncher(home);
  const since = performance.now();
  await waitFor("the launcher has an age", () => performance.now() > since + 2000);
  process.kill(pid, "SIGKILL");
  assert.equal(await home.running("web", pid), waiting);
  const status = await home.statusOf("web");
  assert.ok(Number(status["uptimeSeconds"]) < 1.5, JSON.stringify(status));
});
