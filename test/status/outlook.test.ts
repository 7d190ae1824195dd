import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Pid, ProcessRef, Ticks } from "../../proc/pid.ts";
import type { ProgramSettings } from "../../src/config/settings.ts";
import { parseCron } from "../../src/lib/cron.ts";
import { emptyRecord, type Known, type ProgramRecord } from "../../src/state/record.ts";
import type { State } from "../../src/state/states.ts";
import { describeDue } from "../../src/status/job-outlook.ts";
import { isLeftDown } from "../../src/status/is-left-down.ts";
import { type Outlook, outlook } from "../../src/status/outlook.ts";
import { transition } from "../../src/supervisor/machine.ts";
import { noHistory, type ProgramEvent, type Step } from "../../src/supervisor/program-state.ts";
import { programSettings } from "../support/settings.ts";

const NOW = Date.parse("2030-01-01T12:00:00Z");
const after = (ms: number): string => new Date(NOW + ms).toISOString();
const process: ProcessRef = { pid: 10 as Pid, startTime: 7 as Ticks };
const lastExit = { at: after(-1000), pid: process.pid, exit: { kind: "code", code: 1 } } as const;
const goodExit = { ...lastExit, exit: { kind: "code", code: 0 } } as const;

const parsed = parseCron("* * * * *");
const minutely = "problem" in parsed ? undefined : parsed;
const nextMinute = describeDue(new Date(NOW + 60_000), NOW);

interface Case {
  readonly settings?: Partial<ProgramSettings> | "faulty";
  readonly record?: Partial<Known> & {
    readonly state?: State;
    readonly nextTryAt?: string;
    readonly waitsFor?: string;
    readonly since?: string;
  };
  readonly isOfEarlierBoot?: true;
  readonly around?: Partial<Parameters<typeof outlook>[2]>;
}

function look({ settings = {}, record, around = {}, ...boot }: Case): Outlook {
  const all = programSettings("/home/web", ["server"], settings === "faulty" ? {} : settings);
  const program = {
    name: "web",
    enabled: all.enabled,
    settings: settings === "faulty" ? undefined : { ...all, stderr: "/home/web/log" },
  };
  const base = { ...emptyRecord("web", "boot"), at: after(-1000) };
  const known = record && ({ ...base, ...record } as ProgramRecord);
  const file = { record: known, ...boot };
  return outlook(program, file, { daemon: "here", ...around }, NOW);
}

describe("outlook, why a program is down", () => {
  const claims: readonly [string, Case, string][] = [
    ["nothing is known of it", {}, "it has not been started yet"],
    [
      "the machine was booted since",
      { record: { reason: "stopped by usrsvc" }, isOfEarlierBoot: true },
      "it has not been started since the machine was booted",
    ],
    [
      "it was stopped before the machine was booted, and beyond that",
      {
        record: { desired: "down", stopLasts: "forever", reason: "stopped by usrsvc" },
        isOfEarlierBoot: true,
      },
      "stopped by usrsvc, before the machine was booted",
    ],
    [
      "an operator has stopped it",
      { record: { reason: "stopped by usrsvc" } },
      "stopped by usrsvc",
    ],
    [
      "it starts after something",
      { record: { state: "waiting", waitsFor: "db (it is starting)", since: after(-3000) } },
      "waits for db (it is starting), for 3 s",
    ],
    [
      "it has died, and starts after something",
      {
        record: {
          state: "waiting",
          waitsFor: "db",
          since: after(-3000),
          reason: "exited with code 1",
        },
      },
      "exited with code 1; log: /home/web/log; waits for db, for 3 s",
    ],
    [
      "it has failed: its log says more",
      { record: { reason: "exited with code 1", failures: 1 } },
      "exited with code 1; log: /home/web/log",
    ],
    [
      "a job that is done",
      {
        settings: { type: "job" },
        record: { state: "done", lastExit: { ...goodExit, tookMs: 3000 }, reason: "so" },
      },
      "exited with code 0, after 3 s",
    ],
    [
      "a job that has failed",
      { settings: { type: "job" }, record: { lastExit, reason: "exited with code 1, after 3 s" } },
      "failed: exited with code 1, after 3 s; log: /home/web/log",
    ],
    [
      "it has just ended, and usrsvcd sees that",
      { record: { state: "running", process } },
      "has ended; usrsvcd has yet to say how",
    ],
    [
      "it ended without usrsvcd",
      { record: { state: "running", process }, around: { daemon: "none" } },
      "ended while nothing was watching; status unknown",
    ],
    [
      "it ended, and usrsvcd has not read of it",
      { record: { state: "running", process }, around: { looksAfter: new Set() } },
      "ended while nothing was watching; status unknown",
    ],
    [
      "its start was interrupted",
      { record: { state: "starting", process } },
      "its start was interrupted, and it has since ended",
    ],
    [
      "its stop was broken off",
      { record: { state: "stopping", process } },
      "was being stopped, and has ended",
    ],
    [
      "the state folder is not ours",
      { around: { isForeign: true } },
      "was not found running; nothing else is known about it, because state_dir is not ours alone",
    ],
  ];
  for (const [what, one, want] of claims) {
    test(what, () => assert.equal(look(one).reason, want));
  }
});

describe("outlook, what comes next", () => {
  const inAWhile = { state: "backoff", reason: "it broke", nextTryAt: after(30_000) } as const;
  const claims: readonly [string, Case, string][] = [
    ["it is down, and usrsvcd is there", {}, "stopped: usrsvcd starts it"],
    [
      "its settings are faulty",
      { settings: "faulty" },
      "stopped: nothing: its settings are faulty",
    ],
    ["it is disabled", { settings: { enabled: false } }, "stopped: nothing: enabled = False"],
    [
      "an operator has stopped it",
      { record: { desired: "down" } },
      'stopped: stays down until "usrsvc start" or the next boot',
    ],
    [
      "an operator has stopped it beyond the boot",
      { record: { desired: "down", stopLasts: "forever" } },
      'stopped: stays down until "usrsvc start"',
    ],
    [
      "nobody looks after it",
      { around: { daemon: "none" } },
      "stopped: nothing: usrsvcd is not running",
    ],
    [
      "usrsvcd has another file",
      { around: { daemon: "elsewhere" } },
      "stopped: nothing: usrsvcd is running with another configuration file",
    ],
    [
      "usrsvcd has not read of it",
      { around: { looksAfter: new Set(["db"]) } },
      "stopped: usrsvcd does not know it yet: run usrsvcd reread",
    ],
    [
      "it is not begun by itself",
      { settings: { autostart: false } },
      "stopped: nothing: autostart = False",
    ],
    [
      "it is not begun again",
      { settings: { autorestart: false }, record: { lastExit } },
      "stopped: nothing: autorestart = False",
    ],
    [
      "it is not begun again, because it ended well",
      { settings: { autorestart: "on-failure" }, record: { lastExit: goodExit } },
      "stopped: nothing: autorestart = on-failure",
    ],
    [
      "it failed after it had ended well",
      { settings: { autorestart: "on-failure" }, record: { lastExit: goodExit, failures: 1 } },
      "stopped: usrsvcd starts it",
    ],
    [
      "an operator has ended it, and it did so well",
      {
        settings: { autorestart: "on-failure" },
        record: { lastExit: { ...goodExit, by: "usrsvc restart" } },
      },
      "stopped: usrsvcd starts it",
    ],
    [
      "it ended well before the machine was booted",
      {
        settings: { autorestart: "on-failure" },
        record: { lastExit: goodExit },
        isOfEarlierBoot: true,
      },
      "stopped: usrsvcd starts it",
    ],
    [
      "it ran before the machine was booted, which counts for nothing",
      { settings: { autorestart: false }, record: { lastExit }, isOfEarlierBoot: true },
      "stopped: usrsvcd starts it",
    ],
    [
      "it starts after something",
      { record: { state: "waiting", waitsFor: "db" } },
      'waiting: usrsvcd starts it as soon as that is ready; "usrsvc start --alone web" does not wait',
    ],
    [
      "an operator has stopped what it needs",
      { record: { desired: "down", stoppedFor: "db" } },
      'stopped: stays down until "usrsvc start" (also of db) or the next boot',
    ],
    [
      "it is not begun by itself, but needed",
      { settings: { autostart: false }, around: { isNeeded: (name) => name === "web" } },
      "stopped: usrsvcd starts it",
    ],
    [
      "a job that is done",
      { settings: { type: "job" }, record: { state: "done", lastExit: goodExit } },
      'done: nothing: it is done; "usrsvc start web" runs it again',
    ],
    [
      "a job that is done, and is due again",
      {
        settings: { type: "job", schedule: minutely, autostart: false },
        record: { state: "done", lastExit: goodExit },
      },
      `done: usrsvcd starts it at ${nextMinute}`,
    ],
    [
      "a job that waits until it is due",
      { settings: { type: "job", schedule: minutely, autostart: false } },
      `stopped: usrsvcd starts it at ${nextMinute}`,
    ],
    [
      "a job that was given up, and is due again",
      {
        settings: { type: "job", schedule: minutely, maxrestarts: 1 },
        record: { state: "fatal", failures: 1 },
      },
      `fatal: usrsvcd gave up after 1 failed start (maxrestarts = 1): fix it, then run "usrsvc start web"; due again at ${nextMinute}`,
    ],
    [
      "a job that is done, and nobody looks after it",
      {
        settings: { type: "job", schedule: minutely },
        record: { state: "done", lastExit: goodExit },
        around: { daemon: "none" },
      },
      "done: nothing: usrsvcd is not running",
    ],
    [
      "a job that was done before the machine was booted",
      {
        settings: { type: "job", autorestart: false },
        record: { lastExit: { ...goodExit, isOfEarlierBoot: true } },
        isOfEarlierBoot: true,
      },
      "stopped: usrsvcd starts it",
    ],
    ["it waits", { record: inAWhile }, "backoff: usrsvcd tries again in 30 s"],
    [
      "it is about to be tried",
      { record: { ...inAWhile, at: after(-5000), nextTryAt: after(-1000) } },
      "backoff: usrsvcd tries again now",
    ],
    [
      "a clock was set forth",
      { record: { ...inAWhile, at: after(-90_000), nextTryAt: after(-60_000) } },
      "backoff: usrsvcd tries again soon",
    ],
    [
      "a clock was set back",
      { record: { ...inAWhile, at: after(60_000), nextTryAt: after(90_000) } },
      "backoff: usrsvcd tries again soon",
    ],
    [
      "usrsvcd gave up after one start",
      { settings: { maxrestarts: 1 }, record: { state: "fatal", failures: 1 } },
      'fatal: usrsvcd gave up after 1 failed start (maxrestarts = 1): fix it, then run "usrsvc start web"',
    ],
    [
      "usrsvcd gave up after several",
      { settings: { maxrestarts: 3 }, record: { state: "fatal", failures: 3 } },
      'fatal: usrsvcd gave up after 3 failed starts (maxrestarts = 3): fix it, then run "usrsvc start web"',
    ],
    [
      "usrsvcd gave up within restart_window",
      {
        settings: { maxrestarts: 3, restartWindowMs: 600_000 },
        record: { state: "fatal", failures: 0 },
      },
      'fatal: usrsvcd gave up (maxrestarts = 3 within restart_window, 10 min): fix it, then run "usrsvc start web"',
    ],
    [
      "usrsvcd gave up, and tries again",
      {
        settings: { maxrestarts: 3, retryAfterMs: 900_000 },
        record: { state: "fatal", failures: 3, nextTryAt: after(840_000) },
      },
      'fatal: usrsvcd gave up after 3 failed starts (maxrestarts = 3), and tries again in 14 min (retry_after); or fix it, then run "usrsvc start web"',
    ],
  ];
  for (const [what, one, want] of claims) {
    test(what, () => {
      const { state, next } = look(one);
      assert.equal(`${state}: ${next}`, want);
    });
  }

  test("when the next try is due is told as a time, too", () => {
    assert.equal(look({ record: inAWhile }).nextTryAt, after(30_000));
    const givenUp = { state: "fatal", nextTryAt: after(50_000) } as const;
    assert.equal(look({ record: givenUp }).nextTryAt, after(50_000));
    assert.ok(!("nextTryAt" in look({ record: { state: "fatal" } })));
  });
});

describe("outlook tells why that comes next, where it does not say so", () => {
  const why = (one: Case): string | undefined => {
    let because: string | undefined;
    const all = programSettings(
      "/home/web",
      ["server"],
      one.settings === "faulty" ? {} : one.settings,
    );
    const record = { ...emptyRecord("web", "boot"), at: after(-1000), ...one.record };
    const program = { name: "web", enabled: all.enabled, settings: all };
    const file = { record: record as ProgramRecord };
    outlook(program, file, { daemon: "here", ...one.around }, NOW, (text) => (because = text));
    return because;
  };
  const claims: readonly [string, Case, string | undefined][] = [
    ["it has autostart", {}, "autostart = True"],
    [
      "another needs it",
      { settings: { autostart: false }, around: { isNeeded: () => true } },
      "a program with autostart = True needs it",
    ],
    [
      "it ran",
      { settings: { autorestart: "on-failure" }, record: { lastExit } },
      "it ran since the machine was booted, and autorestart = on-failure",
    ],
    [
      "it was started by hand",
      { settings: { autostart: false }, record: { desired: "up" } },
      "it was started by usrsvc, and autorestart = True",
    ],
    [
      "it is tried again",
      {
        settings: { maxrestarts: 5, restartDelayMs: 3000 },
        record: { state: "backoff", failures: 2 },
      },
      "2 starts have failed in a row; usrsvcd gives up after maxrestarts = 5, and restart_delay is 3 s",
    ],
    ["it stays down", { settings: { enabled: false } }, undefined],
    ["nobody is there", { around: { daemon: "none" } }, undefined],
  ];
  for (const [what, one, want] of claims) {
    test(what, () => assert.equal(why(one), want));
  }
});

describe("what is said of usrsvcd is what its machine does:", () => {
  type Switches = Pick<ProgramSettings, "enabled" | "autostart" | "autorestart" | "type">;
  const gone = {
    kind: "observed",
    process: undefined,
    startedByHand: false,
    diedUnseen: false,
    exit: undefined,
  } as const;

  /** As usrsvcd has it: it saw the death of what ran, and begins with what did not. */
  function stepOf(
    settings: Switches,
    desired: "none" | "up" | "down",
    ran: "well" | "badly" | "never",
    isNew: boolean,
  ): Step {
    const context = {
      settings: programSettings("/", ["x"], settings),
      now: 0,
      chance: 0.5,
      isHeld: false,
    };
    const endedWell = ran === "well";
    const event: ProgramEvent = { ...gone, desired, ranBefore: ran !== "never", endedWell };
    const before =
      ran !== "never" && !isNew
        ? ({ kind: "running", process, since: 0 } as const)
        : ({ kind: "unknown" } as const);
    return transition(before, noHistory, event, context);
  }

  const both = [true, false];
  const courses = ["never", "badly", "well"] as const;
  for (const enabled of both) {
    for (const autostart of both) {
      for (const autorestart of [true, false, "on-failure"] as const) {
        for (const ran of courses) {
          for (const desired of ["none", "up", "down"] as const) {
            const settings = { enabled, autostart, autorestart, type: "service" } as const;
            const facts = { ...settings, ran, desired };
            const name = Object.entries(facts).map(([key, value]) => `${key}=${value}`);
            test(name.join(" "), () => {
              const { effects, state } = stepOf(settings, desired, ran, false);
              const starts = effects.some(({ kind }) => kind === "start");
              const exit = { never: {}, badly: { lastExit }, well: { lastExit: goodExit } }[ran];
              const shownAs = look({ settings, record: { desired, ...exit } });
              const { next, state: shown } = shownAs;
              assert.equal(next === "usrsvcd starts it", starts, `${state.kind}: ${next}`);
              assert.equal(isLeftDown(shownAs), !starts, next);
              assert.equal(shown, "stopped");
              if (!starts) assert.match(next ?? "", /^(nothing: |stays down)/);
              // A usrsvcd that begins later does the same about what ended well.
              if (ran !== "well" || autorestart !== "on-failure") return;
              const later = stepOf(settings, desired, ran, true);
              assert.equal(later.state.kind, "stopped");
            });
          }
        }
      }
    }
  }

  for (const autostart of both) {
    for (const autorestart of [false, "on-failure"] as const) {
      for (const ran of courses) {
        for (const desired of ["none", "up", "down"] as const) {
          const name = Object.entries({ autostart, autorestart, ran, desired });
          test(`of a job, ${name.map(([key, value]) => `${key}=${value}`).join(" ")}`, () => {
            const settings = { enabled: true, autostart, autorestart, type: "job" } as const;
            // It has ended in this boot, and usrsvcd begins.
            const { effects, state } = stepOf(settings, desired, ran, true);
            const exit = { never: {}, badly: { lastExit }, well: { lastExit: goodExit } }[ran];
            const { next, state: shown } = look({ settings, record: { desired, ...exit } });
            const starts = effects.some(({ kind }) => kind === "start");
            assert.equal(next === "usrsvcd starts it", starts, `${state.kind}: ${next}`);
            assert.equal(shown, starts ? "stopped" : state.kind);
            if (!starts) assert.match(next ?? "", /^(nothing: |stays down)/);
            // One that was there has seen it end, and does the same but for a pause.
            if (ran === "never") return;
            const seen = stepOf(settings, desired, ran, false);
            assert.equal(seen.state.kind, starts ? "backoff" : state.kind);
          });
        }
      }
    }
  }
});

describe("what is said of one that is held is what usrsvcd does after its release:", () => {
  const hold = { by: { account: "ann" }, since: after(-1000) };
  const holds = new Map([["web", hold]]);
  const PREFIX = 'nothing while it is held; after "usrsvc release web": ';

  for (const autostart of [true, false]) {
    for (const autorestart of [true, false, "on-failure"] as const) {
      for (const state of ["stopped", "backoff", "waiting", "fatal"] as const) {
        for (const end of [undefined, lastExit, goodExit]) {
          const facts = { autostart, autorestart, state, exit: end?.exit.code };
          const name = Object.entries(facts).map(([key, value]) => `${key}=${value}`);
          test(name.join(" "), () => {
            const settings = { autostart, autorestart };
            const dead = state === "stopped" && end !== undefined ? { process } : {};
            const record = { state, ...dead, ...(end && { lastExit: end }) };
            const { next = "", state: shown } = look({ settings, record, around: { holds } });
            assert.ok(next.startsWith(PREFIX), next);
            assert.equal(shown, "stopped");

            const context = {
              settings: programSettings("/", ["x"], settings),
              now: 0,
              chance: 0.5,
              isHeld: false,
            };
            const ranBefore = state !== "stopped" || end !== undefined;
            const endedWell =
              autorestart === "on-failure" && state === "stopped" && end === goodExit;
            const { effects } = transition(
              { kind: "unknown" },
              noHistory,
              {
                kind: "observed",
                process: undefined,
                desired: "none",
                startedByHand: false,
                diedUnseen: false,
                exit: undefined,
                ranBefore,
                endedWell,
              },
              context,
            );
            const starts = effects.some(({ kind }) => kind === "start");
            assert.equal(next.slice(PREFIX.length) === "usrsvcd starts it", starts, next);
            assert.ok(isLeftDown({ state: shown, next }));
          });
        }
      }
    }
  }

  test("what an operator has stopped stays so, and without usrsvcd nothing follows", () => {
    const record = { desired: "down" as const, reason: "stopped by usrsvc" };
    assert.match(look({ record, around: { holds } }).next ?? "", /^stays down until/);
    const alone = look({ around: { holds, daemon: "none" } }).next;
    assert.equal(alone, "nothing: usrsvcd is not running");
    const until = new Map([["web", { ...hold, until: after(60_000) }]]);
    assert.match(
      look({ around: { holds: until } }).next ?? "",
      /^nothing while it is held; after that: /,
    );
  });

  test("what is to be tried again later is tried then", () => {
    const record = { state: "fatal" as const, nextTryAt: after(50_000), failures: 3 };
    const { next } = look({ settings: { retryAfterMs: 60_000 }, record, around: { holds } });
    assert.match(next ?? "", /: usrsvcd gave up.*, and tries again in 50 s/);
  });
});
