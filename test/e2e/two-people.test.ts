import assert from "node:assert/strict";
import { test } from "node:test";
import { Home, waitFor } from "./home.ts";
import { heeds } from "./looks.ts";

/** Deaf to SIGTERM: a stop of it takes its time. */
const DEAF = `/bin/sh -c 'trap "" TERM; while :; do sleep 0.05; done'`;

test("of two people at once, each is told who the other is", async (t) => {
  const home = new Home(t).program("web", { command: DEAF, term_to_kill_seconds: "30" });
  await home.usrsvc("start", "web");
  await heeds(await home.running("web"), "SIGTERM");
  const ann = home.spawn("usrsvc.cjs", ["stop", "web"], { SUDO_USER: "ann" });
  const who = `usrsvc, pid ${ann.pid}, called by ann (as `;
  const status = await waitFor("ann to be at work", async () => {
    const { out } = await home.usrsvc("status", "web");
    return out.includes(who) && out;
  });
  assert.match(status, /stopping[^]*called by ann \(as \w+\), is at work on it$/m);
  assert.ok(String((await home.statusOf("web"))["workedOnBy"]).startsWith(who));
  const { out } = await home.usrsvc("explain", "web");
  assert.ok(out.includes(who), out);
  const ended = new Promise((resolve) => ann.once("exit", resolve));
  ann.kill("SIGINT");
  await ended;
  assert.doesNotMatch((await home.usrsvc("status", "web")).out, /is at work on it/);
  home.program("web", { command: DEAF, term_to_kill_seconds: "0" });
  assert.equal((await home.usrsvc("stop", "web")).code, 0);
});
