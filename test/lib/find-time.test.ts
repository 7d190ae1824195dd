import assert from "node:assert/strict";
import { closeSync, openSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { placeOfTime } from "../../src/lib/find-time.ts";
import { LineTimes } from "../../src/lib/line-time.ts";
import { read } from "../../src/lib/lines-from-end.ts";
import { tempDir } from "../support/temp-dir.ts";

const START = Date.UTC(2026, 0, 1);
const SECOND = 1000;

function log(t: TestContext, lines: readonly string[]): { fd: number; size: number } {
  const path = join(tempDir(t), "log");
  writeFileSync(path, `${lines.join("\n")}\n`);
  const fd = openSync(path, "r");
  t.after(() => closeSync(fd));
  return { fd, size: statSync(path).size };
}

const iso = (at: number): string => new Date(START + at * SECOND).toISOString();

describe("placeOfTime()", () => {
  test("is at the begin of a line, shortly before those of the time", (t) => {
    const lines = Array.from({ length: 100_000 }, (_, at) =>
      at % 10 === 0 ? `${iso(at)} request` : "    at a line of a stack trace",
    );
    const { fd, size } = log(t, lines);
    for (const wanted of [0, 10, 33_330, 99_990]) {
      const from = placeOfTime(fd, size, START + wanted * SECOND, new LineTimes());
      const text = read(fd, from, size - from).toString();
      assert.ok(text.includes(`${iso(wanted)} `), `${wanted}: too late`);
      const before = text.indexOf(`${iso(wanted)} `);
      assert.ok(before < 800 * 1024, `${wanted}: ${before} bytes too early`);
      assert.ok(from === 0 || read(fd, from - 1, 1)[0] === 10);
    }
  });

  test("is early rather than late where a dump without any time is in the middle", (t) => {
    const timed = (from: number): readonly string[] =>
      Array.from({ length: 20_000 }, (_, at) => `${iso(from + at)} request`);
    const dump = Array.from({ length: 60_000 }, () => "x".repeat(99));
    const { fd, size } = log(t, [...timed(0), ...dump, ...timed(20_000)]);
    const from = placeOfTime(fd, size, START + 25_000 * SECOND, new LineTimes());
    assert.ok(read(fd, from, size - from).includes(iso(25_000)));
  });

  test("is the end where all is older, less what may be out of order", (t) => {
    const { fd, size } = log(
      t,
      Array.from({ length: 100_000 }, (_, at) => `${iso(at)} x`),
    );
    const from = placeOfTime(fd, size, START + 1e9 * SECOND, new LineTimes());
    assert.ok(from < size && size - from < 800 * 1024);
  });
});
