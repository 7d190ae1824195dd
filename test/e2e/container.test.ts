import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { Container, noContainers as skip } from "./container.ts";
import { statusField } from "../support/processes.ts";
import { Home, sleeper, waitFor } from "./home.ts";

/** A kernel before 6.15: nothing but a parent gets to know how a process ended. */
const older = { USRSVC_NO_PIDFD_INFO: "1" };

/** Notes its end, which takes a moment. */
function polite(home: Home, name: string): string {
  const note = `echo ${name} >>${home.file("order")}`;
  return home.script(
    `${name}.sh`,
    `#!/bin/sh\ntrap 'sleep 0.1; ${note}; exit 0' TERM\nwhile :; do sleep 0.05; done\n`,
  );
}

function stubborn(home: Home): string {
  return home.script(
    "stubborn.sh",
    `#!/bin/sh\ntrap 'echo asked >>${home.file("order")}' TERM\nwhile :; do sleep 0.05; done\n`,
  );
}

/** A classic daemon: forks twice, and leaves with 9 on SIGUSR2. */
function daemon(home: Home): string {
  const inner = home.script(
    "inner.sh",
    `#!/bin/sh\ntrap 'exit 9' USR2\ntouch ${home.file("up")}\nwhile :; do sleep 0.05; done\n`,
  );
  return home.script("daemon.sh", `#!/bin/sh\n(setsid ${inner} >/dev/null 2>&1 &)\nexit 0\n`);
}

function asInit(t: TestContext, home: Home, ...words: readonly string[]): Container {
  return new Container(t, home, [home.command("usrsvcd.cjs"), ...words], older);
}

/** From Node's first milliseconds on. */
async function listensForSigterm(pid: number): Promise<void> {
  const end = performance.now() + 30_000;
  const listens = (): boolean =>
    readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("node\0") &&
    /[4-7c-f]...$/.test(statusField(pid, "SigCgt"));
  while (!listens()) {
    assert.ok(performance.now() < end, "Node never listens");
    await new Promise(setImmediate);
  }
}

describe("usrsvcd as process 1 of a container", { skip }, () => {
  test("SIGTERM ends the programs politely, the last one first, and the exit code is 0", async (t) => {
    const home = new Home(t);
    home.program("one", { command: polite(home, "one") });
    home.program("two", { command: polite(home, "two") });
    const container = asInit(t, home, "start", "--foreground");
    for (const name of ["one", "two"]) await container.logged("program.started", name);
    await container.signal("SIGTERM");
    assert.equal(await container.ended(), 0, container.out);
    assert.equal(home.read("order"), "two\none\n");
    const stopping = container.log().find(({ event }) => event === "daemon.stopping");
    assert.match(stopping?.msg ?? "", /the container ends: all programs are ended/);
    assert.doesNotMatch(container.out, /run on/);
  });

  test("SIGINT does the same, and one that ignores SIGTERM is killed after its time", async (t) => {
    const home = new Home(t);
    home.program("one", { command: polite(home, "one") });
    home.program("stub", { command: stubborn(home), term_to_kill_seconds: "1" });
    const container = asInit(t, home, "start", "--foreground");
    for (const name of ["one", "stub"]) await container.logged("program.started", name);
    const begin = performance.now();
    await container.signal("SIGINT");
    assert.equal(await container.ended(), 0);
    assert.ok(performance.now() - begin >= 1000);
    assert.equal(home.read("order"), "asked\none\n");
    const stopped = container.log().filter(({ event }) => event === "program.stopped");
    assert.deepEqual(
      stopped.map(({ program, outcome }) => [program, outcome]),
      [
        ["stub", "killed"],
        ["one", "terminated"],
      ],
    );
  });

  test("it reaps all that loses its parent", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    const container = asInit(t, home, "start", "--foreground");
    await container.logged("program.started", "web");
    const many = "for n in $(seq 200); do (setsid sleep 0.0$((n % 10)) &); done";
    assert.equal((await container.exec("bash", "-c", many)).code, 0);
    await waitFor("nothing but usrsvcd and its program", async () => {
      const all = await container.processes();
      assert.ok(all.length > 1);
      return all.every(({ args }) => /usrsvcd|^\/bin\/sleep 1\d{4}|^ps /.test(args));
    });
  });

  test("how a program ended that has forked away is told", async (t) => {
    const home = new Home(t);
    home.program("fork", { command: daemon(home), proctitle_re: "inner.sh" });
    const container = asInit(t, home, "start", "--foreground");
    await container.logged("program.started", "fork");
    await waitFor("its trap", () => existsSync(home.file("up")));
    const pid = String(home.pid("fork"));
    assert.equal((await container.exec("kill", "-USR2", pid)).code, 0);
    const { exit } = await container.logged("program.exited", "fork");
    assert.deepEqual(exit, { code: 9 });
  });

  test("a start in the background stays in the foreground: the container would end", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    const container = asInit(t, home);
    await container.logged("program.started", "web");
    await container.signal("SIGTERM");
    assert.equal(await container.ended(), 0);
  });

  // Before, while Node is being executed, the kernel keeps it from process 1, and nobody ever knows.
  test("a SIGTERM that comes while Node boots is not lost", async (t) => {
    for (const ms of [0, 5, 10, 20, 40]) {
      const home = new Home(t).program("web", { command: sleeper() });
      const container = asInit(t, home, "start", "--foreground");
      await listensForSigterm(await container.init());
      await new Promise((resolve) => setTimeout(resolve, ms));
      await container.signal("SIGTERM");
      assert.equal(await container.ended(), 0, `after ${ms} ms`);
    }
  });

  test("usrsvc works inside, and usrsvcd is told to be what the container ends with", async (t) => {
    const home = new Home(t);
    home.program("web", { command: polite(home, "web") });
    const container = asInit(t, home, "start", "--foreground");
    await container.logged("program.started", "web");
    const run = async (name: "usrsvc" | "usrsvcd", ...words: readonly string[]) =>
      await container.exec(home.command(`${name}.cjs`), ...words);
    const before = home.pid("web");
    assert.match((await run("usrsvc", "restart", "web")).out, /^web: stopped.*started, pid \d+/m);
    assert.notEqual(home.pid("web"), before);
    await container.logged("program.adopted", "web");
    assert.equal((await run("usrsvc", "status")).code, 0);
    const status = await run("usrsvcd", "status", "--json");
    assert.equal((JSON.parse(status.out) as { endsPrograms: boolean }).endsPrograms, true);
    const refused = await run("usrsvcd", "restart");
    assert.equal(refused.code, 1);
    assert.match(refused.err, /container would end with usrsvcd, pid 1/);
    assert.equal((await run("usrsvc", "stop", "web")).code, 0);
    await container.logged("program.stopped", "web");
    void run("usrsvcd", "stop"); // it ends with the container
    assert.equal(await container.ended(), 0);
  });

  test("what an operator stopped is started when the container is, as after a boot", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    const first = asInit(t, home, "start", "--foreground");
    await first.logged("program.started", "web");
    assert.equal((await first.exec(home.command("usrsvc.cjs"), "stop", "web")).code, 0);
    await first.logged("program.stopped", "web");
    await first.signal("SIGTERM");
    assert.equal(await first.ended(), 0);
    const second = asInit(t, home, "start", "--foreground");
    const { msg } = await second.logged("program.starting", "web");
    assert.match(msg, /^web: starting: /);
    assert.equal(second.log().filter(({ level }) => level !== "info").length, 0, second.out);
  });
});

describe("usrsvcd below a tiny init of a container", { skip }, () => {
  /** As `docker run --init` puts it before the command. */
  function tini(home: Home): string {
    const text = `#!/bin/sh
"$@" &
trap 'kill -TERM $!' TERM
wait $!; code=$?
while kill -0 $! 2>/dev/null; do wait $!; code=$?; done
exit $code
`;
    return home.script("tini", text);
  }

  for (const words of [["start", "--foreground"], ["start"]]) {
    test(`usrsvcd ${words.join(" ")}: SIGTERM ends all programs in order`, async (t) => {
      const home = new Home(t);
      home.program("one", { command: polite(home, "one") });
      home.program("two", { command: polite(home, "two") });
      const argv = [tini(home), home.command("usrsvcd.cjs"), ...words];
      const container = new Container(t, home, argv, older);
      for (const name of ["one", "two"]) await container.logged("program.started", name);
      await container.signal("SIGTERM");
      assert.equal(await container.ended(), 0);
      assert.equal(home.read("order"), "two\none\n");
    });
  }

  test("in the background, beside the command of the container, it leaves them alone", async (t) => {
    const home = new Home(t);
    home.program("one", { command: polite(home, "one") });
    const usrsvcd = home.command("usrsvcd.cjs");
    const script = home.script("app.sh", `#!/bin/sh\n${usrsvcd} || exit 1\nexec sleep 600\n`);
    const container = new Container(t, home, [tini(home), script], older);
    await waitFor("usrsvcd to say that it runs", () => /usrsvcd runs, pid/.test(container.out));
    await waitFor("the program", () => home.pid("one") !== undefined);
    assert.equal((await container.exec(usrsvcd, "stop")).code, 0);
    const all = await container.processes();
    assert.ok(all.some(({ args }) => /one\.sh/.test(args)));
    assert.equal(home.read("order"), "");
  });

  test("below another init the programs are left alone: it may start usrsvcd again", async (t) => {
    const home = new Home(t);
    home.program("one", { command: polite(home, "one") });
    const init = home.script("init", `#!/bin/sh\n"$@"\necho left\nexec sleep 600\n`);
    const argv = [init, home.command("usrsvcd.cjs"), "start", "--foreground"];
    const container = new Container(t, home, argv, older);
    await container.logged("program.started", "one");
    assert.equal((await container.exec(home.command("usrsvcd.cjs"), "stop")).code, 0);
    await waitFor("usrsvcd to end", () => container.out.includes("left"));
    const all = await container.processes();
    assert.ok(all.some(({ args, ppid }) => /one\.sh/.test(args) && ppid === 1));
  });
});

describe("examples/container", { skip }, () => {
  const folder = join(import.meta.dirname, "../../examples/container");
  const dockerfile = readFileSync(join(folder, "Dockerfile"), "utf8");

  test("runs as it lies: all is in the log of the container, and it ends in order", async (t) => {
    const home = new Home(t);
    mkdirSync(home.file("bin"));
    for (const name of ["usrsvc", "usrsvcd"]) {
      symlinkSync(home.command(`${name}.cjs`), join(home.file("bin"), name));
    }
    cpSync(join(folder, "app"), home.file("app"), { recursive: true });
    const text = readFileSync(join(folder, "usrsvc.cfg"), "utf8")
      .replaceAll("/home/node", home.path)
      .replaceAll("/app/", `${home.path}/app/`)
      .replace("web.mjs 8080", `web.mjs 0`);
    writeFileSync(home.config, text, { mode: 0o600 });
    const entry = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(dockerfile)?.[1] ?? "") as string[];
    const env = { PATH: `${home.file("bin")}:${process.env["PATH"]}` };
    const container = new Container(t, home, entry, env);
    for (const name of ["web", "worker"]) await container.logged("program.started", name);
    const health = /^HEALTHCHECK .*CMD (.*)$/m.exec(dockerfile)?.[1]?.split(" ") ?? [];
    assert.equal((await container.exec(...health)).code, 0);
    await container.signal("SIGTERM");
    assert.equal(await container.ended(), 0);
    const said = container.out.split("\n").filter((line) => line !== "" && !line.startsWith("{"));
    assert.deepEqual(said, [...said.filter((line) => !/exiting/.test(line)), ...LEAVES]);
    assert.equal(said.length, 4);
  });
});

/** In this order. */
const LEAVES = ["worker: exiting", "web: exiting"];
