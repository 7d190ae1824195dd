import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { describe, test, type TestContext } from "node:test";
import { ProcError } from "../../proc/error.ts";
import { type Pid, TICKS_PER_SECOND, type Ticks } from "../../proc/pid.ts";
import type { SmapsRollup } from "../../proc/smaps_rollup.ts";
import type { Host } from "../../src/host/host.ts";
import { observeAll } from "../../src/status/observe-all.ts";
import type { StatusContext } from "../../src/status/status-context.ts";
import { writePidfile } from "../../src/state/pidfile.ts";
import { emptyRecord } from "../../src/state/record.ts";
import { recordPath, writeRecord } from "../../src/state/record-file.ts";
import { programOf } from "../../src/identity/program.ts";
import type { ProgramStatus } from "../../src/status/status.ts";
import { makeLab } from "../support/lab.ts";
import { child, refOf } from "../support/processes.ts";
import { inState } from "../support/records.ts";

type Read = (pid: Pid) => Promise<SmapsRollup>;

/** Looks at `sleep 3001`, `sleep 3002` ..., each of which runs; their memory is read by `read`. */
async function lookAt(
  t: TestContext,
  count: number,
  read: (real: Read) => Read,
  more: Partial<StatusContext> = {},
): Promise<{ all: readonly ProgramStatus[]; pids: readonly Pid[] }> {
  const lab = makeLab(t);
  const pids: Pid[] = [];
  const programs = Array.from({ length: count }, (_, index) => {
    const words = [String(3001 + index)];
    const { pid } = refOf(child(t, "sleep", words).pid);
    pids.push(pid);
    const settings = lab.settings(["sleep", ...words], { name: `web${index}` });
    writePidfile(settings.pidfile, pid);
    return programOf(settings, lab.host);
  });
  const { proc } = lab.host;
  const host: Host = {
    ...lab.host,
    // They are our children: without an owner they would be taken for what we launch just now.
    ownerOf: ({ pid }) => (pids.includes(pid) ? `web${pids.indexOf(pid)}` : undefined),
    proc: { ...proc, smapsRollup: read((pid) => proc.smapsRollup(pid)) },
  };
  const around = { host, bootId: proc.bootId(), uptimeSeconds: proc.uptime() };
  const all = await observeAll(programs, {
    ...around,
    daemon: "none",
    withCommands: false,
    ...more,
  });
  return { all, pids };
}

describe("observeAll", () => {
  test("tells of each program in its place, of many more than are looked at at once", async (t) => {
    const { all, pids } = await lookAt(t, 70, (real) => real);
    assert.deepEqual(
      all.map(({ pid }) => pid),
      pids,
    );
    assert.ok(all.every(({ state, privateBytes = 0 }) => state === "running" && privateBytes > 0));
    assert.ok(all.every((one) => !("command" in one)));
  });

  test("tells command lines where they are wanted", async (t) => {
    const { all } = await lookAt(t, 1, (real) => real, { withCommands: true });
    assert.equal(all[0]?.command, "sleep 3001");
  });

  test("gives up on memory that cannot be read, and does without it", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const asked: Pid[] = [];
    const looking = lookAt(t, 2, (real) => async (pid) => {
      asked.push(pid);
      if (asked.length > 1) return await real(pid);
      setImmediate(() => t.mock.timers.tick(3000));
      return await new Promise(() => {}); // holds its memory lock for ever
    });
    const { all } = await looking;
    assert.deepEqual(
      all.map(({ state, pid }) => `${state} ${pid}`),
      asked.map((pid) => `running ${pid}`),
    );
    assert.equal(all[0]?.privateBytes, undefined);
  });
});

test("observeAll tells how the process before ended, where it was replaced in the moment of the look", async (t) => {
  const lab = makeLab(t);
  const [before, after] = [child(t, "sleep", ["3998"]), child(t, "sleep", ["3997"])].map((one) =>
    refOf(one.pid),
  );
  assert.ok(before !== undefined && after !== undefined);
  const bootId = lab.host.proc.bootId();
  const empty = { ...emptyRecord("web", bootId), by: "usrsvcd" } as const;
  const at = new Date().toISOString();
  const exit = { kind: "signal", signal: "SIGKILL", coreDumped: false } as const;
  writeRecord(lab.host.state, inState({ ...empty, process: before }, "running"));
  const lastExit = { at, pid: before.pid, exit };
  const renewed = inState({ ...empty, process: after, lastExit }, "running");
  const settings = lab.settings(["sleep", "3997"]);
  writePidfile(settings.pidfile, after.pid);
  const { proc } = lab.host;
  const host: Host = {
    ...lab.host,
    proc: {
      ...proc,
      alive(pid) {
        if (pid !== before.pid) return proc.alive(pid);
        writeRecord(lab.host.state, renewed);
        return undefined; // it has just gone
      },
    },
  };
  const program = programOf(settings, host);
  const around = { host, bootId, uptimeSeconds: proc.uptime(), daemon: "here" } as const;
  const [one] = await observeAll([program], { ...around, withCommands: false });
  assert.deepEqual([one?.state, one?.pid, one?.lastExit?.pid], ["running", after.pid, before.pid]);
});

describe("observeAll, of a program that is tried again", () => {
  const tries: readonly [what: string, writtenMs: number, inMs: number, want: RegExp][] = [
    ["in a while", 0, 30_000, /tries again in (30|2\d) s/],
    ["now, when its time has come", -60_000, -1000, /tries again now/],
    ["soon, when a clock was set forth by a day", -86_430_000, -86_400_000, /tries again soon/],
    ["soon, when a clock was set back by a day", 86_400_000, 86_430_000, /tries again soon/],
  ];
  for (const [what, writtenMs, inMs, want] of tries) {
    test(`says that it is ${what}`, async (t) => {
      const lab = makeLab(t);
      const { host } = lab;
      const now = Date.now();
      const record = {
        ...emptyRecord("web", host.proc.bootId()),
        state: "backoff",
        reason: "exited with code 1",
        nextTryAt: new Date(now + inMs).toISOString(),
        by: "usrsvcd",
      } as const;
      writeRecord(host.state, record);
      const path = recordPath(host.state, "web");
      const written = { ...record, at: new Date(now + writtenMs).toISOString() };
      writeFileSync(path, JSON.stringify(written));
      const program = programOf(lab.settings(["sleep", "3999"]), host);
      const [one] = await observeAll([program], {
        host,
        bootId: host.proc.bootId(),
        uptimeSeconds: host.proc.uptime(),
        daemon: "here",
        withCommands: false,
      });
      assert.match(String(one?.next), want);
    });
  }
});

describe("observeAll, of a process that runs", () => {
  const LEFT_S = 20;
  for (const [what, state, leftSeconds, want] of [
    ["is starting while its record says so", "starting", LEFT_S, "starting"],
    [
      "runs once the window on record is over, and nobody says more",
      "starting",
      -LEFT_S,
      "running",
    ],
    ["runs where its record says so, young as it is", "running", LEFT_S, "running"],
  ] as const) {
    test(`says that it ${what}`, async (t) => {
      const lab = makeLab(t);
      const { host } = lab;
      const uptime = host.proc.uptime();
      const process = refOf(child(t, "sleep", ["3996"]).pid);
      const known = { ...emptyRecord("web", host.proc.bootId()), process, launched: process };
      const windowEndsAt = Math.round((uptime + leftSeconds) * TICKS_PER_SECOND) as Ticks;
      writeRecord(host.state, inState({ ...known, via: "launch" }, state, undefined, windowEndsAt));
      // Whatever its settings are by now.
      const settings = lab.settings(["sleep", "3996"], { successMs: LEFT_S * 1000 });
      const [one] = await observeAll([programOf(settings, host)], {
        host,
        bootId: host.proc.bootId(),
        uptimeSeconds: uptime,
        daemon: "none",
        withCommands: false,
      });
      assert.equal(one?.state, want);
    });
  }
});

describe("observeAll, of a program whose process hides its memory", () => {
  const me = process.getuid?.() ?? 0;
  for (const [whose, uids, want] of [
    [
      "another account's",
      [me + 1, me + 1],
      me === 0
        ? undefined
        : /^its record names process \d+, which belongs to .* and is not the program/,
    ],
    ["ours", [me, 0], undefined],
  ] as const) {
    test(`tells whose it is, where it is ${whose}`, async (t) => {
      const lab = makeLab(t);
      const ref = refOf(child(t, "sleep", ["3997"]).pid);
      const proc = {
        ...lab.host.proc,
        uids: () => uids,
        smapsRollup: async (pid: Pid) =>
          await Promise.reject(new ProcError("denied", `/proc/${pid}/smaps_rollup`, "denied")),
      };
      const host: Host = { ...lab.host, proc };
      const record = emptyRecord("web", proc.bootId());
      writeRecord(host.state, { ...record, state: "running", desired: "up", process: ref });
      const [one] = await observeAll([programOf(lab.settings(["sleep", "3997"]), host)], {
        host,
        bootId: proc.bootId(),
        uptimeSeconds: proc.uptime(),
        daemon: "here",
        withCommands: false,
      });
      assert.equal(one?.state, "running");
      if (want === undefined) assert.equal(one.problems, undefined);
      else assert.match(one.problems?.[0] ?? "", want);
    });
  }
});

describe("observeAll, of a program that is being ended", () => {
  for (const [state, want] of [
    ["D", /^it was asked to end, and is waiting for a disk, or a network file system,.*state D/],
    ["S", /^usrsvc stop was interrupted, and it is still running/],
  ] as const) {
    test(`says what it waits for, in state ${state}`, async (t) => {
      const lab = makeLab(t);
      const process = refOf(child(t, "sleep", ["3998"]).pid);
      const real = lab.host.proc;
      const proc = {
        ...real,
        stat: (pid: Pid) => ({ ...real.stat(pid), ...(pid === process.pid ? { state } : {}) }),
      };
      const host: Host = { ...lab.host, proc };
      const record = emptyRecord("web", proc.bootId());
      writeRecord(host.state, { ...record, state: "stopping", desired: "down", process });
      const [one] = await observeAll([programOf(lab.settings(["sleep", "3998"]), host)], {
        host,
        bootId: proc.bootId(),
        uptimeSeconds: proc.uptime(),
        daemon: "none",
        withCommands: false,
      });
      assert.match(one?.problems?.[0] ?? "", want);
    });
  }

  test("says why usrsvcd ends it", async (t) => {
    const lab = makeLab(t);
    const { host } = lab;
    const process = refOf(child(t, "sleep", ["3997"]).pid);
    const record = emptyRecord("web", host.proc.bootId());
    const reason = "db was restarted (restart_with)";
    writeRecord(host.state, { ...record, state: "stopping", process, reason });
    const [one] = await observeAll([programOf(lab.settings(["sleep", "3997"]), host)], {
      host,
      bootId: host.proc.bootId(),
      uptimeSeconds: host.proc.uptime(),
      daemon: "here",
      withCommands: false,
    });
    assert.deepEqual([one?.state, one?.reason], ["stopping", reason]);
  });
});
