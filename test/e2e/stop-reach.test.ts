import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Container, noContainers } from "./container.ts";
import { Home, isAlive, type LogLine, sleeper, waitFor } from "./home.ts";
import { pids, told } from "./looks.ts";

/** Ends at HUP alone. */
function deaf(home: Home): string {
  const traps = `trap 'exit 3' HUP; trap '' TERM; touch ${home.file("up")}`;
  return home.script("deaf.sh", `#!/bin/sh\n${traps}\nwhile :; do sleep 0.02; done\n`);
}

async function started(home: Home, name = "web"): Promise<number> {
  const { code, err } = await home.usrsvc("start", name);
  assert.equal(code, 0, err);
  return await home.running(name);
}

/** More than 100 MB. */
const FAT =
  "globalThis.memory = Buffer.alloc(150 * 1024 * 1024, 1); setInterval(() => {}, 1000);\n";

const isNote = ({ what }: LogLine): boolean => what === "note";

describe("stop_group = True", () => {
  const child = sleeper();
  /** Says at its end whether its child lives. */
  const text = (home: Home): string => `#!/bin/bash
trap 'sleep 0.3; kill -0 $! 2>/dev/null && echo lives >${home.file("child")} || echo gone >${home.file("child")}; exit 0' TERM
${child} & while :; do sleep 0.02; done\n`;

  for (const [group, want] of [
    ["True", "gone"],
    ["False", "lives"],
  ] as const) {
    test(`${group}: when the program answers, its child ${want}`, async (t) => {
      const home = new Home(t);
      home.program("web", { command: home.script("web.sh", text(home)), stop_group: group });
      await started(home);
      await waitFor("its child", () => pids(home, new RegExp(`^${child}$`)).length === 1);
      const { out } = await home.usrsvc("stop", "web");
      assert.equal(home.read("child").trim(), want);
      assert.equal(/left-over/.test(out), want === "lives", out);
      assert.deepEqual(pids(home, new RegExp(`^${child}$`)), []);
    });
  }
});

describe("stop_descendants = True", () => {
  test("ends what has called setsid, also in vain, and nothing that is another program's", async (t) => {
    const home = new Home(t);
    const [one, two, other] = [sleeper(), sleeper(), sleeper()];
    home.program("other", { command: other });
    const text = `#!/bin/sh\nsetsid ${one} &\nsetsid -f ${two}\n${home.command("usrsvc.cjs")} start other\nexec sleep 1000\n`;
    home.program("web", { command: home.script("web.sh", text), stop_descendants: "True" });
    await started(home);
    const neighbour = await home.running("other");
    const its = new RegExp(`^(${one}|${two})$`);
    await waitFor("what it has made", () => pids(home, its).length === 2);
    await waitFor("its last words", () => pids(home, /^sleep 1000$/).length === 1);
    const { out } = await home.usrsvc("stop", "web");
    assert.match(out, /; 2 left-over processes ended$/m);
    assert.doesNotMatch(out, /keeps running/);
    assert.deepEqual(pids(home, its), []);
    assert.ok(isAlive(neighbour), "it was started for another program");
    assert.equal((await home.usrsvc("stop", "other")).code, 0);
  });

  test("spares a usrsvcd below it, and what that has started for others", async (t) => {
    const home = new Home(t);
    const daemon = home.command("usrsvcd.cjs");
    const text = `#!/bin/sh\nsetsid ${daemon} start --foreground >/dev/null 2>&1 &\nexec sleep 1000\n`;
    home.program("web", { command: home.script("web.sh", text), stop_descendants: "True" });
    home.program("other", { command: sleeper() });
    await started(home);
    const neighbour = await home.running("other");
    const { code, out } = await home.usrsvc("stop", "web");
    assert.equal(code, 0, out);
    assert.ok(isAlive(neighbour), "it is a program of its own");
    assert.equal((await home.usrsvcd("status")).code, 0, "usrsvcd goes on");
    assert.equal((await home.usrsvcd("stop")).code, 0);
    assert.equal((await home.usrsvc("stop", "other")).code, 0);
  });

  test("does so under usrsvcd after a death as well: the next one finds nothing of it", async (t) => {
    const home = new Home(t);
    const child = sleeper();
    const text = `#!/bin/sh\nsetsid ${child} &\nexec sleep 1000\n`;
    home.program("web", { command: home.script("web.sh", text), stop_descendants: "True" });
    await home.usrsvcd();
    const pid = await home.running("web");
    const its = new RegExp(`^${child}$`);
    const [first] = await waitFor(
      "its child",
      () => pids(home, its).length === 1 && pids(home, its),
    );
    process.kill(pid, "SIGKILL");
    await home.running("web", pid);
    await waitFor("its next child, alone", () => {
      const [next, ...more] = pids(home, its);
      return next !== undefined && next !== first && more.length === 0;
    });
  });
});

describe("stop_command", () => {
  test("ends the program for usrsvc stop and restart, without a signal", async (t) => {
    const home = new Home(t);
    home.program("web", {
      command: deaf(home),
      stop_command: `/bin/sh -c 'echo "$USRSVC_PROGRAM $USRSVC_PID" >>asked; kill -HUP "$USRSVC_PID"'`,
      directory: home.path,
    });
    const first = await started(home);
    const restart = await home.usrsvc("restart", "web");
    assert.match(restart.out, /: ended by stop_command in [\d.]+ m?s \(.*; started, pid/);
    const second = await home.running("web", first);
    const { out } = await home.usrsvc("stop", "web", "--json");
    const { result, message } = JSON.parse(out) as Record<string, unknown>;
    assert.equal(result, "stopped");
    assert.match(String(message), /ended by stop_command/);
    assert.equal(home.read("asked"), `web ${first}\nweb ${second}\n`);
  });

  test("that fails is told with what it wrote, which is in the program's log; the signals come", async (t) => {
    const home = new Home(t);
    const fails = home.script("fails.sh", "#!/bin/sh\necho 'error: no such queue' >&2\nexit 2\n");
    home.program("web", { command: deaf(home), stop_command: `${fails} now`, stop: "HUP 10s" });
    await started(home);
    const { out, code } = await home.usrsvc("stop", "web");
    assert.equal(code, 0);
    assert.match(out, /^web: stopped, pid \d+: terminated in /);
    assert.match(
      out,
      /^ {4}stop_command failed: exited with code 2; it wrote: error: no such queue$/m,
    );
    assert.match(home.read("log/web.log"), /^error: no such queue$/m);
  });

  test("is run by usrsvcd for a limit, and its failure is in the log", async (t) => {
    const home = new Home(t);
    const asks = home.script(
      "asks.sh",
      `#!/bin/sh\necho $USRSVC_PID >>${home.file("asked")}\n[ -e ${home.file("fail")} ] && exit 1\nkill -HUP $USRSVC_PID\n`,
    );
    const fat = home.script("fat.mjs", `process.on("SIGHUP", () => process.exit(0));\n${FAT}`);
    home.program(
      "web",
      { command: `${process.execPath} ${fat}`, stop_command: asks, stop: "TERM 5s" },
      "[[Monitor]]\nmonitor_after = 0\nrss_limit = 100M\n",
    );
    await home.usrsvcd();
    const pid = await home.running("web");
    const asked = await waitFor("it to be asked", () => home.read("asked") || undefined);
    assert.equal(asked.split("\n")[0], String(pid));
    await waitFor("its end", () => !isAlive(pid));
    assert.deepEqual(told(home, "program.warning", "web").filter(isNote), []);
    home.script("fail", "");
    const note = await waitFor("the failure", () =>
      told(home, "program.warning", "web").find(isNote),
    );
    assert.match(note.msg, /^web: stop_command failed: exited with code 1/);
  });

  test("is not run for what does not run, and not where the settings have errors", async (t) => {
    const home = new Home(t);
    const asks = home.script("asks.sh", `#!/bin/sh\necho x >>${home.file("asked")}\n`);
    const settings = { command: sleeper(), stop_command: asks };
    home.program("web", settings);
    assert.match((await home.usrsvc("stop", "web")).out, /was not running/);
    await started(home);
    home.program("web", { ...settings, nice: "much" });
    assert.match((await home.usrsvc("stop", "web")).out, /: terminated in /);
    assert.equal(home.read("asked"), "");
  });

  test("is run where the container ends", { skip: noContainers }, async (t) => {
    const home = new Home(t);
    home.program("web", {
      command: deaf(home),
      stop_command: `/bin/sh -c 'echo x >>${home.file("asked")}; kill -HUP "$USRSVC_PID"'`,
    });
    const container = new Container(t, home, [
      home.command("usrsvcd.cjs"),
      "start",
      "--foreground",
    ]);
    await container.logged("program.started", "web");
    await container.signal("SIGTERM");
    assert.equal(await container.ended(), 0, container.out);
    assert.equal(home.read("asked"), "x\n");
  });
});
