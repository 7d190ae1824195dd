import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, test, type TestContext } from "node:test";
import { Home, sleeper, waitFor } from "./home.ts";
import { told } from "./looks.ts";

/** Why it is `starting` still. */
const GONE = /whoever started it was gone before it was seen ready \(ready = /;

/** Whoever started it was killed, and nobody looks until its window is over. */
async function left(t: TestContext, ready: string, timeout = "2"): Promise<[Home, unknown]> {
  const home = new Home(t);
  const settings = { command: sleeper(), ready: ready.replace("HOME", home.path) };
  home.program("web", { ...settings, start_timeout: timeout, restart_delay: "60" });
  const starter = home.spawn("usrsvc.cjs", ["start", "web"]);
  await waitFor("it waits", () => home.read("state/programs/web.json").includes('"starting"'));
  starter.kill("SIGKILL");
  await waitFor("its window is over", async () =>
    GONE.test(String((await home.statusOf("web"))["reason"])),
  );
  const { state, pid } = await home.statusOf("web");
  assert.equal(state, "starting", "nobody has seen it ready");
  return [home, pid];
}

describe("whoever comes when the window of a start is over that nobody judged", () => {
  for (const command of ["usrsvc", "usrsvcd"] as const) {
    test(`${command} start ends what is not ready`, async (t) => {
      const [home] = await left(t, "file:///no/such/file");
      assert.match((await home.usrsvc("status", "web")).out, /next: usrsvc start web looks/);
      const { code, err } = await home[command]("start", ...(command === "usrsvc" ? ["web"] : []));
      if (command === "usrsvc") {
        assert.equal(code, 140);
        assert.match(err, /not ready within start_timeout \(2 s\): no such file: \/no\/such/);
      }
      await waitFor("it is down", async () => (await home.statusOf("web"))["pid"] === undefined);
      const { reason } = await home.statusOf("web");
      assert.match(String(reason), /not ready within start_timeout \(2 s\): no such file/);
    });

    test(`${command} start takes up what is ready`, async (t) => {
      const [home, pid] = await left(t, "file://HOME/up");
      writeFileSync(home.file("up"), "");
      const { code } = await home[command]("start", ...(command === "usrsvc" ? ["web"] : []));
      assert.equal(code, 0);
      await waitFor("it runs", async () => (await home.statusOf("web"))["state"] === "running");
      assert.equal((await home.statusOf("web"))["pid"], pid, "the same process");
    });

    test(`${command} start ends nothing that may have said READY=1 unheard`, async (t) => {
      const [home, pid] = await left(t, "notify");
      assert.match((await home.usrsvc("status", "web")).out, /next: usrsvc start web takes it/);
      const { code, out } = await home[command]("start", ...(command === "usrsvc" ? ["web"] : []));
      assert.equal(code, 0);
      await waitFor("it runs", async () => (await home.statusOf("web"))["state"] === "running");
      assert.equal((await home.statusOf("web"))["pid"], pid, "the same process");
      const note = /it has not said READY=1 since whoever started it was gone/;
      if (command === "usrsvc") assert.match(out, note);
      else assert.ok(told(home, "program.warning").some(({ msg }) => note.test(msg)));
    });
  }

  test("what only starts after it asks its check", async (t) => {
    const [home] = await left(t, "file://HOME/up");
    home.program("app", { command: sleeper(), after: "web" });
    writeFileSync(home.file("up"), "");
    const { code, err } = await home.usrsvc("start", "app");
    assert.equal(code, 0, err);
  });
});

test("whoever comes within the window ends nothing that may have said READY=1 unheard", async (t) => {
  const home = new Home(t);
  home.program("web", { command: sleeper(), ready: "notify", start_timeout: "6" });
  const starter = home.spawn("usrsvc.cjs", ["start", "web"]);
  await waitFor("it waits", () => home.read("state/programs/web.json").includes('"starting"'));
  starter.kill("SIGKILL");
  const { pid } = await home.statusOf("web");
  const { code, out } = await home.usrsvc("start", "web");
  assert.equal(code, 0);
  assert.match(out, /it may have been said unheard, and it is taken as it is/);
  assert.equal((await home.statusOf("web"))["pid"], pid, "the same process");
});
