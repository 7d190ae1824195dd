import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Exit } from "../../proc/exit.ts";
import { ExitCode } from "../../src/exit-code.ts";
import { describeFailure } from "../../src/lifecycle/start-failure.ts";

const program = { command: "server --fast", name: "web", successMs: 2000 };
const failed: Exit = { kind: "code", code: 3 };

describe("describeFailure", () => {
  const claims: readonly [
    string,
    { exit?: Exit; isLaunching?: boolean; isDaemon?: boolean },
    ExitCode,
    string,
  ][] = [
    [
      "it lives, and is something else",
      {},
      ExitCode.failedToLaunch,
      '"server --fast" runs, but no process matches program web; it was ended again',
    ],
    [
      "the shell that prepares the launch hangs",
      { isLaunching: true },
      ExitCode.failedToLaunch,
      '"server --fast" was not executed within success_seconds: the process that was to become it hung, and was ended',
    ],
    [
      "it has ended",
      { exit: failed },
      ExitCode.exitedUnexpectedly,
      "exited with code 3 within success_seconds (2)",
    ],
    [
      "its daemon has ended",
      { exit: failed, isDaemon: true },
      ExitCode.exitedUnexpectedly,
      "went to the background, and exited with code 3 within success_seconds (2)",
    ],
    [
      "there is no such command",
      { exit: { kind: "code", code: 127 } },
      ExitCode.failedToLaunch,
      "exited with code 127 within success_seconds (2): 127 usually means that there is no such command",
    ],
  ];
  test("it was not ready in time", () => {
    const why = { exit: undefined, isLaunching: false, isDaemon: false, unready: "not ready: x" };
    const reason = "not ready: x; it was ended again";
    assert.deepEqual(describeFailure(program, why), { code: ExitCode.notReady, reason });
  });

  test("it has ended while it was waited for", () => {
    const ready = { kind: "file", path: "/x", text: "file:///x" } as const;
    const why = { exit: failed, isLaunching: false, isDaemon: false, unready: "not ready: x" };
    const reason = "exited with code 3 before it was ready (file:///x)";
    const code = ExitCode.exitedUnexpectedly;
    assert.deepEqual(describeFailure({ ...program, ready }, why), { code, reason });
  });

  for (const [what, { exit, isLaunching = false, isDaemon = false }, code, reason] of claims) {
    test(what, () => {
      assert.deepEqual(describeFailure(program, { exit, isLaunching, isDaemon }), { code, reason });
    });
  }
});
