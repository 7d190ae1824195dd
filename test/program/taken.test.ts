import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { ProcessWatcher } from "../../proc/watch.ts";
import type { Host } from "../../src/program/host.ts";
import { isTaken } from "../../src/program/taken.ts";
import { FakeProc } from "../support/fake-proc.ts";

/** Children of ours that were adopted, not only made. */
const adopted = 11;

const hostOf = (proc: FakeProc, owner?: string, ...launching: readonly string[]): Host =>
  ({
    proc,
    ownerOf: () => owner,
    launching: new Set(launching),
    watcher: () => ({ isChild: (pid) => Number(pid) === adopted }) as Partial<ProcessWatcher>,
  }) as Partial<Host> as Host;

/** What the command gives to node. */
function daemonFlags(): readonly string[] {
  const unit = readFileSync(join(import.meta.dirname, "../../systemd/usrsvcd.service"), "utf8");
  const flags = / \/usr\/bin\/node (.*) \/usr\/local\/bin\/usrsvcd /.exec(unit)?.[1]?.split(" ");
  assert.ok(flags !== undefined && flags.length > 2);
  return flags;
}

describe("isTaken", () => {
  test("is true for another program's recorded process, and false for one's own", () => {
    const proc = new FakeProc();
    const ref = proc.set({ pid: 10, argv: ["app"] });
    assert.equal(isTaken(ref, "web", hostOf(proc, "other")), true);
    assert.equal(isTaken(ref, "web", hostOf(proc, "web")), false);
    assert.equal(isTaken(ref, "web", hostOf(proc)), false);
  });

  test("is true for ourselves and our ancestors, in whose words the program's name may stand", () => {
    const proc = new FakeProc();
    const shell = proc.set({ pid: 20, argv: ["sh", "-c", "usrsvc start web; app"] });
    const me = proc.set({ pid: process.pid, ppid: 20, argv: ["app"] });
    const sibling = proc.set({ pid: 21, ppid: 20, argv: ["app"] });
    const host = hostOf(proc);
    assert.deepEqual(
      [me, shell, sibling].map((ref) => isTaken(ref, "web", host)),
      [true, true, false],
    );
  });

  test("is true for what we are launching just now, which nobody has on record yet", () => {
    const proc = new FakeProc();
    const ref = proc.set({ pid: 10, ppid: process.pid, argv: ["app"] });
    assert.equal(isTaken(ref, "web", hostOf(proc, undefined, "other")), true);
    assert.equal(isTaken(ref, "web", hostOf(proc, "web", "other")), false);
    assert.equal(isTaken(ref, "web", hostOf(proc)), false);
    const known = proc.set({ pid: adopted, ppid: process.pid, argv: ["app"] });
    assert.equal(isTaken(known, "web", hostOf(proc, undefined, "other")), false);
  });

  const words: readonly [argv: readonly string[], want: boolean][] = [
    [["node", "/usr/lib/node_modules/usrsvc/dist/usrsvc.cjs", "start", "web"], true],
    [["node", "--max-old-space-size=64", "/x/dist/usrsvcd.cjs", "start"], true],
    [["/home/a/bin/usrsvc", "restart", "web"], true],
    [["node", ...daemonFlags(), "/x/dist/usrsvcd.cjs", "start", "-c", "/home/app/x.cfg"], true],
    [["/bin/sh", "-c", 'umask 0022; exec "$@"', "usrsvc-launch", "app", "word"], true],
    [["app", "usrsvc-launch"], false],
    [["node", "--inspect", "/srv/app.js", "usrsvcd"], false],
    [["app", "--config", "/etc/x", "--log", "/var/log/usrsvcd"], false],
    [["/srv/usrsvc-web/app"], false],
    [["vi", "usrsvcd.cfg"], false],
    [[], false],
  ];
  for (const [argv, want] of words) {
    test(`is ${want} for ${argv.slice(0, 3).join(" ").slice(0, 50) || "no words"}`, () => {
      const proc = new FakeProc();
      assert.equal(isTaken(proc.set({ pid: 10, argv }), "web", hostOf(proc)), want);
    });
  }

  test("is false for one that is gone meanwhile", () => {
    const proc = new FakeProc();
    const ref = proc.set({ pid: 10, argv: ["app"] });
    proc.end(10);
    assert.equal(isTaken(ref, "web", hostOf(proc)), false);
  });
});
