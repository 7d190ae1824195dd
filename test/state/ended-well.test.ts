import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Exit } from "../../proc/exit.ts";
import { hasEndedWell, isSuccess, startEndedWell } from "../../src/state/ended-well.ts";
import { emptyRecord, type Known, type ProgramRecord } from "../../src/state/record.ts";
import type { State } from "../../src/state/states.ts";

const code = (number: number): Exit => ({ kind: "code", code: number });
const signal = (name: string): Exit => ({ kind: "signal", signal: name, coreDumped: false });
const settings = { successExit: [0, 2, "SIGTERM"], autopid: true };

test("isSuccess() is true for what is named, and for nothing that nobody saw", () => {
  const ends: readonly (readonly [Exit | undefined, boolean])[] = [
    [code(0), true],
    [code(2), true],
    [code(1), false],
    [code(15), false],
    [signal("SIGTERM"), true],
    [signal("SIGKILL"), false],
    [{ kind: "unknown" }, false],
    [undefined, false],
  ];
  for (const [exit, want] of ends) assert.equal(isSuccess(exit, settings), want);
});

describe("hasEndedWell() is", () => {
  const lastExit = { at: "", pid: 7, exit: code(0) };
  const before = { ...lastExit, isOfEarlierBoot: true } as const;
  type Change = Partial<Known> & { readonly state?: State };
  const rows: readonly (readonly [what: string, record: Change | undefined, want: boolean])[] = [
    ["true for one that ended by itself", { lastExit }, true],
    ["false where nothing is known", undefined, false],
    ["false where it never ran", {}, false],
    ["false for one that failed since", { lastExit, failures: 1 }, false],
    ["false for one that waits for its next start", { lastExit, state: "backoff" }, false],
    ["false for one that ran when that was written", { lastExit, state: "running" }, false],
    ["false for an operator's end", { lastExit: { ...lastExit, by: "usrsvc restart" } }, false],
    ["false for an end before the machine was booted", { lastExit: before }, false],
    ["true for a job that is done", { lastExit, state: "done" }, true],
    ["false for a limit", { lastExit: { ...lastExit, by: "usrsvcd: too big" } }, false],
    [
      "true for a signal from elsewhere",
      { lastExit: { ...lastExit, exit: signal("SIGTERM"), by: "not usrsvc" } },
      true,
    ],
  ];
  for (const [what, change, want] of rows) {
    test(what, () => {
      const record = change && ({ ...emptyRecord("web", "boot"), ...change } as ProgramRecord);
      assert.equal(hasEndedWell(record, settings), want);
    });
  }
});

test("startEndedWell() is false where only the first process of a daemon has ended", () => {
  assert.equal(startEndedWell({ exit: code(0) }, settings), true);
  assert.equal(startEndedWell({ exit: code(0), hasLeft: true }, settings), false);
  assert.equal(startEndedWell({ exit: code(0) }, { ...settings, autopid: false }), false);
  assert.equal(startEndedWell({ exit: undefined }, settings), false);
});
