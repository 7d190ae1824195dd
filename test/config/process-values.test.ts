import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  cpus,
  byteLimit,
  countLimit,
  ioPriority,
  nice,
  oomScore,
} from "../../src/config/process-values.ts";
import type { Unit } from "../../src/config/setting.ts";

type Row = readonly [unit: Unit<never>, text: string, want: unknown];

const row = <T>(unit: Unit<T>, text: string, want: unknown): Row => [
  unit as unknown as Unit<never>,
  text,
  want,
];

const good: readonly Row[] = [
  row(nice, "+5", 5),
  row(nice, "-20", -20),
  row(oomScore, "1000", 1000),
  row(ioPriority, "idle", 3 << 13),
  row(ioPriority, "3", 3 << 13),
  row(ioPriority, "best-effort", (2 << 13) | 4),
  row(ioPriority, "2:0", 2 << 13),
  row(cpus, "3, 1,0-1", [0, 1, 3]),
  row(countLimit, "1024", { soft: 1024, hard: undefined }),
  row(countLimit, "5:Unlimited", { soft: 5, hard: Infinity }),
  row(byteLimit, "1K:2m", { soft: 1024, hard: 2 * 1024 * 1024 }),
  row(byteLimit, ":1GiB", { soft: undefined, hard: 1024 ** 3 }),
];

const bad: readonly Row[] = [
  row(nice, "20", "from -20 to 19"),
  row(nice, "high", "whole number"),
  row(nice, "1.5", "whole number"),
  row(oomScore, "-1001", "from -1000 to 1000"),
  row(ioPriority, "idle:3", "no class and level"),
  row(ioPriority, "best-effort:8", "no class and level"),
  row(ioPriority, "0", "no class and level"),
  row(cpus, "3-1", "no list of CPUs"),
  row(cpus, "all", "no list of CPUs"),
  row(cpus, "99999", "no list of CPUs"),
  row(countLimit, "10K", "no limit, such as unlimited, 1024"),
  row(countLimit, "1:2:3", "no limit"),
  row(countLimit, ":", "no limit"),
  row(countLimit, "-1", "no limit"),
  row(byteLimit, "1.5G", "no limit, such as unlimited, 512M"),
  row(byteLimit, "2G:1G", "soft limit above the hard one"),
  row(byteLimit, "unlimited:5", "soft limit above the hard one"),
];

describe("what a process gets", () => {
  for (const [unit, text, want] of good) {
    test(`reads ${text}`, () => assert.deepEqual(unit.parse(raw(text)), { value: want }));
  }
  for (const [unit, text, want] of bad) {
    test(`refuses ${text}, and says what was wanted`, () => {
      const reading = unit.parse(raw(text));
      assert.ok("problem" in reading);
      assert.ok(reading.problem.startsWith(JSON.stringify(text)), reading.problem);
      assert.ok(reading.problem.includes(String(want)), reading.problem);
    });
  }
});

function raw(text: string): { text: string; list: undefined; isBrokenList: false } {
  return { text, list: undefined, isBrokenList: false };
}
