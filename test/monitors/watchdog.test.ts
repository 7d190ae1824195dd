import assert from "node:assert/strict";
import { test } from "node:test";
import { monotonicMs } from "../../src/lib/clock.ts";
import { type Sign, WatchdogMonitor } from "../../src/monitors/watchdog.ts";
import type { Violation } from "../../src/monitors/violation.ts";
import { FakeTime } from "./fake-time.ts";

test("a watchdog counts no silence of a young process, and then tells all of it", async (t) => {
  const time = new FakeTime(t);
  const violations: Violation[] = [];
  let say = (_sign: Sign): void => {};
  using _monitor = new WatchdogMonitor({
    limitMs: 10_000,
    notBefore: monotonicMs() + 30_000,
    listen: (onSign) => {
      say = onSign;
      return () => {};
    },
    onViolation: (violation) => violations.push(violation),
  });
  await time.advance(15_000);
  say("alive");
  await time.advance(24_900);
  assert.deepEqual(violations, []);
  await time.advance(200);
  const [{ measured = 0, reason } = { reason: "" }] = violations;
  assert.match(reason, /^it has been silent for 25 s, longer than watchdog \(10 s\)$/);
  assert.ok(measured >= 25_000 && measured < 25_200, `${measured}`);
});
