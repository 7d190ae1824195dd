import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { finished, Home, type Json, lines, sleeper, waitFor } from "./home.ts";
import { kill, settled, told, up, withDaemonStopped } from "./looks.ts";

/** A command that fails at once. */
function failing(home: Home): string {
  return home.script("fails.sh", "#!/bin/sh\necho Error: disk on fire\nexit 3\n");
}

/** `usrsvcd status --json`. */
async function daemon(home: Home): Promise<Json> {
  return lines((await home.usrsvcd("status", "--json")).out)[0] ?? {};
}

describe("of a program that usrsvcd has not read", () => {
  test("a start that fails, and status, say that it must", async (t) => {
    const home = new Home(t);
    home.program("web", { command: sleeper() });
    await home.usrsvcd();
    await settled(home, "web");
    for (const name of ["new", "once"]) {
      const autorestart = name === "new" ? "yes" : "no";
      home.program(name, { command: failing(home), autorestart });
      for (const words of [["start"], ["start", "--here"], ["restart"]]) {
        const { code, err } = await home.usrsvc(...words, name);
        assert.equal(code, 134);
        assert.match(err, new RegExp(`usrsvcd does not know ${name} yet .*; run usrsvcd reread`));
        assert.doesNotMatch(err, /will try it again|leaves it down/);
      }
    }
    assert.match(String((await home.statusOf("new"))["next"]), /does not know it yet.* reread/);
    assert.equal((await home.statusOf("once"))["next"], "nothing: autorestart = False");
    await home.usrsvcd("reread");
    assert.doesNotMatch(String((await home.statusOf("new"))["next"]), /reread/);
    assert.match((await home.usrsvc("start", "new")).err, /usrsvcd will try it again/);
  });

  test("one that ran and was ended is not said to be started either", async (t) => {
    const home = new Home(t);
    home.program("web", { command: sleeper() });
    await home.usrsvcd();
    await settled(home, "web");
    home.program("new", { command: sleeper() });
    assert.equal((await home.usrsvc("start", "new")).code, 0);
    await kill(home.pid("new") ?? 0);
    assert.match(String((await home.statusOf("new"))["next"]), /does not know it yet.* reread/);
    // Known again by its section, which was taken out and put back.
    home.without("web");
    await home.usrsvcd("reread");
    home.program("web", { command: sleeper(), proctitle_re: "no such words" });
    await kill(home.pid("web") ?? 0);
    assert.match(String((await home.statusOf("web"))["next"]), /does not know it yet.* reread/);
  });

  test("a failed start with newer settings than usrsvcd has says with which it goes on", async (t) => {
    const home = new Home(t);
    home.program("web", { command: sleeper() });
    await home.usrsvcd();
    await up(home, "web");
    await settled(home, "web");
    home.program("web", { command: failing(home) });
    const { err } = await home.usrsvc("restart", "web");
    assert.match(err, /usrsvcd has older settings of web than the file and keeps using them/);
  });

  test("status promises of one that is set aside no word of how it has ended", async (t) => {
    const home = new Home(t);
    const command = sleeper();
    home.program("web", { command }).program("other", { command: sleeper() });
    await home.usrsvc("start", "web");
    await kill(home.pid("web") ?? 0);
    home.program("web", { command, directory: "/nonexistent" });
    await home.usrsvcd();
    await settled(home, "other");
    const { reason, next } = await home.statusOf("web");
    assert.equal(reason, "ended while nothing was watching; status unknown");
    assert.equal(next, "nothing: its settings are faulty");
  });

  test("another file's usrsvcd starts nothing of this one, which status says", async (t) => {
    const home = new Home(t);
    home.program("web", { command: sleeper() });
    await home.usrsvcd();
    const text = readFileSync(home.config, "utf8").replace("Program:web", "Program:other");
    writeFileSync(home.file("other.cfg"), text, { mode: 0o600 });
    const { out } = await home.usrsvc("-c", home.file("other.cfg"), "status", "--json", "other");
    assert.equal(
      lines(out)[0]?.["next"],
      "nothing: usrsvcd is running with another configuration file",
    );
  });
});

describe("usrsvcd stop", () => {
  test("names what runs on, and says that nothing does", async (t) => {
    const home = new Home(t);
    home.program("web", { command: sleeper(), autostart: "no" });
    await home.usrsvcd();
    const none = await home.usrsvcd("stop");
    assert.match(none.out, /^usrsvcd stopped, pid \d+; none of its programs is running\n$/);
    await home.usrsvc("start", "web");
    await home.usrsvcd();
    await settled(home, "web");
    const json = await home.usrsvcd("stop", "--json");
    assert.deepEqual(lines(json.out)[0]?.["runningOn"], ["web"]);
    assert.match(String(lines(json.out)[0]?.["message"]), /; web keeps running$/);
    for (let n = 0; n < 5; n += 1) home.program(`p${n}`, { command: sleeper() });
    await home.usrsvcd();
    await settled(home, "p4");
    assert.match((await home.usrsvcd("restart")).out, /; 6 programs keep running\n/);
    const said = home.log().filter(({ event }) => event === "daemon.stopping");
    assert.deepEqual(
      said.map(({ msg }) => msg),
      ["none of its programs is running", "web keeps running", "6 programs keep running"].map(
        (w) => `leaves; ${w}`,
      ),
    );
  });
});

test("status says that an older usrsvcd runs, and how it is exchanged", async (t) => {
  const home = new Home(t);
  home.program("web", { command: sleeper() });
  await home.usrsvcd();
  await up(home, "web");
  assert.equal((await home.statusOf("web"))["notes"], undefined);
  const { installed, version } = await daemon(home);
  assert.equal(installed, version);
  const path = home.file("state/usrsvcd.json");
  const older = readFileSync(path, "utf8").replace(`"${String(version)}"`, '"1.9.0"');
  const note = new RegExp(
    `usrsvcd still runs as version 1\\.9\\.0, and this is ${String(version)}: usrsvcd restart, `,
  );
  await withDaemonStopped(home, async () => {
    writeFileSync(path, older, { mode: 0o600 });
    assert.match((await home.usrsvc("status")).out, note);
    assert.match(String((await home.statusOf("web"))["notes"]), note);
    assert.match((await home.usrsvcd("status")).out, note);
    assert.deepEqual([(await daemon(home))["version"], installed], ["1.9.0", version]);
  });
  await home.usrsvcd("restart");
  assert.doesNotMatch((await home.usrsvc("status")).out, /version/);
});

describe("the last exit", () => {
  /** Ends usrsvcd, then the program: nobody sees how. */
  async function endUnseen(home: Home): Promise<number> {
    await home.usrsvcd("stop");
    const pid = home.pid("web") ?? 0;
    await kill(pid);
    return pid;
  }
  const lastExit = async (home: Home): Promise<Json> =>
    (await home.statusOf("web"))["lastExit"] as Json;

  for (const action of ["start", "restart", "stop"]) {
    test(`of a death that nobody saw is told as unknown after usrsvc ${action}, not the one before`, async (t) => {
      const home = new Home(t).program("web", { command: sleeper() });
      await home.usrsvcd();
      const [first] = await up(home, "web");
      await kill(first);
      await home.running("web", first);
      await settled(home, "web", 2);
      assert.deepEqual(
        [(await lastExit(home))["pid"], (await lastExit(home))["signal"]],
        [first, "SIGKILL"],
      );
      const second = await endUnseen(home);
      assert.notEqual(second, first);
      assert.equal((await home.usrsvc(action, "web")).code, 0);
      const { pid, unknown, at } = await lastExit(home);
      assert.deepEqual([pid, unknown], [second, true]);
      assert.ok(Date.now() - Date.parse(String(at)) < 60_000);
    });
  }

  test("is known of one that usrsvcd saw, also where a start by hand follows at once", async (t) => {
    const home = new Home(t).program("web", { command: sleeper(), autorestart: "no" });
    await home.usrsvcd();
    const [first] = await up(home, "web");
    await settled(home, "web");
    process.kill(first, "SIGKILL");
    assert.equal((await home.usrsvc("start", "web")).code, 0);
    await waitFor("its end to be on record", async () => {
      const { pid, signal } = await lastExit(home);
      return pid === first && signal === "SIGKILL";
    });
  });
});

describe("who has asked, and who has launched", () => {
  test("is told of what usrsvc has asked for, by this usrsvcd and the next", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    await home.usrsvcd();
    await up(home, "web");
    await settled(home, "web");
    const takenUp = (): readonly string[] =>
      told(home, "program.adopted", "web").map(({ msg }) => msg);
    const { out } = await home.usrsvc("restart", "web");
    assert.match(out, /\(launched by usrsvcd\)/);
    await waitFor("it to be taken up", () => takenUp().length === 1);
    assert.match(takenUp()[0] ?? "", /started by usrsvcd, at the request of usrsvc$/);
    await home.usrsvcd("restart");
    await waitFor("it to be taken up", () => takenUp().length === 2);
    assert.match(takenUp()[1] ?? "", /started by usrsvcd, at the request of usrsvc$/);
    assert.match((await home.usrsvc("restart", "--here", "web")).out, /\(launched by usrsvc\)/);
    await waitFor("it to be taken up", () => takenUp().length === 3);
    assert.match(takenUp()[2] ?? "", /, started by hand$/);
  });

  test("a start that an operator calls off is no failure in the log", async (t) => {
    const home = new Home(t).program("web", { command: sleeper(), success_seconds: "20" });
    await home.usrsvcd();
    const started = async (): Promise<number> => await home.running("web");
    // Of usrsvcd's own accord, and at somebody's request.
    for (const request of [undefined, "start", "restart"]) {
      const asked = request && finished(home.spawn("usrsvc.cjs", [request, "web"]));
      await started();
      assert.equal((await home.usrsvc("stop", "web")).code, 0);
      if (asked) assert.match((await asked).err, /usrsvc stop was called in the meantime/);
    }
    await waitFor("both to be told", () => told(home, "program.requested").length === 4);
    const off = told(home, "program.requested").filter(({ result }) => result !== undefined);
    assert.deepEqual(
      off.map(({ level, result }) => [level, result]),
      [
        ["info", "interrupted"],
        ["info", "interrupted"],
      ],
    );
    assert.deepEqual(
      home.log().filter(({ level }) => level === "error"),
      [],
    );
  });
});
