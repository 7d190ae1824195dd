import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProcessRef } from "../../proc/pid.ts";
import { foreignOwner, misnamed } from "../../src/identity/foreign.ts";
import { newLaunchId } from "../../src/identity/mark.ts";
import { emptyRecord, type RecordIn } from "../../src/state/record.ts";
import { FAKE_UID, FakeProc, type FakeProcess } from "../support/fake-proc.ts";

const OTHER = 2000;
const ref = { pid: 10, startTime: 100 } as ProcessRef;

/** A machine with one process. */
function withProcess(change: Partial<FakeProcess>): FakeProc {
  return new FakeProc({ pid: 10, startTime: 100, session: 10, ...change });
}

function recordOf(change: Partial<RecordIn<"running">> = {}): RecordIn<"running"> {
  return { ...emptyRecord("web", "boot"), process: ref, state: "running", ...change };
}

describe("foreignOwner() is", () => {
  for (const [what, process, want] of [
    ["nobody for a process of this account", {}, undefined],
    ["who another's belongs to", { uid: OTHER }, OTHER],
    ["nobody for what hides its memory", { uid: 0, uids: [1000, 1000, 1000, 1000] }, undefined],
    [
      "nobody for a setuid file that can be told to end",
      { uid: 0, uids: [1000, 0, 0, 0] },
      undefined,
    ],
    [
      "nobody for what has only left its rights for a while",
      { uid: 0, uids: [0, 0, 1000, 0] },
      undefined,
    ],
    ["root for what has become root", { uid: 0, uids: [0, 0, 0, 0] }, 0],
  ] as const) {
    test(what, () => {
      assert.equal(foreignOwner(ref, withProcess(process), FAKE_UID), want);
    });
  }

  test("nobody for root, who can end all", () => {
    assert.equal(foreignOwner(ref, withProcess({ uid: OTHER }), 0), undefined);
  });

  test("nobody for what is gone", () => {
    assert.equal(foreignOwner(ref, new FakeProc(), FAKE_UID), undefined);
  });
});

describe("misnamed()", () => {
  const named = (
    change: Partial<RecordIn<"running">>,
    process: Partial<FakeProcess> = {},
  ): string => misnamed(recordOf(change), withProcess({ uid: OTHER, ...process }), FAKE_UID) ?? "";

  test("tells of a process of another account", () => {
    assert.match(named({}), /^process 10, which belongs to .+ and is not the program$/);
    assert.match(named({ launch: newLaunchId("home", 500) }), /^process 10, /);
  });

  test("tells nothing of a program that has become another account (sudo)", () => {
    assert.equal(named({ launch: newLaunchId("home", 1) }), "");
    assert.match(named({ launch: newLaunchId("home", 1) }, { session: 9 }), /^process 10, /);
  });

  test("tells nothing of what has ended, or was never there", () => {
    assert.equal(named({ process: undefined }), "");
    assert.equal(named({ process: { ...ref, startTime: 99 as ProcessRef["startTime"] } }), "");
    assert.equal(misnamed(undefined, new FakeProc()), undefined);
  });
});
