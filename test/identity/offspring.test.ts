import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Pid, Ticks } from "../../proc/pid.ts";
import { offspring } from "../../src/identity/offspring.ts";
import { ProcessTable } from "../../src/identity/process-table.ts";
import { FAKE_UID, FakeProc } from "../support/fake-proc.ts";
import { mark } from "../support/lineage-host.ts";

describe("offspring", () => {
  test("is what stands in its session or below it, and with the host what bears its mark", () => {
    const proc = new FakeProc(
      { pid: 9, startTime: 50, session: 10, argv: ["earlier"] },
      { pid: 10, startTime: 100, argv: ["launched"] },
      { pid: 11, startTime: 101, ppid: 1, session: 10, argv: ["in its session"] },
      { pid: 12, startTime: 102, ppid: 10, session: 12, argv: ["its child"] },
      { pid: 13, startTime: 103, environ: mark("web"), argv: ["far away"] },
      { pid: 14, startTime: 104, environ: mark("mail", "x"), argv: ["another's"] },
      { pid: 15, startTime: 105, image: 7, argv: ["its copy, with a title over its mark"] },
      { pid: 16, startTime: 106, image: 7, environ: mark("mail", "x"), argv: ["a copy, marked"] },
      { pid: 17, startTime: 90, image: 7, argv: ["born before"] },
    );
    const all = new ProcessTable(proc, FAKE_UID).scan();
    const launched = { pid: 10 as Pid, startTime: 100 as Ticks };
    const pids = (host?: FakeProc, image?: number): readonly number[] =>
      offspring({ launch: "home-1-2", launched, image }, all, host && { proc: host })
        .map(({ ref }) => Number(ref.pid))
        .toSorted((a, b) => a - b);
    assert.deepEqual(pids(), [10, 11, 12]);
    assert.deepEqual(pids(proc), [10, 11, 12, 13]);
    assert.deepEqual(pids(proc, 7), [10, 11, 12, 13, 15]);
    assert.deepEqual(pids(proc, 0), [10, 11, 12, 13], "0: it is not for us to see");
  });
});
