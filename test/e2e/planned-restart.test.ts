import assert from "node:assert/strict";
import { test } from "node:test";
import { Home, sleeper, waitFor } from "./home.ts";

test("max_age restarts a program again and again, and calls nothing wrong", async (t) => {
  const home = new Home(t);
  home.main(
    `sendmail_path = ${home.script("sendmail", `#!/bin/sh\ncat >>${home.file("mails")}\n`)}\nalert_interval = 0`,
  );
  const command = sleeper();
  home.program("web", {
    command,
    max_age: "1s",
    autorestart: "no",
    email_alerts: "ops@example.org",
  });
  await home.usrsvcd();
  const due = await waitFor("five restarts", () => {
    const all = home.log().filter(({ event }) => event === "program.restart-due");
    return all.length >= 5 ? all : undefined;
  });
  assert.ok(due.every(({ level, msg }) => level === "info" && msg.endsWith(": max_age = 1 s")));
  const events = home.log().map(({ event }) => event);
  for (const event of ["program.backoff", "program.gave-up", "program.limit-exceeded"]) {
    assert.ok(!events.includes(event), event);
  }
  const ends = home.log().filter(({ event }) => event === "program.exited");
  assert.ok(ends.every(({ level }) => level === "info"));
  assert.match(
    ends[0]?.msg ?? "",
    /killed by SIGTERM, by usrsvcd: planned restart: max_age = 1 s$/,
  );
  await waitFor("a mail", () => home.read("mails") !== "");
  assert.doesNotMatch(home.read("mails"), /restarted|limit/, "but of its first start");
  home.program("web", { command });
  await home.usrsvcd("reread");
  await waitFor("it to be older than that", async () => {
    const { uptimeSeconds } = (await home.statusOf("web")) as { uptimeSeconds?: number };
    return (uptimeSeconds ?? 0) > 2;
  });
  home.program("web", { command, max_age: "1s" });
  await home.usrsvcd("reread");
  const { pid } = (await home.statusOf("web")) as { pid: number };
  await home.running("web", pid);
  await home.usrsvc("stop", "web");
  await waitFor("it stays down", async () => (await home.statusOf("web"))["state"] === "stopped");
});
