import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, test, type TestContext } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { displayWidth } from "../../src/cli/terminal/width.ts";
import { Home, sleeper, waitFor } from "./home.ts";
import { noTerminal, Terminal } from "./terminal.ts";

test("status exits with 0 when all that should run does", async (t) => {
  const home = new Home(t)
    .program("web", { command: sleeper() })
    .program("off", { command: sleeper(), enabled: "False" })
    .program("hand", { command: sleeper(), autostart: "False", autorestart: "False" });
  const code = async (...names: readonly string[]): Promise<number | null> =>
    (await home.usrsvc("status", ...names)).code;
  assert.equal(await code(), 1, "web was not started");
  await home.usrsvc("start", "web");
  assert.equal(await code(), 0, "hand has autostart off, and never ran");
  assert.equal(await code("hand"), 1, "asked for by its name");
  assert.equal(await code("web", "hand"), 1);
  assert.equal(await code("off"), 1);

  await home.usrsvc("start", "hand");
  process.kill(await home.running("hand"), "SIGKILL");
  await waitFor("its end", async () => (await home.statusOf("hand"))["state"] === "stopped");
  assert.equal(await code(), 1, "it was started, and has died");
  await home.usrsvc("stop", "hand");
  assert.equal(await code(), 0, "an operator wants it so");
  await home.usrsvc("stop", "web");
  assert.equal(await code("web"), 1);
  assert.equal(await code(), 0);
  const wanted = (await home.status()).map((one) => [one["program"], one["wanted"]]);
  assert.deepEqual(wanted, [
    ["web", false],
    ["off", false],
    ["hand", false],
  ]);
});

test("status NAME exits with 1 until that one runs, and once it is being stopped", async (t) => {
  const home = new Home(t);
  const [go, end] = [home.file("go"), home.file("end")];
  home
    .program("web", {
      command: sleeper(),
      ready: `file://${go}`,
      stop_command: `/bin/sh -c 'until test -e ${end}; do sleep 0.05; done'`,
    })
    .program("job", { command: sleeper(), type: "job" });
  const seen = async (name: string): Promise<unknown> => (await home.statusOf(name))["state"];
  const codes = async (): Promise<readonly (number | null)[]> => [
    (await home.usrsvc("status", "web")).code,
    (await home.usrsvc("status", "web", "--json")).code,
    (await home.usrsvc("status")).code,
  ];
  const start = home.usrsvc("start", "web", "job", "--no-wait", "-P");
  await waitFor("its start", async () => (await seen("web")) === "starting");
  await waitFor("the job", async () => (await home.statusOf("job"))["pid"]);
  assert.deepEqual(await codes(), [1, 1, 0]);
  assert.equal((await home.usrsvc("status", "job")).code, 0, "a job that is under way runs");
  writeFileSync(go, "");
  assert.equal((await start).code, 0);
  await waitFor("its start to be over", async () => (await seen("web")) === "running");
  assert.deepEqual(await codes(), [0, 0, 0]);
  const stop = home.usrsvc("stop", "web");
  await waitFor("its stop", async () => (await seen("web")) === "stopping");
  assert.equal((await home.usrsvc("status", "web")).code, 1);
  writeFileSync(end, "");
  assert.equal((await stop).code, 0);
});

test("status --json names its schema, and says how much of a processor a program takes", async (t) => {
  const home = new Home(t)
    .program("busy", { command: "while :; do :; done", useshell: "True" })
    .program("idle", { command: sleeper() });
  await home.usrsvc("start", "all", "-P");
  const [busy, idle] = await waitFor("it to be busy", async () => {
    const [one, other] = await home.status();
    return Number(one?.["cpuSeconds"]) >= 0.1 && [one, other];
  });
  assert.equal(busy?.["schema"], 1);
  assert.equal(Object.keys(busy ?? {})[0], "schema");
  const percent = (100 * Number(busy?.["cpuSeconds"])) / Number(busy?.["uptimeSeconds"]);
  assert.ok(
    Math.abs(Number(busy?.["cpuPercent"]) - percent) < 5 + percent / 5,
    JSON.stringify(busy),
  );
  assert.ok(Number(idle?.["cpuSeconds"]) < 0.1);
  assert.equal(idle?.["wanted"], true);
  assert.match(
    (await home.usrsvc("status")).out,
    /^PROGRAM .* CPU +RESTARTS.*\nbusy .* MB|kB +\d+(\.\d)?% /,
  );
});

describe("status on a terminal", { skip: noTerminal }, () => {
  const long = "customer-notification-service-europe-west-with-a-name-that-is-longer-than-any:1";
  const setUp = async (t: TestContext): Promise<Home> => {
    const home = new Home(t)
      .program("web", { command: sleeper() })
      .program("注文処理ワーカー", { command: sleeper() })
      .program(long, { command: "false" });
    await home.usrsvc("start", "all", "-P");
    return home;
  };

  test("is as wide as that, and coloured", async (t) => {
    const home = await setUp(t);
    const shown = async (columns: number, env: NodeJS.ProcessEnv = {}): Promise<string> => {
      const words = [home.command("usrsvc.cjs"), "status"];
      const terminal = new Terminal(t, home, words, { columns, env });
      assert.equal((await terminal.left).code, 1);
      return terminal.written.replaceAll("\r", "");
    };
    for (const columns of [40, 80, 200]) {
      const text = await shown(columns);
      const lines = stripVTControlCharacters(text).split("\n");
      assert.match(lines[0] ?? "", /^PROGRAM +STATE/);
      for (const line of lines) {
        const isOneWord = !line.trim().includes(" ");
        assert.ok(displayWidth(line.trimEnd()) <= columns || isOneWord, `${columns}: ${line}`);
      }
      assert.ok(text.includes("\u001b[38;5;28mrunning\u001b[0m"));
      assert.ok(text.includes("\u001b[1;38;5;160mstopped\u001b[0m"));
      assert.match(text, columns < 200 ? /^customer\S*…\S*y?:1 /m : new RegExp(`^${long} `, "m"));
      assert.match(text, columns < 80 ? /^注文処理…ー {2,}/m : /^注文処理ワーカー {2,}/m);
    }
    for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) {
      assert.ok(!(await shown(80, env)).includes("\u001b"));
    }
    assert.ok((await shown(80, { TERM: "xterm" })).includes("\u001b[32mrunning\u001b[0m"));
  });

  test("is plain in a pipe, unless colours are forced", async (t) => {
    const home = await setUp(t);
    const piped = await home.run("usrsvc.cjs", ["status"], {
      TERM: "xterm-256color",
      COLUMNS: "40",
    });
    assert.match(piped.out, new RegExp(`^PROGRAM .* RESTARTS +LAST EXIT\nweb .*\n.*\n${long} `));
    assert.ok(!piped.out.includes("\u001b"));
    const forced = await home.run("usrsvc.cjs", ["status"], { FORCE_COLOR: "1" });
    assert.ok(forced.out.includes("\u001b[32mrunning\u001b[0m"));
    assert.match(forced.out, new RegExp(`^${long} `, "m"));
  });
});
