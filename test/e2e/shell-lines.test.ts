import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { tellsExitOfReaped } from "../support/watch-claims.ts";
import { Home, isAlive, sleeper, waitFor } from "./home.ts";
import { kill, onlyPid, parentOf, pids, settled, stays, told, up, titledPid } from "./looks.ts";

/** A step that notes when it begins, lasts until the file `go` is there, and notes its end. */
function firstStep(home: Home, name = "step"): string {
  const noted = home.file(`${name}s`);
  return home.script(
    `${name}.sh`,
    `#!/bin/sh
trap 'echo cut >>${noted}; exit 1' TERM HUP INT
echo begins >>${noted}
until [ -e ${home.file("go")} ]; do sleep 0.05; done
echo done >>${noted}
`,
  );
}

function go(home: Home): void {
  writeFileSync(home.file("go"), "");
}

/** A program's shell: what usrsvc has launched. */
const SHELL = /^\/bin\/sh -c /;

describe("a shell line whose first step takes longer than success_seconds", () => {
  const kinds: readonly [
    what: string,
    line: (step: string, server: string) => string,
    re?: (server: string) => string,
  ][] = [
    ["step && exec server", (step, server) => `${step} && exec ${server}`],
    ["step; server", (step, server) => `${step}; ${server}`],
    [
      "step && server, with the server's proctitle_re",
      (step, server) => `${step} && ${server}`,
      (server) => `^${server}`,
    ],
    [
      "step && exec server, with the server's proctitle_re",
      (step, server) => `${step} && exec ${server}`,
      (server) => `^${server}`,
    ],
  ];
  for (const [what, line, re] of kinds) {
    test(`is up, and the step is neither cut nor begun again: ${what}`, async (t) => {
      const home = new Home(t);
      const server = sleeper();
      const isServer = new RegExp(`^${server}$`);
      home.program("app", {
        command: line(firstStep(home), server),
        useshell: "True",
        success_seconds: "0.1",
        ...(re === undefined ? {} : { proctitle_re: re(server) }),
      });
      await home.usrsvcd();
      const [shell] = await up(home, "app");
      await settled(home, "app");
      // Another usrsvcd, a reread and a start by hand begin nothing anew.
      await home.usrsvcd("restart");
      await home.usrsvcd("reread");
      assert.match((await home.usrsvc("start", "app")).out, /already running/);
      await stays("the step goes on", () => home.read("steps") === "begins\n", 300);
      assert.equal((await home.statusOf("app"))["pid"], shell);
      go(home);
      const pid = await waitFor("the server", () => pids(home, isServer)[0]);
      assert.equal(home.read("steps"), "begins\ndone\n");
      // The start window of a look at the shell line is over by now: the slow look follows it, or this.
      await home.usrsvcd("reread");
      await waitFor("status to name it", async () => (await home.statusOf("app"))["pid"] === pid);
      await stays("it runs on", () => isAlive(pid), 200);
      assert.equal((await home.statusOf("app"))["restarts"], 0);

      await kill(pid);
      await waitFor("all to begin again", () => home.read("steps").endsWith("begins\ndone\n"));
      await waitFor("the server again", () => pids(home, isServer).length === 1);
      assert.equal(home.read("steps"), "begins\ndone\n".repeat(2));
      assert.equal((await home.usrsvc("stop", "app")).code, 0);
      assert.deepEqual([...pids(home, isServer), ...pids(home, SHELL)], []);
    });
  }

  test("is stopped in the middle of it, with all that it made", async (t) => {
    const home = new Home(t);
    home.program("app", {
      command: `${firstStep(home)} && exec ${sleeper()}`,
      useshell: "True",
      success_seconds: "0.1",
    });
    await home.usrsvc("start", "app");
    await waitFor("the step", () => home.read("steps") !== "");
    assert.equal((await home.usrsvc("stop", "app")).code, 0);
    assert.equal(home.read("steps"), "begins\ncut\n");
    assert.deepEqual(pids(home, /step\.sh|sleep/), []);
  });

  test("that fails within it is a failed start, and later an end", async (t) => {
    const home = new Home(t);
    const fails = home.script(
      "fails.sh",
      "#!/bin/sh\nsleep $1\necho migration is broken >&2\nexit 3\n",
    );
    const server = sleeper();
    home
      .program("soon", { command: `${fails} 0 && exec ${server}`, useshell: "True" })
      .program("late", {
        command: `${fails} 3 && exec ${server}`,
        useshell: "True",
        success_seconds: "0.1",
      });
    const { code, err } = await home.usrsvc("start", "soon");
    assert.equal(code, 134);
    assert.match(err, /exited with code 3 within success_seconds(.|\n)*migration is broken/);
    assert.equal((await home.usrsvc("start", "late")).code, 0);
    await waitFor("its end", () => pids(home, SHELL).length === 0);
    assert.equal((await home.statusOf("late"))["state"], "stopped");
  });
});

/** False where it has ended meanwhile by itself. */
function isKilled(pid: number): boolean {
  try {
    return process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}

describe("a shell line that goes on by itself", () => {
  test("a loop: the end of a job is the end of nothing", async (t) => {
    const home = new Home(t);
    const job = home.script("job.sh", `#!/bin/sh\necho $$ >>${home.file("jobs")}\n`);
    home.program("loop", {
      command: `while true; do ${job}; sleep 0.15; done`,
      useshell: "True",
      success_seconds: "0.2",
    });
    await home.usrsvcd();
    const [shell] = await up(home, "loop");
    await settled(home, "loop");
    const count = (): number => home.read("jobs").split("\n").length - 1;
    await waitFor("a pause that is killed", () => pids(home, /^sleep 0\.15$/).some(isKilled));
    const before = count();
    await waitFor("more jobs", () => count() > before + 4);
    const status = await home.statusOf("loop");
    assert.deepEqual([status["state"], status["pid"], status["restarts"]], ["running", shell, 0]);
    assert.equal(home.pid("loop"), shell, "its pidfile names the shell, not each job");
    assert.deepEqual(told(home, "program.exited"), []);
    await kill(shell);
    const next = await home.running("loop", shell);
    await waitFor("the loop to go on", () => count() > before + 8);
    await home.usrsvc("stop", "loop");
    assert.ok(!isAlive(next));
    const last = count();
    await stays("no more jobs", () => count() === last, 400);
  });

  test("a pipe, whose first part ends", async (t) => {
    const home = new Home(t);
    const first = home.script(
      "first.sh",
      `#!/bin/sh\necho $$ >>${home.file("firsts")}\necho one\n`,
    );
    const handle = sleeper();
    home.program("pipe", {
      command: `${first} | while read n; do ${handle}; done`,
      useshell: "True",
      success_seconds: "0.2",
    });
    await home.usrsvcd();
    const [shell] = await up(home, "pipe");
    const handler = await waitFor("the handler", () => pids(home, new RegExp(`^${handle}$`))[0]);
    await waitFor("the first part to end", () => !isAlive(Number(home.read("firsts"))));
    await stays("the pipe runs on", () => isAlive(shell) && isAlive(handler), 300);
    assert.equal(home.read("firsts").trim().split("\n").length, 1);
    assert.equal((await home.usrsvc("stop", "pipe")).code, 0);
    assert.deepEqual(pids(home, /^\/bin\/sh|sleep/), []);
  });

  test("commands side by side: the end of one is the end of nothing", async (t) => {
    const home = new Home(t);
    const [a, b] = [sleeper(), sleeper()];
    home.program("both", {
      command: `${a} & ${b} & wait`,
      useshell: "True",
      success_seconds: "0.2",
    });
    await home.usrsvcd();
    const [shell] = await up(home, "both");
    await settled(home, "both");
    await kill(await titledPid(home, new RegExp(`^${b}$`)));
    await home.usrsvcd("reread");
    await stays("the shell lives", () => isAlive(shell), 200);
    assert.equal(pids(home, new RegExp(`^${a}$`)).length, 1);
    await kill(onlyPid(home, new RegExp(`^${a}$`)));
    // Now the line is done.
    await home.running("both", shell);
    await waitFor("both again", () => pids(home, /^\/bin\/sleep/).length === 2);
  });
});

describe("the work of a shell line", () => {
  test("is told to stop first, and what it says in the end is told", async (t) => {
    const home = new Home(t);
    home.script(
      "server.sh",
      `#!/bin/sh\ntrap 'echo bye >>${home.file("words")}; exit 7' TERM\nwhile :; do sleep 0.05; done\n`,
    );
    home.program("app", { command: `cd ${home.path} && ./server.sh`, useshell: "True" });
    await home.usrsvc("start", "app");
    // What it forks for a sleep has its title until the exec.
    const work = await titledPid(home, /^\/bin\/sh \S*server\.sh$/);
    const shell = parentOf(work);
    assert.equal((await home.statusOf("app"))["pid"], work, "it is the main process");
    assert.equal(home.pid("app"), work);
    const { code, out } = await home.usrsvc("stop", "app");
    assert.equal(code, 0);
    assert.match(out, new RegExp(`stopped, pid ${work}`));
    if (tellsExitOfReaped()) assert.match(out, /exited with code 7/, "not that of its shell");
    assert.equal(home.read("words"), "bye\n");
    assert.ok(!isAlive(work) && !isAlive(shell));
    assert.equal(home.pid("app"), undefined);
  });

  test("goes on as the program when its shell has gone", async (t) => {
    const home = new Home(t);
    const server = sleeper();
    home.program("app", { command: `echo begins; ${server}; true`, useshell: "True" });
    await home.usrsvcd();
    await up(home, "app");
    await settled(home, "app");
    const work = await titledPid(home, new RegExp(`^${server}$`));
    const shell = parentOf(work);
    await kill(shell);
    await settled(home, "app", 2);
    const { state, pid } = await home.statusOf("app");
    assert.deepEqual([state, pid], ["running", work]);
    assert.deepEqual(pids(home, new RegExp(`^${server}$`)), [work]);
    await kill(work);
    await waitFor("another shell", () => pids(home, SHELL).length === 1);
    await waitFor("another server", () => pids(home, new RegExp(`^${server}$`)).length === 1);
  });

  test("ends, and its shell with it in the same moment: how that ended is told, each time", async (t) => {
    const home = new Home(t);
    const server = sleeper();
    home.program("app", { command: `cd / && ${server}`, useshell: "True", success_seconds: "0.1" });
    await home.usrsvcd();
    for (const nth of [1, 2, 3, 4]) {
      await settled(home, "app", nth);
      const work = await waitFor("its work", () => pids(home, new RegExp(`^${server}$`))[0]);
      await kill(work);
      await waitFor("its end to be told", () => told(home, "program.exited").length === nth);
    }
    for (const { msg } of told(home, "program.exited")) assert.match(msg, /exited with code 137/);
  });

  test("is not begun twice by two who act at once, nor by a usrsvcd that was killed", async (t) => {
    const home = new Home(t);
    home.program("app", {
      command: `${firstStep(home)} && ${sleeper()}`,
      useshell: "True",
      success_seconds: "0.1",
    });
    await Promise.all([home.usrsvc("start", "app"), home.usrsvc("start", "app"), home.usrsvcd()]);
    const [first] = await up(home, "app");
    const info = JSON.parse((await home.usrsvcd("status", "--json")).out) as {
      readonly pid: number;
    };
    await kill(info.pid);
    await home.usrsvcd();
    await up(home, "app");
    assert.equal((await home.statusOf("app"))["pid"], first);
    assert.equal(home.read("steps"), "begins\n");
    // What the step forks has its words, until that has executed what it is to be.
    await waitFor(
      "the shell and its step alone",
      () => pids(home, /^\/bin\/sh .*step\.sh/).length === 2,
    );
  });
});
