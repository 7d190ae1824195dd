import assert from "node:assert/strict";
import { test } from "node:test";
import { Home, isAlive, waitFor } from "./home.ts";
import { daemonPid, holds, kill, pids, settled, told, up } from "./looks.ts";

/** A master whose workers are forks: they have its command line, and run on when it is killed. */
function prefork(home: Home, workers: number, leaves = "exit 0"): string {
  return home.script(
    "prefork.sh",
    `#!/bin/sh
trap '${leaves}' TERM
echo $$ >>${home.file("masters")}
for n in $(seq ${workers}); do (trap '${leaves}' TERM; while :; do sleep 0.05; done) & done
while :; do sleep 0.05; done
`,
  );
}

const title = /prefork\.sh/;
const masters = (home: Home): readonly number[] =>
  home.read("masters").split("\n").filter(Boolean).map(Number);

/** Each of them forks now and then, and is two until that has executed what it is to be. */
async function copies(home: Home, count: number): Promise<void> {
  await waitFor(`${count} copies`, () => pids(home, title).length === count);
}

for (const workers of [1, 2]) {
  test(`in the pause after several deaths none of ${workers} orphaned workers is the program`, async (t) => {
    const home = new Home(t);
    home.program("srv", { command: prefork(home, workers), restart_delay: "3" });
    await home.usrsvcd();
    let last = 0;
    for (const nth of [1, 2, 3]) {
      [last] = await up(home, "srv");
      await settled(home, "srv", nth);
      await kill(last);
    }
    await waitFor("the pause", () => told(home, "program.backoff").length === 1);
    assert.deepEqual(pids(home, title), [], "they hold its port no longer");
    assert.notEqual((await home.statusOf("srv"))["state"], "running");
    await settled(home, "srv", 4);
    const [fourth] = await up(home, "srv");
    assert.equal(masters(home)[3], fourth);
    assert.deepEqual(told(home, "program.adopted"), []);
    await copies(home, workers + 1);
  });
}

test("usrsvcd that is killed while it ends orphaned workers leaves none to the next one", async (t) => {
  const home = new Home(t);
  const command = prefork(home, 1, "sleep 2; exit 0"); // they take their time
  home.program("srv", { command, autorestart: "no" });
  await home.usrsvcd();
  const [first] = await up(home, "srv");
  await settled(home, "srv");
  const daemon = await daemonPid(home);
  await kill(first);
  await waitFor("its end to be told", () => told(home, "program.exited").length === 1);
  await kill(daemon);
  assert.notEqual((await home.statusOf("srv"))["state"], "running");
  await home.usrsvcd();
  const second = await waitFor("another master", () => masters(home)[1]);
  await up(home, "srv");
  assert.equal((await home.statusOf("srv"))["pid"], second);
  await copies(home, 2);
});

test("what a master leaves that is not started again is ended, and is never the program", async (t) => {
  const home = new Home(t);
  home.program("srv", { command: prefork(home, 1), autorestart: "no" });
  await home.usrsvcd();
  const [first] = await up(home, "srv");
  await settled(home, "srv");
  const worker = pids(home, title).find((pid) => pid !== first);
  assert.ok(worker !== undefined && isAlive(worker));
  await kill(first);
  await waitFor("its end to be noted", () => told(home, "program.stopped").length === 1);
  assert.ok(!isAlive(worker));
  assert.equal((await home.statusOf("srv"))["state"], "stopped");
});

test("workers of a daemon that is killed in its start window are not the daemon", async (t) => {
  const home = new Home(t);
  const command = home.script(
    "prefork.sh",
    `#!/bin/sh
(
  sh -c 'echo $PPID' >>${home.file("masters")}
  (while :; do sleep 0.05; done) &
  while :; do sleep 0.05; done
) &
exit 0
`,
  );
  home.program("srv", { command, success_seconds: "6" });
  await home.usrsvcd();
  const daemon = await daemonPid(home);
  const first = await waitFor("the daemon", () => masters(home)[0]);
  await waitFor("it to be held", () => home.pid("srv") === first && holds(daemon, first));
  await waitFor("its worker", () => pids(home, title).length === 2);
  await kill(first);
  await waitFor("the failure", () => told(home, "program.start-failed").length === 1);
  assert.match(told(home, "program.start-failed")[0]?.msg ?? "", /to the background.*SIGKILL/);
  await settled(home, "srv");
  const [pid] = await up(home, "srv");
  assert.equal(pid, masters(home)[1]);
  await copies(home, 2);
});
