import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { child } from "../support/processes.ts";
import { Home, type Json, lines, type Result, sleeper, waitFor } from "./home.ts";
import { withDaemonStopped } from "./looks.ts";

const ESCAPE = "\u001b";

const diff = async (home: Home, ...words: readonly string[]): Promise<Result> =>
  await home.usrsvcd("checkconfig", "--diff", ...words);

/** Starts usrsvcd, and waits until these run. */
async function begin(home: Home, ...names: readonly string[]): Promise<void> {
  const { code, err } = await home.usrsvcd();
  assert.equal(code, 0, err);
  for (const name of names) await settled(home, name);
}

async function settled(home: Home, name: string): Promise<void> {
  await waitFor(`${name} to run`, async () => (await home.statusOf(name))["state"] === "running");
}

/** The programs of which `status` says that they run with older settings. */
async function older(home: Home): Promise<readonly unknown[]> {
  const all = await home.status();
  return all.filter((one) => one["olderSettings"] === true).map(({ program }) => program);
}

async function restartOutdated(home: Home, ...words: readonly string[]): Promise<readonly Json[]> {
  const { out } = await home.usrsvc("restart", "--outdated", "--json", ...words);
  return lines(out);
}

test("a difference is told key by key, before a reread and after it, and is applied by a restart of just those", async (t) => {
  const kept = sleeper();
  const [first, second, stored] = [sleeper(), sleeper(), sleeper()];
  const home = new Home(t)
    .program("web", { command: first }, "[[Env]]\nPORT = 80\nDB_PASSWORD = geheim1\n")
    .program("tuned", { command: kept })
    .program("store", { command: stored, stdout: "/dev/null" })
    .program("old", { command: sleeper() })
    .program("down", { command: sleeper(), autostart: "no" });
  // Renamed, it keeps its log.
  home.program("store", { command: stored, stdout: home.file("log/shop.log") });
  await begin(home, "web", "tuned", "store", "old");
  const same = await diff(home);
  assert.equal(same.code, 0, same.err);
  assert.match(
    same.out,
    /^\S+usrsvc\.cfg: no differences: usrsvcd, pid \d+, has these settings\n$/,
  );

  const pids = { tuned: home.pid("tuned"), old: home.pid("old"), store: home.pid("store") };
  home
    .main("alert_interval = 5m\nsmtp_url = smtp://me:geheim2@mail.example")
    .program(
      "web",
      { command: second, restart_delay: "5" },
      "[[Env]]\nPORT = 81\nDB_PASSWORD = geheim3\n",
    )
    .program("tuned", { command: kept, maxrestarts: "3" }, "[[Monitor]]\nrss_limit = 9000\n")
    .program("down", { command: second, autostart: "no" })
    .program("shop", { command: stored, stdout: home.file("log/shop.log") })
    .program("new", { command: sleeper() })
    .without("store")
    .without("old");
  const { code, out, err } = await diff(home);
  assert.equal(code, 1, err);
  const expected = [
    /^compared with what usrsvcd, pid \d+, has read at 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d$/m,
    /^~ \[Main\]\n {4}smtp_url: none -> smtp:\/\/me:\*\*\*@mail\.example; applies at once\n {4}alert_interval: 60 -> 300 seconds; applies at once$/m,
    /^~ program web\n {4}command: \S+ \S+ -> \S+ \S+; needs a restart\n {4}restart_delay: 0 -> 5 seconds; applies at once\n {4}variable PORT: changed, not shown; needs a restart\n {4}variable DB_PASSWORD: changed, not shown; needs a restart$/m,
    /^~ program tuned\n {4}maxrestarts: 0 -> 3; applies at once\n {4}rss_limit: 0 -> 9000 kB; applies at once$/m,
    /^~ program down\n {4}command: .* -> .*; applies at its next start$/m,
    new RegExp(`^> program shop, which was store: goes on with pid ${pids.store}$`, "m"),
    /^\+ program new: \/bin\/sleep \S+; is started$/m,
    new RegExp(`^- program old: keeps running, pid ${pids.old}, and is no longer managed$`, "m"),
    /: 7 differences; to apply: usrsvcd reread, then usrsvc restart --outdated\n$/,
  ];
  for (const one of expected) assert.match(out, one);
  assert.doesNotMatch(out + err, /geheim/);
  assert.ok(!out.includes(ESCAPE));

  const json = lines((await diff(home, "--json")).out);
  const told = json.filter(({ section }) => section === "Difference");
  assert.deepEqual(
    told.map(({ change, program, from }) => [change, program, from].filter(Boolean).join(" ")),
    [
      "changed",
      "changed web",
      "changed tuned",
      "changed down",
      "renamed shop store",
      "added new",
      "removed old",
    ],
  );
  const keys = told[1]?.["keys"] as readonly Json[];
  assert.deepEqual(keys[0], { key: "command", old: first, new: second, applies: "restart" });
  assert.deepEqual(keys[2], {
    key: "Env.PORT",
    old: "***",
    new: "***",
    hidden: true,
    applies: "restart",
  });
  const result = json.at(-1);
  assert.deepEqual(
    [result?.["result"], result?.["exitCode"], result?.["comparedWith"], result?.["atRestart"]],
    ["different", 1, "usrsvcd", ["web"]],
  );

  const reread = await home.usrsvcd("reread");
  assert.equal(reread.code, 0, reread.err);
  assert.match(reread.out, /^reread; added: /);
  assert.match(reread.out, /^keep running with older settings until they are restarted: web$/m);
  assert.match(reread.out, /^usrsvc restart --outdated restarts them$/m);
  for (const one of expected.slice(1, 6)) assert.match(reread.out, one);
  assert.match(reread.out, /^- program old: keeps running/m);
  assert.doesNotMatch(reread.out, /geheim/);

  const after = await diff(home);
  assert.equal(after.code, 0);
  assert.match(after.out, /no differences/);
  assert.match(
    after.out,
    /^web runs with older settings still \(command, variable PORT, variable DB_PASSWORD\): usrsvc restart --outdated web$/m,
  );
  assert.match((await home.usrsvc("status", "web")).out, /runs with older settings \(command, /);
  assert.deepEqual(await older(home), ["web"]);
  assert.deepEqual(
    (await restartOutdated(home)).map(({ program, result: word }) => [program, word]),
    [["web", "started"]],
  );
  assert.deepEqual([home.pid("tuned"), home.pid("shop")], [pids.tuned, pids.store]);
  assert.deepEqual(await older(home), []);
  const nothing = await home.usrsvc("restart", "--outdated");
  assert.deepEqual([nothing.code, nothing.err], [0, ""]);
  assert.equal(nothing.out, "nothing to restart: all that runs has the settings of the files\n");
  assert.deepEqual(await restartOutdated(home), []);

  const file = home.file("state/usrsvcd.settings.json");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.doesNotMatch(readFileSync(file, "utf8"), /geheim/);
  assert.equal((await home.usrsvcd("stop")).code, 0);
  assert.throws(() => statSync(file), /ENOENT/);
});

test("a value that is changed back, written otherwise, or only commented needs nothing", async (t) => {
  const [first, second] = [sleeper(), sleeper()];
  const web = (command: string, more = {}, text = ""): Home =>
    home.program("web", { command, term_to_kill_seconds: "60", ...more }, text);
  const home = new Home(t);
  web(first);
  await begin(home, "web");
  web(first, { term_to_kill_seconds: "1min", max_restarts: "00" }, "# a comment\n");
  assert.equal((await diff(home)).code, 0);

  web(second);
  assert.match((await diff(home)).out, /command: .*; needs a restart$/m);
  assert.equal((await home.usrsvcd("reread")).code, 0);
  assert.deepEqual(await older(home), ["web"]);
  web(first);
  const back = await diff(home);
  assert.match(back.out, /command: .*; it runs with this already$/m);
  assert.match(back.out, /: 1 difference; to apply: usrsvcd reread\n/);
  assert.deepEqual(await older(home), [], "the files say what it runs with");
  assert.deepEqual(await restartOutdated(home), []);
  web(first.replace(" ", "   "));
  assert.match(
    (await diff(home)).out,
    /command: .*; it runs with this already$/m,
    "the same words",
  );
});

test("what is not written in the files counts as well: env_file, and the environment of usrsvcd", async (t) => {
  const home = new Home(t);
  writeFileSync(home.file("app.env"), "MODE=a\nGONE=1\n", { mode: 0o600 });
  const command = sleeper();
  home.program("web", { command, env_file: home.file("app.env"), umask: "0%(ENV_MASK)s" });
  const start = await home.run("usrsvcd.cjs", [], { MASK: "27" });
  assert.equal(start.code, 0, start.err);
  await waitFor("web to run", () => home.pid("web"));
  // In this shell MASK is another.
  const again = await home.run("usrsvcd.cjs", ["checkconfig", "--diff"], { MASK: "77" });
  assert.deepEqual([again.code, again.err], [0, ""], again.out);
  writeFileSync(home.file("app.env"), "MODE=b\n");
  const { code, out } = await home.run("usrsvcd.cjs", ["checkconfig", "--diff"], { MASK: "77" });
  assert.equal(code, 1);
  assert.match(
    out,
    /variable MODE: changed, not shown; needs a restart\n {4}variable GONE: \*\*\* -> none; needs a restart\n/,
  );
});

test("without usrsvcd, the settings that each program was launched with are compared", async (t) => {
  const [first, second] = [sleeper(), sleeper()];
  const home = new Home(t)
    .program("web", { command: first }, "[[Env]]\nPORT = 80\n")
    .program("old", { command: sleeper() })
    .program("idle", { command: first });
  assert.equal((await home.usrsvc("start", "web", "old")).code, 0);
  const head =
    /^usrsvcd is not running: compared with the settings that each running program was launched with$/m;
  const same = await diff(home);
  assert.equal(same.code, 0, same.out);
  assert.match(same.out, head);
  home
    .program("web", { command: second, umask: "027", maxrestarts: "3" }, "[[Env]]\nPORT = 81\n")
    .program("idle", { command: second })
    .without("old");
  const { code, out } = await diff(home);
  assert.equal(code, 1);
  assert.match(out, head);
  assert.match(
    out,
    new RegExp(
      `^~ program web\n {4}command: launched with another value, is now ${second}; needs a restart\n` +
        ` {4}umask: launched with another value, is now 0027; needs a restart\n` +
        ` {4}variable PORT: launched with another value; needs a restart$`,
      "m",
    ),
  );
  assert.match(out, /^- program old: keeps running, pid \d+/m);
  assert.match(out, /: 2 differences; to apply: usrsvc restart --outdated\n$/);
  assert.doesNotMatch(out, /idle|maxrestarts/);

  // A record of an earlier version does not say which they are.
  const path = home.file("state/programs/web.json");
  const { parts, ...record } = JSON.parse(readFileSync(path, "utf8")) as Json;
  assert.ok(parts);
  writeFileSync(path, JSON.stringify(record));
  assert.match(
    (await diff(home)).out,
    /^~ program web: launched with other settings; which they are is not on record$/m,
  );
  assert.deepEqual(await older(home), ["web"]);
  assert.deepEqual(
    (await restartOutdated(home)).map(({ program }) => program),
    ["web"],
  );
  assert.deepEqual(await older(home), []);
});

test("of a faulty configuration the errors come first, and that a reread is refused", async (t) => {
  const [first, second] = [sleeper(), sleeper()];
  const home = new Home(t).program("web", { command: first }).program("db", { command: sleeper() });
  await begin(home, "web", "db");
  home.program("web", { command: second }).program("db", { command: first, umask: "999" });
  const { code, out, err } = await diff(home);
  assert.equal(code, 130);
  assert.match(
    err,
    /^\S+: umask: "999" [^\n]+\n\S+: 1 error: a reread is refused, and usrsvcd keeps all settings that it has; without the errors it would change what is above\n$/,
  );
  assert.match(out, /^~ program web\n {4}command: /m);
  assert.match(out, /^! program db: errors in its section$/m);
  const pid = home.pid("db");
  const restart = await home.usrsvc("restart", "--outdated");
  assert.equal(restart.code, 130);
  assert.match(restart.err, /^db: not restarted: its settings have errors, see above$/m);
  assert.match(restart.out, /^web: stopped/m);
  assert.equal(home.pid("db"), pid);

  writeFileSync(home.config, "[Main\n");
  const useless = await diff(home, "--json");
  assert.equal(useless.code, 130);
  const [issue, last] = [lines(useless.out)[0], lines(useless.out).at(-1)];
  assert.deepEqual([issue?.["section"], last?.["result"]], ["Issue", "unusable"]);
});

test("where usrsvcd does not tell what it has, that is said, and the programs are compared", async (t) => {
  const [first, second] = [sleeper(), sleeper()];
  const home = new Home(t).program("web", { command: first });
  await begin(home, "web");
  home.program("web", { command: second });
  const settings = home.file("state/usrsvcd.settings.json");
  const info = home.file("state/usrsvcd.json");
  const whole = JSON.parse(readFileSync(info, "utf8")) as Json;

  await withDaemonStopped(home, async () => {
    writeFileSync(settings, "{");
    const damaged = await diff(home);
    assert.match(
      damaged.out,
      /usrsvcd\.settings\.json cannot be understood: remove it; .*: compared with the settings that each running/,
    );
    assert.match(damaged.out, /command: launched with another value/);
    assert.match(damaged.out, /to apply: usrsvcd reread, then usrsvc restart --outdated\n/);
    rmSync(settings);
  });
  await waitFor("the file to be written again", async () =>
    (await diff(home)).out.startsWith("compared with what usrsvcd"),
  );

  const { settings: _, ...without } = whole;
  await withDaemonStopped(home, async () => {
    writeFileSync(info, JSON.stringify({ ...without, version: "1.9.0" }));
    assert.match(
      (await diff(home)).out,
      /^usrsvcd, of version 1\.9\.0, does not tell them: usrsvcd restart: compared/,
    );
  });
});

test("a program that usrsvcd found running is not restarted for settings that nobody knows", async (t) => {
  const command = sleeper();
  const home = new Home(t);
  const found = child(t, "/bin/sleep", command.split(" ").slice(1));
  home.program("web", { command, proctitle_re: command });
  await begin(home);
  await waitFor("it to be adopted", async () => (await home.statusOf("web"))["via"] === "scan");
  home.program("web", { command: sleeper(), proctitle_re: command });
  const { out } = await diff(home);
  assert.match(
    out,
    /^~ program web: usrsvc has not started its process\n {4}command: .*; applies at its next start$/m,
  );
  const reread = await home.usrsvcd("reread");
  assert.doesNotMatch(reread.out, /older settings/);
  assert.deepEqual(await older(home), []);
  assert.deepEqual(await restartOutdated(home), []);
  assert.equal((await home.statusOf("web"))["pid"], found.pid);
});

test("restart --outdated goes in order, one after the other or all at once, and takes names", async (t) => {
  const home = new Home(t).program("other", { command: sleeper() });
  const [app, db] = [sleeper(), sleeper()];
  const change = (umask: string): void => {
    const pidfile = home.file("run/%(program)s.%(instance)s.pid");
    home.program("app", {
      command: `${app}%(instance)s`,
      after: "db",
      instances: "2",
      pidfile,
      umask,
    });
    home.program("db", { command: db, umask });
  };
  change("022");
  await begin(home, "db", "app:1", "app:2", "other");
  const restarted = async (...words: readonly string[]): Promise<readonly unknown[]> =>
    (await restartOutdated(home, "--reread", ...words)).map(
      ({ program, result }) => `${String(program)} ${String(result)}`,
    );
  change("027");
  assert.deepEqual(await restarted("other"), []);
  assert.deepEqual(await restarted("--dry-run"), [
    "db would-restart",
    "app:1 would-restart",
    "app:2 would-restart",
  ]);
  assert.deepEqual(await restarted("app", "other"), ["app:1 started", "app:2 started"]);
  assert.deepEqual(await restarted("--rolling"), ["db started"]);
  change("077");
  assert.deepEqual(await restarted("--rolling"), ["db started", "app:1 started", "app:2 started"]);
  change("007");
  assert.deepEqual([...(await restarted("-P", "all"))].toSorted(), [
    "app:1 started",
    "app:2 started",
    "db started",
  ]);
  const wrong = await home.usrsvc("restart", "--outdated", "nonesuch");
  assert.equal(wrong.code, 133);
  assert.equal((await home.usrsvc("restart")).code, 1);
});

test("status, --diff, reread and restart --outdated agree, whichever key it is", async (t) => {
  const home = new Home(t);
  const edits: Readonly<Record<string, readonly [more: Record<string, string>, text?: string]>> = {
    words: [{ command: "/bin/sleep 12345.6" }],
    shell: [{ useshell: "yes" }],
    out: [{ stdout: home.file("log/else") }],
    err: [{ stderr: home.file("log/else.err") }],
    folder: [{ directory: "/" }],
    inherit: [{ inherit_env: "no" }],
    mask: [{ umask: "077" }],
    nice: [{ nice: "1" }],
    files: [{ limit_nofile: "100:200" }],
    cpu: [{ cpu_affinity: "0" }],
    variable: [{}, "[[Env]]\nA = 2\n"],
    watchdog: [{}, "[[Monitor]]\nwatchdog = 1000\n"],
    // None of these needs a restart.
    same: [{}],
    delay: [{ restart_delay: "5", autorestart: "no" }],
    stop: [{ stop: "TERM 3, KILL", reload: "HUP" }],
    limit: [{}, "[[Monitor]]\nrss_limit = 900000\n"],
    pidfile: [{ pidfile: home.file("run/else.pid") }],
  };
  const expected = Object.keys(edits).slice(0, 12);
  const commands = new Map(Object.keys(edits).map((name) => [name, sleeper()]));
  const write = (isEdited: boolean): void => {
    for (const [name, [more, text = ""]] of Object.entries(edits)) {
      const all = { command: commands.get(name) ?? "", ...(isEdited ? more : {}) };
      home.program(name, all, isEdited ? text : "");
    }
  };
  const told = async (): Promise<readonly unknown[]> =>
    lines((await diff(home, "--json")).out).at(-1)?.["atRestart"] as readonly unknown[];
  for (const hasDaemon of [true, false]) {
    write(false);
    if (hasDaemon) await begin(home, ...commands.keys());
    else assert.equal((await home.usrsvcd("stop")).code, 0);
    if (!hasDaemon) assert.equal((await home.usrsvc("restart", "-P", "--outdated")).code, 0);
    assert.deepEqual([await older(home), await told()], [[], []]);
    write(true);
    assert.deepEqual(await told(), expected);
    assert.deepEqual(await older(home), expected);
    if (hasDaemon) {
      const { out } = await home.usrsvcd("reread", "--json");
      assert.deepEqual(lines(out)[0]?.["atRestart"], expected);
      assert.deepEqual(await told(), expected);
    }
    const restarted = await restartOutdated(home, "-P");
    assert.deepEqual(restarted.map(({ program }) => program).toSorted(), expected.toSorted());
    assert.ok(
      restarted.every(({ exitCode }) => exitCode === 0),
      JSON.stringify(restarted),
    );
    assert.deepEqual([await older(home), await told()], [[], []]);
  }
});

test("another state_dir needs a restart of usrsvcd, and is told until that was made", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  await begin(home, "web");
  const text = readFileSync(home.config, "utf8");
  writeFileSync(
    home.config,
    text.replace(/state_dir = .*/, `state_dir = ${home.file("elsewhere")}`),
  );
  for (const _ of ["before a reread", "after it"]) {
    const { code, out } = await diff(home);
    assert.equal(code, 1);
    assert.match(
      out,
      /^~ \[Main\]\n {4}state_dir: .*state -> .*elsewhere; needs usrsvcd restart\n/m,
    );
    assert.match(out, /: 1 difference; to apply: usrsvcd restart\n/);
    assert.equal((await home.usrsvcd("reread")).code, 0);
  }
  // The records of what runs are in the other folder.
  const outdated = await home.usrsvc("restart", "--outdated");
  assert.equal(outdated.code, 1);
  assert.match(
    outdated.out,
    /^not known what is outdated: usrsvcd has state_dir \S+ until it is restarted: usrsvcd restart, then /,
  );
});

test("it is in colour on a terminal, unless NO_COLOR is set", { skip: !hasScript() }, async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  await begin(home, "web");
  home.program("new", { command: sleeper() });
  const onTerminal = (env: NodeJS.ProcessEnv): string =>
    spawnSync(
      "script",
      ["-qec", `${home.command("usrsvcd.cjs")} checkconfig --diff`, "/dev/null"],
      {
        env: { ...home.env, TERM: "xterm", ...env },
        encoding: "utf8",
      },
    ).stdout;
  const plain = onTerminal({ NO_COLOR: "1" });
  assert.ok(plain.includes("+ program new: ") && !plain.includes(`${ESCAPE}[3`));
  assert.ok(!onTerminal({ NO_COLOR: "", TERM: "dumb" }).includes(`${ESCAPE}[3`));
  const shown = onTerminal({ NO_COLOR: "" });
  assert.ok(shown.includes(`${ESCAPE}[32m+ program new: `) && shown.includes(`${ESCAPE}[0m`));
});

function hasScript(): boolean {
  try {
    execFileSync("script", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
