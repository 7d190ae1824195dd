import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCgroup } from "../../proc/cgroup.ts";

test("parseCgroup() yields the paths of both versions, each once", () => {
  const two = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/web.service\n";
  assert.deepEqual(parseCgroup(two), [
    "/user.slice/user-1000.slice/user@1000.service/app.slice/web.service",
  ]);
  const one =
    "12:pids:/system.slice/cron.service\n1:name=systemd:/system.slice/cron.service\n0::/\n";
  assert.deepEqual(parseCgroup(one), ["/system.slice/cron.service", "/"]);
  assert.deepEqual(parseCgroup(""), []);
  assert.deepEqual(parseCgroup("nonsense\n3:cpu\n"), []);
});
