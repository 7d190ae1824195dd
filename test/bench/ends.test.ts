import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { test, type TestContext } from "node:test";
import { Ends } from "./ends.ts";

const { signal } = new AbortController();

function sleeper(t: TestContext, seconds: number): ChildProcess & { readonly pid: number } {
  const child = spawn("sleep", [String(seconds)], { stdio: "ignore" });
  t.after(() => child.kill("SIGKILL"));
  assert.ok(child.pid !== undefined);
  return Object.assign(child, { pid: child.pid });
}

test("wait() waits for the last of the ends", async (t) => {
  const began = performance.now(); // it may take long to make them
  const children = [sleeper(t, 0.3), sleeper(t, 0.1)];
  using ends = new Ends(children.map(({ pid }) => pid));
  await ends.wait(signal);
  const tookMs = performance.now() - began;
  assert.ok(tookMs > 290, `${tookMs} ms`);
});

test("wait() does not wait for ever, nor once it is cancelled", async (t) => {
  using ends = new Ends([sleeper(t, 60).pid]);
  await assert.rejects(ends.wait(signal, 0.05), /1 ends: not within 0.05 s/);
  await assert.rejects(ends.wait(AbortSignal.abort(new Error("ended by SIGINT"))), /SIGINT/);
});
