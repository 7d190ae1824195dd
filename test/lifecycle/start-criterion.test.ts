import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Exit } from "../../proc/exit.ts";
import { judge, pauseMs, startCriterion } from "../../src/lifecycle/start-criterion.ts";

const criterion = startCriterion({ successMs: 2000 });
const left: Exit = { kind: "code", code: 0 };
const failed: Exit = { kind: "code", code: 1 };
const killed: Exit = { kind: "signal", signal: "SIGKILL", coreDumped: false };
const unknown: Exit = { kind: "unknown" };

describe("with a check", () => {
  const check = { kind: "file", path: "/ready", text: "file:///ready" } as const;
  const ready = startCriterion({ successMs: 2000, startTimeoutMs: 60_000, ready: check });
  const base = { elapsedMs: 5000, isFound: true, isShell: () => false, exit: undefined };

  test("the window is start_timeout", () => {
    assert.deepEqual(ready, { windowMs: 60_000, check, appearMs: 2000 });
  });

  const left = { kind: "code", code: 0 } as const;
  const cases: readonly [string, Partial<Parameters<typeof judge>[1]>, string][] = [
    ["one that is ready has started", { isReady: true }, "started"],
    ["one that is ready early has started", { isReady: true, elapsedMs: 1 }, "started"],
    ["one that is not is waited for", { isReady: false }, "undecided"],
    ["one that is not by the end has failed", { isReady: false, elapsedMs: 60_000 }, "failed"],
    [
      "what is ready, and a shell still, is not there",
      { isReady: true, isShell: () => true },
      "undecided",
    ],
    ["what is ready, and not there, is none", { isReady: true, isFound: false }, "undecided"],
    [
      "a daemon may yet appear",
      { isReady: false, isFound: false, exit: left, sinceExitMs: 1999 },
      "undecided",
    ],
    [
      "one that has left for good has failed",
      { isReady: false, isFound: false, exit: left, sinceExitMs: 2000 },
      "failed",
    ],
    [
      "one that ended badly has failed",
      { isReady: false, isFound: false, exit: { kind: "code", code: 1 } },
      "failed",
    ],
  ];
  for (const [what, facts, want] of cases) {
    test(what, () => assert.equal(judge(ready, { ...base, ...facts }), want));
  }
});

describe("startCriterion", () => {
  test("judges at once what is configured no more", () => {
    assert.deepEqual(startCriterion(undefined), { windowMs: 0 });
  });
});

describe("judge", () => {
  const claims: readonly [
    string,
    { elapsedMs: number; isFound: boolean; isShell?: boolean; exit?: Exit },
    ReturnType<typeof judge>,
  ][] = [
    ["the program is there", { elapsedMs: 1999, isFound: true }, "undecided"],
    ["it is there when the window closes", { elapsedMs: 2000, isFound: true }, "started"],
    ["it is there, a daemon", { elapsedMs: 2000, isFound: true, exit: left }, "started"],
    [
      "the window closes on the shell that prepares the launch",
      { elapsedMs: 2000, isFound: true, isShell: true },
      "failed",
    ],
    ["nothing matches yet", { elapsedMs: 1999, isFound: false }, "undecided"],
    ["nothing matches when the window closes", { elapsedMs: 2000, isFound: false }, "failed"],
    [
      "the first process has left with 0: its daemon may appear",
      { elapsedMs: 10, isFound: false, exit: left },
      "undecided",
    ],
    [
      "no daemon has appeared when the window closes",
      { elapsedMs: 2000, isFound: false, exit: left },
      "failed",
    ],
    ["it has failed", { elapsedMs: 10, isFound: false, exit: failed }, "failed"],
    ["it was killed", { elapsedMs: 10, isFound: false, exit: killed }, "failed"],
    ["nobody saw how it ended", { elapsedMs: 10, isFound: false, exit: unknown }, "failed"],
  ];
  for (const [what, { isShell = false, exit, ...facts }, want] of claims) {
    test(`${want}: ${what}`, () => {
      assert.equal(judge(criterion, { ...facts, exit, isShell: () => isShell }), want);
    });
  }

  test("takes no look at the shell before the window closes", () => {
    const isShell = (): boolean => assert.fail("it was looked at");
    const facts = { elapsedMs: 1999, isFound: true, isShell, exit: undefined };
    assert.equal(judge(criterion, facts), "undecided");
  });
});

describe("pauseMs", () => {
  for (const [what, facts, want] of [
    ["is short at first", { elapsedMs: 0, looks: 0, isSettled: false }, 1],
    ["ends with the next look", { elapsedMs: 60, looks: 5, isSettled: false }, 40],
    ["is never 0", { elapsedMs: 60, looks: 0, isSettled: false }, 1],
    ["is a second at most", { elapsedMs: 900, looks: 9, isSettled: false }, 1000],
    ["ends with the window", { elapsedMs: 1900, looks: 9, isSettled: false }, 100],
    [
      "takes the whole window where nothing can change",
      { elapsedMs: 60, looks: 1, isSettled: true },
      1940,
    ],
  ] as const) {
    test(what, () => assert.equal(pauseMs(criterion, facts), want));
  }
});
