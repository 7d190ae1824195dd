import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { finished, Home, lines, sleeper, waitFor } from "./home.ts";

/** Follows logs; `seen` is what came until now. */
function follow(
  home: Home,
  ...words: readonly string[]
): { seen: () => string; told: () => string; end: (signal: NodeJS.Signals) => Promise<unknown> } {
  const child = home.spawn("usrsvc.cjs", ["logs", "-f", ...words]);
  let [out, err] = ["", ""];
  child.stdout?.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const ended = new Promise((resolve) => child.once("close", resolve)); // all has come by then
  return {
    seen: () => out,
    told: () => err,
    end: async (signal) => {
      child.kill(signal);
      return await ended;
    },
  };
}

/** A home with the logs of web, which is not started, and of two more. */
function homeWithLogs(t: TestContext): Home {
  const home = new Home(t);
  const err = home.file("log/db.err");
  home.program("web", { command: sleeper() }).program("db", { command: sleeper(), stderr: err });
  writeFileSync(home.file("log/web.log"), "2026-01-01 10:00:00 a\n2026-01-01 10:00:03 d\n");
  writeFileSync(home.file("log/db.log"), "2026-01-01 10:00:01 b\n");
  writeFileSync(err, "2026-01-01 10:00:02 c\n  stack\n2026-01-01 10:00:04 e");
  return home;
}

test("usrsvc logs shows what programs wrote, in order of time, whether they run or not", async (t) => {
  const home = homeWithLogs(t);
  const all = await home.usrsvc("logs", "all");
  assert.equal(
    all.out,
    [
      "web    | 2026-01-01 10:00:00 a",
      "db out | 2026-01-01 10:00:01 b",
      "db err | 2026-01-01 10:00:02 c",
      "db err |   stack",
      "web    | 2026-01-01 10:00:03 d",
      "db err | 2026-01-01 10:00:04 e",
      "",
    ].join("\n"),
  );
  assert.deepEqual([all.err, all.code], ["", 0]);
  // -n counts of each program, both files together, after --grep.
  const last = await home.usrsvc("logs", "db", "-n", "2", "--grep", ":0[12] ");
  assert.equal(last.out, "out | 2026-01-01 10:00:01 b\nerr | 2026-01-01 10:00:02 c\n");
  const errors = await home.usrsvc("logs", "db", "web", "--stderr", "-n", "1");
  assert.equal(errors.out, "web | 2026-01-01 10:00:03 d\ndb  | 2026-01-01 10:00:04 e\n");
  assert.match(errors.err, /^web: stdout and stderr go to one file: stderr = FILE in its section/);
  const since = await home.usrsvc("logs", "db", "--since", "2026-01-01T10:00:02");
  assert.equal(since.out.split("\n").length, 4);
  assert.match(since.out, /^err \| .* c\nerr \| {3}stack\n/);
  const json = lines((await home.usrsvc("logs", "db", "--json", "-n", "2")).out);
  assert.deepEqual(json, [
    { program: "db", stream: "stderr", file: home.file("log/db.err"), line: "  stack" },
    {
      program: "db",
      stream: "stderr",
      file: home.file("log/db.err"),
      time: new Date(2026, 0, 1, 10, 0, 4).toISOString(),
      line: "2026-01-01 10:00:04 e",
    },
  ]);
});

test("usrsvc logs says what it cannot show, and why", async (t) => {
  const home = homeWithLogs(t)
    .program("null", { command: sleeper(), stdout: "/dev/null" })
    .program("new", { command: sleeper() });
  const none = await home.usrsvc("logs", "null", "new", "wep");
  assert.equal(none.code, 133);
  assert.match(none.err, /^wep: no such program; did you mean web\?$/m);
  assert.match(none.err, /^null: its output is thrown away \(\/dev\/null\): name a file in its/m);
  assert.match(none.err, /^new: \S+\/new\.log is not there: it has written nothing yet$/m);
  assert.equal((await home.usrsvc("logs", "web", "--grep", "(")).code, 1);
  assert.equal((await home.usrsvc("logs", "web", "--since", "soon")).code, 1);
  assert.match((await home.usrsvc("logs", "web", "--grep", "xyz")).err, /^no line has "xyz"$/m);
  assert.match((await home.usrsvc("logs", "web", "--since", "1h")).err, /^nothing was written/m);

  writeFileSync(home.file("log/new.log"), "plain\nwords\n");
  const untimed = await home.usrsvc("logs", "new", "--since", "1h");
  assert.equal(untimed.out, "plain\nwords\n");
  assert.match(untimed.err, /have no time that is understood/);
  // What was not written to since then has nothing since then.
  utimesSync(home.file("log/new.log"), 1000, 1000);
  const old = await home.usrsvc("logs", "new", "--since", "1h");
  assert.deepEqual([old.out, old.code], ["", 0]);

  // In no file any more, its log is.
  mkdirSync(home.file("state/log"), { recursive: true });
  writeFileSync(home.file("state/log/gone.log"), "last words\n");
  assert.equal((await home.usrsvc("logs", "gone")).out, "last words\n");
});

test("usrsvc logs goes on in the files that a log was rotated to", async (t) => {
  const home = homeWithLogs(t);
  const log = home.file("log/web.log");
  const day = (at: number): string => `2026-01-0${at}`;
  writeFileSync(`${log}-20260101.gz`, gzipSync(`${day(1)} 09:00:00 one\n${day(1)} 09:00:01 two\n`));
  utimesSync(`${log}-20260101.gz`, 1000, 1000);
  writeFileSync(`${log}.1`, `${day(2)} 09:00:00 three\n`);
  writeFileSync(log, `${day(3)} 09:00:00 four\n`);
  const words = async (...more: readonly string[]): Promise<readonly string[]> =>
    (await home.usrsvc("logs", "web", ...more)).out.match(/\w+$/gm) ?? [];
  assert.deepEqual(await words(), ["one", "two", "three", "four"]);
  assert.deepEqual(await words("-n", "3"), ["two", "three", "four"]);
  assert.deepEqual(await words("-n", "1", "--grep", "two|three"), ["three"]);
  assert.deepEqual(await words("--since", "2026-01-02"), ["three", "four"]);
});

test("usrsvc logs shows the file that the process has open", async (t) => {
  const home = new Home(t);
  const command = sleeper();
  const log = home.file("log/web.log");
  home.program("web", { command });
  const other = home.file("other.log");
  const fd = openSync(other, "a");
  const [file = "", ...words] = command.split(" ");
  const child = spawn(file, words, { stdio: ["ignore", fd, fd], env: home.env });
  closeSync(fd);
  t.after(() => child.kill("SIGKILL"));
  appendFileSync(other, "elsewhere\n");
  await waitFor("it is found", async () => (await home.statusOf("web"))["state"] === "running");
  const elsewhere = await home.usrsvc("logs", "web");
  assert.equal(elsewhere.out, "elsewhere\n");
  assert.ok(
    elsewhere.err.startsWith(`web: shown is ${other}, to which process ${child.pid} writes`),
    elsewhere.err,
  );
  // What was removed under it is there as long as the process is.
  rmSync(other);
  const removed = await home.usrsvc("logs", "web");
  assert.equal(removed.out, "elsewhere\n");
  assert.match(
    removed.err,
    /other\.log was removed, and process \d+ still writes its output to it/,
  );
  child.kill("SIGKILL");
  await waitFor("it ends", async () => (await home.statusOf("web"))["state"] === "stopped");
  assert.match((await home.usrsvc("logs", "web")).err, /web\.log is not there/);
  writeFileSync(log, "own\n");
  assert.equal((await home.usrsvc("logs", "web")).out, "own\n");
});

test("usrsvc logs -f waits for files, and follows them across rotations and truncations", async (t) => {
  const home = new Home(t);
  home.program("web", { command: sleeper() });
  home.program("late", { command: sleeper(), stdout: home.file("log/deep/late.log") });
  const log = home.file("log/web.log");
  writeFileSync(log, "before\nhalf");
  const following = follow(home, "web", "late", "-n", "1");
  const sees = async (text: string): Promise<void> => {
    await waitFor(text, () => following.seen().endsWith(`${text}\n`));
  };
  await sees("web  | half"); // a question, perhaps: shown when nothing more comes
  await waitFor("that to be told", () =>
    /late: .*late\.log is not there: waiting for it/.test(following.told()),
  );
  appendFileSync(log, " and half\nnext\n");
  await sees("web  |  and half\nweb  | next");
  renameSync(log, `${log}.1`);
  appendFileSync(`${log}.1`, "to the old one\n");
  await sees("to the old one");
  writeFileSync(log, "to the new one\n");
  await sees("to the new one");
  appendFileSync(`${log}.1`, "to the old one again\n");
  await sees("to the old one again");
  copyFileSync(log, `${log}.2`);
  truncateSync(log);
  appendFileSync(log, "emptied\n");
  await sees("emptied");
  mkdirSync(home.file("log/deep"));
  appendFileSync(home.file("log/deep/late.log"), "at last\n");
  await sees("late | at last");
  assert.equal(await following.end("SIGINT"), 0);
  assert.match(following.told(), /web: \S+ was replaced .*\nweb: \S+ was truncated\n/);
});

test("usrsvc logs -f loses and doubles no line of a program that writes while its log is rotated", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  const log = home.file("log/web.log");
  writeFileSync(log, "");
  const following = follow(home, "web", "--grep", "^n");
  await waitFor("it to follow", () => {
    appendFileSync(log, "n-1\n");
    return following.seen() !== "";
  });
  for (let at = 0; at < 2000; at += 1) {
    appendFileSync(log, `n${at}\nother ${at}\n`);
    if (at % 700 === 699) {
      const told = (): number => following.told().match(/replaced/g)?.length ?? 0;
      const before = told();
      renameSync(log, `${log}.${at}`);
      writeFileSync(log, "");
      // Two rotations within a blink are more than anybody can see.
      await waitFor("it to notice", () => told() > before);
    }
  }
  await waitFor("the last", () => following.seen().includes("n1999\n"));
  const numbers = following.seen().match(/^n\d+$/gm) ?? [];
  assert.deepEqual(
    numbers,
    Array.from({ length: 2000 }, (_, at) => `n${at}`),
  );
  assert.equal(await following.end("SIGTERM"), 0);
});

test("usrsvc logs ends in silence when its reader has left", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  writeFileSync(home.file("log/web.log"), "x".repeat(100).concat("\n").repeat(100_000));
  const tool = home.command("usrsvc.cjs");
  const shell = async (line: string): Promise<unknown> => {
    const child = spawn("/bin/sh", ["-c", line], {
      env: home.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    t.after(() => child.kill("SIGKILL"));
    return await finished(child);
  };
  const head = `{ ${tool} logs web -n 99999; echo $? >&2; } | head -n 1 | wc -c`;
  assert.deepEqual(await shell(head), { code: 0, out: "101\n", err: "0\n" });
  const followed = `{ ${tool} logs -f web -n 99999; echo $? >&2; } | head -n 1 | wc -c`;
  assert.deepEqual(await shell(followed), { code: 0, out: "101\n", err: "0\n" });
});

test("usrsvc logs lets nothing through that a terminal obeys", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  const log = home.file("log/web.log");
  writeFileSync(
    log,
    Buffer.from("\u001b[31mred\u001b[0m \u001b]0;title\u0007\u009b2J \u202e\0x", "utf8"),
  );
  appendFileSync(log, Buffer.from([0xff, 0xfe, 0x0a]));
  const { out } = await home.usrsvc("logs", "web");
  assert.equal(out, "red \\x1b]0;title\\x07\\x9b2J \\u202e\\x00x\ufffd\ufffd\n");
});

test("logs goes on after a cursor, across a rotation, and refuses what is none", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  const log = home.file("log/web.log");
  writeFileSync(log, "one\ntwo\n");
  const follow = async (words: readonly string[], until: RegExp): Promise<string> => {
    const child = home.spawn("usrsvc.cjs", ["logs", "web", "-f", ...words]);
    let out = "";
    child.stdout?.on("data", (chunk: Buffer) => (out += chunk.toString()));
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await waitFor("its lines", () => until.test(out));
    child.kill("SIGINT");
    assert.equal(await ended, 0);
    return out;
  };
  const first = await follow(["--show-cursor"], /^-- cursor: \S+$/m);
  const [, cursor = ""] = /^one\ntwo\n-- cursor: (\S+)\n$/.exec(first) ?? [];
  appendFileSync(log, "three\n");
  renameSync(log, `${log}.1`);
  writeFileSync(log, "four\n");
  const json = await follow(
    ["--after-cursor", cursor, "--show-cursor", "--json"],
    /four[^]*cursor/,
  );
  const told = lines(json);
  assert.deepEqual(
    told.flatMap(({ line }) => line ?? []),
    ["three", "four"],
  );
  assert.equal(typeof told.at(-1)?.["cursor"], "string");

  const wrong = await home.usrsvc("logs", "web", "-f", "--after-cursor", "x");
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /--after-cursor: is no cursor; --show-cursor prints one/);
  const alone = await home.usrsvc("logs", "web", "--show-cursor");
  assert.match(alone.err, /--show-cursor goes with --follow/);
});
