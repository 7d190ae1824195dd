import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, readlinkSync, realpathSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";
import { cleanUp } from "../support/clean-up.ts";
import { finished, Home, isAlive, lines, type Result, sleeper, waitFor } from "./home.ts";
import { daemonPid } from "./looks.ts";

/** Runs a shell line with `$USRSVCD` as the built command. */
async function shell(home: Home, line: string, env: NodeJS.ProcessEnv = {}): Promise<Result> {
  const child = spawn("/bin/sh", ["-c", line], {
    env: { ...home.env, USRSVCD: home.command("usrsvcd.cjs"), ...env },
    cwd: home.path,
    stdio: ["ignore", "pipe", "pipe"],
  });
  return await finished(child);
}

/** A `node` on the PATH that notes each time it is executed, and does `then`. */
function notingNode(home: Home, then = `exec ${process.execPath} "$@"`): NodeJS.ProcessEnv {
  mkdirSync(home.file("bin"));
  home.script("bin/node", `#!/bin/sh\necho boot >>${home.file("boots")}\n${then}\n`);
  return { PATH: `${home.file("bin")}:${process.env["PATH"]}` };
}

const boots = (home: Home): number => home.read("boots").split("\n").length - 1;

for (const action of ["start", "restart"]) {
  test(`usrsvcd ${action} boots Node once`, async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    if (action === "restart") await home.usrsvcd("start");
    const { code, err } = await shell(home, `"$USRSVCD" ${action}`, notingNode(home));
    assert.equal(code, 0, err);
    assert.equal(boots(home), 1);
    await home.running("web");
  });
}

test("usrsvcd that was restarted is called as one that was started, and keeps its other words", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  // A file that is called as the action is.
  const config = readFileSync(home.config, "utf8");
  writeFileSync(home.file("restart"), config, { mode: 0o600 });
  const words = (pid: number): readonly string[] =>
    readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  const called = (pid: number): string => words(pid).join(" ").split("usrsvcd.cjs")[1] ?? "";
  let before = 0;
  for (const [line, wanted] of [
    ['"$USRSVCD" restart -c restart', " start -c restart"],
    ['"$USRSVCD" --json -c restart restart --debug', " --json -c restart start --debug"],
    [`${process.execPath} "$USRSVCD" restart -c restart`, " start -c restart"],
    ['USRSVC_NO_LIBC=1 "$USRSVCD" restart --config restart', " start --config restart"],
    ['USRSVC_RESTART=1 "$USRSVCD" restart --config=restart', " start --config=restart"],
  ] as const) {
    const { code, out, err } = await shell(home, line);
    assert.equal(code, 0, err);
    if (line.includes("--json")) assert.equal(lines(out)[0]?.["action"], "restart");
    else assert.match(out, before === 0 ? /was not running/ : /stopped, pid \d+/);
    const pid = await daemonPid(home);
    assert.notEqual(pid, before);
    assert.equal(called(pid), wanted);
    before = pid;
  }
  // Of another's environment it means nothing.
  const again = await shell(home, 'USRSVC_RESTART=1 "$USRSVCD" start -c restart');
  assert.equal(again.code, 135);
});

test("usrsvcd in the background is in a session of its own, with nothing of its caller's", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  // The pipe to cat ends only when nobody holds it any more.
  const { code, out } = await shell(home, '"$USRSVCD" start -c usrsvc.cfg 2>&1 | cat');
  assert.equal(code, 0, out);
  assert.match(out, /^usrsvcd runs, pid \d+; log: .*usrsvcd\.log\n$/);
  const pid = await daemonPid(home);
  const link = (name: string): string => readlinkSync(`/proc/${pid}/${name}`);
  const crashes = realpathSync(home.file("state/usrsvcd.err"));
  assert.deepEqual(
    [0, 1, 2].map((fd) => link(`fd/${fd}`)),
    ["/dev/null", crashes, crashes],
  );
  assert.equal(link("cwd"), "/");
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [, , group, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  assert.deepEqual([group, session], [String(pid), String(pid)]);
  await home.running("web");
  // A job in the background of a shell would ignore it.
  process.kill(pid, "SIGINT");
  await waitFor("SIGINT ends it", () => !isAlive(pid));
});

test("usrsvcd start says on the terminal what is wrong, and starts the rest", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  home.text("bad", `[Program:bad]\ncommand = x\npidfile = ${home.path}/run/b\nstdout = rel\n`);
  const { code, out, err } = await shell(home, '"$USRSVCD"');
  assert.equal(code, 0);
  assert.match(out, /^usrsvcd runs/);
  assert.match(err, /stdout: "rel"/);
  await home.running("web");
});

test("usrsvcd start tells each failure by its exit code", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  const start = async (line: string): Promise<Result> => await shell(home, line);
  const invalid = await start('"$USRSVCD" start -c /none/such.cfg');
  assert.equal(invalid.code, 130);
  assert.match(invalid.err, /such\.cfg: does not exist/);
  assert.equal((await start('"$USRSVCD" --config=/none/such.cfg')).code, 130);
  assert.equal((await start('"$USRSVCD" start stop')).code, 1);
  assert.equal((await start('"$USRSVCD" >&-')).code, 0, "without standard output");
  const again = await start('"$USRSVCD" start --debug');
  assert.equal(again.code, 135);
  assert.match(again.err, /already running/);
  await home.usrsvcd("stop");
  const unwritable = new Home(t, "usrsvcd_stdout = /proc/none/log").write();
  const { code, err } = await shell(unwritable, '"$USRSVCD"');
  assert.equal(code, 136, err);
  assert.match(err, /the log \/proc\/none\/log cannot be written/);
});

test("a node that ends before it is ready is told of", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  const { code, err } = await shell(home, '"$USRSVCD"', notingNode(home, "exit 3"));
  assert.equal(code, 254);
  assert.match(err, /ended before it was ready/);
});

test("usrsvcd that does not answer is told of after a minute, and left alone", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  const env = notingNode(home, `echo $$ >${home.file("hangs")}\nexec sleep 30 >/dev/null 2>&1`);
  // Whoever waits a minute is let go as soon as there is somebody to wait for.
  const fast = `#!/bin/sh\n[ "$1" = 60 ] || exec /bin/sleep "$@"\nuntil [ -s ${home.file("hangs")} ]; do /bin/sleep 0.01; done\n`;
  home.script("bin/sleep", fast);
  const { code, out, err } = await shell(home, '"$USRSVCD"', env);
  assert.equal(code, 1, err);
  assert.equal(out, "");
  const pid = Number(home.read("hangs"));
  cleanUp(t, () => process.kill(pid, "SIGKILL"));
  assert.match(err, new RegExp(`^usrsvcd: no answer within 60 s; process ${pid} is left alone .*`));
  assert.match(err, new RegExp(`ps -o pid,stat,wchan,args -p ${pid}\\. To end it: kill ${pid},`));
  assert.ok(isAlive(pid));
});

test("what waits a minute for usrsvcd is gone as soon as that answers, and is nobody's program", async (t) => {
  const home = new Home(t).program("web", { command: "sleep 60", scan_for_process: "yes" });
  mkdirSync(home.file("bin"));
  const note = `#!/bin/sh\n[ "$1" != 60 ] || [ "$USRSVC_PROGRAM" != usrsvcd ] || echo $$ >${home.file("waits")}\nexec /bin/sleep "$@"\n`;
  home.script("bin/sleep", note);
  const path = { PATH: `${home.file("bin")}:${process.env["PATH"]}` };
  const { code, err } = await shell(home, '"$USRSVCD"', path);
  assert.equal(code, 0, err);
  const waited = Number(home.read("waits"));
  assert.ok(waited > 1);
  await waitFor("its end", () => !isAlive(waited));
  assert.notEqual(await home.running("web"), waited);
});

test("usrsvcd goes to the background without the C library, and without its first lines", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  const node = basename(process.execPath);
  for (const [line, env] of [
    ['"$USRSVCD"', { USRSVC_NO_LIBC: "1" }],
    [`${node} "$USRSVCD" start`, {}],
    [`${node} "$USRSVCD" start`, { USRSVC_NO_LIBC: "1" }],
  ] as const) {
    const { code, out, err } = await shell(home, `${line} | cat`, env);
    assert.equal(code, 0, err);
    assert.match(out, /^usrsvcd runs, pid \d+/);
    const pid = await daemonPid(home);
    assert.equal(readlinkSync(`/proc/${pid}/fd/1`), realpathSync(home.file("state/usrsvcd.err")));
    await home.running("web");
    assert.equal((await home.usrsvcd("stop")).code, 0);
  }
});
