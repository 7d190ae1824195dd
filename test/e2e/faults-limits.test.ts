import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Account } from "./account.ts";
import { Home, isAlive, type LogLine, sleeper, waitFor } from "./home.ts";

/*
 * What a machine lacks for a while: descriptors, processes. usrsvcd runs on, tells it once, and goes on with
 * each program when there is some again.
 */

function daemonOf(home: Home): number {
  return Number(home.read(`${process.getuid?.()}_usrsvcd.pid`));
}

/** Sets a soft limit of a process that runs. */
function limit(pid: number, what: string): void {
  execFileSync("prlimit", ["--pid", String(pid), what]);
}

/** The lowest number that is free: with this limit no file can be opened. */
function lowestFree(pid: number): number {
  let fd = 0;
  while (existsSync(`/proc/${pid}/fd/${fd}`)) fd += 1;
  return fd;
}

function told(home: Home, event: string): readonly LogLine[] {
  return home.log().filter((line) => line.event === event && line.program === "web");
}

test("usrsvcd without a descriptor outlives a reread, and starts again what ended when it has some", async (t) => {
  const home = new Home(t);
  home.program("web", { command: sleeper() });
  await home.usrsvcd();
  const web = await home.running("web");
  await waitFor("the start to be over", () => told(home, "program.started").length > 0);
  const daemon = daemonOf(home);
  limit(daemon, `--nofile=${lowestFree(daemon)}:`);
  process.kill(web, "SIGKILL");
  await waitFor("the trouble", () => told(home, "program.error").length > 0);
  process.kill(daemon, "SIGUSR1");
  await waitFor("the reread to be refused", () =>
    home.log().some(({ event, msg }) => event === "config.rejected" && msg.includes("EMFILE")),
  );
  assert.ok(isAlive(daemon));
  limit(daemon, "--nofile=1024:");
  await waitFor("web", async () => (await home.statusOf("web"))["state"] === "running");
  // Once; and once more with its end, where that was noticed after a first look had failed.
  const errors = told(home, "program.error").map((line) => JSON.stringify(line["exit"]));
  assert.equal(new Set(errors).size, errors.length);
  const { lastExit } = await home.statusOf("web");
  assert.equal((lastExit as { signal: string }).signal, "SIGKILL");
});

/** In a user namespace of its own each account has limits of its own. */
const noInstances: [string, ...string[]] = [
  "unshare",
  "--user",
  "--map-root-user",
  "sh",
  "-c",
  'echo 0 >/proc/sys/user/max_inotify_instances && exec "$@"',
  "sh",
];

const noNamespace =
  process.getuid?.() === 0 &&
  spawnSync(noInstances[0], [...noInstances.slice(1), "true"]).status === 0
    ? false
    : "no user namespace is to be had";

test(
  "usrsvcd without inotify looks after programs with activity files all the same",
  { skip: noNamespace },
  async (t) => {
    const home = new Home(t);
    const activityfile = home.file("touched");
    writeFileSync(activityfile, "");
    const monitor = `[[Monitor]]\nactivityfile = ${activityfile}\nactivityfile_limit = 600\n`;
    home.program("web", { command: sleeper() }, monitor);
    const [file, ...words] = [...noInstances, home.command("usrsvcd.cjs"), "start"];
    execFileSync(file, words, { env: home.env, cwd: home.path });
    const web = await home.running("web");
    const warned = (): boolean =>
      told(home, "program.warning").some(({ msg }) =>
        /checked when its time is up: no inotify instance .*EMFILE.*max_user_instances/.test(msg),
      );
    await waitFor("it to be told", warned);
    process.kill(web, "SIGKILL");
    await home.running("web", web);
    const { code, out } = await home.usrsvcd("stop");
    assert.equal(code, 0, out);
    assert.match(out, /^usrsvcd stopped/);
  },
);

const noBody = process.getuid?.() === 0 ? false : "only root can take another account";

test(
  "an account that may have no further process gives no program up",
  { skip: noBody },
  async (t) => {
    const home = new Home(t);
    // One of its own, which has no process but those of this test.
    const account = new Account(home);
    if (!account.canRun) return t.skip("another account cannot read the built commands here");
    home.program("web", { command: sleeper(), maxrestarts: "1" });
    account.take(t);
    account.usrsvcd();
    await waitFor("web", () => told(home, "program.started").length > 0);
    const web = Number(account.statusOf("web")["pid"]);
    const daemon = home.read(`${account.uid}_usrsvcd.pid`).trim();
    account.run("prlimit", "--pid", daemon, "--nproc=1:");
    process.kill(web, "SIGKILL");
    const reason = await waitFor("the trouble", () => told(home, "program.error")[0]?.msg);
    assert.match(reason, /no more processes can be created/);
    const down = account.statusOf("web");
    assert.equal(down["state"], "backoff");
    assert.match(String(down["reason"]), /no more processes can be created/);
    account.run("prlimit", "--pid", daemon, "--nproc=4096:");
    await waitFor("web", () => account.statusOf("web")["state"] === "running");
    await waitFor("its recovery to be told", () => told(home, "program.recovered").length > 0);
    assert.equal(told(home, "program.recovered").length, 1);
    assert.equal(told(home, "program.gave-up").length, 0);
    assert.equal(told(home, "program.error").length, 1);
  },
);
