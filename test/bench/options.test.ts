import assert from "node:assert/strict";
import { test } from "node:test";
import { BARE_NODE } from "./floors.ts";
import { parseOptions, usage } from "./options.ts";

test("parseOptions() measures everything by default, and no peers when it has to be quick", () => {
  const usual = parseOptions([]);
  assert.deepEqual(usual.task, { kind: "figures" });
  assert.equal(usual.peers, true);
  assert.equal(parseOptions(["--quick"]).peers, false);
  assert.equal(parseOptions(["--quick", "--peers", "yes"]).peers, true);
});

test("parseOptions() takes a long measurement with its size", () => {
  assert.deepEqual(parseOptions(["--soak", "100000"]).task, { kind: "soak", restarts: 100_000 });
  assert.deepEqual(parseOptions(["--foreign", "5000"]).task, { kind: "foreign", processes: 5000 });
  assert.deepEqual(parseOptions(["--scale", "--counts", "10,20"]).counts, [10, 20]);
});

test("parseOptions() takes the names of those who alone are measured, peers even with --quick", () => {
  assert.equal(parseOptions([]).only, undefined);
  assert.deepEqual(parseOptions(["--only", "usrsvcd,daemontools"]).only, [
    "usrsvcd",
    "daemontools",
  ]);
  assert.deepEqual(parseOptions(["--only", BARE_NODE]).only, [BARE_NODE]);
  assert.equal(parseOptions(["--quick", "--only", "runit"]).peers, true);
  assert.ok(usage.includes("--only NAME,…"));
});

test("parseOptions() names what is wrong", () => {
  assert.throws(() => parseOptions(["--counts", "1,x"]), /--counts: "x" is not a whole number/);
  assert.throws(() => parseOptions(["--peers", "maybe"]), /--peers: "maybe"/);
  assert.throws(() => parseOptions(["--only", "usrsvcd,init"]), /--only: "init" is none of bare /);
  assert.throws(() => parseOptions(["--soak", "0"]), /--soak: "0"/);
  assert.throws(() => parseOptions(["--sook", "1"]), /--sook/);
});
