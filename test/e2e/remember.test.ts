import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Home, sleeper, waitFor } from "./home.ts";

interface Memory {
  readonly programs: readonly { readonly program: string }[];
}

const remembered = (home: Home): readonly string[] =>
  (JSON.parse(home.read("state/remembered.json")) as Memory).programs.map(({ program }) => program);

for (const withDaemon of [true, false]) {
  test(`stop --remember and start --remembered: back to what ran, ${withDaemon ? "with" : "without"} usrsvcd`, async (t) => {
    const home = new Home(t)
      .program("web", { command: sleeper(), needs: "db" })
      .program("db", { command: sleeper() })
      .program("off", { command: sleeper(), autostart: "False" });
    if (withDaemon) {
      await home.usrsvcd();
      await home.running("web");
    } else {
      await home.usrsvc("start", "web");
    }
    const none = await home.usrsvc("start", "--remembered");
    assert.equal(none.code, 0);
    assert.match(none.err, /nothing is remembered; usrsvc stop --remember/);

    const stopped = await home.usrsvc("stop", "--all", "--remember");
    assert.equal(stopped.code, 0, stopped.err);
    assert.match(
      stopped.err,
      /^note: 2 programs remembered; usrsvc start --remembered brings them back\n/,
    );
    assert.match(stopped.out, /^web: stopped[^]*db: stopped[^]*off: was not running/);
    assert.match(
      (await home.usrsvc("status")).out,
      /stopped with --remember by .* ago; usrsvc start --remembered/,
    );
    const { remembered: shown } = (await home.statusOf("web")) as { remembered?: { by: string } };
    assert.ok(shown !== undefined && shown.by !== "");
    // Again, and nothing is lost.
    const again = await home.usrsvc("stop", "all", "--remember");
    assert.match(again.err, /none of these runs: nothing is remembered/);

    const started = await home.usrsvc("start", "--remembered");
    assert.equal(started.code, 0, started.err);
    assert.match(started.out, /^db: started[^]*web: started/);
    assert.doesNotMatch(started.out, /off/);
    assert.deepEqual(remembered(home), []);
    assert.equal((await home.statusOf("off"))["state"], "stopped");
    assert.equal((await home.statusOf("web"))["remembered"], undefined);
  });
}

test("what could not be started is still remembered, what is gone is named, what is back is not", async (t) => {
  const home = new Home(t);
  for (const name of ["web", "bad", "gone", "hand"]) home.program(name, { command: sleeper() });
  await home.usrsvc("start", "-P", "all");
  await home.usrsvc("stop", "web", "--remember");
  await home.usrsvc("stop", "bad", "gone", "hand", "--remember");
  assert.deepEqual(remembered(home), ["web", "bad", "gone", "hand"]);
  await home.usrsvc("start", "hand");
  assert.deepEqual(remembered(home), ["web", "bad", "gone"]);
  await home.usrsvc("stop", "hand");
  home.without("gone").program("bad", { command: "/bin/sh -c 'exit 3'" });

  const { code, out, err } = await home.usrsvc("start", "--remembered");
  assert.equal(code, 133);
  assert.match(out, /^web: started/);
  assert.doesNotMatch(out, /hand/);
  assert.match(err, /gone: was stopped with --remember, and is in no configuration file any more/);
  assert.match(err, /note: still remembered: bad; usrsvc start --remembered tries again/);
  assert.deepEqual(remembered(home), ["bad"]);
  home.program("bad", { command: sleeper() });
  assert.equal((await home.usrsvc("start", "--remembered")).code, 0);
  assert.deepEqual(remembered(home), []);
});

test("a stop without --remember has the last word over what ran since", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  await home.usrsvc("start", "web");
  await home.usrsvc("stop", "web", "--remember");
  await home.usrsvc("stop", "web");
  assert.deepEqual(remembered(home), ["web"], "it did not run");
  // It was started, by nobody that this usrsvc knows of: as usrsvcd does after a boot.
  const memory = home.read("state/remembered.json");
  await home.usrsvc("start", "web");
  writeFileSync(home.file("state/remembered.json"), memory);
  await home.usrsvc("stop", "web");
  assert.deepEqual(remembered(home), []);
});

test("nothing is stopped where it cannot be remembered", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  await home.usrsvc("start", "web");
  writeFileSync(home.file("state/remembered.json"), "{");
  const { code, err } = await home.usrsvc("stop", "--all", "--remember");
  assert.equal(code, 1);
  assert.match(
    err,
    /nothing was done: what runs could not be remembered: .*remembered\.json cannot be understood/,
  );
  assert.equal((await home.statusOf("web"))["state"], "running");
  const start = await home.usrsvc("start", "--remembered");
  assert.equal(start.code, 1);
  assert.match(start.err, /move it away/);
  assert.equal(readFileSync(home.file("state/remembered.json"), "utf8"), "{");
});

test("a job with a schedule is due again, and what is held since is left", async (t) => {
  const home = new Home(t)
    .program("nightly", { type: "job", command: "/bin/true", schedule: "0 4 * * *" })
    .program("web", { command: sleeper() })
    .program("db", { command: sleeper() })
    .program("idle", { command: sleeper() });
  await home.usrsvc("hold", "idle");
  await home.usrsvcd();
  await home.running("web");
  await home.running("db");
  await home.usrsvc("hold", "web");
  await home.usrsvc("stop", "--all", "--remember");
  assert.deepEqual(new Set(remembered(home)), new Set(["nightly", "web", "db", "idle"]));
  await home.usrsvc("hold", "db");
  const { code, out, err } = await home.usrsvc("start", "--remembered");
  assert.equal(code, 0, err);
  assert.match(out, /nightly: is started when it is due/);
  assert.match(out, /web: started[^]*the hold stays/);
  assert.match(out, /db: skipped: held by/);
  assert.match(out, /idle: is no longer stopped, and left as it is/);
  assert.match(err, /still remembered: db;/);
  assert.equal(home.pid("idle"), undefined);
  await home.usrsvc("release", "idle");
  await home.running("idle");
  await waitFor(
    "it to be due",
    async () => (await home.statusOf("nightly"))["nextDueAt"] !== undefined,
  );
});

test("--all and --remembered say which programs are meant", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  assert.equal((await home.usrsvc("start", "--all")).code, 0);
  assert.equal((await home.usrsvc("restart", "--all", "all")).code, 0);
  const named = await home.usrsvc("stop", "--all", "web");
  assert.equal(named.code, 1);
  assert.match(named.err, /--all says which programs are meant: leave web out, or write stop web/);
  assert.match((await home.usrsvc("stop", "--remember")).err, /say which programs/);
  assert.match(
    (await home.usrsvc("status", "--all")).err,
    /--all goes with start, stop, restart, hold and release/,
  );
  assert.equal((await home.usrsvc("stop", "--all")).code, 0);
});
