import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { statusPage } from "../../src/cli/status-page.ts";
import { rowOf, statusTable, tableOf } from "../../src/cli/status-table.ts";
import { painter } from "../../src/cli/terminal/style.ts";
import { displayWidth } from "../../src/cli/terminal/width.ts";
import { states } from "../../src/state/states.ts";
import type { ProgramStatus } from "../../src/status/status.ts";

const nowMs = Date.parse("2026-01-01T00:00:00Z");
const up: ProgramStatus = {
  program: "web",
  state: "running",
  enabled: true,
  wanted: true,
  pid: 4711,
  uptimeSeconds: 93_784,
  privateBytes: 123.4 * 1024 * 1024,
  cpuSeconds: 9,
  cpuPercent: 12.25,
  restarts: 1,
  failures: 0,
  lastExit: { signal: "SIGABRT", coreDumped: true, at: "2025-12-31T23:54:40Z" },
};
const down: ProgramStatus = {
  program: "db",
  state: "backoff",
  enabled: true,
  wanted: true,
  restarts: 0,
  failures: 1,
  lastExit: { code: 1, at: "2025-12-31T23:59:00Z" },
  nextTryAt: "2026-01-01T00:00:05Z",
  reason: "exited with code 1",
};

function lines(all: readonly ProgramStatus[], width: number | undefined): readonly string[] {
  const { head, rows } = statusTable(all, { width, paint: painter(0), nowMs });
  return [head, ...rows].map((line) => line.trimEnd());
}

describe("the table of a status on a terminal", () => {
  test("is as people say it where there is room", () => {
    assert.deepEqual(lines([up, down], 200), [
      "PROGRAM  STATE     PID   UPTIME    MEMORY  CPU  RESTARTS  LAST EXIT",
      "web      running  4711  1 d 2 h  123.4 MB  12%         1  SIGABRT (core), 5 min 20 s ago",
      "db       backoff     -        -         -    -         0  code 1, 1 min ago; try in 5 s",
    ]);
  });

  test("is short in 80 columns", () => {
    assert.deepEqual(lines([up, down], 80), [
      "PROGRAM  STATE     PID  UPTIME  MEMORY  CPU  RST  LAST EXIT",
      "web      running  4711    1d2h  123.4M  12%    1  SIGABRT (core), 5m ago",
      "db       backoff     -       -       -    -    0  code 1, 1m ago; try in 5s",
    ]);
  });

  test("gives long names the middle, and short words to the last exit", () => {
    const program = "customer-notification-service-europe-west:1";
    assert.deepEqual(lines([{ ...up, program }, down], 80).slice(1), [
      "customer-notifi…-west:1  running  4711    1d2h  123.4M  12%    1  SIGABRT (core)",
      "db                       backoff     -       -       -    -    0  try in 5s",
    ]);
  });

  test("leaves out what tells least, one after the other", () => {
    const heads = [60, 50, 40, 20].map((width) =>
      lines([up, down], width)[0]?.split(/ +/).join(" "),
    );
    assert.deepEqual(heads, [
      "PROGRAM STATE PID UPTIME MEMORY RST LAST EXIT",
      "PROGRAM STATE PID UPTIME LAST EXIT",
      "PROGRAM STATE UPTIME LAST EXIT",
      "PROGRAM STATE",
    ]);
  });

  test("is never wider than the terminal, whatever the names", () => {
    const anyStatus = fc.record({
      program: fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }),
      state: fc.constantFrom(...states),
      pid: fc.option(fc.integer({ min: 1, max: 4_194_304 }), { nil: undefined }),
      uptimeSeconds: fc.option(fc.nat(1e9), { nil: undefined }),
      privateBytes: fc.option(fc.nat(), { nil: undefined }),
      cpuPercent: fc.option(fc.double({ min: 0, max: 6400, noNaN: true }), { nil: undefined }),
      restarts: fc.nat(99_999),
      waitsFor: fc.string({ maxLength: 80 }),
    });
    fc.assert(
      fc.property(
        fc.array(anyStatus, { minLength: 1 }),
        fc.integer({ min: 16, max: 220 }),
        (some, width) => {
          const all = some.map((one) => ({ ...up, ...one }) as ProgramStatus);
          for (const line of lines(all, width)) assert.ok(displayWidth(line) <= width, line);
        },
      ),
    );
  });

  test("has the host in front where there are several, and is no wider for it", () => {
    const rows = [
      { ...rowOf(up, nowMs), host: "web1" },
      { ...rowOf({ ...down, program: "注文処理ワーカー" }, nowMs), host: "注文処理サーバー" },
      { ...rowOf(up, nowMs), host: "customer-frontend-17.europe-west.example.com" },
    ];
    const { head, rows: shown } = tableOf(rows, { width: 80, paint: painter(0), nowMs });
    assert.deepEqual(
      [head, ...shown],
      [
        "HOST            PROGRAM       STATE     PID  UPTIME  MEMORY  RST  LAST EXIT",
        "web1            web           running  4711    1d2h  123.4M    1  SIGABRT (core)",
        "注文処理…バー   注文処理…ー   backoff     -       -       -    0  try in 5s",
        "customer-….com  web           running  4711    1d2h  123.4M    1  SIGABRT (core)",
      ],
    );
  });

  test("of hosts is never wider than the terminal, whatever they say", () => {
    const anyRow = fc.record({
      host: fc.string({ unit: "grapheme", minLength: 1, maxLength: 80 }),
      program: fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }),
      state: fc.string({ unit: "grapheme", maxLength: 40 }),
      pid: fc.option(fc.double(), { nil: undefined }),
      uptimeSeconds: fc.option(fc.double(), { nil: undefined }),
      privateBytes: fc.option(fc.double(), { nil: undefined }),
      cpuPercent: fc.option(fc.double(), { nil: undefined }),
      restarts: fc.double(),
    });
    fc.assert(
      fc.property(
        fc.array(anyRow, { minLength: 1 }),
        fc.integer({ min: 30, max: 220 }),
        (some, width) => {
          const rows = some.map(({ host, ...one }) => {
            return { ...rowOf({ ...up, ...one } as unknown as ProgramStatus, nowMs), host };
          });
          const { head, rows: shown } = tableOf(rows, { width, paint: painter(0), nowMs });
          for (const line of [head, ...shown]) assert.ok(displayWidth(line) <= width, line);
        },
      ),
    );
  });

  test("colours states by what they call for", () => {
    const { head, rows } = statusTable(
      [
        up,
        down,
        { ...down, state: "stopped" },
        { ...down, state: "stopped", wanted: false },
        { ...down, state: "waiting" },
      ],
      { width: 80, paint: painter(16), nowMs },
    );
    const escape = "\u001b[";
    assert.ok(head.includes(`${escape}1mPROGRAM${escape}0m`));
    assert.ok(rows[0]?.includes(`${escape}32mrunning${escape}0m`));
    assert.ok(rows[1]?.includes(`${escape}1;31mbackoff${escape}0m`));
    assert.ok(rows[2]?.includes(`${escape}1;31mstopped${escape}0m`));
    assert.ok(rows[3]?.includes("  stopped "), "is at rest");
    assert.ok(rows[4]?.includes(`${escape}33mwaiting${escape}0m`));
  });

  test("marks the column by which it is sorted", () => {
    const mark = { column: "cpu", sign: "▾" } as const;
    assert.match(statusTable([up], { width: 80, paint: painter(0), nowMs, mark }).head, / CPU▾ /);
  });
});

describe("the page of a status on a terminal", () => {
  test("has remarks below a row, in lines that fit, and notes at the end", () => {
    const reason =
      "exited with code 1; it wrote: Error: address already in use; log: /home/web/log/db.log";
    const notes = ["usrsvcd does not run: what ends stays down (usrsvcd start)"];
    const page = statusPage([{ ...down, reason }], notes, { width: 44, paint: painter(0), nowMs });
    assert.deepEqual(page.slice(2), [
      "    why: exited with code 1; it wrote:",
      "        Error: address already in use; log:",
      "        /home/web/log/db.log",
      "note: usrsvcd does not run: what ends stays",
      "    down (usrsvcd start)",
    ]);
  });

  test("passes on no control character of a program", () => {
    const page = statusPage(
      [{ ...up, program: "a\u001b[31m", statusText: "x\u001b]0;y\u0007" }],
      [],
      {
        width: 80,
        paint: painter(0),
        nowMs,
      },
    );
    assert.doesNotMatch(page.join(""), /\p{Cc}/u);
    assert.match(page.join("\n"), /^a\\x1b\[31m {2}running/m);
  });
});
