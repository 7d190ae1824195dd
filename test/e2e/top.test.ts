import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { describe, test, type TestContext } from "node:test";
import { Home, isAlive, sleeper, waitFor } from "./home.ts";
import { noTerminal, Terminal } from "./terminal.ts";

/** A site of three programs, and `usrsvc top` on a terminal. */
async function topOf(
  t: TestContext,
  words: readonly string[] = ["top", "--interval", "0.3"],
): Promise<{ home: Home; top: Terminal }> {
  const home = new Home(t)
    .program("db", { command: sleeper() })
    .program("web", { command: sleeper(), needs: "db" })
    .program("job", { command: sleeper(), autostart: "False" });
  await home.usrsvc("start", "web");
  const top = new Terminal(t, home, [home.command("usrsvc.cjs"), ...words]);
  await top.shows(/PROGRAM +STATE▾/);
  return { home, top };
}

/** The row of a program, as it is shown. */
const rowOf = (name: string, state: string): RegExp => new RegExp(`^${name} +${state} .*$`, "m");

describe("usrsvc top", { skip: noTerminal }, () => {
  test("shows the table of status, live, and leaves nothing behind", async (t) => {
    const { home, top } = await topOf(t);
    assert.equal(top.screen.isAlternate, true);
    assert.equal(top.screen.isCursorShown, false);
    await top.shows(rowOf("db", "running"));
    const [, first] = (await top.shows(/^db +running +(\d+)/m)) ?? [];
    assert.equal(Number(first), home.pid("db"));
    await top.shows(/^job +stopped/m);

    // What others do is seen.
    await home.usrsvc("stop", "web");
    await top.shows(rowOf("web", "stopped"));
    await top.shows(/usrsvc: 1 running, 2 at rest/);
    await home.usrsvc("start", "job");
    await top.shows(rowOf("job", "running"));
    await top.shows(/^job +running.* \d+(\.\d)?% /m);

    top.type("q");
    const left = await top.left;
    assert.deepEqual(left, { code: 0, signal: null, isAsBefore: true });
    assert.equal(top.screen.text, "");
    assert.equal(top.screen.isAlternate, false);
    assert.equal(top.screen.isCursorShown, true);
  });

  test("stops and restarts after a question, and starts without", async (t) => {
    const { home, top } = await topOf(t);
    const pid = await home.running("db");
    await top.shows(/── db: running/);
    top.type("S");
    await top.shows(/^\[y\/N\] Stop db, and first web, which need it\?/m);
    top.type("n");
    await top.shows(/^q quit/m);
    top.type("x\u001b");
    await waitFor("the question to be withdrawn", () => !top.screen.text.includes("[y/N]"));
    assert.equal(isAlive(pid), true);

    top.type("Sy");
    await top.shows(/db: stopped, pid \d+/);
    await top.shows(rowOf("db", "stopped"));
    await top.shows(rowOf("web", "stopped"));
    assert.equal(isAlive(pid), false);
    await top.shows(/── db: stopped[^]*why: stopped by usrsvc/);

    // The stop was asked for after top had begun: that must not keep a start from what it asks for.
    top.type("s");
    await top.shows(/db: started, pid \d+/);
    await top.shows(rowOf("web", "running"));
    const second = await home.running("db", pid);
    top.type("r");
    await top.shows(/^\[y\/N\] Restart db\?/m);
    top.type("y");
    await home.running("db", second);
    await top.shows(/── db: /);
    top.type("\u0003");
    assert.deepEqual(await top.left, { code: 0, signal: null, isAsBefore: true });
  });

  test("obeys nothing that is pasted", async (t) => {
    const { home, top } = await topOf(t);
    const pid = await home.running("db");
    top.type("\u001b[200~Sy q\u001b[201~?");
    await top.shows(/usrsvc top: keys/);
    top.type("q");
    await top.shows(rowOf("db", "running"));
    assert.equal(isAlive(pid), true);
    assert.doesNotMatch(top.written, /\[y\/N\]/);
  });

  test("shows logs, events and help, and sorts", async (t) => {
    const { home, top } = await topOf(t);
    writeFileSync(
      home.file("log/db.log"),
      "ready\n\u001b[31mred\u001b[0m\n" + "long ".repeat(40) + "\n",
    );
    writeFileSync(home.file("log/db.log.1"), "before the rotation\n");
    top.type("l");
    await top.shows(/what db wrote last[^]*\nbefore the rotation\nready\nred\nlong /);
    assert.ok(!top.written.includes("\u001b[31mred"));
    top.type("e");
    await top.shows(/what happened to db[^]*db: started, pid \d+/);
    top.type("\u001b");
    await top.shows(/PROGRAM +STATE▾/);
    top.type("?");
    await top.shows(/usrsvc top: keys/);
    top.type("q");
    top.type("o");
    await top.shows(/PROGRAM▾ +STATE/);
    await top.shows(/^db .*\njob .*\nweb /m);
    top.type("i");
    await top.shows(/PROGRAM▴[^]*^web .*\njob .*\ndb /m);
    top.type("\u001b[C\u001b[C");
    await top.shows(/MEMORY▾/);
    top.type("q");
    assert.equal((await top.left).code, 0);
  });

  test("fits any terminal", async (t) => {
    const { top } = await topOf(t);
    for (const [columns, rows] of [
      [40, 10],
      [200, 50],
      [20, 4],
      [80, 24],
    ] as const) {
      top.resize(columns, rows);
      await waitFor(`${columns} columns`, () => {
        const [title = ""] = top.screen.lines;
        return (
          /^usrsvc.*\d\d:\d\d:\d\d$/.test(title) &&
          title.length === columns &&
          top.screen.lines.length <= rows
        );
      });
      await top.shows(/^db +running/m);
      await top.shows(/^q quit/m);
    }
  });

  test("goes on when the configuration cannot be read for a while", async (t) => {
    const { home, top } = await topOf(t);
    home.main("nonsense here\n");
    await top.shows(/not looked at since: .*usrsvc\.cfg/);
    await top.shows(rowOf("db", "running"));
    home.main("");
    home.program("new", { command: sleeper() });
    await top.shows(rowOf("new", "stopped"));
    assert.ok(!top.screen.text.includes("not looked at"));
  });

  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    test(`gives the terminal back at ${signal}, and ends by it`, async (t) => {
      const { home, top } = await topOf(t);
      if (signal === "SIGHUP") top.hangUp();
      else process.kill(pidOfTop(home), signal);
      const left = await top.left;
      assert.deepEqual(left, { code: null, signal: constants.signals[signal], isAsBefore: true });
      assert.equal(top.screen.isAlternate, false);
      assert.equal(top.screen.isCursorShown, true);
      assert.equal(top.screen.text, "");
    });
  }

  test("completes what was begun, and says so, when it is left", async (t) => {
    const home = new Home(t);
    const stubborn = home.script(
      "stubborn",
      "#!/bin/sh\ntrap 'while [ ! -e go ]; do sleep 0.05; done; exit' TERM\necho up\nwhile :; do sleep 0.05; done\n",
    );
    home.program("slow", { command: stubborn, directory: home.path, term_to_kill_seconds: "60" });
    await home.usrsvc("start", "slow");
    const pid = await home.running("slow");
    const top = new Terminal(t, home, [home.command("usrsvc.cjs"), "top"]);
    await top.shows(rowOf("slow", "running"));
    top.type("Sy");
    await top.shows(/stop slow …/);
    top.type("q");
    assert.equal((await top.left).code, 0);
    assert.match(
      top.screen.text,
      /^stop slow is still under way, and is completed without this page/,
    );
    assert.equal(isAlive(pid), true);
    writeFileSync(home.file("go"), "");
    await waitFor("its end", async () => (await home.statusOf("slow"))["state"] === "stopped");
  });

  test(
    "is suspended by Ctrl-Z, and comes back with fg",
    { skip: !existsSync("/bin/bash") && "no bash" },
    async (t) => {
      const home = new Home(t).program("web", { command: sleeper() });
      await home.usrsvc("start", "web");
      const shell = new Terminal(t, home, ["/bin/bash", "--norc", "--noediting", "-i"], {
        env: { PS1: "ready> " },
      });
      await shell.shows(/ready>/);
      shell.type(`${home.command("usrsvc.cjs")} top\n`);
      await shell.shows(rowOf("web", "running"));
      shell.type("\u001a");
      await shell.shows(/Stopped[^]*ready>$/);
      assert.equal(shell.screen.isAlternate, false);
      assert.equal(shell.screen.isCursorShown, true);
      shell.type("echo a$((1+1))b\n"); // echoed, so the terminal is not raw
      await shell.shows(/echo a\$\(\(1\+1\)\)b\na2b/);
      shell.type("fg\n");
      await shell.shows(rowOf("web", "running"));
      assert.equal(shell.screen.isAlternate, true);
      shell.type("q");
      await waitFor("its end", () => !shell.screen.isAlternate);
      shell.type("exit\n");
      assert.equal((await shell.left).code, 0);
    },
  );

  test("goes on after SIGSTOP, as a page of its own", async (t) => {
    const { home, top } = await topOf(t);
    const pid = pidOfTop(home);
    process.kill(pid, "SIGSTOP");
    process.kill(pid, "SIGCONT");
    await home.usrsvc("stop", "web");
    await top.shows(rowOf("web", "stopped"));
    assert.equal(top.screen.isAlternate, true);
    top.type("q");
    assert.deepEqual(await top.left, { code: 0, signal: null, isAsBefore: true });
  });

  test("is what status --watch shows", async (t) => {
    const { top } = await topOf(t, ["status", "-w", "db"]);
    assert.doesNotMatch(top.screen.text, /^web/m);
    top.type("q");
    assert.equal((await top.left).code, 0);
  });

  test("says what is wrong before it takes the screen", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    const said = async (words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> => {
      const top = new Terminal(t, home, [home.command("usrsvc.cjs"), "top", ...words], { env });
      const { code } = await top.left;
      assert.equal(top.written.includes("\u001b"), false);
      return `${code}: ${top.written}`;
    };
    assert.match(await said(["wep"]), /^133: wep: no such program; did you mean web\?/);
    assert.match(
      await said([], { TERM: "dumb" }),
      /^1: usrsvc: top needs a terminal, and this one \(TERM=dumb\)/,
    );
    assert.match(await said(["--sort", "memroy"]), /^1: .*did you mean memory\?/);
    assert.match(await said(["--interval", "0"]), /^1: .*--interval: "0" is not a time/);
    assert.match(await said(["--json"]), /^1: .*usrsvc status --json/);
    home.main("nonsense here\n");
    assert.match(await said([]), /^130: /);
  });
});

test("usrsvc top needs a terminal, and says what to do without", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  for (const words of [["top"], ["status", "--watch"]]) {
    const { code, out, err } = await home.usrsvc(...words);
    assert.equal(code, 1);
    assert.equal(out, "");
    assert.match(
      err,
      /top needs a terminal, and its output goes elsewhere; without one: usrsvc status, or usrsvc events -f/,
    );
  }
});

/** The process that shows the page. */
function pidOfTop(home: Home): number {
  const found = readdirSync("/proc").find((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      const environ = readFileSync(`/proc/${pid}/environ`, "utf8");
      return (
        words[0] === "node" && words.includes("top") && environ.includes(`HOME=${home.path}\0`)
      );
    } catch {
      return false;
    }
  });
  assert.ok(found, "top runs");
  return Number(found);
}
