import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ExitCode, exitCodeOf } from "../src/exit-code.ts";

/** An error as a system call gives it. */
const system = (code: string, errno = -1): Error => Object.assign(new Error(code), { code, errno });

const codes: readonly [what: string, error: Error, want: number][] = [
  ["a full disk", system("ENOSPC"), ExitCode.failure],
  ["what is not permitted", system("EACCES"), ExitCode.permission],
  ["a file system that is read-only", system("EROFS"), ExitCode.permission],
  [
    "one that was told in our words",
    new Error("x", { cause: system("EPERM") }),
    ExitCode.permission,
  ],
  ["a fault of ours", new TypeError("x is not a function"), ExitCode.unknown],
  ["a fault that Node names", Object.assign(new Error(), { code: "ERR_X" }), ExitCode.unknown],
];
for (const [what, error, want] of codes) {
  test(`exitCodeOf ${what} is ${want}`, () => assert.equal(exitCodeOf(error), want));
}

test("exitCodeOf an error of Node's own file functions is that of the system", () => {
  assert.throws(
    () => readFileSync("/no/such/file"),
    (error) => exitCodeOf(error) === ExitCode.failure,
  );
});
