import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WaitedInVain } from "../../../src/operations/looking/waited-in-vain.ts";
import type { ProgramStatus } from "../../../src/status/status.ts";

const down = (program: string): ProgramStatus => ({
  program,
  state: "stopped",
  enabled: true,
  wanted: false,
  restarts: 0,
  failures: 0,
  reason: "stopped by usrsvc",
  next: 'stays down until "usrsvc start"',
});
const up = (program: string): ProgramStatus => ({ ...down(program), state: "running", pid: 7 });

describe("WaitedInVain", () => {
  test("tells of a program once, and again after it was up", () => {
    const all = new WaitedInVain(() => false);
    const want = [
      "web is down, and nobody is about to start it; waiting all the same; to start it: usrsvc start web",
      "    why: stopped by usrsvc",
      '    next: stays down until "usrsvc start"',
    ].join("\n");
    assert.equal(all.see([down("web")]), want);
    assert.equal(all.see([down("web")]), undefined);
    assert.equal(all.see([up("web")]), undefined);
    assert.equal(all.see([down("web")]), want);
  });

  test("tells of many in one note, with the reasons of five, in words for a shell", () => {
    const names = ["a b", "c", "d", "e", "f", "g"];
    const lines = new WaitedInVain(() => false).see(names.map(down))?.split("\n") ?? [];
    assert.match(lines[0] ?? "", /to start them: usrsvc start 'a b' c d e f g$/);
    assert.equal(lines[1], '    a b: stopped by usrsvc; next: stays down until "usrsvc start"');
    assert.equal(lines.at(-1), "    usrsvc status tells why of the others as well");
    assert.equal(lines.length, 7);
  });

  test("says nothing while somebody is at work on it", () => {
    assert.equal(new WaitedInVain(() => true).see([down("web")]), undefined);
  });
});
