import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { cleanUp } from "../support/clean-up.ts";
import { Home, isAlive, lines, sleeper, waitFor } from "./home.ts";
import { daemonPid } from "./looks.ts";

/*
 * What another account puts into folders that it may write to. The tests run as root, whose files the
 * other account's are not; so they are skipped elsewhere.
 */

const OTHER = 65_534;
const skip = process.getuid?.() === 0 ? false : "only root can make files of another account";

/** A folder like /tmp. */
function shared(t: TestContext): string {
  const path = mkdtempSync("/tmp/usrsvc-shared-");
  chmodSync(path, 0o1777);
  cleanUp(t, () => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A link or a FIFO of the other account. */
function planted(path: string, target?: string): void {
  if (target === undefined) execFileSync("mkfifo", ["-m", "666", path]);
  else symlinkSync(target, path);
  lchownSync(path, OTHER, OTHER);
}

/** The lines of a section. */
const keys = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([key, value]) => `${key} = ${value}\n`)
    .join("");

const ms = async (call: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await call();
  return performance.now() - start;
};

describe("another account", { skip }, () => {
  test("gets nothing written elsewhere by a link in the place of a program's log", async (t) => {
    const folder = shared(t);
    const home = new Home(t);
    const secret = join(home.path, "authorized_keys");
    writeFileSync(secret, "key\n");
    planted(join(folder, "web.log"), secret);
    const command = home.script("talk.sh", "#!/bin/sh\necho words\nexec sleep 100\n");
    home.program("web", { command, stdout: join(folder, "web.log") });
    const { code, err, out } = await home.usrsvc("start", "web");
    assert.notEqual(code, 0);
    assert.match(out + err, /web\.log is a link made by \S+: remove it/);
    assert.equal(readFileSync(secret, "utf8"), "key\n");
  });

  for (const [what, text] of [
    ["good", "[Program:evil]\ncommand = /bin/sleep 3333\n"],
    ["broken", "[Program:evil\nhello"],
  ] as const) {
    test(`keeps no reread from mine by a ${what} file in a config_dir that all may write to`, async (t) => {
      const folder = shared(t);
      const home = new Home(t, `config_dir = ${folder}`).program("web", { command: sleeper() });
      const mine = join(folder, "mine.cfg");
      const program = (name: string): string => `[Program:${name}]\ncommand = ${sleeper()}\n`;
      writeFileSync(mine, program("one"));
      const theirs = join(folder, "a.cfg");
      writeFileSync(theirs, text);
      chownSync(theirs, OTHER, OTHER);
      assert.equal((await home.usrsvcd()).code, 0);
      const warned = home.log().find(({ msg }) => msg.includes("a.cfg"));
      assert.match(warned?.msg ?? "", /belongs to \S+; it is ignored, because it would run as you/);
      writeFileSync(mine, program("one") + program("two"));
      const reread = await home.usrsvcd("reread");
      assert.equal(reread.code, 0, reread.err);
      assert.match(reread.out, /two/);
      assert.match(reread.err, /a\.cfg: warning: belongs to /);
      const names = (await home.status()).map(({ program: name }) => name);
      assert.deepEqual(names.toSorted(), ["one", "two", "web"]);
      assert.equal((await home.usrsvc("status", "evil")).code, 133);
    });
  }

  test("has nothing of its own run by root, in whatever HOME", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    const made = home.file("made");
    home.program("touch", { command: `/usr/bin/touch ${made}` });
    chownSync(home.config, OTHER, OTHER);
    const wanted = /belongs to \S+, and you are root; run it as \S+: su - /;
    const refused = async (): Promise<void> => {
      for (const { code, err } of [await home.usrsvc("start", "all"), await home.usrsvcd()]) {
        assert.equal(code, 130, err);
        assert.match(err, wanted);
      }
    };
    try {
      await refused();
      chownSync(home.config, 0, 0);
      chownSync(home.path, OTHER, OTHER);
      await refused();
    } finally {
      chownSync(home.config, 0, 0);
      chownSync(home.path, 0, 0);
    }
    assert.ok(!existsSync(made));
  });

  for (const what of ["a link", "a FIFO", "a folder", "a closed file"]) {
    test(`keeps usrsvcd neither from its start nor from its log by ${what}`, async (t) => {
      const folder = shared(t);
      const log = join(folder, "usrsvcd.log");
      const home = new Home(t, `usrsvcd_stdout = ${log}`);
      const secret = join(home.path, "authorized_keys");
      writeFileSync(secret, "key\n");
      for (const name of [log, join(folder, "usrsvcd.1.log")]) {
        if (what === "a folder") mkdirSync(name);
        else if (what === "a closed file") writeFileSync(name, "", { mode: 0o600 });
        else planted(name, what === "a link" ? secret : undefined);
        lchownSync(name, OTHER, OTHER);
      }
      home.program("web", { command: sleeper() });
      const { out } = await home.usrsvcd();
      assert.match(out, /log: \S*state\/usrsvcd\.log$/m);
      await waitFor("web", async () => (await home.usrsvc("status", "web")).code === 0);
      assert.match(home.read("state/usrsvcd.log"), /"daemon\.degraded".*the log is/);
      assert.equal(readFileSync(secret, "utf8"), "key\n");
    });
  }

  test("gets nothing ended by what it puts in the place of a program's log", async (t) => {
    const folder = shared(t);
    const log = join(folder, "web.log");
    const home = new Home(t);
    home.program("web", { command: sleeper(), stdout: log });
    for (const withDaemon of [false, true]) {
      if (withDaemon) await home.usrsvcd();
      else await home.usrsvc("start", "web");
      const web = await home.running("web");
      rmSync(log, { force: true });
      planted(log);
      const { code, err } = await home.usrsvc("restart", "web");
      assert.equal(code, 136, err);
      assert.match(err, /nothing was stopped: stdout \S*web\.log belongs to nobody: remove it/);
      assert.ok(isAlive(web));
      if (withDaemon) {
        process.kill(web, "SIGKILL");
        await waitFor("status to tell", async () => {
          const { code: rc, out } = await home.usrsvc("status", "web");
          return rc === 1 && out.includes("belongs to nobody");
        });
      }
      rmSync(log);
    }
  });

  test("has no log rolled where it may write, under a name that it foresees", async (t) => {
    const folder = shared(t);
    const log = join(folder, "usrsvcd.log");
    const home = new Home(t, `usrsvcd_stdout = ${log}`);
    const secret = join(home.path, "authorized_keys");
    writeFileSync(secret, "key\n");
    planted(join(folder, "usrsvcd.1.log"), secret);
    home.program("web", { command: sleeper() });
    await home.usrsvcd();
    await waitFor("its log", () => readFileSync(log, "utf8").includes("daemon.ready"));
    assert.equal(readFileSync(secret, "utf8"), "key\n");
  });

  test("holds nobody up by a FIFO or /dev/zero as pidfile, and names no process by its own", async (t) => {
    const folder = shared(t);
    const home = new Home(t);
    const stranger = spawn("sleep", ["1000"], { stdio: "ignore" });
    cleanUp(t, () => void stranger.kill("SIGKILL"));
    planted(join(folder, "fifo.pid"));
    planted(join(folder, "zero.pid"), "/dev/zero");
    const forged = join(folder, "forged.pid");
    writeFileSync(forged, `${stranger.pid}\n`);
    chownSync(forged, OTHER, OTHER);
    for (const name of ["fifo", "zero", "forged"]) {
      const command = name === "forged" ? "sleep 1000" : sleeper();
      home.program(name, { command, pidfile: join(folder, `${name}.pid`), scan_for_process: "no" });
    }
    assert.ok((await ms(async () => await home.usrsvc("status"))) < 30_000);
    const { out } = await home.usrsvc("status", "--json");
    const found = lines(out).find(({ program }) => program === "forged");
    assert.equal(found?.["state"], "stopped", out);
    assert.match(String(found["problems"]), /is a file of \S+, not one of this account/);
    await home.usrsvc("stop", "forged");
    assert.equal(stranger.exitCode ?? stranger.signalCode, null);
  });

  test("has no process of ours ended by a record of its own", async (t) => {
    const home = new Home(t).program("web", { command: sleeper(), scan_for_process: "no" });
    await home.usrsvc("start", "web");
    await home.usrsvc("stop", "web");
    const path = join(home.path, "state/programs/web.json");
    const innocent = spawn("sleep", ["1000"], { stdio: "ignore" });
    cleanUp(t, () => void innocent.kill("SIGKILL"));
    await once(innocent, "spawn");
    const stat = readFileSync(`/proc/${innocent.pid}/stat`, "utf8");
    const startTime = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
    const record = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    const forged = {
      ...record,
      state: "running",
      desired: "up",
      process: { pid: innocent.pid, startTime },
      via: "launch",
    };
    rmSync(path);
    writeFileSync(path, JSON.stringify(forged));
    chownSync(path, OTHER, OTHER);
    const status = await home.usrsvc("status", "web");
    assert.match(status.out, /is a file of \S+, not one of this account/);
    await home.usrsvc("stop", "web");
    assert.equal(innocent.exitCode ?? innocent.signalCode, null);
    assert.ok(existsSync(`/proc/${innocent.pid}`));
  });

  for (const part of ["programs", "locks", "run", "log", "mail"]) {
    test(`is not trusted with state_dir/${part}`, async (t) => {
      const home = new Home(t).program("web", { command: sleeper() });
      await home.usrsvc("start", "web");
      await home.usrsvc("stop", "web");
      const path = join(home.path, "state", part);
      if (part !== "mail") renameSync(path, `${path}.away`);
      mkdirSync(path, { mode: 0o777 });
      chownSync(path, OTHER, OTHER);
      const { code, err, out } = await home.usrsvc("start", "web");
      assert.equal(code, 136, out + err);
      assert.match(err, new RegExp(`state_dir: \\S+/${part} belongs to \\S+: move it away`));
    });
  }

  for (const part of ["mail", "run", "log"]) {
    test(`has nothing written elsewhere by a link that it left in the place of state_dir/${part}`, async (t) => {
      const home = new Home(t, "smtp_url = smtp://127.0.0.1:1/");
      const mine = home.file("data");
      mkdirSync(mine);
      writeFileSync(join(mine, "package.json"), "{}");
      mkdirSync(home.file("state"));
      const link = home.file(`state/${part}`);
      planted(link, mine);
      const mailed = { command: sleeper(), email_alerts: "x@example.org" };
      home.text("web", `[Program:web]\n${keys(mailed)}`);
      const { code, err } = await home.usrsvcd();
      assert.equal(code, 136);
      assert.match(
        err,
        new RegExp(
          `/state/${part} (is a link (that|made by)|belongs to) [^:]*: (remove it|move it away)`,
        ),
      );
      assert.deepEqual(readdirSync(mine), ["package.json"]);
      rmSync(link);
      assert.equal((await home.usrsvcd()).code, 0);
      assert.equal((await home.usrsvc("stop", "web")).code, 0);
    });
  }

  test("gets no crash of usrsvcd into a file of its own, nor into one of mine that it gave a second name", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    mkdirSync(home.file("state"));
    const crashes = home.file("state/usrsvcd.err");
    const into = async (): Promise<string> => {
      assert.equal((await home.usrsvcd()).code, 0);
      const file = readlinkSync(`/proc/${await daemonPid(home)}/fd/2`);
      await home.usrsvcd("stop");
      return file;
    };
    writeFileSync(home.file("mine"), "", { mode: 0o644 });
    linkSync(home.file("mine"), crashes);
    assert.equal(await into(), "/dev/null");
    assert.equal(statSync(home.file("mine")).mode & 0o777, 0o644);
    rmSync(crashes);
    writeFileSync(crashes, "");
    chownSync(crashes, OTHER, OTHER);
    assert.equal(await into(), "/dev/null");
    rmSync(crashes);
    assert.equal(await into(), realpathSync(crashes));
  });

  test("keeps neither usrsvcd nor a program down by a lock of its own, but is named", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    home.program("other", { command: sleeper() });
    const [lock, daemon] = [home.file("state/locks/web"), home.file("state/usrsvcd.lock")];
    mkdirSync(home.file("state/locks"), { recursive: true, mode: 0o700 });
    for (const path of [lock, daemon]) {
      writeFileSync(path, "");
      chmodSync(path, 0o666);
      chownSync(path, OTHER, OTHER);
    }
    const held = spawn("flock", [lock, "flock", daemon, "sleep", "100"], { detached: true });
    cleanUp(t, () => held.pid !== undefined && process.kill(-held.pid, "SIGKILL"));
    const whose = (path: string): RegExp =>
      new RegExp(`${path} belongs to \\S+, who could keep it locked: remove it`);
    const first = await home.usrsvcd();
    assert.equal(first.code, 136);
    assert.match(first.err, whose(daemon));
    rmSync(daemon);
    assert.equal((await home.usrsvcd()).code, 0);
    await home.running("other");
    for (const action of ["start", "restart", "stop"]) {
      const { code, err } = await home.usrsvc(action, "web");
      assert.equal(code, 136, err);
      assert.match(err, whose(lock));
    }
    assert.ok(home.log().some(({ program, msg }) => program === "web" && whose(lock).test(msg)));
    rmSync(lock);
    assert.equal((await home.usrsvc("start", "web")).code, 0);
    await home.running("web");
  });

  test("has no link of mine removed, and none made, behind a link in the place of states", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    const common = home.file(".local/state/usrsvc");
    const mine = home.file("data");
    for (const folder of [common, mine]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    symlinkSync("not there yet", join(mine, "mine"));
    planted(join(common, "states"), mine);
    assert.equal((await home.usrsvc("start", "web")).code, 0);
    assert.deepEqual(readdirSync(mine), ["mine"]);
  });

  for (const [what, spoil] of [
    ["is its own", (path: string) => chownSync(path, OTHER, OTHER)],
    ["is open to all", (path: string) => chmodSync(path, 0o777)],
    ["has records of its own", (path: string) => chownSync(join(path, "programs"), OTHER, OTHER)],
  ] as const) {
    test(`has status claim nothing of what stands in a state_dir that ${what}`, async (t) => {
      const home = new Home(t).program("web", { command: sleeper() });
      home.program("other", { command: sleeper() }).program("runs", { command: sleeper() });
      home.program("off", { command: sleeper(), enabled: "False" });
      await home.usrsvc("start", "web", "runs");
      await home.usrsvc("stop", "web");
      spoil(home.file("state"));
      const { out } = await home.usrsvc("status");
      assert.match(out, /runs +running/);
      assert.equal(
        out.match(/why: was not found running; nothing else is known about it, because /g)?.length,
        3,
      );
      assert.equal(out.match(/next: nothing, until that is fixed/g)?.length, 3);
      assert.doesNotMatch(
        out,
        /not been started yet|stopped by usrsvc|is not running|sets it aside/,
      );
      chownSync(home.file("state"), 0, 0);
      chownSync(home.file("state/programs"), 0, 0);
      chmodSync(home.file("state"), 0o700);
      assert.match((await home.usrsvc("status", "web")).out, /why: stopped by usrsvc/);
    });
  }

  test("cannot exchange the state folder by one above it: that is refused", async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    const up = home.file("up");
    mkdirSync(up);
    home.main(`state_dir = ${up}/state`);
    const config = readFileSync(home.config, "utf8");
    writeFileSync(home.config, config.replace(/^state_dir.*\n/m, "")); // the one of all tests
    chmodSync(up, 0o777);
    for (const { code, err } of [await home.usrsvc("start", "web"), await home.usrsvcd()]) {
      assert.equal(code, 136, err);
      assert.match(err, /state_dir \S+: the folder \S+\/up can be changed by everybody \(mode 777/);
    }
    assert.match(
      (await home.usrsvcd("checkconfig")).err,
      /warning: state_dir: the folder \S+\/up /,
    );
    assert.ok(!existsSync(join(up, "state")));
    chmodSync(up, 0o1777);
    assert.equal((await home.usrsvc("start", "web")).code, 0);
    assert.equal((await home.usrsvcd()).code, 0);
    chmodSync(up, 0o777);
    assert.equal((await home.usrsvcd("restart")).code, 136);
    assert.equal((await home.usrsvcd("status")).code, 0); // there is none to take its place
  });

  test("is told of by checkconfig where it can exchange the folder of a log or a pidfile", async (t) => {
    const home = new Home(t);
    const up = home.file("up");
    mkdirSync(join(up, "in"), { recursive: true });
    home.program("web", {
      command: sleeper(),
      stdout: join(up, "in/web.log"),
      stderr: join(up, "web.err"), // there the file itself is looked at
      pidfile: join(up, "in/web.pid"),
    });
    home.main(`usrsvcd_stdout = ${up}/in/usrsvcd.log`);
    assert.doesNotMatch((await home.usrsvcd("checkconfig")).err, /up can be changed/);
    chmodSync(up, 0o2775);
    chownSync(up, 0, OTHER); // a team's: that is as it is meant, perhaps
    const { code, err } = await home.usrsvcd("checkconfig");
    assert.equal(code, 0, err);
    for (const key of ["usrsvcd_stdout", "stdout", "pidfile"]) {
      assert.match(
        err,
        new RegExp(
          `warning: ${key}: the folder ${up} can be changed by its group .*written elsewhere`,
        ),
      );
    }
    assert.doesNotMatch(err, /stderr:/);
    assert.equal((await home.usrsvc("start", "web")).code, 0);
  });

  test("has no file of ours shown that it puts in the place of a log during a start", async (t) => {
    const folder = shared(t);
    chmodSync(folder, 0o777); // there it can remove our log
    const log = join(folder, "web.log");
    const home = new Home(t);
    const secret = join(home.path, "secret");
    writeFileSync(secret, "the key\n".repeat(50));
    const swap = `rm ${log}; ln -s ${secret} ${log}; chown -h ${OTHER} ${log}`;
    const command = home.script(
      "die.sh",
      `#!/bin/sh\necho words\n[ -z "$SWAP" ] || { ${swap}; }\nexit 1\n`,
    );
    home.program("web", { command, stdout: log });
    assert.match((await home.usrsvc("start", "web")).err, /words/);
    home.program("web", { command, stdout: log }, "[[Env]]\nSWAP = 1\n");
    const { code, err, out } = await home.usrsvc("start", "web");
    assert.equal(code, 134, err);
    assert.doesNotMatch(out + err, /the key/);
  });
});
