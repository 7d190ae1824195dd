import assert from "node:assert/strict";
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { test } from "node:test";
import { Home, sleeper, waitFor } from "./home.ts";

test("usrsvc metrics prints what is known, and writes it by rename", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  await home.usrsvc("start", "web");
  const { out, code } = await home.usrsvc("metrics");
  assert.equal(code, 0);
  assert.match(out, /^usrsvcd_up 0$/m);
  assert.match(out, /^usrsvc_program_up\{program="web"\} 1$/m);
  assert.match(out, /^usrsvc_program_private_memory_bytes\{program="web"\} [1-9]\d+$/m);
  const path = home.file("web.prom");
  assert.equal((await home.usrsvc("metrics", "--write", path)).code, 0);
  assert.match(home.read("web.prom"), /^usrsvc_program_state\{program="web",state="running"\} 1$/m);
  assert.equal(statSync(path).mode & 0o777, 0o644);
  const lost = await home.usrsvc("metrics", "--write", home.file("nowhere/web.prom"));
  assert.equal(lost.code, 1);
  assert.match(
    lost.err,
    /nowhere\/web\.prom cannot be written: the folder \S+\/nowhere does not exist; create it/,
  );
  const isFolder = await home.usrsvc("metrics", "--write", home.path);
  assert.match(isFolder.err, /cannot be written: it is a folder; add the name of a file/);
  assert.match(
    (await home.usrsvc("metrics", "--write", "")).err,
    /say where: metrics --write FILE/,
  );
  assert.match((await home.usrsvc("metrics", "--json")).err, /use usrsvc status --json/);
});

test("checkconfig warns of a metrics_file that cannot be written, and usrsvcd names each once", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  home.main(`metrics_file = ${home.file("nowhere/web.prom")}`);
  const { out, err, code } = await home.usrsvcd("checkconfig");
  assert.equal(code, 0);
  assert.match(out + err, /warning: metrics_file: the folder \S+nowhere does not exist; create it/);
  await home.usrsvcd();
  const isTold = (path: string): boolean =>
    home.log().some((line) => line["what"] === "metrics-unwritable" && line["path"] === path);
  await waitFor("the first", () => isTold(home.file("nowhere/web.prom")));
  home.main(`metrics_file = ${home.path}`);
  const reread = await home.usrsvcd("reread");
  assert.match(reread.out + reread.err, /metrics_file: \S+ is a folder; add the name of a file/);
  await home.usrsvc("restart", "web");
  await waitFor("the second", () => isTold(home.path));
});

test("usrsvcd keeps metrics_file up to date, and says at last that it is gone", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  mkdirSync(home.file("metrics"));
  home.main(`metrics_file = ${home.file("metrics/web.prom")}`);
  await home.usrsvcd();
  const pid = await home.running("web");
  const has = (line: string): boolean => home.read("metrics/web.prom").split("\n").includes(line);
  await waitFor(
    "it to be up",
    () => has('usrsvc_program_up{program="web"} 1') && has("usrsvcd_up 1"),
  );
  process.kill(pid, "SIGKILL");
  await waitFor("the restart", () => has('usrsvc_program_restarts_total{program="web"} 1'));
  assert.ok(has('usrsvc_program_last_exit_code{program="web"} 137'));

  rmSync(home.file("metrics"), { recursive: true });
  process.kill(await home.running("web", pid), "SIGKILL");
  const told = (what: string): Promise<unknown> =>
    waitFor(what, () => home.log().some((line) => line["what"] === what));
  await told("metrics-unwritable");
  mkdirSync(home.file("metrics"));
  await home.usrsvc("stop", "web");
  await told("metrics-written");
  await home.usrsvcd("stop");
  await waitFor("the last word", () => has("usrsvcd_up 0"));
  assert.ok(existsSync(home.file("metrics/web.prom")));
});
