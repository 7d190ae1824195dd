import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { alertOf } from "../../src/alerts/alert.ts";
import { composeMessage } from "../../src/alerts/message.ts";
import type { EventOf, MailedEvent, MailedKind } from "../../src/events/event.ts";

const at = "2026-01-02T03:04:05.678Z";
const last = { exit: { kind: "code", code: 3 }, pid: 12, output: ["its last words"] } as const;
const program = "web";
const base = { program, at, exit: { code: 3 }, pid: 12, output: ["its last words"] };

const started: EventOf<"program.started"> = {
  kind: "program.started",
  program,
  pid: 13,
  via: "launch",
  livedMs: 1000,
  cause: "restarted",
  reason: "exited with code 3",
  last,
};
const counts = { maxrestarts: 3, windowMs: undefined, inWindow: undefined };
const backoff: EventOf<"program.backoff"> = {
  kind: "program.backoff",
  program,
  failures: 2,
  delayMs: 5000,
  nextTryAt: at,
  reason: "could not be executed",
  ...counts,
  cause: "exited with code 3",
  last,
};
const error: EventOf<"program.error"> & { readonly what: "trouble" } = {
  kind: "program.error",
  program,
  what: "trouble",
  reason: "disk full",
  exit: undefined,
  retryMs: 10_000,
  isDown: true,
  last,
};
const stuck: EventOf<"program.stuck"> = {
  kind: "program.stuck",
  program,
  pid: 12,
  state: "D",
  reason: "too much memory",
  isKnown: false,
};

const finished: EventOf<"program.job-finished"> = {
  kind: "program.job-finished",
  program,
  pid: 12,
  exit: { kind: "code", code: 3 },
  by: undefined,
  isSuccess: false,
  tookMs: 4000,
  reason: undefined,
  next: "nothing, until you run usrsvc start web",
  output: ["its last words"],
};

type Row = readonly [event: MailedEvent, what: string | undefined, alert: object | undefined];

/** A kind that people are mailed about does not compile without. */
const rows: Readonly<Record<MailedKind, readonly Row[]>> = {
  "program.started": [
    [
      { ...started, cause: "started", reason: undefined },
      "was found not running, and was started",
      {
        ...base,
        kind: "started",
        pid: 13,
        exit: undefined,
        reason: "it was not running",
        next: "usrsvcd watches it",
      },
    ],
    [
      started,
      "was restarted",
      {
        ...base,
        kind: "restarted",
        pid: 13,
        reason: "exited with code 3",
        next: "usrsvcd watches it",
      },
    ],
    [{ ...started, cause: "planned", reason: "planned restart" }, undefined, undefined],
    [
      { ...started, cause: "limit-exceeded", reason: "too much memory" },
      "exceeded a limit, and was restarted",
      {
        ...base,
        kind: "limit-exceeded",
        pid: 13,
        reason: "too much memory",
        next: "usrsvcd watches it",
      },
    ],
  ],
  "program.backoff": [
    [
      backoff,
      "failed to start",
      {
        ...base,
        kind: "start-failed",
        reason: "could not be executed",
        next: "usrsvcd tries again in 5 s (failure 2 of 3 (maxrestarts))",
      },
    ],
    [
      { ...backoff, failures: 0, reason: "it ended 3 times in a row" },
      "keeps ending soon after its start",
      {
        ...base,
        kind: "keeps-ending",
        reason: "exited with code 3",
        next: "usrsvcd tries again in 5 s (it ended 3 times in a row)",
      },
    ],
  ],
  "program.job-finished": [
    [{ ...finished, isSuccess: true }, undefined, undefined],
    [
      finished,
      "has failed",
      {
        ...base,
        kind: "job-failed",
        reason: "exited with code 3, after 4 s",
        next: "nothing, until you run usrsvc start web",
      },
    ],
  ],
  "program.gave-up": [
    [
      {
        kind: "program.gave-up",
        program,
        failures: 3,
        reason: "no such file",
        nextTryAt: undefined,
        retryMs: undefined,
        ...counts,
        last,
      },
      "is down: usrsvcd gave up",
      {
        ...base,
        kind: "gave-up",
        reason: "no such file",
        next: "nothing, until you fix it and run usrsvc start web",
      },
    ],
    [
      {
        kind: "program.gave-up",
        program,
        failures: 0,
        reason: "exited with code 3",
        nextTryAt: at,
        retryMs: 900_000,
        maxrestarts: 3,
        windowMs: 600_000,
        inWindow: 3,
        last,
      },
      "is down: usrsvcd gave up",
      {
        ...base,
        kind: "gave-up",
        reason: "exited with code 3",
        next: "usrsvcd tries again in 15 min (retry_after); or fix it, then run usrsvc start web",
      },
    ],
  ],
  "program.error": [
    [
      error,
      "failed to start",
      {
        ...base,
        kind: "start-failed",
        reason: "disk full",
        next: "usrsvcd: tried again every 10 s",
      },
    ],
    [{ ...error, isDown: false }, undefined, undefined],
    [
      { kind: "program.error", program, what: "elsewhere", config: "/other", how: "runs" },
      undefined,
      undefined,
    ],
  ],
  "program.stopped": [
    [
      {
        kind: "program.stopped",
        program,
        why: "held",
        heldBy: "ann (pts/3)",
        isMeant: false,
        last,
      },
      "is down, and held",
      {
        ...base,
        kind: "held",
        reason: "it has ended while it is held by ann (pts/3)",
        next: "nothing, until usrsvc release web, or usrsvc start web",
      },
    ],
    [
      { kind: "program.stopped", program, why: "held", heldBy: "ann", isMeant: true, last },
      undefined,
      undefined,
    ],
    [{ kind: "program.stopped", program, why: "asked" }, undefined, undefined],
  ],
  "program.stuck": [
    [
      stuck,
      "cannot be ended",
      {
        ...base,
        kind: "stuck",
        exit: undefined,
        output: [],
        reason:
          "pid 12 outlives SIGKILL (state D, usually waiting for a disk or a network file system); it is to end: too much memory",
        next: "usrsvcd goes on trying; nothing is started in its place while it is there",
      },
    ],
    [{ ...stuck, isKnown: true }, undefined, undefined],
  ],
};

describe("alertOf()", () => {
  for (const [kind, cases] of Object.entries(rows)) {
    for (const [event, what, want] of cases) {
      test(`makes of ${kind} ${what === undefined ? "no mail" : `a mail: ${what}`}`, () => {
        assert.equal(event.kind, kind);
        const alert = alertOf(event, at);
        assert.deepEqual(alert, want);
        if (alert === undefined) return;
        const { subject, body } = composeMessage([alert], 1, { host: "box", user: "alice" });
        assert.ok(subject.startsWith(`[alice@box] web ${what}: `), subject);
        assert.match(body, /^ {2}Next: +\S/m);
      });
    }
  }
});
