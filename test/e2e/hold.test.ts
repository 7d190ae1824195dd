import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Home, isAlive, type Json, lines, sleeper, waitFor } from "./home.ts";
import { onlyPid, pids } from "./looks.ts";

const told = (home: Home, event: string, program: string): readonly Json[] =>
  home.log().filter((line) => line.event === event && line.program === program);

/** Fails where the program does not stay down until usrsvcd has told that it does. */
async function staysDown(home: Home, name: string, times = 1): Promise<void> {
  await waitFor(`${name} to be left down`, () => {
    const all = told(home, "program.stopped", name).filter(({ why }) => why === "held");
    return all.length === times;
  });
}

/** How often a program was started that usrsvcd restarts each second: a clock. */
const beats = (home: Home): number => told(home, "program.starting", "clock").length;

async function threeBeats(home: Home): Promise<void> {
  const before = beats(home);
  await waitFor("another program to be restarted three times", () => beats(home) >= before + 3);
}

test("what ends while it is held is left down, mailed about once, and comes back with release", async (t) => {
  const home = new Home(t);
  const sendmail = home.script("sendmail", `#!/bin/sh\ncat >>${home.file("mails")}\n`);
  home
    .main(`sendmail_path = ${sendmail}\nalert_interval = 0`)
    .program("web", {
      command: sleeper(),
      email_alerts: "ops@example.org",
      after_exit: `/bin/sh -c 'echo $USRSVC_PID >> ${home.file("after")}'`,
    })
    .program("clock", { command: sleeper(), max_age: "1s" });
  await home.usrsvcd();
  const pid = await home.running("web");
  const held = await home.usrsvc("hold", "web", "--for", "2h", "--reason", "new  disk\u001b[31m");
  assert.equal(held.code, 0, held.err);
  assert.match(held.out, new RegExp(`^web: held, running as pid ${pid}, until .* \\(in 2 h\\): `));
  await waitFor("usrsvcd to see it", () => told(home, "program.held", "web").length === 1);

  process.kill(pid, "SIGKILL");
  await staysDown(home, "web");
  await threeBeats(home);
  assert.equal(told(home, "program.starting", "web").length, 1);
  assert.equal(home.read("after"), "", "what follows an end waits");
  assert.equal(home.pid("web"), pid, "its pidfile is left as it is");
  const status = await home.statusOf("web");
  const { hold, state, reason, next } = status as Json & { readonly hold: Json };
  assert.equal(state, "stopped");
  assert.equal(reason, "killed by SIGKILL, not by usrsvc");
  assert.equal(next, "nothing while it is held; after that: usrsvcd starts it");
  assert.equal(hold["reason"], "new disk\u001b[31m");
  assert.equal(
    Date.parse(String(hold["until"])) - Date.parse(String(hold["since"])) > 7_190_000,
    true,
  );
  const { out } = await home.usrsvc("status", "web");
  assert.match(out, /\n {4}held by \S+.* until .*: new disk.*; usrsvc release web ends that\n/);
  assert.ok(!out.includes("\u001b"));
  await waitFor("a mail of it", () => home.read("mails").includes("is down, and held"));

  const released = await home.usrsvc("release", "web");
  assert.match(
    released.out,
    /^web: released; it is not running; next: usrsvcd starts it\n {4}it was held by /,
  );
  await home.running("web", pid);
  assert.equal(home.read("after"), `${pid}\n`, "once");
  assert.equal((await home.statusOf("web"))["hold"], undefined);
  const story = await waitFor("all of it to be told", async () => {
    const { out: told } = await home.usrsvc("events", "web");
    return (
      /web: released by .*, after it was held by [\s\S]*web: starting again/.test(told) && told
    );
  });
  assert.match(
    story,
    /web: is held by .*new disk[\s\S]*killed by SIGKILL[\s\S]*WARN {2}web: stays down while it is held by/,
  );
  assert.equal(
    home.read("mails").match(/is down, and held/g)?.length,
    2,
    "in subject and text of one",
  );
});

test("what is held is neither ended for a limit nor for its age, and not restarted with another", async (t) => {
  const home = new Home(t);
  const eater = home.script(
    "eater",
    "#!/bin/sh\nexec /usr/bin/python3 -c 'import time; x = bytearray(40 << 20); time.sleep(9999)'\n",
  );
  home
    .program(
      "big",
      { command: eater, proctitle_re: "bytearray" },
      "[[Monitor]]\nrss_limit = 4000\nmonitor_after = 0\n",
    )
    .program("aged", { command: sleeper(), max_age: "1s" })
    .program("with", { command: sleeper(), restart_with: "clock" })
    .program("clock", { command: sleeper(), max_age: "1s" });
  const names = ["big", "aged", "with"];
  const started = await home.usrsvc("start", "-P", "all");
  assert.equal(started.code, 0, started.err);
  assert.equal((await home.usrsvc("hold", ...names)).code, 0);
  const pidOf = (name: string): number | undefined => home.pid(name);
  const before = names.map(pidOf);
  await home.usrsvcd();
  await threeBeats(home);
  assert.deepEqual(names.map(pidOf), before);
  for (const pid of before) assert.ok(pid !== undefined && isAlive(pid));
  for (const name of names) {
    assert.deepEqual(told(home, "program.limit-exceeded", name), []);
    assert.equal(told(home, "program.held", name)[0]?.["what"], "found");
  }
  await home.usrsvc("stop", "clock");
  await home.usrsvc("release", "big", "aged", "with");
  await waitFor(
    "the limits to count again",
    () => pidOf("big") !== before[0] && pidOf("aged") !== before[1],
  );
  assert.equal(pidOf("with"), before[2], "what it has missed does not concern it");
});

test("a hold outlasts usrsvcd, the record and the boot, and is not taken for a start", async (t) => {
  const home = new Home(t)
    .program("web", { command: sleeper() })
    .program("clock", { command: sleeper(), max_age: "1s" });
  assert.match((await home.usrsvc("hold", "web")).out, /^web: held, not running: /);
  await home.usrsvcd();
  await threeBeats(home);
  assert.equal(home.pid("web"), undefined);
  await home.usrsvcd("stop");
  // Another boot, and no record.
  for (const file of readdirSync(home.file("state/programs"))) {
    const path = home.file(`state/programs/${file}`);
    if (!file.endsWith(".json")) continue;
    writeFileSync(path, readFileSync(path, "utf8").replace(/"boot":"[^"]+"/, '"boot":"another"'));
  }
  rmSync(home.file("state/programs/web.json"), { force: true });
  await home.usrsvcd();
  await threeBeats(home);
  assert.equal(home.pid("web"), undefined);
  assert.equal(
    (await home.statusOf("web"))["next"],
    'nothing while it is held; after "usrsvc release web": usrsvcd starts it',
  );
  await home.usrsvc("release", "all");
  await home.running("web");
  assert.deepEqual(
    readdirSync(home.file("state/programs")).filter((file) => file.endsWith(".hold")),
    [],
  );
});

test("usrsvcd ends a hold whose time is up, also where that was while it was away", async (t) => {
  const home = new Home(t)
    .program("web", { command: sleeper() })
    .program("db", { command: sleeper() });
  await home.usrsvc("hold", "web", "--for", "0.1s");
  await home.usrsvcd();
  await home.running("web");
  await home.running("db");
  assert.match(
    String(told(home, "program.released", "web")[0]?.["msg"]),
    /web: released: its time is up, after/,
  );
  await home.usrsvc("hold", "db", "--for", "6s");
  const pid = home.pid("db") ?? 0;
  process.kill(pid, "SIGKILL");
  await staysDown(home, "db");
  await home.running("db", pid);
  assert.equal(told(home, "program.released", "db")[0]?.["why"], "expired");
  assert.equal((await home.usrsvc("release", "db")).out, "db: was not held\n");
});

test("a person who names what is held acts on it, and is told", async (t) => {
  const home = new Home(t)
    .program("web", { command: sleeper(), needs: "db" })
    .program("db", { command: sleeper() })
    .program("other", { command: sleeper() });
  await home.usrsvcd();
  for (const name of ["web", "db", "other"]) await home.running(name);
  await home.usrsvc("hold", "db", "--reason", "restoring");
  const again = await home.usrsvc("hold", "db");
  assert.match(again.out, /\n {4}it was held by .*: restoring\n/);
  const all = await home.usrsvc("restart", "--all");
  assert.equal(all.code, 0, all.err);
  assert.match(all.out, /db: skipped: held by .*; usrsvc restart db does it all the same\n/);
  const named = await home.usrsvc("restart", "db");
  assert.match(named.out, /started[\s\S]*\n {4}it is held by .*; the hold stays: /);

  const stopped = await home.usrsvc("stop", "all");
  assert.equal(stopped.code, 0);
  assert.match(stopped.out, /db: stopped, [\s\S]*the hold stays/);
  const lacking = await home.usrsvc("start", "all");
  assert.match(lacking.out, /db: skipped: held by /);
  assert.match(lacking.err, /web: not started: db, which it needs, does not run: skipped: held by/);
  assert.equal(lacking.code, 1);
  const web = await home.usrsvc("start", "web");
  assert.match(web.err, /web: not started: db, which it needs, does not run/);
  const json = lines((await home.usrsvc("start", "--json", "db", "web")).out);
  assert.deepEqual(
    json.map(({ program, result }) => [program, result]),
    [
      ["db", "started"],
      ["web", "started"],
    ],
  );
});

test("a job that is held is not run when it is due; with catch_up, when it is released", async (t) => {
  const home = new Home(t);
  const runs = (name: string): number => home.read(`${name}.runs`).split("\n").length - 1;
  for (const name of ["nightly", "other"]) {
    const command = home.script(name, `#!/bin/sh\necho run >> ${home.file(`${name}.runs`)}\n`);
    home.program(name, { type: "job", command, schedule: "0 0 1 1 *", catch_up: "True" });
  }
  await home.usrsvc("start", "nightly", "other");
  for (const name of ["nightly", "other"]) {
    const file = home.file(`state/programs/${name}.json`);
    const record = JSON.parse(readFileSync(file, "utf8")) as Json;
    writeFileSync(file, JSON.stringify({ ...record, dueUntil: "2020-01-01T12:00:00.000Z" }));
  }
  await home.usrsvc("hold", "nightly");
  await home.usrsvcd();
  await waitFor("the other to be run", () => runs("other") === 2);
  await waitFor("usrsvcd to have looked", () => told(home, "program.held", "nightly").length === 1);
  assert.equal(runs("nightly"), 1);
  const { next, state } = await home.statusOf("nightly");
  assert.equal(state, "done");
  assert.match(String(next), /^nothing while it is held; after "usrsvc release nightly": /);
  await home.usrsvc("release", "nightly");
  await waitFor("what it has missed", () => runs("nightly") === 2);
});

test("what a program leaves when it ends while it is held goes on, until it is started again", async (t) => {
  const home = new Home(t);
  const script = home.script("master", `#!/bin/sh\nsleep 7654 & sleep 7655 & wait\n`);
  home.program("web", { command: script });
  await home.usrsvcd();
  await waitFor("its workers", () => pids(home, /sleep 765[45]$/).length === 2);
  await home.usrsvc("hold", "web");
  process.kill(onlyPid(home, /master$/), "SIGKILL");
  await staysDown(home, "web");
  const left = pids(home, /sleep 765[45]$/);
  assert.equal(left.length, 2);
  await home.usrsvcd("restart");
  await waitFor("usrsvcd to have looked", () => told(home, "program.held", "web").length === 2);
  assert.deepEqual(pids(home, /sleep 765[45]$/), left);
  await home.usrsvc("release", "web");
  await waitFor("others in their place", () => {
    const now = pids(home, /sleep 765[45]$/);
    return now.length === 2 && now.every((pid) => !left.includes(pid));
  });
});

test("without usrsvcd a hold is told in status and events, and what is in no file can be released", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  assert.match(
    (await home.usrsvc("hold", "web")).out,
    /usrsvcd is not running; it will leave it as it is/,
  );
  assert.match((await home.usrsvc("status")).out, /held by /);
  home.without("web").program("db", { command: sleeper() });
  const { out } = await home.usrsvc("status");
  assert.match(
    out,
    /note: web is held by .*, but is in no configuration file; usrsvc release web ends that/,
  );
  const released = await home.usrsvc("release", "web", "nosuch");
  assert.equal(released.code, 133);
  assert.match(released.out, /^web: released; it is in no configuration file any more\n/);
  assert.match(
    (await home.usrsvc("events")).out,
    /web: is held by [\s\S]*web: released by .*, after it was held by/,
  );
  assert.match((await home.usrsvc("release", "all")).err, /no program is held/);
  writeFileSync(home.file("state/programs/db.hold"), "{");
  assert.match(
    (await home.usrsvc("start", "all")).out,
    /db: skipped: held by somebody(?: for [\d.]+ s)?: .*db\.hold cannot be understood/,
  );
  assert.match(
    (await home.usrsvc("release", "all")).out,
    /^db: released; it is not running; next: nothing: usrsvcd is not running\n/,
  );
  assert.equal((await home.usrsvc("hold", "db", "--for", "soon")).code, 1);
  assert.equal((await home.usrsvc("hold", "db", "--until", "yesterday")).code, 1);
  assert.match(
    (await home.usrsvc("hold", "db", "--for", "2h", "--until", "18:00")).err,
    /exclude each other/,
  );
  assert.equal((await home.usrsvc("hold")).code, 1);
});
