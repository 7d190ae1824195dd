import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest } from "../../src/config/nearest.ts";

const keys = ["autostart", "autorestart", "stdout", "stderr", "pidfile", "restart_delay"];

for (const [name, near] of [
  ["autostrat", "autostart"],
  ["AutoStart", "autostart"],
  ["restart delay", "restart_delay"],
  ["pid_file", "pidfile"],
  ["stdot", "stdout"],
  ["colour", undefined],
  ["", undefined],
] as const) {
  test(`nearest() finds ${near ?? "nothing"} for ${JSON.stringify(name)}`, () => {
    assert.equal(nearest(name, keys), near);
  });
}
