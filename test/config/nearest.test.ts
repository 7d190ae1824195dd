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

test("nearest() takes no time for thousands of wrong names among thousands", () => {
  const names = Array.from({ length: 5000 }, (_, index) => `service-${index}-of-the-machine`);
  let compared = 0;
  const counted = function* (): Generator<string> {
    for (const name of names) {
      compared += 1;
      assert.ok(compared < 1_000_000, "of 25 million pairs not even the 25th part is looked at");
      yield name;
    }
  };
  for (const name of names) nearest(name.replace("the", "teh"), counted());
});

test("nearest() leaves out what is too long to be typed", () => {
  assert.equal(nearest("x".repeat(100_000), ["x".repeat(99_999)]), undefined);
});
