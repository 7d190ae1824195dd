import assert from "node:assert/strict";
import { test } from "node:test";
import { renderStatus } from "../../src/cli/render.ts";
import type { ProgramStatus } from "../../src/status/status.ts";

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
