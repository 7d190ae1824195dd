import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { Home, type Json, lines, sleeper, waitFor } from "./home.ts";

/** What `usrsvc explain` says of one program. */
async function explained(home: Home, name: string): Promise<Json> {
  const { out } = await home.usrsvc("explain", "--json", name);
  const [one] = lines(out);
  assert.ok(one, `no explanation of ${name}`);
  return one;
}

/** The reasons of its candidates, by pid. */
function reasons(one: Json): Readonly<Record<number, string>> {
  const all = one["candidates"] as readonly { readonly pid: number; readonly reason: string }[];
  return Object.fromEntries(all.map(({ pid, reason }) => [pid, reason]));
}

/** The commands that it advises. */
function advised(one: Json): readonly string[] {
  return (one["advice"] as readonly { readonly command: string }[]).map(({ command }) => command);
}

/** A process that somebody has started by hand; ended with the test. */
async function byHand(t: TestContext, home: Home, command: string): Promise<number> {
  const [file = "", ...words] = command.split(" ");
  const child = spawn(file, words, { cwd: home.path, env: home.env, stdio: "ignore" });
  t.after(() => child.kill("SIGKILL"));
  await new Promise((resolve) => child.once("spawn", resolve));
  return child.pid ?? 0;
}

test("usrsvc explain says which process it is, and why each other is not", async (t) => {
  const command = `${sleeper()} 0.25`; // other tests have sleepers, too
  const home = new Home(t).program("web", { command });
  const before = await home.usrsvc("explain", "web");
  assert.equal(before.code, 0, before.err);
  assert.match(before.out, /^web: stopped: it has not been started yet\n/);
  assert.match(before.out, /nothing is on record/);
  assert.match(before.out, /usrsvcd start +has usrsvcd look after it/);

  // Two that match, and one that differs in a word.
  const first = await byHand(t, home, command);
  const second = await byHand(t, home, command);
  const other = await byHand(t, home, `${command}9`);
  const twins = await explained(home, "web");
  assert.deepEqual(reasons(twins), { [first]: "free", [second]: "younger" });
  assert.equal(twins["pid"], first);
  process.kill(first, "SIGKILL");
  process.kill(second, "SIGKILL");
  await waitFor("both to end", async () => (await home.statusOf("web"))["pid"] === undefined);
  const alike = await explained(home, "web");
  assert.deepEqual(reasons(alike), { [other]: "looks-alike" });
  assert.match(JSON.stringify(alike["candidates"]), /word 3 is \\"0.259\\", wanted \\"0.25\\"/);

  // Launched: what matches as well is named, and is not needed.
  await home.usrsvc("start", "web");
  const pid = await home.running("web");
  const third = await byHand(t, home, command);
  const running = await explained(home, "web");
  assert.deepEqual(reasons(running), { [pid]: "recorded", [third]: "not-needed" });
  assert.match(
    String((running["how"] as readonly string[])[0]),
    /\(launched by usrsvc\); that lives, and is the program$/,
  );

  // A pidfile that names somebody else, and a record that is gone.
  rmSync(home.file("state/programs/web.json"));
  writeFileSync(home.file("run/web.pid"), `${other}\n`);
  const lost = await explained(home, "web");
  assert.equal(lost["pid"], pid);
  assert.equal(reasons(lost)[pid], "marked-launch");
  assert.equal(reasons(lost)[other], "unlike");
  assert.equal(home.pid("web"), other, "it mends nothing");
});

test("usrsvc explain names the settings that are older, and who is at work", async (t) => {
  const command = sleeper();
  const home = new Home(t).program("web", { command }, "[[Env]]\nPORT = 80\nAPI_TOKEN = hunter2\n");
  await home.usrsvc("start", "web");
  const pid = await home.running("web");
  home.program(
    "web",
    { command, directory: home.path, ready: "tcp://127.0.0.1:1" },
    "[[Monitor]]\nrss_limit = 900000\nactivityfile = /nowhere/beat\nactivityfile_limit = 5\n[[Env]]\nPORT = 81\nAPI_TOKEN = hunter2\n",
  );
  const older = await explained(home, "web");
  assert.equal(older["olderSettings"], true);
  assert.deepEqual(older["olderKeys"], ["Env.PORT"]);
  assert.ok(advised(older).includes("usrsvc restart web"));
  const [memory, beat] = older["limits"] as readonly Json[];
  assert.equal(memory?.["key"], "rss_limit");
  assert.equal(memory?.["isOk"], true);
  assert.ok(Number(memory?.["measured"]) > 0);
  assert.deepEqual([beat?.["key"], beat?.["isOk"]], ["activityfile", false]);
  const [ready] = older["checks"] as readonly Json[];
  assert.deepEqual([ready?.["key"], ready?.["isOk"]], ["ready", false]);
  assert.match(String(ready?.["text"]), /not true now \(connection refused/);
  const { out } = await home.usrsvc("explain", "web");
  assert.match(out, /changed since it was launched: variable PORT/);
  assert.match(out, /at work on it: nobody/);
  assert.doesNotMatch(out, /hunter2/);

  // Somebody holds the lock, and is suspended.
  home.program("slow", { command: sleeper(), success_seconds: "60", after: "web" });
  const start = home.spawn("usrsvc.cjs", ["start", "--alone", "slow"]);
  await home.running("slow");
  start.kill("SIGSTOP");
  const held = await waitFor("it to be suspended", async () => {
    const one = await explained(home, "slow");
    return (one["atWork"] as Json | undefined)?.["isSuspended"] === true ? one : undefined;
  });
  assert.equal((held["atWork"] as Json)["pid"], start.pid);
  assert.match(String((held["atWork"] as Json)["command"]), /start --alone slow$/);
  assert.equal(advised(held)[0], `kill -CONT ${start.pid}`);
  const [companion] = held["startsAfter"] as readonly Json[];
  assert.deepEqual(companion, { program: "web", by: ["after"], state: "running" });
  start.kill("SIGKILL");
  process.kill(pid, "SIGKILL");
});

test("usrsvc explain says who holds a program, and that it is not started again", async (t) => {
  const home = new Home(t);
  const broken = home.script("broken.sh", "#!/bin/sh\nexit 3\n");
  home
    .program("web", { command: sleeper() })
    .program("broken", { command: broken, maxrestarts: "0", restart_delay: "60" })
    .program("waits", { command: sleeper(), after: "broken" });
  await home.usrsvcd("start");
  await home.running("web");
  await waitFor(
    "it to be tried again",
    async () => (await home.statusOf("broken"))["state"] === "backoff",
  );
  await home.usrsvc("hold", "web", "--for", "2h", "--reason", "gdb attached");
  await home.usrsvc("hold", "broken");
  const [companion] = (await explained(home, "waits"))["startsAfter"] as readonly Json[];
  assert.equal(companion?.["state"], (await home.statusOf("broken"))["state"]);
  assert.equal(companion?.["state"], "stopped");
  const one = await explained(home, "web");
  assert.equal(one["ifItEnds"], "if it ends, it stays down: it is held");
  assert.deepEqual(advised(one), ["usrsvc release web"]);
  const { out } = await home.usrsvc("explain", "web");
  assert.match(out, /^ {2}hold: held by .*: gdb attached; usrsvcd leaves it exactly as it is$/m);
  assert.doesNotMatch(out, /all is as it should be/);
  await home.usrsvc("release", "web");
  assert.match(String((await explained(home, "web"))["ifItEnds"]), /starts it again at once/);
});

test("usrsvc explain says what comes next, and why, and how it ended", async (t) => {
  const home = new Home(t);
  const broken = home.script("broken.sh", "#!/bin/sh\necho 'Error: no database' >&2\nexit 3\n");
  home
    .program("web", { command: sleeper() })
    .program("broken", { command: broken, maxrestarts: "1" })
    .program("off", { command: sleeper(), enabled: "False" })
    .text("bad", "[Program:bad]\ncommand = sleep 1\nrestart_delay = soon\n");
  await home.usrsvcd("start");
  await home.running("web");
  const gaveUp = await waitFor("it to be given up", async () => {
    const one = await explained(home, "broken");
    // Its last words are in the history, which is written after the record.
    return one["state"] === "fatal" && one["lastWords"] !== undefined ? one : undefined;
  });
  assert.match(String(gaveUp["next"]), /^usrsvcd gave up after 1 failed start/);
  assert.deepEqual(gaveUp["lastWords"], ["Error: no database"]);
  assert.deepEqual(advised(gaveUp), [
    "usrsvc logs broken",
    "usrsvc events broken",
    "usrsvc start broken",
  ]);
  const web = await waitFor("it to run", async () => {
    const one = await explained(home, "web");
    return one["state"] === "running" ? one : undefined;
  });
  assert.match(String(web["ifItEnds"]), /usrsvcd starts it again at once: autorestart = True$/);
  assert.match((await home.usrsvc("explain", "off")).out, /nothing: enabled = False/);
  const bad = await home.usrsvc("explain", "bad");
  assert.match(bad.out, /restart_delay: "soon" is not/);
  assert.match(bad.out, /usrsvcd checkconfig/);

  const unknown = await home.usrsvc("explain", "wep", "web");
  assert.equal(unknown.code, 133);
  assert.match(unknown.err, /wep: no such program; did you mean web\?/);
  assert.match(unknown.out, /^web: running/);

  // In no file any more: while it runs, and after.
  home.without("web");
  assert.match(
    (await home.usrsvc("explain", "web")).out,
    /no configuration file has the program any more/,
  );
  await home.usrsvc("stop", "web");
  const former = await home.usrsvc("explain", "web");
  assert.equal(former.code, 0, former.err);
  assert.match(former.out, /nothing: no configuration file has it any more/);
  assert.match(former.out, /usrsvc events web/);
});

test("usrsvc explain says that another file has it, or that the state is open to others", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  await home.usrsvc("start", "web");
  await home.running("web");
  const other = home.file("other.cfg");
  writeFileSync(other, home.read("usrsvc.cfg"), { mode: 0o600 });
  const theirs = await home.usrsvc("-c", other, "explain", "web");
  assert.equal(theirs.code, 0, theirs.err);
  assert.match(theirs.out, /has a program of this name too, which runs there as pid \d+/);
  assert.ok(theirs.out.includes(`usrsvc -c ${home.config} explain web`));

  chmodSync(home.file("state"), 0o777);
  const open = await home.usrsvc("explain", "web");
  assert.match(open.out, /state_dir/);
  chmodSync(home.file("state"), 0o700);
});

test("usrsvc explain shows no control characters of a command line", async (t) => {
  const home = new Home(t).program("web", { command: sleeper(), proctitle_re: "evil-[0-9]+" });
  const child = spawn("/bin/sleep", ["10000"], {
    argv0: "evil-1\u001b]0;owned\u0007",
    stdio: "ignore",
  });
  t.after(() => child.kill("SIGKILL"));
  await new Promise((resolve) => child.once("spawn", resolve));
  const { out } = await home.usrsvc("explain", "web");
  assert.match(out, /evil-1\\x1b\]0;owned\\x07/);
  assert.ok(!out.includes("\u001b"));
});

test("usrsvc match says what an expression finds now", async (t) => {
  const command = sleeper();
  const word = command.split(" ")[1] ?? "";
  const home = new Home(t).program("web", { command });
  const none = await home.usrsvc("match", `sleep ${word}$`);
  assert.equal(none.code, 1);
  assert.match(none.out, /^it finds no process of this account\n/);

  await home.usrsvc("start", "web");
  const pid = await home.running("web");
  const one = await home.usrsvc("match", `sleep ${word}$`);
  assert.equal(one.code, 0, one.err);
  assert.match(one.out, new RegExp(`^it finds 1 process of this account\n${pid}  `));
  assert.match(one.out, /belongs to web: it is on record for web/);

  const first = await byHand(t, home, `${command}1`);
  const second = await byHand(t, home, `${command}2`);
  const { out } = await home.usrsvc("match", "--json", `sleep ${word}`);
  const all = lines(out);
  assert.deepEqual(
    all.slice(0, -1).map((row) => [row["pid"], row["program"], row["isMeant"]]),
    [
      [pid, "web", undefined],
      [first, undefined, true],
      [second, undefined, undefined],
    ],
  );
  const summary = all.at(-1);
  assert.equal(summary?.["matches"], 3);
  assert.match(String(summary?.["warnings"]), /2 processes that belong to nobody/);
  assert.match(String(summary?.["warnings"]), /a process of web, and others that belong to nobody/);

  // A configuration that cannot be used keeps nobody from trying an expression.
  const broken = home.file("broken.cfg");
  writeFileSync(broken, "[Main\n", { mode: 0o600 });
  const early = await home.usrsvc("-c", broken, "match", `sleep ${word}1`);
  assert.equal(early.code, 0, early.err);
  assert.match(early.err, /^note: .*broken\.cfg: there must be a section/);
  assert.match(early.out, new RegExp(`^it finds 1 process of this account\n${first}  `));

  const near = await home.usrsvc("match", `sleep ${word}3`);
  assert.equal(near.code, 1);
  assert.match(near.out, /comes nearest: the expression is found up to/);
  const bad = await home.usrsvc("match", "py(thon");
  assert.equal(bad.code, 1);
  assert.match(bad.err, /the expression cannot be used: missing \), .* at position 2/);
  assert.match(
    (await home.usrsvc("match", "web")).err,
    /usrsvc explain web says which process it is/,
  );
});
