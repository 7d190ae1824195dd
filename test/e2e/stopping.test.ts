import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Home, isAlive, waitFor } from "./home.ts";

/** A script that says what it was sent, and ends at one of these signals. */
function listener(home: Home, ends: string, ...hears: readonly string[]): string {
  const traps = hears.map((name) => {
    const end = name === ends ? "; exit 0" : "";
    return `trap 'echo ${name} >>${home.file("heard")}${end}' ${name}`;
  });
  const loop = `echo up >>${home.file("heard")}\nwhile :; do sleep 0.02; done`;
  return home.script("listener.sh", `#!/bin/bash\n${traps.join("\n")}\n${loop}\n`);
}

async function started(home: Home, name = "web"): Promise<number> {
  const { code, err } = await home.usrsvc("start", name);
  assert.equal(code, 0, err);
  await waitFor("it to listen", () => home.read("heard").includes("up"));
  return await home.running(name);
}

/** What it was sent, in order. */
function heard(home: Home): string {
  return home.read("heard").trim().split("\n").slice(1).join(" ");
}

describe("stop = SIGNAL WAIT, …", () => {
  test("ends with the first signal that the program answers, and says which, and why", async (t) => {
    const home = new Home(t);
    const command = listener(home, "INT", "QUIT", "TERM", "INT");
    home.program("web", { command, stop: "QUIT 300ms, sigterm 0.2, INT 10s, KILL" });
    const pid = await started(home);
    const { code, out } = await home.usrsvc("stop", "web");
    assert.equal(code, 0);
    assert.match(
      out,
      /terminated by SIGINT in .*, because it ignored SIGQUIT for 300 ms and SIGTERM for 200 ms \(/,
    );
    assert.equal(heard(home), "QUIT TERM INT");
    assert.ok(!isAlive(pid));
  });

  test("says no more than before where the first one ends it", async (t) => {
    const home = new Home(t);
    home.program("web", {
      command: listener(home, "QUIT", "QUIT", "TERM"),
      stop: "QUIT 10s, TERM",
    });
    await started(home);
    assert.match((await home.usrsvc("stop", "web")).out, /^web: stopped, pid \d+: terminated in /);
    assert.equal(heard(home), "QUIT");
  });

  test("kills in the end, also where KILL is not written, and waits for term_to_kill_seconds", async (t) => {
    const home = new Home(t);
    const command = listener(home, "", "INT");
    home.program("web", { command, stop: "INT", term_to_kill_seconds: "0.3" });
    const pid = await started(home);
    const { out } = await home.usrsvc("stop", "web", "--json");
    const { result, message } = JSON.parse(out) as Record<string, unknown>;
    assert.equal(result, "killed");
    assert.match(
      String(message),
      /killed, because it ignored SIGINT for term_to_kill_seconds, 300 ms \(killed by SIGKILL\)/,
    );
    assert.equal(heard(home), "INT");
    assert.ok(!isAlive(pid));
  });

  test("kills at once where that is all it says", async (t) => {
    const home = new Home(t);
    home.program("web", { command: listener(home, "TERM", "TERM"), stop: "KILL" });
    await started(home);
    assert.match(
      (await home.usrsvc("stop", "web")).out,
      /: killed in [\d.]+ m?s \(killed by SIGKILL\)/,
    );
    assert.equal(heard(home), "");
  });

  test("holds for restart, and for usrsvcd: the reason says which signal ended it", async (t) => {
    const home = new Home(t);
    const fat = [
      "process.on('SIGTERM', () => {});",
      "process.on('SIGINT', () => process.exit(0));",
      "globalThis.memory = Buffer.alloc(150 * 1024 * 1024, 1);",
      `(await import("node:fs")).writeFileSync(${JSON.stringify(home.file("heard"))}, "up\\n");`,
      "setInterval(() => {}, 1000);",
    ];
    const file = home.script("fat.mjs", fat.join("\n"));
    home.program(
      "web",
      { command: `${process.execPath} ${file}`, stop: "TERM 200ms, INT 10s, KILL" },
      "[[Monitor]]\nmonitor_after = 0\nrss_limit = 100M\n",
    );
    const pid = await started(home);
    const { out } = await home.usrsvc("restart", "web");
    assert.match(out, /terminated by SIGINT in .*; started/);
    const next = await home.running("web", pid);
    await home.usrsvcd();
    await home.running("web", next);
    const { lastExit } = await home.statusOf("web");
    assert.match(
      JSON.stringify(lastExit),
      /exceeds rss_limit.*; ended by SIGINT, because it ignored SIGTERM for 200 ms/,
    );
    assert.equal((await home.usrsvcd("stop")).code, 0);
    assert.equal((await home.usrsvc("stop", "web")).code, 0);
  });

  test("with an error is told with its place, and the program can still be stopped", async (t) => {
    const home = new Home(t);
    home.program("web", { command: listener(home, "TERM", "TERM"), stop: "TERM 5s" });
    await started(home);
    home.program("web", { command: listener(home, "TERM", "TERM"), stop: "TREM 5s" });
    const { code, err, out } = await home.usrsvcd("checkconfig");
    assert.equal(code, 130);
    assert.match(
      out + err,
      /usrsvc\.cfg:\d+: stop: "TREM 5s" contains TREM, which is no signal; did you mean TERM\?/,
    );
    assert.match((await home.usrsvc("stop", "web")).out, /: terminated in /);
  });
});
