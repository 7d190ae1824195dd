import assert from "node:assert/strict";
import { test } from "node:test";
import { Sinks } from "../../src/daemon/sinks.ts";

test("Sinks hand each event to all that are there by then, in turn", () => {
  const told: string[] = [];
  const sinks = new Sinks();
  sinks.emit({ kind: "daemon.signal", signal: "SIGHUP" });
  sinks.add({ emit: ({ kind }) => told.push(`log ${kind}`) });
  sinks.emit({ kind: "daemon.ready", programs: 1 });
  // A sink may have something to tell itself.
  sinks.add({
    emit: ({ kind }) => {
      told.push(`mail ${kind}`);
      if (kind !== "alert.saved") sinks.emit({ kind: "alert.saved" });
    },
  });
  sinks.emit({ kind: "daemon.reaping", reason: "PID 1" });
  assert.deepEqual(told, [
    "log daemon.ready",
    "log daemon.reaping",
    "mail daemon.reaping",
    "log alert.saved",
    "mail alert.saved",
  ]);
});
