import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Home, isAlive, waitFor } from "./home.ts";
import { kill, onlyPid, pids, processes, settled, titledPid, told, up } from "./looks.ts";

/*
 * What somebody has started by hand, beside other things of his, and beside the programs: only what is
 * the program by its words is taken, and nothing that stands beside it.
 */

/** A program that was started before, and died with no usrsvcd to see it. */
async function diedBefore(home: Home, name: string): Promise<void> {
  await home.usrsvc("start", name);
  await kill(await home.running(name));
}

describe("a process that a script of somebody has started with others", () => {
  const server = `/bin/sleep 2${process.pid}.1`;
  const other = `/bin/sleep 2${process.pid}.2`;
  const unknown = `/bin/sleep 2${process.pid}.3`;
  const SERVERS = new RegExp(`/bin/sleep 2${process.pid}\\.`);

  async function startAll(home: Home): Promise<void> {
    const lines = [server, other, unknown].map((one) => `${one} >/dev/null 2>&1 &`).join("\n");
    const script = home.script("all.sh", `#!/bin/bash\n${lines}\n`);
    spawnSync("setsid", [script], { env: home.env, cwd: home.path });
    await waitFor("the three", () => processes(home, SERVERS).length === 3);
  }

  const ways: readonly [what: string, act: (home: Home) => Promise<unknown>][] = [
    [
      "start, which takes it up, and stop",
      async (home) => {
        assert.match((await home.usrsvc("start", "web")).out, /already running/);
        return await home.usrsvc("stop", "web");
      },
    ],
    [
      "usrsvcd, which takes it up, and stop",
      async (home) => {
        await home.usrsvcd();
        await settled(home, "web");
        return await home.usrsvc("stop", "web");
      },
    ],
    [
      "usrsvcd, and its death",
      async (home) => {
        await home.usrsvcd();
        await settled(home, "web");
        const [pid] = await up(home, "web");
        await kill(pid);
        return await home.running("web", pid);
      },
    ],
  ];
  for (const [what, act] of ways) {
    test(`leaves the others alone: ${what}`, async (t) => {
      const home = new Home(t).write();
      home.program("web", { command: server }).program("mail", { command: other });
      await diedBefore(home, "web");
      await diedBefore(home, "mail");
      await startAll(home);
      const left = [other, unknown].map((one) => onlyPid(home, new RegExp(`^${one}$`)));
      await act(home);
      assert.ok(left.every(isAlive));
    });
  }
});

test("an expression that fits two programs takes no process with the other's exact command", async (t) => {
  const home = new Home(t).write();
  const worker = home.script("worker.sh", "#!/bin/sh\nwhile :; do sleep 0.1; done\n");
  for (const name of ["mail", "img"]) {
    home.program(name, { command: `${worker} --queue=${name}`, proctitle_re: "worker\\.sh" });
  }
  const hand = spawn(worker, ["--queue=img"], { env: home.env, stdio: "ignore", detached: true });
  t.after(() => hand.kill("SIGKILL"));
  await waitFor("it to run", () => pids(home, /worker\.sh --queue=img/).length === 1);
  await home.usrsvcd();
  const [mail, img] = await up(home, "mail", "img");
  assert.equal(img, hand.pid);
  assert.equal(await titledPid(home, /worker\.sh --queue=mail/), mail);
  assert.equal(await titledPid(home, /worker\.sh --queue=img/), img);
});

test("a daemon that replaces itself is followed by its own pidfile, whatever its title and session", async (t) => {
  const home = new Home(t).write();
  mkdirSync(home.file("d"));
  const pidfile = home.file("run/web.pid");
  // Each one goes to the background, writes its pid when it is ready, and ends the one before.
  const python = `import os, signal, sys, time
old = sys.argv[1] if len(sys.argv) > 1 else ""
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
signal.signal(signal.SIGUSR2, lambda *_: os.spawnve(os.P_NOWAIT, sys.executable, ["reloaded", "${home.file("d/d.py")}", str(os.getpid())], {}))
with open("${pidfile}.new", "w") as file: file.write(str(os.getpid()))
os.rename("${pidfile}.new", "${pidfile}")
if old: os.kill(int(old), 15)
while True: time.sleep(1)
`;
  writeFileSync(home.file("d/d.py"), python);
  const command = `/usr/bin/python3 ${home.file("d/d.py")}`;
  home.program("web", { command, autopid: "False", pidfile, success_seconds: "1" });
  await home.usrsvcd();
  const [first] = await up(home, "web");
  await settled(home, "web");
  process.kill(first, "SIGUSR2");
  await waitFor("the first to end", () => !isAlive(first));
  const second = await home.running("web", first);
  await waitFor("usrsvcd to follow", async () => (await home.statusOf("web"))["pid"] === second);
  assert.equal(told(home, "program.starting", "web").length, 1, "none was started besides");
  assert.match((await home.usrsvc("stop", "web")).out, new RegExp(`: stopped, pid ${second}`));
  assert.equal(isAlive(second), false);
});
