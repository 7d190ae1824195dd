import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Pid, ProcessRef, Ticks } from "../../proc/pid.ts";
import { parseCron } from "../../src/lib/cron.ts";
import { describeIfItEnds, ifItEnds, plannedEnds } from "../../src/status/if-it-ends.ts";
import { transition } from "../../src/supervisor/machine.ts";
import { noHistory } from "../../src/supervisor/program-state.ts";
import { programSettings } from "../support/settings.ts";

const process: ProcessRef = { pid: 10 as Pid, startTime: 7 as Ticks };
const gone = {
  kind: "observed",
  process: undefined,
  ranBefore: true,
  startedByHand: false,
  diedUnseen: false,
  exit: undefined,
} as const;
const here = { daemon: "here" } as const;
const HOLD = { by: { account: "ann" }, since: "2030-01-31T12:00:00.000Z" };

describe("what is said of usrsvcd, if a program ends, is what its machine does:", () => {
  for (const type of ["service", "job"] as const) {
    for (const enabled of [true, false]) {
      for (const autorestart of [true, false, "on-failure"] as const) {
        if (type === "job" && autorestart === true) continue; // checkconfig refuses it
        for (const desired of ["none", "up", "down", "held"] as const) {
          const facts = { type, enabled, autorestart, desired };
          test(Object.entries(facts).map(String).join(" "), () => {
            const settings = programSettings("/", ["x"], { type, enabled, autorestart });
            const isHeld = desired === "held";
            const around = isHeld ? { ...here, holds: new Map([["web", HOLD]]) } : here;
            /** After a death that was good, or not: it is started, or about to be. */
            const isAnswered = (endedWell: boolean): boolean => {
              const state = { kind: "running", process, since: 0 } as const;
              const event = { ...gone, desired: isHeld ? "up" : desired, endedWell } as const;
              const step = transition(state, noHistory, event, {
                settings,
                now: 100_000,
                chance: 0.5,
                isHeld,
              });
              return ["starting", "backoff"].includes(step.state.kind);
            };
            const { answer } = ifItEnds(
              { name: "web", enabled, settings },
              { desired: isHeld ? "up" : desired },
              around,
            );
            assert.equal(answer !== "stays-down", isAnswered(false));
            assert.equal(answer === "starts", isAnswered(true));
          });
        }
      }
    }
  }
});

test("nobody starts again what no usrsvcd looks after", () => {
  const settings = programSettings("/", ["x"]);
  const program = { name: "web", enabled: true, settings };
  const why = (around: Parameters<typeof ifItEnds>[2]): string =>
    describeIfItEnds(ifItEnds(program, undefined, around), settings);
  assert.equal(why({ daemon: "none" }), "if it ends, it stays down: usrsvcd is not running");
  assert.match(why({ daemon: "elsewhere" }), /with another configuration file/);
  assert.match(why({ daemon: "here", looksAfter: new Set(["db"]) }), /usrsvcd reread/);
  const holds = new Map([["web", { by: { account: "ann" }, since: "" }]]);
  assert.equal(why({ daemon: "here", holds }), "if it ends, it stays down: it is held");
  assert.match(why({ daemon: "here", isForeign: true }), /state_dir is not ours alone/);
  assert.equal(why(here), "if it ends, usrsvcd starts it again at once: autorestart = True");
});

test("a faulty section says nothing of what usrsvcd has read before", () => {
  const why = (looksAfter: ReadonlySet<string>): string => {
    const program = { name: "web", enabled: true, settings: undefined };
    return describeIfItEnds(
      ifItEnds(program, undefined, { daemon: "here", looksAfter }),
      undefined,
    );
  };
  assert.equal(
    why(new Set(["web"])),
    "if it ends, usrsvcd goes by the settings that it has read before: those in the file are faulty",
  );
  assert.equal(why(new Set()), "if it ends, it stays down: its settings are faulty");
});

test("planned ends are told with their time", () => {
  const cron = parseCron("0 4 * * *");
  assert.ok(!("problem" in cron));
  const settings = programSettings("/", ["x"], { maxAgeMs: 86_400_000, restartAt: cron });
  const now = Date.parse("2030-01-01T12:00:00Z");
  const [age = "", at = ""] = plannedEnds(settings, process, 3_600_000, now);
  assert.match(age, /^it is restarted at 2030-01-0\d \d\d:\d\d, in 2[12] h .*: max_age = 1 d/);
  assert.match(at, /^it is restarted at 2030-01-0\d 04:0\d, in .*: restart_at = 0 4 \* \* \*$/);
  assert.deepEqual(plannedEnds(programSettings("/", ["x"]), process, 0, now), []);
  const job = programSettings("/", ["x"], { type: "job", timeoutMs: 60_000 });
  assert.deepEqual(plannedEnds(job, process, 20_000, now), [
    "it is ended in 40 s: timeout = 1 min",
  ]);
});
