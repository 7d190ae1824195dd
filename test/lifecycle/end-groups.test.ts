import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProcessRef, Ticks } from "../../proc/pid.ts";
import { procReader } from "../../proc/reader.ts";
import { endOwnGroup } from "../../src/lifecycle/end-groups.ts";
import { stop } from "../../src/lifecycle/stop.ts";
import { stopSteps } from "../../src/lifecycle/stop-plan.ts";
import { cleanUp } from "../support/clean-up.ts";
import { makeLab } from "../support/lab.ts";
import { argvOf, child, firstLine, killRef, lives, refOf, unreaped } from "../support/processes.ts";
import { waitFor } from "../support/wait.ts";

const proc = procReader();

describe("endOwnGroup", () => {
  test("does nothing without a leader, or where its number is another's", async (t) => {
    const lab = makeLab(t);
    assert.equal(await endOwnGroup(undefined, stopSteps({ termToKillMs: 100 }), lab.host), 0);
    const made = child(t, "sleep", ["600"], { detached: true });
    const ref = refOf(made.pid);
    const earlier = { ...ref, startTime: (ref.startTime - 1) as Ticks };
    assert.equal(await endOwnGroup(earlier, stopSteps({ termToKillMs: 100 }), lab.host), 0);
    assert.ok(lives(ref));
  });

  test("ends a session whose leader is a zombie, of which only the number is known", async (t) => {
    const lab = makeLab(t);
    const leader = `setsid sh -c 'sleep 602 & echo $$ $!; read -r word' <&3`;
    const made = child(t, "sh", ["-c", `${leader} & exec sleep 600 3<&-`], {
      stdio: ["ignore", "pipe", "ignore", "pipe"],
    });
    const [session = 0, member = 0] = (await firstLine(made)).split(" ").map(Number);
    const ref = refOf(member);
    cleanUp(t, () => killRef(ref));
    const parent = refOf(made.pid);
    await waitFor(() => argvOf(parent.pid)[0] === "sleep", "nobody reaps");
    const pipe = made.stdio[3];
    assert.ok(pipe && "end" in pipe, "no pipe");
    pipe.end("go\n");
    await waitFor(() => proc.stat(session as ProcessRef["pid"]).state === "Z", "a zombie");
    const began = performance.now();
    const outcome = await stop(
      { process: undefined, launched: undefined, session },
      { termToKillMs: 60_000 },
      lab.host,
    );
    assert.deepEqual(outcome, { kind: "not-running", leftBehind: 1 });
    assert.ok(performance.now() - began < 30_000, "by SIGTERM, not after it in vain");
    assert.equal(lives(ref), false);
  });

  test("does not wait for zombies", async (t) => {
    const lab = makeLab(t);
    const made = await unreaped(t, 0);
    await made.end(); // parent and zombie are one group
    const began = performance.now();
    assert.equal(await endOwnGroup(made.parent, stopSteps({ termToKillMs: 60_000 }), lab.host), 1);
    assert.ok(performance.now() - began < 30_000);
  });
});
