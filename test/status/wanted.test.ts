import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProgramSettings } from "../../src/config/settings.ts";
import { emptyRecord, type ProgramRecord } from "../../src/state/record.ts";
import { isAtRest, isRight } from "../../src/status/is-right.ts";
import { isWanted } from "../../src/status/wanted.ts";

const service = { type: "service", autostart: true } as unknown as ProgramSettings;
const byHand = { ...service, autostart: false };
const scheduled = { ...byHand, type: "job", schedule: {} } as unknown as ProgramSettings;

const tame = { ...service, autorestart: "on-failure", successExit: [0] } as ProgramSettings;

const ended = (code: number): Partial<ProgramRecord> => ({
  state: "stopped",
  failures: 0,
  lastExit: { exit: { kind: "code", code }, at: "", pid: 7 },
});

interface Case {
  readonly settings?: ProgramSettings | undefined;
  readonly enabled?: boolean;
  readonly record?: Partial<ProgramRecord>;
  readonly isOfEarlierBoot?: true;
  readonly isRunning?: true;
  readonly isNeeded?: true;
  readonly isForeign?: true;
}

const rows: readonly [what: string, given: Case, want: boolean][] = [
  ["what is started by usrsvcd", { settings: service }, true],
  ["what runs", { settings: byHand, isRunning: true }, true],
  ["what is disabled", { settings: service, enabled: false }, false],
  ["what an operator has stopped", { settings: service, record: { desired: "down" } }, false],
  ["what has autostart off and never ran", { settings: byHand }, false],
  ["the same, with a record that says nothing", { settings: byHand, record: {} }, false],
  ["the same, if something needs it", { settings: byHand, isNeeded: true }, true],
  ["what was started by hand", { settings: byHand, record: { desired: "up" } }, true],
  [
    "what ran by hand before the machine was booted",
    { settings: byHand, record: { desired: "up" }, isOfEarlierBoot: true },
    false,
  ],
  [
    "what ran in this boot, whoever started it",
    {
      settings: byHand,
      record: { lastExit: { exit: { kind: "code", code: 1 }, at: "" } } as Partial<ProgramRecord>,
    },
    true,
  ],
  [
    "what has ended well, with autorestart = on-failure",
    { settings: tame, record: ended(0) },
    false,
  ],
  ["what has failed, with autorestart = on-failure", { settings: tame, record: ended(3) }, true],
  [
    "what had ended well before the machine was booted",
    { settings: tame, record: ended(0), isOfEarlierBoot: true },
    true,
  ],
  ["a job that is due at times", { settings: scheduled }, true],
  ["what has faulty settings", { settings: undefined }, true],
  [
    "anything, where state_dir says nothing",
    { settings: byHand, isForeign: true, record: { desired: "down" } },
    true,
  ],
];

for (const [what, given, want] of rows) {
  test(`isWanted() is ${want} for ${what}`, () => {
    const { enabled = true, record, isOfEarlierBoot, isRunning = false } = given;
    const { isNeeded = false, isForeign = false } = given;
    const file = {
      record: record && ({ ...emptyRecord("web", "boot"), ...record } as ProgramRecord),
      ...(isOfEarlierBoot && { isOfEarlierBoot }),
    };
    const program = { name: "web", enabled, settings: given.settings };
    assert.equal(isWanted(program, file, isRunning, { isForeign, isNeeded: () => isNeeded }), want);
  });
}

test("a job that is due is right, and at rest; one whose last run has failed is not", () => {
  const base = {
    program: "nightly",
    enabled: true,
    wanted: true,
    restarts: 0,
    failures: 0,
  } as const;
  const due = { ...base, state: "stopped", nextDueAt: "2030-01-01T00:00:00Z" } as const;
  assert.equal(isRight(due), true);
  assert.equal(isAtRest(due), true);
  assert.equal(isRight({ ...due, lastRun: "failed" }), false);
  assert.equal(isAtRest({ ...due, lastRun: "failed" }), false);
  assert.equal(isAtRest({ ...base, state: "stopped" }), false);
  assert.equal(isAtRest({ ...base, state: "stopped", wanted: false }), true);
  assert.equal(isAtRest({ ...base, state: "backoff", wanted: false }), false);
});
