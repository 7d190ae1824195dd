import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { Home, waitFor } from "./home.ts";
import { daemonPid, endAfter, kill, pids, sessionOf, told, up } from "./looks.ts";
import { installed } from "./servers.ts";

/** Its first process leaves at once; the one that stays writes its pidfile when `go` is there. */
function lateDaemon(home: Home): string {
  return home.script(
    "late.sh",
    `#!/bin/sh
if [ "$LATE" = "" ]; then
  LATE=1 setsid "$0" &
  exit 0
fi
while ! [ -e ${home.file("go")} ]; do sleep 0.02; done
echo $$ >${home.file("run/late.pid")}
while :; do sleep 0.05; done
`,
  );
}

const title = /late\.sh/;
/** Each leads a session; what it forks has its title, until that has executed what it is to be. */
const daemons = (home: Home): readonly number[] =>
  pids(home, title).filter((pid) => sessionOf(pid) === pid);

describe("usrsvcd killed in the start window of a daemon whose first process has left", () => {
  const settings = { autopid: "no", proctitle_re: "^nothing like it" };
  const killed = async (home: Home, window = "2"): Promise<number> => {
    home.program("late", {
      command: lateDaemon(home),
      ...settings,
      success_seconds: window,
    });
    await home.usrsvcd();
    const usrsvcd = await daemonPid(home);
    const [first = 0] = await waitFor("the daemon", () => {
      const all = daemons(home);
      const hasLeft = told(home, "program.starting").some(({ pid = 0 }) => !all.includes(pid));
      return all.length === 1 && hasLeft && all;
    });
    await kill(usrsvcd);
    return first;
  };

  test("the next one waits for it, and takes it up by its pidfile", async (t) => {
    const home = new Home(t);
    const daemon = await killed(home, "12"); // also where two commands take six seconds
    assert.equal((await home.statusOf("late"))["state"], "starting");
    await home.usrsvcd();
    await waitFor("it to be ready", () => told(home, "daemon.ready").length === 2);
    await pause(300); // looks are made meanwhile
    assert.deepEqual(daemons(home), [daemon]);
    home.script("go", "");
    const [pid] = await up(home, "late");
    assert.equal(pid, daemon);
    assert.equal(told(home, "program.starting").length, 1, "none was started besides");
  });

  test("the next one ends it when the window is over, before it starts another", async (t) => {
    const home = new Home(t);
    const daemon = await killed(home);
    await home.usrsvcd();
    await waitFor("another start", () => told(home, "program.starting").length === 2);
    assert.ok(!daemons(home).includes(daemon));
    home.script("go", "");
    await up(home, "late");
    assert.equal(daemons(home).length, 1);
  });

  test("usrsvc stop ends it, though nothing names it", async (t) => {
    const home = new Home(t);
    await killed(home);
    assert.equal((await home.usrsvc("stop", "late")).code, 0);
    assert.deepEqual(daemons(home), []);
  });
});

test(
  "redis, which writes over its environment, is one as well after such a kill",
  { skip: installed("/usr/bin/redis-server") === undefined && "redis is not here" },
  async (t) => {
    const home = new Home(t);
    const redis = /^redis-server /;
    endAfter(t, home, redis);
    const socket = `--port 0 --unixsocket ${home.file("redis.sock")}`;
    const command = `redis-server --daemonize yes ${socket} --pidfile ${home.file("run/r.pid")} --dir ${home.path} --save ""`;
    home.program("r", { command, autopid: "no", success_seconds: "1.5" });
    await home.usrsvcd();
    const usrsvcd = await daemonPid(home);
    await waitFor("redis in the background", () => home.pid("r"));
    const before = home.pid("r");
    await kill(usrsvcd);
    await home.usrsvcd();
    const [pid] = await up(home, "r");
    assert.equal(pid, before);
    assert.equal(told(home, "program.starting").length, 1);
  },
);
