import assert from "node:assert/strict";
import { test } from "node:test";

/** The examples are JavaScript, and have no types. */
interface ScreenModule {
  readonly readable: (line: string) => string;
  readonly layOut: (
    instructions: readonly string[],
    log: readonly string[],
    size: { readonly rows: number; readonly columns: number },
  ) => readonly string[];
}
const path = "../examples/demo/screen.mjs";
const { layOut, readable } = (await import(path)) as ScreenModule;

test("the demonstration tells time, program and what on a terminal", () => {
  const line = (rest: object): string =>
    readable(JSON.stringify({ time: "2026-01-02T03:04:05.678Z", ...rest }));
  assert.match(
    line({ program: "web", msg: "web: runs, pid 5" }),
    /^\d\d:\d\d:05 {2}web {6}runs, pid 5$/,
  );
  assert.match(
    line({ msg: "usrsvcd 2.0.0 begins" }),
    /^\d\d:\d\d:05 {2}usrsvcd {2}2\.0\.0 begins$/,
  );
  for (const other of ["no JSON", '{"half":', "{}", "null", "3", ""])
    assert.equal(readable(other), other);
});

test("its instructions stay, whatever is logged, and the log has its place", () => {
  const instructions = ["one", "two", "three"];
  const log = Array.from({ length: 50 }, (_, index) => `line ${index}`);
  const of = (rows: number, columns = 80): readonly string[] =>
    layOut(instructions, log, { rows, columns });
  assert.deepEqual(of(8), [...instructions, ...log.slice(-5)]);
  assert.deepEqual(of(20), [...instructions, ...log.slice(-17)]);
  assert.deepEqual(of(6), ["one", ...log.slice(-5)]);
  assert.deepEqual(of(2), log.slice(-2));
  assert.deepEqual(of(0), []);
  assert.deepEqual(layOut(instructions, [], { rows: 9, columns: 2 }), ["on", "tw", "th"]);
});
