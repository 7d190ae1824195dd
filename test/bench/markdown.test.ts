import assert from "node:assert/strict";
import { test } from "node:test";
import { type Figure, rows, type Row } from "./figures.ts";
import { BARE_NODE } from "./floors.ts";
import { combine } from "./load.ts";
import { formatMarkdown } from "./markdown.ts";
import { parseOptions } from "./options.ts";
import { summarize } from "./stats.ts";

const machine = {
  time: "2026-01-02T03:04:05Z",
  version: "2.0.0",
  node: "v20.20.2",
  kernel: "6.18",
  cpus: 2,
  cpu: "CPU",
  memoryGb: 8,
  root: false,
  processes: 100,
  service: "C",
  successSeconds: 0.5,
  idleSeconds: 20,
  peers: { runit: "2.1.2", supervisor: "" },
} as const;

function figure(manager: string, row: Row, values: readonly number[]): Figure {
  const common = { programs: 100, manager, row, unit: "ms", load: combine([]) } as const;
  return { ...common, ...summarize(values), disturbed: manager === "runit" };
}

test("a row is what was measured, a column who, with the spread and the disturbed marked", () => {
  const own: Figure = {
    ...figure("usrsvcd", rows.kill, [2, 3, 4]),
    floor: { name: BARE_NODE, median: 2, disturbed: true, ratio: 1.5 },
    goal: { text: "2.5 ms", limit: 1.92, scale: "", reached: false, doubtful: true },
    peerGoal: {
      text: "below runit",
      limit: 3,
      scale: "runit",
      reached: false,
      doubtful: false,
    },
  };
  const text = formatMarkdown({
    machine,
    options: parseOptions([]),
    figures: [
      own,
      figure(BARE_NODE, rows.kill, [2]),
      figure("runit", rows.kill, [3]),
      figure("runit", rows.launched, [3]), // not measured for usrsvcd: no row
    ],
    steps: [],
    findings: [],
    problems: [],
  });
  const lines = text.split("\n").filter((line) => line.startsWith("|"));
  assert.deepEqual(lines, [
    "| 100 services | usrsvcd | bare Node | runit | usrsvcd: compared | goal |",
    "| --- | --- | --- | --- | --- | --- |",
    "| kill -9 → successor's first instruction | 3.00 ms (2.50–3.50) | 2.00 ms | 3.00 ms ! |" +
      " 1.50 × bare Node | ≤ 1.92 ms: missed !; < 3.00 ms: missed |",
  ]);
  assert.match(text, /runit 2\.1\.2:/);
});
