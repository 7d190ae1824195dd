import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Home, waitFor } from "./home.ts";
import { daemonPid, kill } from "./looks.ts";
import { freePort } from "./servers.ts";

/** Writes a line and becomes ready when the file `go` is there. */
const LATE =
  "sh -c 'echo begun; while [ ! -e go ]; do sleep 0.05; done; echo up; touch ready; exec sleep 600'";

/** Waits until it is on record that it is waited for: whoever comes too late finds a program that runs. */
async function waits(home: Home): Promise<void> {
  const record = "state/programs/web.json";
  await waitFor("it waits", () => home.read(record).includes('"starting"'));
}

for (const starter of ["usrsvc", "usrsvcd"]) {
  test(`a start from ${starter} has succeeded when its check is true`, async (t) => {
    const home = new Home(t);
    const ready = home.file("ready");
    home.program("web", { command: LATE, directory: home.path, ready: `file://${ready}` });
    const command = starter === "usrsvc" ? "usrsvc.cjs" : "usrsvcd.cjs";
    const starting = home.run(command, starter === "usrsvc" ? ["start", "web"] : ["start"]);
    if (starter === "usrsvcd") assert.equal((await starting).code, 0);
    await waitFor("status says what it waits for", async () => {
      const { out } = await home.usrsvc("status", "web");
      return /starting.*\n +why: waits for file:\/\/\S+ready \(no such file: \S+\), \d+ s of 60 s/.test(
        out,
      );
    });
    writeFileSync(home.file("go"), "");
    await waitFor("it runs", async () => (await home.statusOf("web"))["state"] === "running");
    assert.ok(existsSync(ready));
    assert.match((await home.usrsvc("status", "web")).out, /^web +running/m);
    assert.doesNotMatch((await home.usrsvc("status", "web")).out, /waits/);
    assert.equal((await starting).code, 0);
  });
}

test("a check that is never true fails with a code of its own, the reason and the last output", async (t) => {
  const port = await freePort();
  const ready = `tcp://127.0.0.1:${port}`;
  const settings = { command: LATE, ready, start_timeout: "0.8" };
  const home = new Home(t).program("web", settings);
  const { code, err } = await home.usrsvc("start", "web");
  assert.equal(code, 140);
  assert.match(
    err,
    new RegExp(
      `web: not started: not ready within start_timeout \\(0?\\.?8\\d* ?m?s\\): connection refused by 127.0.0.1:${port} \\(ready = ${ready}\\); it was ended again`,
    ),
  );
  assert.match(err, /\| begun/);
  assert.equal((await home.usrsvc("status", "web")).code, 1);
});

test("a program that ends while it is waited for has failed at once", async (t) => {
  const command = "sh -c 'sleep 0.2; echo oops; exit 3'";
  const home = new Home(t).program("web", { command, ready: "file:///no/such/file" });
  const { code, err } = await home.usrsvc("start", "web");
  assert.equal(code, 134);
  assert.match(err, /exited with code 3 before it was ready \(file:\/\/\/no\/such\/file\)/);
});

test("log: is about this start only", async (t) => {
  const home = new Home(t);
  writeFileSync(home.file("log/web.log"), "up\n");
  home.program("web", { command: LATE, directory: home.path, ready: "log:^up$" });
  const starting = home.usrsvc("start", "web");
  await waitFor("it was looked", async () =>
    (await home.usrsvc("status", "web")).out.includes("no such line in its output yet"),
  );
  writeFileSync(home.file("go"), "");
  assert.equal((await starting).code, 0);
});

test("whoever comes next waits for the rest: usrsvcd was killed", async (t) => {
  const home = new Home(t);
  writeFileSync(home.file("log/web.log"), "up\n");
  home.program("web", { command: LATE, directory: home.path, ready: "log:^up$" });
  assert.equal((await home.usrsvcd("start")).code, 0);
  const state = async (): Promise<unknown> => (await home.statusOf("web"))["state"];
  await waitFor("it waits", async () => (await state()) === "starting");
  const { pid } = await home.statusOf("web");
  await kill(await daemonPid(home));
  assert.equal((await home.usrsvcd("start")).code, 0);
  assert.equal(await state(), "starting");
  writeFileSync(home.file("go"), "");
  await waitFor("it runs", async () => (await state()) === "running");
  assert.equal((await home.statusOf("web"))["pid"], pid, "the same process");
});

test("whoever comes next ends what is not ready in time: usrsvc was killed", async (t) => {
  const home = new Home(t).program("web", {
    command: LATE,
    ready: "file:///no/such/file",
    start_timeout: "8",
  });
  const first = home.spawn("usrsvc.cjs", ["start", "web"]);
  await waits(home);
  first.kill("SIGKILL");
  const { code, err } = await home.usrsvc("start", "web");
  assert.equal(code, 140);
  assert.match(err, /no such file: \/no\/such\/file/);
  assert.equal((await home.statusOf("web"))["state"], "stopped");
});

test("usrsvcd that comes next goes on looking, and takes nothing up before", async (t) => {
  const home = new Home(t);
  const ready = "exec:sh -c 'echo look >> looks; test -e ready'";
  home.program("web", { command: LATE, directory: home.path, ready });
  assert.equal((await home.usrsvcd("start")).code, 0);
  await waitFor("it was looked", () => home.read("looks") !== "");
  await kill(await daemonPid(home));
  const before = home.read("looks").length;
  assert.equal((await home.usrsvcd("start")).code, 0);
  await waitFor("it is looked again", () => home.read("looks").length > before + 10);
  assert.equal((await home.statusOf("web"))["state"], "starting");
  writeFileSync(home.file("go"), "");
  await waitFor("it is taken up", () =>
    home.log().some(({ event }) => event === "program.adopted"),
  );
  assert.equal((await home.statusOf("web"))["state"], "running");
});

test("usrsvcd that comes next counts what is not ready in time as a failed start", async (t) => {
  const home = new Home(t);
  const never = { ready: "file:///no/such/file", start_timeout: "12", maxrestarts: "1" };
  home.program("web", { command: LATE, ...never });
  assert.equal((await home.usrsvcd("start")).code, 0);
  const state = async (): Promise<unknown> => (await home.statusOf("web"))["state"];
  await waits(home);
  await kill(await daemonPid(home));
  assert.equal((await home.usrsvcd("start")).code, 0);
  await waitFor("it is given up", async () => (await state()) === "fatal");
  const { reason } = await home.statusOf("web");
  assert.match(String(reason), /not ready within start_timeout \(12 s\): no such file: \/no/);
});

test("usrsvc whose usrsvcd was killed in the middle waits for the rest", async (t) => {
  const home = new Home(t);
  const never = { ready: "file:///no/such/file", start_timeout: "8", autostart: "False" };
  home.program("web", { command: LATE, ...never });
  assert.equal((await home.usrsvcd("start")).code, 0);
  const daemon = await daemonPid(home);
  const asked = home.usrsvc("start", "web");
  await waits(home);
  await kill(daemon);
  const { code, err } = await asked;
  assert.equal(code, 140);
  assert.match(err, /not ready within start_timeout \(8 s\)/);
});

test("a stop does not wait for the check", async (t) => {
  const home = new Home(t).program("web", { command: LATE, ready: "file:///no/such/file" });
  const starting = home.usrsvc("start", "web");
  await waitFor("it waits", async () => (await home.statusOf("web"))["state"] === "starting");
  assert.equal((await home.usrsvc("stop", "web")).code, 0);
  assert.notEqual((await starting).code, 0);
  assert.equal((await home.statusOf("web"))["state"], "stopped");
});
