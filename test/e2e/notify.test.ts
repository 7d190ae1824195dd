import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Home, waitFor } from "./home.ts";
import { daemonPid, kill } from "./looks.ts";

const has = (command: string): boolean => spawnSync("which", [command]).status === 0;
const skip = has("python3") ? false : "no python3";

/** Says what the lines of a file say, as they are appended; its first argument. */
const SPEAKER = `
import os, socket, sys, time
address = os.environ.get("NOTIFY_SOCKET", "")
print(address, os.environ.get("WATCHDOG_USEC"), flush=True)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
at = 0
while True:
    try:
        lines = open(sys.argv[1]).read().split("\\n")
    except FileNotFoundError:
        lines = []
    for line in lines[at:-1] if len(lines) > at else []:
        try:
            s.sendto(line.replace("|", "\\n").encode(), address)
        except OSError as e:
            print(e, flush=True)
        at += 1
    time.sleep(0.02)
`;

class Stage {
  readonly home: Home;
  #said = "";

  constructor(home: Home) {
    this.home = home;
    writeFileSync(home.file("speaker.py"), SPEAKER);
  }

  get command(): string {
    return `python3 ${this.home.file("speaker.py")} ${this.home.file("lines")}`;
  }

  say(line: string): void {
    this.#said += `${line}\n`;
    writeFileSync(this.home.file("lines"), this.#said);
  }

  async status(): Promise<string> {
    return (await this.home.usrsvc("status")).out;
  }
}

for (const starter of ["usrsvc", "usrsvcd"] as const) {
  test(`a start from ${starter} has succeeded when the program says so`, { skip }, async (t) => {
    const stage = new Stage(new Home(t));
    const { home } = stage;
    home.program("web", { command: stage.command, ready: "notify" });
    if (starter === "usrsvcd") await home.usrsvcd("start");
    const starting = home.usrsvc("start", "web");
    await waitFor("it waits", async () =>
      /web +starting.*\n +why: waits for its notice \(ready = notify\)/.test(await stage.status()),
    );
    stage.say("STATUS=loading 42 %");
    await waitFor("status tells what it says", async () =>
      /it says: loading 42 %\n +why: waits for its notice \(ready = notify\) \(it says: loading 42 %\)/.test(
        await stage.status(),
      ),
    );
    assert.ok(!/running/.test(await stage.status()));
    stage.say("READY=1|STATUS=all is well");
    const { code, err } = await starting;
    assert.equal(code, 0, err);
    assert.match(await stage.status(), /web +running.*\n +it says: all is well/);
    assert.match(home.read("log/web.log"), /\/state\/notify\/web None/);
    // Whoever has started it listens no more; usrsvcd does.
    if (starter === "usrsvc") return;
    stage.say("RELOADING=1|MONOTONIC_USEC=1");
    await waitFor("it reloads", async () => /it says: reloading/.test(await stage.status()));
    stage.say("READY=1");
    await waitFor("it has reloaded", async () => !/it says/.test(await stage.status()));
    const [status] = await home.status("web");
    assert.equal(status?.["statusText"], undefined);
  });
}

test("one that never says so fails, with what it said last", { skip }, async (t) => {
  const stage = new Stage(new Home(t));
  const settings = { command: stage.command, ready: "notify", start_timeout: "4" };
  stage.home.program("web", settings);
  const starting = stage.home.usrsvc("start", "web");
  stage.say("STATUS=migrating");
  const { code, err } = await starting;
  assert.equal(code, 140);
  assert.match(
    err,
    /not ready within start_timeout \(4(\.0)? s\): it says: migrating \(ready = notify\)/,
  );
});

test("one that asks for time gets it", { skip }, async (t) => {
  const stage = new Stage(new Home(t));
  stage.home.program("web", { command: stage.command, ready: "notify", start_timeout: "4" });
  const starting = stage.home.usrsvc("start", "web");
  const began = performance.now();
  stage.say("EXTEND_TIMEOUT_USEC=20000000");
  await waitFor("its first time is over", () => performance.now() - began > 6000);
  stage.say("READY=1");
  assert.equal((await starting).code, 0);
});

test("what another process of the account says changes nothing", { skip }, async (t) => {
  const stage = new Stage(new Home(t));
  const { home } = stage;
  home.program("web", { command: stage.command, ready: "notify" });
  const starting = home.usrsvc("start", "web");
  const socket = home.file("state/notify/web");
  await waitFor("it is heard", () => existsSync(socket));
  const forge = `import socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.sendto(b"READY=1\\nSTATUS=forged", ${JSON.stringify(socket)})`;
  assert.equal(spawnSync("python3", ["-c", forge]).status, 0);
  stage.say("STATUS=mine");
  await waitFor("its own is heard", async () => /it says: mine/.test(await stage.status()));
  assert.doesNotMatch(await stage.status(), /forged|running/);
  stage.say("READY=1");
  assert.equal((await starting).code, 0);
  assert.deepEqual(readdirSync(home.file("state/notify")), ["web.status"], "the socket is gone");
});

test(
  "systemd-notify of a child counts, and goes on at once",
  { skip: !has("systemd-notify") },
  async (t) => {
    const home = new Home(t);
    const line = "sh -c 'systemd-notify --ready --status=up && touch done; exec sleep 600'";
    home.program("web", { command: line, ready: "notify" });
    const { code, err } = await home.usrsvc("start", "web");
    assert.equal(code, 0, err);
    await waitFor("its barrier was lifted", () => existsSync(home.file("done")));
    assert.match((await home.usrsvc("status")).out, /it says: up/);
  },
);

test(
  "a helper that takes its time between READY=1 and its barrier is answered",
  { skip },
  async (t) => {
    const home = new Home(t);
    const helper = home.script(
      "helper.py",
      `#!/usr/bin/python3
import os, socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(os.environ["NOTIFY_SOCKET"])
s.send(b"READY=1")
time.sleep(0.04)
r, w = os.pipe()
socket.send_fds(s, [b"BARRIER=1"], [w])
os.close(w)
os.read(r, 1)
open("done", "w")
`,
    );
    home.program("web", { command: `sh -c '${helper}; exec sleep 600'`, ready: "notify" });
    const { code, err } = await home.usrsvc("start", "web");
    assert.equal(code, 0, err);
    await waitFor("its barrier was lifted", () => existsSync(home.file("done")));
  },
);

test("redis-server supervised by systemd's protocol", { skip: !has("redis-server") }, async (t) => {
  const home = new Home(t);
  const socket = home.file("r.sock");
  home.program("db", {
    command: `redis-server --port 0 --unixsocket ${socket} --save '' --supervised systemd`,
    proctitle_re: `redis-server .*${socket}`, // there may be others beside it
    ready: "notify",
  });
  const { code, err } = await home.usrsvc("start", "db");
  assert.equal(code, 0, err);
  assert.match((await home.usrsvc("status")).out, /it says: Ready to accept connections/);
});

test("usrsvcd that is killed in mid-start: the next one hears the rest", { skip }, async (t) => {
  const stage = new Stage(new Home(t));
  const { home } = stage;
  home.program("web", { command: stage.command, ready: "notify" });
  await home.usrsvcd("start");
  await waitFor("it waits", async () => /waits for its notice/.test(await stage.status()));
  await kill(await daemonPid(home));
  await home.usrsvcd("start");
  await waitFor("it is heard again", () => existsSync(home.file("state/notify/web")));
  const { pid } = await home.statusOf("web");
  stage.say("READY=1|STATUS=up");
  await waitFor("it runs", async () => /web +running.*\n +it says: up/.test(await stage.status()));
  assert.equal((await home.statusOf("web"))["pid"], pid);
});

test("a watchdog restarts what is silent, and what asks for it", { skip }, async (t) => {
  const stage = new Stage(new Home(t));
  const { home } = stage;
  const monitor = "[[Monitor]]\nwatchdog = 3s\nmonitor_after = 0\n";
  home.program("web", { command: stage.command }, monitor);
  await home.usrsvcd("start");
  const first = await home.running("web");
  await waitFor("it knows how often to speak", () =>
    /notify\/web 3000000/.test(home.read("log/web.log")),
  );
  const began = performance.now();
  while (performance.now() < began + 5000) {
    stage.say("WATCHDOG=1");
    await new Promise((resolve) => setTimeout(resolve, 200)); // signs of life are a matter of time
  }
  assert.equal(await home.running("web"), first);
  // The lines are there for the next one as well: it says them all at once, and is silent then.
  const second = await home.running("web", first);
  const [exceeded] = home.log().filter(({ event }) => event === "program.limit-exceeded");
  assert.equal(exceeded?.["monitor"], "watchdog");
  assert.match(
    exceeded?.msg ?? "",
    /it has been silent for [3-9](\.\d+)? s, longer than watchdog \(3 s\)/,
  );
  const starts = (): number => home.log().filter(({ event }) => event === "program.started").length;
  await waitFor("it is watched again", () => starts() >= 2);
  stage.say("WATCHDOG=trigger");
  await home.running("web", second);
  await waitFor("it is told", () =>
    home.log().some(({ msg }) => /asked to be restarted \(WATCHDOG=trigger\)/.test(msg)),
  );
});

test("a name that is too long for a socket is heard all the same", { skip }, async (t) => {
  const stage = new Stage(new Home(t));
  const name = "a-very-long-name-".repeat(8);
  stage.home.program(name, {
    command: stage.command,
    ready: "notify",
    pidfile: stage.home.file("run/x.pid"),
  });
  stage.say("READY=1");
  assert.equal((await stage.home.usrsvc("start", name)).code, 0);
});
