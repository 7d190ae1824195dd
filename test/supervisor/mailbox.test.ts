import assert from "node:assert/strict";
import { test } from "node:test";
import { monotonicMs } from "../../src/lib/clock.ts";
import { Mailbox } from "../../src/supervisor/mailbox.ts";
import { waitFor } from "../support/wait.ts";

/** A mailbox whose turns last until they are let go. */
function scene(turn?: (mailbox: Mailbox<string>) => void): {
  readonly mailbox: Mailbox<string>;
  readonly happened: string[];
  readonly letGo: () => void;
} {
  const happened: string[] = [];
  let letGo = (): void => {};
  const mailbox: Mailbox<string> = new Mailbox({
    turn: async () => {
      happened.push("turn");
      turn?.(mailbox);
      await new Promise<void>((resolve) => (letGo = resolve));
    },
    failed: async (cause) => {
      happened.push(`failed: ${(cause as Error).message}`);
      await Promise.resolve();
    },
    rested: () => happened.push("rested"),
  });
  return { mailbox, happened, letGo: () => letGo() };
}

test("Mailbox begins a turn before look() returns, so that nothing comes before an answer", () => {
  const { mailbox, happened } = scene();
  mailbox.look();
  assert.deepEqual(happened, ["turn"]);
});

test("Mailbox makes one turn of all notices that come in during a turn", async () => {
  const { mailbox, happened, letGo } = scene();
  for (let notice = 0; notice < 5; notice += 1) mailbox.look();
  assert.deepEqual(happened, ["turn"]);
  letGo();
  await waitFor(() => happened.length === 2, "a second turn");
  letGo();
  await mailbox.rest();
  assert.deepEqual(happened, ["turn", "turn", "rested"]);
});

test("Mailbox keeps events in order until a turn takes them", async () => {
  const taken: (string | undefined)[] = [];
  const { mailbox, letGo } = scene((box) => taken.push(box.take(), box.take(), box.take()));
  mailbox.post("one");
  mailbox.post("two");
  mailbox.post("three");
  letGo();
  await waitFor(() => taken.length === 6, "a second turn");
  letGo();
  await mailbox.rest();
  assert.deepEqual(taken, ["one", undefined, undefined, "two", "three", undefined]);
  assert.ok(!mailbox.hasEvents);
});

test("Mailbox makes no further turn for a reply, which the same turn takes", async () => {
  const taken: (string | undefined)[] = [];
  const { mailbox, happened, letGo } = scene((box) => {
    box.reply("started");
    taken.push(box.take(), box.take());
  });
  mailbox.look();
  letGo();
  await mailbox.rest();
  assert.deepEqual(taken, ["started", undefined]);
  assert.deepEqual(happened, ["turn", "rested"]);
});

test("Mailbox keeps the events of a turn that fails for the next notice", async () => {
  let fails = true;
  const { mailbox, happened, letGo } = scene((box) => {
    if (fails) throw new Error("disk full");
    happened.push(`took ${box.take()}`);
  });
  mailbox.post("limit");
  await mailbox.rest();
  assert.deepEqual(happened, ["turn", "failed: disk full", "rested"]);
  assert.ok(mailbox.hasEvents);
  fails = false;
  mailbox.look();
  letGo();
  await mailbox.rest();
  assert.deepEqual(happened.slice(3), ["turn", "took limit", "rested"]);
});

test("Mailbox looks at the time that was set last", async () => {
  const { mailbox, happened, letGo } = scene();
  const at = monotonicMs() + 20;
  mailbox.wakeAt(monotonicMs() + 3_600_000);
  mailbox.wakeAt(at);
  await waitFor(() => happened.length > 0, "a turn");
  assert.ok(monotonicMs() >= at - 0.5, "timers count whole ms: half of one may be missing");
  letGo();
  await mailbox.rest();
});

test("Mailbox takes nothing once it is closed, and makes no further turn", async () => {
  const { mailbox, happened, letGo } = scene();
  mailbox.look();
  mailbox.look();
  mailbox.close();
  mailbox.look();
  mailbox.post("late");
  mailbox.wakeAt(monotonicMs());
  letGo();
  await mailbox.rest();
  assert.ok(!mailbox.hasEvents);
  assert.deepEqual(happened, ["turn", "rested"]);
});
