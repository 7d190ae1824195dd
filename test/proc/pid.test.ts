import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isOlder, parsePid, type Pid, sameProcess, type Ticks } from "../../proc/pid.ts";

describe("parsePid", () => {
  for (const text of ["1", "12030", "4194304", "9999999999"]) {
    test(`reads ${text}`, () => assert.equal(parsePid(text), Number(text)));
  }

  const wrong = ["", "0", "01", "-1", "+1", "1.5", "1e3", "0x10", " 1", "1\n", "१२", "12345678901"];
  for (const text of wrong) {
    test(`takes ${JSON.stringify(text)} for no pid`, () => assert.equal(parsePid(text), undefined));
  }

  test("of any text, is a whole number above 0 or undefined", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const pid = parsePid(text);
        assert.ok(pid === undefined || (Number.isSafeInteger(pid) && pid > 0));
      }),
    );
  });
});

test("sameProcess wants pid and start time to be the same, and both to be known", () => {
  const ref = (pid: number, start: number) => ({ pid: pid as Pid, startTime: start as Ticks });
  assert.equal(sameProcess(ref(1, 2), ref(1, 2)), true);
  assert.equal(sameProcess(ref(1, 2), ref(1, 3)), false);
  assert.equal(sameProcess(ref(1, 2), ref(2, 2)), false);
  assert.equal(sameProcess(undefined, ref(1, 2)), false);
  assert.equal(sameProcess(undefined, undefined), false);
});

test("isOlder goes by the start time, and within a tick by the pid", () => {
  const ref = (pid: number, start: number) => ({ pid: pid as Pid, startTime: start as Ticks });
  assert.equal(isOlder(ref(9, 1), ref(2, 2)), true);
  assert.equal(isOlder(ref(2, 2), ref(9, 1)), false);
  assert.equal(isOlder(ref(2, 1), ref(9, 1)), true);
  assert.equal(isOlder(ref(9, 1), ref(2, 1)), false);
  assert.equal(isOlder(ref(2, 1), ref(2, 1)), false);
});
