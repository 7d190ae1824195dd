import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { dirname, join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { nameOf } from "../src/lib/accounts.ts";
import { finished, Home, type Result, waitFor } from "./e2e/home.ts";
import { cleanUp } from "./support/clean-up.ts";

const root = join(import.meta.dirname, "..");
const shells = ["/bin/sh", "/bin/dash", "/bin/bash", "/bin/busybox"].filter(existsSync);

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "usrsvc-contrib-"));
  cleanUp(t, () => rmSync(path, { recursive: true, force: true }));
  return path;
}

interface How {
  readonly env?: NodeJS.ProcessEnv;
  readonly shell?: string;
  readonly input?: string;
  readonly uid?: number;
}

/** Runs a shell script of ours. */
async function run(script: string, words: readonly string[], how: How = {}): Promise<Result> {
  const { env = {}, shell = "/bin/sh", input = "", uid } = how;
  const sh = shell.endsWith("busybox") ? ["sh"] : [];
  const child = spawn(shell, [...sh, join(root, script), ...words], {
    env: { PATH: process.env["PATH"], HOME: "/nonexistent", TZ: "UTC", ...env },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  child.stdin.on("error", () => {}); // it may end without having read
  child.stdin.end(input);
  return await finished(child);
}

const why = spawnSync("jq", ["--version"]).error === undefined ? false : "jq is not installed";

describe("usrsvc-log", { skip: why }, () => {
  const line = (time: string, event: string, rest: Readonly<Record<string, unknown>>): string =>
    JSON.stringify({ level: "info", time: `2026-03-0${time}:00.123Z`, event, ...rest });
  const of = (program: string, msg: string, rest = {}): Readonly<Record<string, unknown>> => ({
    program,
    ...rest,
    msg: `${program}: ${msg}`,
  });
  const killed = { reason: "killed by SIGKILL" };
  const failure = { reason: "exited with code 1 within success_seconds (2)" };
  const sample = [
    line("1T09:00", "program.starting", of("web", "starting again", killed)),
    line("2T10:00", "daemon.started", { msg: "usrsvcd 2.0.0 begins, pid 1" }),
    "(node:7) Warning: something of node's own",
    line("2T10:01", "program.starting", of("web", "starting", { pid: 3 })),
    line("2T10:01", "program.started", of("web", "runs", { pid: 3 })),
    line(
      "2T10:02",
      "program.exited",
      of("web", "killed by SIGKILL", { exit: { signal: "SIGKILL" } }),
    ),
    line("2T10:02", "program.starting", of("web", "starting again", killed)),
    line("2T10:03", "program.starting", of("web", "starting again", killed)),
    line("2T10:04", "program.limit-exceeded", of("web", "uses 31M", { monitor: "rss_limit" })),
    line("2T10:04", "program.starting", of("web", "starting again", { reason: "uses 31M" })),
    line("2T10:05", "program.starting", of("bad", "starting")),
    line("2T10:05", "program.start-failed", of("bad", "could not be started", failure)),
    line("2T10:06", "program.starting", of("bad", "starting again", failure)),
    line("2T10:06", "program.start-failed", of("bad", "could not be started", failure)),
    line("2T10:06", "program.gave-up", of("bad", "given up", failure)),
    line("2T10:07", "program.adopted", of("calm", "runs already", { pid: 9 })),
    '{"half":',
    "",
  ].join("\n");

  const expected = `PROGRAM  RESTARTS  FAILED  LAST            WHY
web             3       0  03-02 10:04:00  2x killed by SIGKILL; 1x rss_limit exceeded
bad             1       2  03-02 10:06:00  1x exited with code 1 within success_seconds (2); given up 03-02 10:06:00: exited with code 1 within success_seconds (2)
3 programs in the log, 4 restarts, 2 failed starts; usrsvcd began 1 time
`;

  for (const shell of shells) {
    test(`tells under ${shell} what was restarted, why and how often`, async (t) => {
      const file = join(folder(t), "usrsvcd.log");
      writeFileSync(file, sample);
      const result = await run("contrib/usrsvc-log", ["-s", "2026-03-02", file], { shell });
      assert.deepEqual(result, { code: 0, out: expected, err: "" });
    });
  }

  test("reads standard input, and the time from which on to count", async () => {
    const words = ["--since", "2026-03-01", "--program", "web", "-"];
    const { out } = await run("contrib/usrsvc-log", words, { input: sample });
    assert.match(out, /^web +4 +0 /m);
    assert.doesNotMatch(out, /bad/);
    const now = await run("contrib/usrsvc-log", ["-"], { input: sample });
    assert.equal(
      now.out,
      "no program was restarted\n0 programs in the log, 0 restarts, 0 failed starts; usrsvcd began 0 times\n",
    );
  });

  test("--list tells each event in its order", async () => {
    const words = ["--list", "-s", "2026-03-02 10:06", "-"];
    const { out } = await run("contrib/usrsvc-log", words, { input: sample });
    assert.deepEqual(out.split("\n"), [
      "03-02 10:06:00  bad: starting again",
      "03-02 10:06:00  bad: could not be started",
      "03-02 10:06:00  bad: given up",
      "03-02 10:07:00  calm: runs already",
      "",
    ]);
  });

  test("asks the journal of the unit, and of no other identifier than usrsvcd", async (t) => {
    const bin = folder(t);
    writeFileSync(join(bin, "journalctl"), `#!/bin/sh\necho "$*" >"${bin}/words"\n`);
    chmodSync(join(bin, "journalctl"), 0o755);
    const env = { PATH: `${bin}:${process.env["PATH"]}` };
    const asked = async (...words: readonly string[]): Promise<string> => {
      assert.equal((await run("contrib/usrsvc-log", words, { env })).code, 0);
      return readFileSync(join(bin, "words"), "utf8").replace(/@\d+\n/, "@N");
    };
    const rest = "-t usrsvcd -o cat --no-pager --since @N";
    assert.equal(await asked("-u", "usrsvcd@alice"), `-q -u usrsvcd@alice ${rest}`);
    assert.equal(await asked("--user"), `--user -q -u usrsvcd ${rest}`);
  });

  const refused: Readonly<Record<string, readonly string[]>> = {
    "--nonsense: no such option; see --help": ["--nonsense"],
    "-s wants a value": ["-s"],
    '"soon" is no time that date(1) understands': ["-s", "soon", "-"],
    "/nonexistent cannot be read": ["/nonexistent"],
  };
  for (const [message, words] of Object.entries(refused)) {
    test(`says: ${message}`, async () => {
      const { code, out, err } = await run("contrib/usrsvc-log", words);
      assert.deepEqual({ code, out, err }, { code: 1, out: "", err: `usrsvc-log: ${message}\n` });
    });
  }
});

test("copytruncate, as in logrotate.conf, leaves no hole in a program's log", async (t) => {
  const home = new Home(t);
  const script = home.script("app.sh", "#!/bin/sh\nwhile :; do echo a line; sleep 0.01; done\n");
  home.program("app", { command: script });
  assert.equal((await home.usrsvc("start", "app")).code, 0);
  const log = home.file("log/app.log");
  await waitFor("some lines", () => statSync(log).size > 100);
  copyFileSync(log, `${log}.1`);
  truncateSync(log);
  await waitFor("further lines", () => statSync(log).size > 50);
  assert.match(home.read("log/app.log"), /^(a line\n)+$/);
});

const skipLogrotate = spawnSync("logrotate", ["--version"]).error && "logrotate is not installed";
test("logrotate understands logrotate.conf", { skip: skipLogrotate ?? false }, (t) => {
  const home = folder(t);
  const text = readFileSync(join(root, "contrib/logrotate.conf"), "utf8");
  const { username } = userInfo();
  const group = spawnSync("id", ["-gn"], { encoding: "utf8" }).stdout.trim();
  const own = text.replace("su alice alice", `su ${username} ${group}`);
  writeFileSync(join(home, "conf"), own.replace("/home/alice/log", home), { mode: 0o644 });
  writeFileSync(join(home, "web.log"), "");
  const words = ["--debug", "--state", join(home, "state"), join(home, "conf")];
  const { stderr } = spawnSync("logrotate", words, { encoding: "utf8" });
  assert.doesNotMatch(stderr, /error:/);
  assert.match(stderr, /considering log .*web\.log/);
});

describe("install.sh", () => {
  /** A target with a node and a usrsvcd of its own; node is this one. */
  function target(t: TestContext): { dir: string; env: NodeJS.ProcessEnv } {
    const dir = folder(t);
    chmodSync(dir, 0o755);
    mkdirSync(join(dir, "opt/bin"), { recursive: true });
    symlinkSync(process.execPath, join(dir, "opt/bin/node"));
    writeFileSync(join(dir, "opt/bin/usrsvcd"), 'console.log("usrsvcd 2.0.0");\n');
    return { dir, env: { DESTDIR: dir } };
  }

  const paths = ["--node", "/opt/bin/node", "--usrsvcd", "/opt/bin/usrsvcd"];
  const install = async (words: readonly string[], how: How): Promise<Result> =>
    await run("systemd/install.sh", words, how);
  const system = "etc/systemd/system/usrsvcd@.service";

  for (const shell of shells) {
    test(`writes under ${shell} the paths into the unit, and nothing else`, async (t) => {
      const { dir, env } = target(t);
      const { code, out, err } = await install(["--system", ...paths], { env, shell });
      assert.equal(code, 0, err);
      assert.match(out, /usrsvcd@\.service written, for \/opt\/bin\/node \/opt\/bin\/usrsvcd\n$/);
      const original = readFileSync(join(root, "systemd/usrsvcd@.service"), "utf8");
      const wanted = original.replace(
        /^(ExecStart=.*) \/usr\/bin\/node (.+) \/usr\/local\/bin\/usrsvcd /m,
        "$1 /opt/bin/node $2 /opt/bin/usrsvcd ",
      );
      assert.notEqual(wanted, original);
      assert.equal(readFileSync(join(dir, system), "utf8"), wanted);
      assert.equal(statSync(join(dir, system)).mode & 0o777, 0o644);
    });
  }

  test("does nothing the second time, and writes again what was changed", async (t) => {
    const { dir, env } = target(t);
    const words = ["--system", ...paths];
    await install(words, { env });
    const before = statSync(join(dir, system)).mtimeMs;
    assert.match((await install(words, { env })).out, /is as it should be\n$/);
    assert.equal(statSync(join(dir, system)).mtimeMs, before);
    writeFileSync(join(dir, system), "older\n");
    assert.match((await install(words, { env })).out, / written, /);
    assert.match(readFileSync(join(dir, system), "utf8"), /^Type=notify$/m);
  });

  test("without DESTDIR nothing that differs is replaced, but with --force, and the old one is kept", async (t) => {
    const { dir } = target(t);
    const unit = join(dir, "usr/lib/systemd/system/usrsvcd@.service");
    const at = (path: string): string => join(dir, path);
    const words = ["--system", "--node", at("opt/bin/node"), "--usrsvcd", at("opt/bin/usrsvcd")];
    const env = { PREFIX: at("usr") };
    assert.equal((await install(words, { env })).code, 0);
    const written = readFileSync(unit, "utf8");
    writeFileSync(unit, written.replace("RestartSec=2", "RestartSec=7"));
    const { code, err } = await install(words, { env });
    assert.equal(code, 1);
    assert.match(err, /^-RestartSec=7\n\+RestartSec=2\n[^]*differs from what would be written/m);
    assert.match(err, /install\.sh: --force replaces it .*systemctl edit usrsvcd@\)\n$/);
    assert.match(readFileSync(unit, "utf8"), /RestartSec=7/);
    const forced = await install([...words, "--force"], { env });
    assert.equal(forced.code, 0, forced.err);
    assert.equal(readFileSync(unit, "utf8"), written);
    assert.match(readFileSync(`${unit}.old`, "utf8"), /RestartSec=7/);
  });

  test("what lies in a home goes into a unit of one's own, and never into the machine's", async (t) => {
    const home = mkdtempSync(join(userInfo().homedir, ".usrsvc-contrib-"));
    cleanUp(t, () => rmSync(home, { recursive: true, force: true }));
    const { dir } = target(t);
    copyFileSync(join(dir, "opt/bin/usrsvcd"), join(home, "usrsvcd"));
    symlinkSync(join(home, "usrsvcd"), join(dir, "opt/link"));
    const node = ["--node", join(dir, "opt/bin/node")];
    const env = { PREFIX: join(dir, "usr"), HOME: userInfo().homedir };
    for (const path of [join(home, "usrsvcd"), join(dir, "opt/link")]) {
      const { code, err } = await install(["--system", ...node, "--usrsvcd", path], { env });
      assert.equal(code, 1);
      assert.match(
        err,
        /is in somebody's home, and must not be run for all accounts: install it for the machine \(sudo npm install -g/,
      );
      assert.ok(!existsSync(join(dir, "usr")));
    }
    const own = await install(["--user", ...node, "--usrsvcd", join(home, "usrsvcd")], { env });
    assert.equal(own.code, 0);
    assert.doesNotMatch(own.err, /usrsvcd: .*home/);
  });

  test("PREFIX and --user say where", async (t) => {
    const { dir, env } = target(t);
    const places: readonly (readonly [string, readonly string[], NodeJS.ProcessEnv])[] = [
      ["usr/lib/systemd/system/usrsvcd@.service", ["--system"], { PREFIX: "/usr" }],
      ["usr/lib/systemd/user/usrsvcd.service", ["--user"], { PREFIX: "/usr/" }],
      ["home/a/.config/systemd/user/usrsvcd.service", ["--user"], { HOME: "/home/a" }],
      ["cfg/systemd/user/usrsvcd.service", ["--user"], { XDG_CONFIG_HOME: "/cfg" }],
    ];
    for (const [path, words, more] of places) {
      const { code, err } = await install([...words, ...paths], { env: { ...env, ...more } });
      assert.equal(code, 0, err);
      assert.match(
        readFileSync(join(dir, path), "utf8"),
        / \/opt\/bin\/node --.* \/opt\/bin\/usrsvcd start /,
      );
    }
    mkdirSync(join(dir, "opt/local/bin"), { recursive: true });
    copyFileSync(join(dir, "opt/bin/usrsvcd"), join(dir, "opt/local/bin/usrsvcd"));
    const own = { ...env, PREFIX: "/opt/local" };
    const { out } = await install(["--system", "--node=/opt/bin/node"], { env: own });
    assert.match(
      out,
      /lib\/systemd\/system\/usrsvcd@\.service written, .* \/opt\/local\/bin\/usrsvcd\n/,
    );
  });

  test("without DESTDIR it says what to do next", async (t) => {
    const { dir } = target(t);
    const at = (path: string): string => join(dir, path);
    const words = ["--node", at("opt/bin/node"), "--usrsvcd", at("opt/bin/usrsvcd")];
    const env = { PREFIX: at("usr") };
    const forAll = await install(["--system", ...words], { env });
    assert.match(forAll.out, /systemctl daemon-reload\n +systemctl enable --now usrsvcd@ACCOUNT/);
    const forOne = await install(["--user", ...words], { env });
    assert.match(forOne.out, /systemctl --user enable --now usrsvcd\n[^]*loginctl enable-linger/);
    for (const kind of ["--system", "--user"]) {
      const again = await install([kind, ...words], { env });
      assert.match(again.out, /^\S+ is as it should be\n$/, "there is nothing to be done");
    }
  });

  test("a node that will vanish, or that others do not reach, is warned of", async (t) => {
    const { dir, env } = target(t);
    const managers: Readonly<Record<string, RegExp>> = {
      "/home/a/.nvm/versions/node/v20/bin/node": /belongs to a version manager/,
      "/home/a/.local/share/fnm/node-versions/v20/installation/bin/node": /version manager/,
      "/home/a/.volta/bin/node": /version manager/,
      "/home/a/.asdf/shims/node": /version manager/,
      "/home/a/.nodenv/shims/node": /version manager/,
      "/home/a/bin/node": /somebody's home/,
      "/run/user/1000/node": /emptied/,
      "/srv/secret/node": /other accounts cannot reach/,
    };
    for (const [path, message] of Object.entries(managers)) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), `#!/bin/sh\nexec ${process.execPath} "$@"\n`, { mode: 0o755 });
      chmodSync(dirname(join(dir, path)), path.includes("secret") ? 0o700 : 0o755);
      const words = ["--system", "--node", path, "--usrsvcd", "/opt/bin/usrsvcd"];
      const { code, err } = await install(words, { env });
      assert.equal(code, 0, err);
      assert.match(err, message);
      assert.match(err, /^install\.sh: warning: .*$/m);
    }
  });

  const refusals: readonly (readonly [RegExp, readonly string[], NodeJS.ProcessEnv?])[] = [
    [/--nonsense: no such option; see --help/, ["--nonsense"]],
    [/exclude each other/, ["--user", "--system"]],
    [/--node wants a path/, ["--node"]],
    [/--usrsvcd wants a path/, ["--usrsvcd="]],
    [/--node must be an absolute path, not "bin\/node"/, ["--node", "bin/node"]],
    [/DESTDIR must be an absolute path, not "x"/, paths, { DESTDIR: "x" }],
    [/PREFIX must be an absolute path, not "usr"/, paths, { PREFIX: "usr" }],
    [/node: there is no file \/opt\/none/, ["--node", "/opt/none"]],
    [/node: \/opt\/plain is not executable/, ["--node", "/opt/plain"]],
    [/node: .*\/opt\/old is v18\.20\.1, and 20\.17 or later is needed/, ["--node", "/opt/old"]],
    [/node: .*\/opt\/shim does not run without your shell's variables/, ["--node", "/opt/shim"]],
    [/node: .*\/opt\/cat is not node: it calls itself "meow"/, ["--node", "/opt/cat"]],
    [/contains a character that cannot be used in a unit/, ["--node", "/opt/a b"]],
    [
      /usrsvcd: there is no file \/opt\/none/,
      ["--node", "/opt/bin/node", "--usrsvcd", "/opt/none"],
    ],
    [
      /usrsvcd: .*\/opt\/other is not usrsvcd/,
      ["--node", "/opt/bin/node", "--usrsvcd", "/opt/other"],
    ],
    [/is a link \(is the unit masked\?\)/, paths, { PREFIX: "/masked" }],
  ];
  for (const [message, words, more] of refusals) {
    test(`is refused: ${message.source.replaceAll("\\", "")}`, async (t) => {
      const { dir, env } = target(t);
      const put = (name: string, text: string, mode = 0o755): void =>
        writeFileSync(join(dir, "opt", name), text, { mode });
      put("plain", "", 0o644);
      put("old", "#!/bin/sh\necho v18.20.1\n");
      put("shim", '#!/bin/sh\n[ -n "$SOME_MANAGER" ] && echo v20.20.0\n');
      put("cat", "#!/bin/sh\necho meow\n");
      put("a b", "#!/bin/sh\necho v20.20.0\n");
      put("other", 'console.log("other 1.0");\n');
      mkdirSync(join(dir, "masked/lib/systemd/system"), { recursive: true });
      symlinkSync("/dev/null", join(dir, "masked/lib/systemd/system/usrsvcd@.service"));
      const how = { env: { ...env, ...more } };
      const kind = words.includes("--user") ? [] : ["--system"];
      const { code, out, err } = await install([...kind, ...words], how);
      assert.equal(code, 1);
      assert.equal(out, "");
      // A Node that itself lies in /tmp is warned of before.
      assert.match(err.replaceAll(dir, ""), new RegExp(`^install\\.sh: .*${message.source}`, "m"));
      assert.ok(!existsSync(join(dir, system)));
    });
  }

  const skip = process.getuid?.() === 0 ? false : "only root can become another";
  test(
    "an ordinary account gets the user unit, and is told who may install the other",
    { skip },
    async (t) => {
      const home = folder(t);
      chmodSync(home, 0o777);
      const dir = target(t).dir;
      const words = [
        "--node",
        join(dir, "opt/bin/node"),
        "--usrsvcd",
        join(dir, "opt/bin/usrsvcd"),
      ];
      const how = { env: { HOME: home }, uid: 65_534 };
      const own = await install(words, how);
      assert.equal(own.code, 0, own.err);
      assert.ok(existsSync(join(home, ".config/systemd/user/usrsvcd.service")));
      const { code, err } = await install(["--system", ...words], how);
      assert.equal(code, 1);
      assert.match(
        err,
        /^install\.sh: --system is for root: sudo sh install\.sh --system; or leave it out/,
      );
    },
  );

  describe("as root", { skip }, () => {
    const OTHER = 65_534;
    const belongs = new RegExp(
      `belongs to ${nameOf(OTHER)}; root runs nothing that others can change`,
    );

    /** A usrsvcd that notes that it was run. */
    function noting(t: TestContext): { dir: string; ran: () => boolean; words: readonly string[] } {
      const { dir } = target(t);
      const at = (name: string): string => join(dir, "opt/bin", name);
      const note = `touch ${join(dir, "ran")}`;
      writeFileSync(
        at("usrsvcd"),
        `require("child_process").execSync("${note}");\nconsole.log("usrsvcd 2.0.0");\n`,
      );
      const words = ["--system", "--node", at("node"), "--usrsvcd", at("usrsvcd")];
      return { dir, ran: () => existsSync(join(dir, "ran")), words };
    }

    for (const shell of shells) {
      test(`nothing that another account could change is run or installed, under ${shell}`, async (t) => {
        const { dir, ran, words } = noting(t);
        const how = { env: { PREFIX: join(dir, "usr") }, shell };
        const bin = join(dir, "opt/bin");
        const refused = async (wanted: RegExp): Promise<void> => {
          const { code, err } = await install(words, how);
          assert.equal(code, 1);
          assert.match(err, wanted);
          assert.match(err, /install it for the whole machine .*, or make it root's alone/);
        };
        for (const path of [join(bin, "usrsvcd"), bin, join(dir, "opt")]) {
          chownSync(path, OTHER, 0);
          await refused(belongs);
          chownSync(path, 0, 0);
          chmodSync(path, 0o777);
          await refused(/ can be changed by everybody; root runs nothing/);
          chmodSync(path, 0o755);
        }
        assert.ok(!ran() && !existsSync(join(dir, "usr")));
        const { code, err } = await install(words, how);
        assert.equal(code, 0, err);
        assert.ok(ran());
      });

      test(`node and usrsvcd on PATH are no others, under ${shell}`, async (t) => {
        const { dir, ran } = noting(t);
        const theirs = join(dir, "theirs");
        mkdirSync(theirs);
        for (const name of ["node", "usrsvcd", "dirname", "id", "sed", "readlink"]) {
          const text = `#!/bin/sh\ntouch ${join(dir, "ran")}\necho v20.20.0\n`;
          writeFileSync(join(theirs, name), text, { mode: 0o755 });
          chownSync(join(theirs, name), OTHER, OTHER);
        }
        chownSync(theirs, OTHER, OTHER);
        const env = { PATH: `${theirs}:${process.env["PATH"]}` };
        const { code, err } = await install(["--system"], { env, shell });
        assert.equal(code, 1);
        assert.match(err, /theirs\/node: \S+theirs belongs to /);
        assert.ok(!ran());
      });
    }

    test("in a DESTDIR of who builds a package, it is written, and not tried out", async (t) => {
      const { dir, ran } = noting(t);
      chownSync(join(dir, "opt/bin"), OTHER, OTHER);
      const { code, out, err } = await install(["--system", ...paths], { env: { DESTDIR: dir } });
      assert.equal(code, 0, err);
      assert.match(out, / written, /);
      assert.match(err, /opt\/bin\/usrsvcd: not tried out, because \S+bin belongs to /);
      assert.ok(!ran());
    });

    test("the rest of the package counts, and what its links lead to", async (t) => {
      const dir = mkdtempSync("/tmp/usrsvc-contrib-"); // where nothing comes to be written, whatever happens
      cleanUp(t, () => rmSync(dir, { recursive: true, force: true }));
      chmodSync(dir, 0o755);
      const at = (name: string): string => join(dir, "lib/node_modules/usrsvc", name);
      for (const name of ["dist", "systemd"])
        cpSync(join(root, name), at(name), { recursive: true });
      mkdirSync(at("node_modules/dep"), { recursive: true });
      writeFileSync(at("package.json"), '{ "name": "usrsvc", "version": "2.0.0" }\n');
      writeFileSync(at("node_modules/dep/index.js"), "");
      const installUnit = async (): Promise<Result> => {
        const child = spawn(at("dist/usrsvcd.cjs"), ["install-unit", "--system", "--json"], {
          env: { PATH: process.env["PATH"], HOME: dir },
          stdio: ["ignore", "pipe", "pipe"],
        });
        return await finished(child);
      };
      const spoiled = async (path: string, wanted: RegExp): Promise<void> => {
        chownSync(path, OTHER, OTHER);
        const { code, out } = await installUnit();
        assert.equal(code, 136, out);
        assert.match(out, wanted);
        chownSync(path, 0, 0);
      };
      await spoiled(at("node_modules/dep/index.js"), /index\.js belongs to /);
      await spoiled(at("systemd/install.sh"), /install\.sh belongs to /);
      await spoiled(at("systemd/usrsvcd@.service"), /service belongs to /);
      await spoiled(join(dir, "lib"), /the folder \S+\/lib belongs to /);
      mkdirSync(join(dir, "away"));
      symlinkSync(join(dir, "away"), at("node_modules/linked"));
      await spoiled(join(dir, "away"), /away belongs to /);
      // All is root's, but for all accounts nothing is to lie there.
      const { code, out } = await installUnit();
      assert.equal(code, 1, out);
      assert.match(out, /is in a folder that is emptied, and must not be run for all accounts/);
    });
  });

  test("--help says all there is, and --system is what root gets", async (t) => {
    const help = await install(["--help"], {});
    assert.equal(help.code, 0);
    for (const word of ["--system", "--user", "--node", "--usrsvcd", "PREFIX", "DESTDIR"]) {
      assert.ok(help.out.includes(word), word);
    }
    const { dir, env } = target(t);
    await install(paths, { env: { ...env, HOME: "/home/a" } });
    const own = await install(["--user", ...paths], { env: { ...env, HOME: "/root" } });
    if (process.getuid?.() === 0)
      assert.match(own.err, /root's own systemd instance; .* use --system/);
    const path = process.getuid?.() === 0 ? system : "home/a/.config/systemd/user/usrsvcd.service";
    assert.ok(existsSync(join(dir, path)));
  });
});
