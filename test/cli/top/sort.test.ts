import assert from "node:assert/strict";
import { test } from "node:test";
import { type SortKey, sorted } from "../../../src/cli/top/sort.ts";
import type { ProgramStatus } from "../../../src/status/status.ts";

const base = { enabled: true, wanted: true, restarts: 0, failures: 0 } as const;
const all: readonly ProgramStatus[] = [
  {
    ...base,
    program: "web:10",
    state: "running",
    pid: 1,
    uptimeSeconds: 5,
    privateBytes: 10,
    cpuPercent: 50,
    restarts: 2,
  },
  {
    ...base,
    program: "web:2",
    state: "running",
    pid: 2,
    uptimeSeconds: 50,
    privateBytes: 30,
    cpuPercent: 5,
  },
  { ...base, program: "idle", state: "stopped", wanted: false },
  { ...base, program: "missed", state: "stopped" },
  { ...base, program: "broken", state: "fatal" },
  { ...base, program: "again", state: "backoff", restarts: 7 },
];

const rows: readonly [key: SortKey, isReversed: boolean, want: string][] = [
  ["state", false, "broken again missed web:2 web:10 idle"],
  ["state", true, "idle web:2 web:10 missed again broken"],
  ["name", false, "again broken idle missed web:2 web:10"],
  ["name", true, "web:10 web:2 missed idle broken again"],
  ["cpu", false, "web:10 web:2 again broken idle missed"],
  ["cpu", true, "web:2 web:10 again broken idle missed"],
  ["memory", false, "web:2 web:10 again broken idle missed"],
  ["uptime", false, "web:2 web:10 again broken idle missed"],
  ["restarts", false, "again web:10 broken idle missed web:2"],
];
for (const [key, isReversed, want] of rows) {
  test(`sorted by ${key}${isReversed ? ", reversed" : ""}`, () => {
    const names = sorted(all, { key, isReversed }).map(({ program }) => program);
    assert.equal(names.join(" "), want);
  });
}
