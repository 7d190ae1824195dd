import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Home, sleeper, waitFor } from "./home.ts";

const settings = {
  nice: "6",
  ionice: "idle",
  oom_score_adj: "400",
  cpu_affinity: "0",
  limit_nofile: "64:128",
  limit_core: "0",
};

/** As the program sees it itself. */
const LOOK =
  "sh -c 'nice; cat /proc/self/oom_score_adj; grep Cpus_allowed_list /proc/self/status; ulimit -S -n; ulimit -H -n; ulimit -S -c; exec sleep 600'";
const SEEN = ["6", "400", "Cpus_allowed_list:\t0", "64", "128", "0"];

for (const starter of ["usrsvc", "usrsvcd"]) {
  test(`a program has its priorities and limits from ${starter}, and no descriptor more`, async (t) => {
    const home = new Home(t).program("web", { command: LOOK, umask: "027", ...settings });
    if (starter === "usrsvc") assert.equal((await home.usrsvc("start", "web")).code, 0);
    else assert.equal((await home.usrsvcd("start")).code, 0);
    const pid = await home.running("web");
    await waitFor("it has looked", () => home.read("log/web.log").split("\n").length > SEEN.length);
    assert.deepEqual(home.read("log/web.log").trim().split("\n"), SEEN);
    assert.match(readFileSync(`/proc/${pid}/status`, "utf8"), /^Umask:\s+0027$/m);
  });
}

test("a start that the kernel refuses names the key, and leaves nothing", async (t) => {
  const home = new Home(t).program("web", { command: sleeper(), cpu_affinity: "8000" });
  const { code, err } = await home.usrsvc("start", "web");
  assert.equal(code, 137);
  assert.match(err, /web: not started: cpu_affinity = 8000 cannot be set: none of these CPUs can/);
  assert.match((await home.usrsvc("status", "web")).out, /cpu_affinity = 8000/);
});

test("a program has the variables of its env_file, of ours, and its own name", async (t) => {
  const home = new Home(t).program(
    "web",
    { command: "sh -c 'echo $A $B $C $D; exec sleep 600'", env_file: "~/web.env" },
    "[[Env]]\nB = own\nC = %(program)s in %(ENV_REGION)s\n",
  );
  writeFileSync(
    home.file("web.env"),
    "# secrets\nexport A='from file'\nB=file\nD=\"two\nlines\"\n",
  );
  const env = { REGION: "eu" };
  assert.equal((await home.run("usrsvc.cjs", ["start", "web"], env)).code, 0);
  await waitFor("its words", () => home.read("log/web.log").endsWith("\n"));
  assert.equal(home.read("log/web.log"), "from file own web in eu two lines\n");
  const { out } = await home.run("usrsvcd.cjs", ["checkconfig", "--json"], env);
  assert.doesNotMatch(out, /from file/, "masked like all of [[Env]]");

  writeFileSync(home.file("web.env"), "A=1\noops\n");
  const { code, err } = await home.run("usrsvc.cjs", ["restart", "web"], env);
  assert.notEqual(code, 0);
  assert.match(err, /web\.env:2: env_file: the line is not NAME=value/);
  chmodSync(home.file("web.env"), 0o666);
  const checked = await home.run("usrsvcd.cjs", ["checkconfig"], env);
  assert.match(checked.err, /web\.env: .*can be changed by/);
});
