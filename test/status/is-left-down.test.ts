import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isLeftDown } from "../../src/status/is-left-down.ts";

/* What becomes of each of these in the machine, test/status/outlook.test.ts compares. */
describe("isLeftDown", () => {
  const later = "2030-01-01T00:00:00Z";
  const claims: readonly [Parameters<typeof isLeftDown>[0], boolean][] = [
    [{ state: "stopped", next: 'stays down until "usrsvc start" or the next boot' }, true],
    [{ state: "stopped", next: "nothing: usrsvcd is not running" }, true],
    [{ state: "stopped", next: "nothing: it is never due" }, true],
    [{ state: "stopped", next: "nothing while it is held; after that: usrsvcd starts it" }, true],
    [{ state: "stopped", next: "usrsvcd does not know it yet: run usrsvcd reread" }, true],
    [{ state: "fatal", next: "usrsvcd gave up after 3 failed starts (maxrestarts = 3)" }, true],
    [{ state: "fatal", next: "usrsvcd gave up, and tries again in 5 s", nextTryAt: later }, false],
    [{ state: "stopped", next: "usrsvcd starts it" }, false],
    [{ state: "stopped", next: "usrsvcd starts it at 2030-01-01 00:00", nextDueAt: later }, false],
    [{ state: "backoff", next: "usrsvcd tries again in 3 s" }, false],
    [{ state: "waiting" }, false],
    [{ state: "starting", pid: 7 }, false],
    [{ state: "running", pid: 7 }, false],
    [{ state: "done", next: "nothing: it is done" }, false],
  ];
  for (const [one, want] of claims) {
    test(`${one.state}: ${one.next ?? "-"}`, () => assert.equal(isLeftDown(one), want));
  }
});
