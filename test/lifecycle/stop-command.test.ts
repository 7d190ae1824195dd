import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { ProcessRef } from "../../proc/pid.ts";
import { readCommandText } from "../../src/config/command-text.ts";
import type { ProgramSettings } from "../../src/config/settings.ts";
import { stop, type StopOutcome } from "../../src/lifecycle/stop.ts";
import { type Lab, makeLab, startedProcess } from "../support/lab.ts";
import { lives } from "../support/processes.ts";
import { inTime, waitFor } from "../support/wait.ts";

/** A program that ends at HUP with 3, and ignores TERM; its command says what it was called with. */
async function begin(
  t: TestContext,
  text: string,
  more: Partial<ProgramSettings> = {},
): Promise<{ lab: Lab; ref: ProcessRef; settings: ProgramSettings }> {
  const lab = makeLab(t);
  const ready = `echo ready >${join(lab.dir, "ready")}`;
  const loop = "while :; do sleep 0.02; done";
  const app = lab.script("app", "#!/bin/sh", "trap 'exit 3' HUP", "trap '' TERM", ready, loop);
  const read = readCommandText({
    text: text.replaceAll("DIR", lab.dir),
    list: undefined,
    isBrokenList: false,
  });
  assert.ok("value" in read);
  const settings = lab.settings([app], {
    successMs: 0,
    termToKillMs: 2000,
    stopCommand: read.value,
    useshell: true,
    env: new Map([["COLOUR", "blue"]]),
    ...more,
  });
  const ref = startedProcess(await lab.start({ ...settings, useshell: false }));
  await lab.appears("ready");
  return { lab, ref, settings };
}

type Done = Exclude<StopOutcome, { readonly kind: "not-running" }>;

function ended(outcome: StopOutcome): Done & { readonly kind: "terminated" | "killed" } {
  assert.ok(outcome.kind === "terminated" || outcome.kind === "killed", outcome.kind);
  return outcome;
}

describe("stop_command", () => {
  test("asks the program to end, in its environment and directory; no signal is needed", async (t) => {
    const line =
      'echo "$USRSVC_PROGRAM $USRSVC_PID $COLOUR $PWD $(pwd)" >asked; kill -HUP $USRSVC_PID';
    const { lab, ref, settings } = await begin(t, line);
    const outcome = ended(await stop({ process: ref, launched: ref }, settings, lab.host));
    assert.deepEqual([outcome.kind, outcome.sent, outcome.notes], ["terminated", [], []]);
    const said = readFileSync(join(lab.dir, "asked"), "utf8").trim();
    assert.equal(said, `web ${ref.pid} blue ${lab.dir} ${lab.dir}`);
  });

  test("without a shell is executed as it is, word for word", async (t) => {
    const { lab, ref, settings } = await begin(t, "/bin/sh -c 'kill -HUP $USRSVC_PID'", {
      useshell: false,
    });
    const outcome = ended(await stop({ process: ref, launched: ref }, settings, lab.host));
    assert.deepEqual(outcome.sent, []);
  });

  test("waits for what it has only asked for, as long as the first signal has", async (t) => {
    const { lab, ref, settings } = await begin(
      t,
      "(sleep 0.5; kill -HUP $USRSVC_PID) >/dev/null 2>&1 &",
    );
    const outcome = ended(await stop({ process: ref, launched: ref }, settings, lab.host));
    assert.deepEqual(outcome.sent, []);
    assert.ok(outcome.tookMs >= 400);
  });

  const failures: readonly [what: string, line: string, note: RegExp][] = [
    [
      "exits with a code",
      "echo no such host >&2; exit 7",
      /^stop_command failed: exited with code 7; it wrote: no such host$/,
    ],
    ["is killed", "kill -9 $$", /^stop_command failed: killed by SIGKILL/],
    ["does not exist", "/nowhere/stop", /^stop_command failed: exited with code 127/],
  ];
  for (const [what, line, note] of failures) {
    test(`that ${what} is told, and the signals come at once`, async (t) => {
      const { lab, ref, settings } = await begin(t, line);
      const stop_ = [{ signal: "SIGHUP", waitMs: 60_000 }] as const;
      const outcome = ended(
        await inTime(
          stop({ process: ref, launched: ref }, { ...settings, stop: stop_ }, lab.host),
          "it ends",
        ),
      );
      assert.match(outcome.notes.join(), note);
      assert.deepEqual(
        outcome.sent.map(({ signal }) => signal),
        ["SIGHUP"],
      );
      assert.ok(outcome.tookMs < 50_000);
    });
  }

  test("that cannot be executed is told", async (t) => {
    const { lab, ref, settings } = await begin(t, "/nowhere/stop now", { useshell: false });
    const outcome = ended(
      await stop({ process: ref, launched: ref }, { ...settings, termToKillMs: 100 }, lab.host),
    );
    assert.deepEqual(outcome.notes, ["stop_command failed: no such command: /nowhere/stop"]);
    assert.equal(outcome.kind, "killed");
  });

  test("that takes too long is ended with its group, and the signals follow", async (t) => {
    const { lab, ref, settings } = await begin(t, "sleep 700 & sleep 701");
    const outcome = ended(
      await stop({ process: ref, launched: ref }, { ...settings, termToKillMs: 300 }, lab.host),
    );
    assert.deepEqual(outcome.notes, ["stop_command failed: not done within 300 ms, and was ended"]);
    assert.deepEqual(
      outcome.sent.map(({ signal }) => signal),
      ["SIGTERM", "SIGKILL"],
    );
    await waitFor(() => lab.living().length === 0, "nothing of the command lives");
  });

  test("that succeeds, and nothing follows: the signals do", async (t) => {
    const { lab, ref, settings } = await begin(t, "exit 0");
    const outcome = ended(
      await stop({ process: ref, launched: ref }, { ...settings, termToKillMs: 200 }, lab.host),
    );
    assert.deepEqual(outcome.notes, []);
    assert.equal(outcome.kind, "killed");
  });

  test("is broken off when whoever stops the program is told to leave", async (t) => {
    const { lab, ref, settings } = await begin(t, "echo x >begun; sleep 702");
    const leave = new AbortController();
    const stopping = stop({ process: ref, launched: ref }, settings, lab.host, {
      signal: leave.signal,
    });
    await lab.appears("begun");
    leave.abort(new Error("leave"));
    await assert.rejects(inTime(stopping, "it leaves"), { message: "leave" });
    assert.ok(lives(ref), "it was not signalled");
    await waitFor(() => lab.living().length <= 2, "the command has ended");
  });
});
