import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { renderAction, renderActionJson, renderStatus } from "../../src/cli/render.ts";
import { tellResult } from "../../src/cli/daemon-result.ts";
import { ExitCode } from "../../src/exit-code.ts";
import type { ProgramStatus } from "../../src/status/status.ts";
import { fakeScreen } from "../support/fake-screen.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const up: ProgramStatus = {
  program: "web",
  state: "running",
  enabled: true,
  wanted: true,
  pid: 4711,
  uptimeSeconds: 3600,
  privateBytes: 12 * 1024 * 1024,
  cpuSeconds: 9,
  cpuPercent: 0.25,
  restarts: 0,
  failures: 0,
};
const down: ProgramStatus = {
  program: "db",
  state: "stopped",
  enabled: true,
  wanted: false,
  restarts: 0,
  failures: 0,
};

describe("the table of a status", () => {
  test("has columns as wide as what stands in them, and dashes for what is not known", () => {
    assert.deepEqual(renderStatus([up, down], now).split("\n"), [
      "PROGRAM  STATE    PID   UPTIME  MEMORY   CPU   RESTARTS  LAST EXIT",
      "web      running  4711  1 h     12.0 MB  0.3%  0         -",
      "db       stopped  -     -       -        -     0         -",
    ]);
  });

  test("tells below a line why, and what is next", () => {
    const one = { ...down, reason: "stopped by usrsvc", next: "stays down", problems: ["a", "b"] };
    assert.deepEqual(renderStatus([one], now).split("\n").slice(2), [
      "    why: stopped by usrsvc",
      "    next: stays down",
      "    problem: a",
      "    problem: b",
    ]);
  });

  test("tells how and when it ended last, and who ended what runs again", () => {
    const lastExit = { signal: "SIGKILL", at: "2025-12-31T23:59:00Z", by: "not usrsvc" } as const;
    const text = renderStatus([{ ...up, restarts: 1, lastExit }], now);
    assert.match(text, / 1 {9}SIGKILL, 1 min ago\n {4}its last exit: not by usrsvc$/);
    const coded = renderStatus([{ ...down, lastExit: { code: 3 } }], now);
    assert.match(coded, / code 3$/);
    assert.match(renderStatus([{ ...down, lastExit: {} }], now), / unknown$/);
  });

  test("tells in place of the last exit what is awaited, and beside it when it is tried again or due", () => {
    const last = (more: Partial<ProgramStatus>): string | undefined =>
      renderStatus([{ ...down, ...more }], now)
        .split("\n")[1]
        ?.split(/ {2,}/)
        .at(-1);
    const reason = "waits for tcp://db:5432 (connection refused by 10.0.0.5:5432), 3 s of 60 s";
    assert.equal(last({ state: "starting", reason }), "waits for tcp://db:5432");
    const waitsFor = "db (starting)";
    assert.equal(last({ state: "waiting", waitsFor, lastExit: { code: 1 } }), "waits for db");
    const nextTryAt = new Date(now + 5000).toISOString();
    const backoff = { state: "backoff", lastExit: { code: 1 }, nextTryAt } as const;
    assert.equal(last(backoff), "code 1; try in 5 s");
    const nextDueAt = new Date(now + 3_600_000).toISOString();
    assert.equal(last({ nextDueAt }), "due in 1 h");
    assert.equal(last({ nextDueAt, state: "running", pid: 7 }), "-");
    assert.equal(last({ nextTryAt: new Date(now - 1).toISOString() }), "-");
  });

  test("is not torn apart by one long name, nor by letters that take two columns or none", () => {
    const long = "x".repeat(60);
    const [, first = "", second = ""] = renderStatus([{ ...up, program: long }, up], now).split(
      "\n",
    );
    assert.ok(first.startsWith(`${long}  running`));
    assert.equal(second.indexOf("running"), 42);
    const wide = renderStatus(
      [
        { ...up, program: "日本" },
        { ...up, program: "u\u0308ber" },
      ],
      now,
    );
    const [head = "", ...lines] = wide.split("\n");
    assert.equal(head.indexOf("STATE"), 9);
    assert.deepEqual(
      lines.map((line) => line.indexOf("running")),
      [7, 10],
    );
  });

  test("tells of what is found running and not as it would be started", () => {
    const odd = {
      ...up,
      olderSettings: true,
      differences: ["its umask is 077"],
      otherPids: [7, 8],
    } as const;
    assert.deepEqual(renderStatus([odd], now).split("\n").slice(2), [
      "    runs with older settings: usrsvc restart applies the new ones",
      "    not known to have been started by usrsvc: its umask is 077",
      "    also matches, but is not managed: pid 7, 8",
    ]);
  });
});

describe("a result", () => {
  const result = {
    program: "web",
    action: "start",
    result: "started",
    code: ExitCode.ok,
    pid: 4711,
    message: "started, pid 4711",
    details: ["launched by usrsvc"],
  } as const;

  test("is a line for people, with further ones below", () => {
    assert.equal(renderAction(result), "web: started, pid 4711\n    launched by usrsvc");
  });

  test("is an object for scripts, with its code as exitCode", () => {
    const { code, ...rest } = result;
    assert.deepEqual(JSON.parse(renderActionJson(result)), { ...rest, exitCode: code });
  });
});

describe("a result of usrsvcd", () => {
  const result = {
    action: "stop",
    result: "stopped",
    message: "it ended",
    details: ["more"],
  } as const;

  test("goes to standard output, a failure to standard error", () => {
    const good = fakeScreen();
    assert.equal(tellResult({ ...result, code: ExitCode.ok }, false, good), 0);
    assert.deepEqual(good.said, [["result", "it ended\nmore"]]);
    const bad = fakeScreen();
    assert.equal(tellResult({ ...result, code: ExitCode.failure }, false, bad), 1);
    assert.deepEqual(bad.said, [["complain", "it ended\nmore"]]);
  });

  test("is an object as JSON, whatever it came to", () => {
    const screen = fakeScreen();
    tellResult({ ...result, code: ExitCode.failure, facts: { pid: 7 } }, true, screen);
    const [[kind, text] = []] = screen.said;
    const { details: _, ...rest } = result;
    assert.equal(kind, "page");
    assert.deepEqual(JSON.parse(text ?? ""), { ...rest, exitCode: 1, pid: 7 });
  });
});

/** Where the column STATE begins under a program of this name, in columns of a terminal. */
function columnOfState(name: string): number {
  const one = { program: name, state: "stopped", restarts: 0 } as unknown as ProgramStatus;
  const line = renderStatus([one], 0).split("\n")[1] ?? "";
  return line.indexOf("stopped") - name.length;
}

test("renderStatus() knows how many columns a name takes", () => {
  const rows: readonly [name: string, columns: number][] = [
    ["web", 3],
    ["e\u0301t\u00e9", 3],
    ["\u65e5\u672c", 4],
    ["\ud55c\uae00", 4],
    ["\u{1f98a}", 2],
    ["a\u200bb", 2],
  ];
  // The column is as wide as its head, PROGRAM, and two blanks.
  for (const [name, columns] of rows) assert.equal(columnOfState(name), 9 - columns, name);
});
