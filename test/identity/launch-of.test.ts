import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Pid } from "../../proc/pid.ts";
import { lastLaunch, launchOf } from "../../src/identity/launch-of.ts";
import { launchNote } from "../../src/identity/mark.ts";
import { programLock, tryLock } from "../../src/state/lock.ts";
import { makeStateDir, stateDir } from "../../src/state/state-dir.ts";
import { FakeProc, type FakeProcess } from "../support/fake-proc.ts";
import { hostOf, type Known } from "../support/lineage-host.ts";
import { tempDir } from "../support/temp-dir.ts";

describe("launchOf", () => {
  /** Made at tick 1000. */
  const LAUNCH = `home-${(1000).toString(36)}-1-x`;
  const environ = { USRSVC_PROGRAM: "web", USRSVC_LAUNCH: LAUNCH };
  const one: FakeProcess = { pid: 10, argv: ["app"], startTime: 1001, environ };

  test("tells the launch of what leads its session, and was born with it", () => {
    const proc = new FakeProc();
    const host = { ...hostOf(proc), state: stateDir("/no/such") };
    assert.equal(launchOf(proc.set(one), "web", host), LAUNCH);
    assert.equal(launchOf(proc.set(one), "other", host), undefined);
  });

  const others: readonly [what: string, more: Partial<FakeProcess>, known?: Known][] = [
    ["leads no session", { session: 9 }],
    ["is older", { startTime: 998 }],
    ["was born later", { startTime: 1201 }],
    ["bears no mark", { environ: {} }],
    ["bears the mark of another usrsvc", { environ: { ...environ, USRSVC_LAUNCH: "other-1-2-3" } }],
    ["is another's by the record", {}, { owner: "other" }],
  ];
  for (const [what, more, known] of others) {
    test(`knows nothing of what ${what}`, () => {
      const proc = new FakeProc();
      const host = { ...hostOf(proc, known), state: stateDir("/no/such") };
      assert.equal(launchOf(proc.set({ ...one, ...more }), "web", host), undefined);
    });
  }

  test("reads neither a record nor a process anew for each of a thousand others", () => {
    const proc = new FakeProc();
    const ref = proc.set(one);
    let reads = 0;
    const environOf = proc.environ.bind(proc);
    proc.environ = (pid) => {
      reads += 1;
      return environOf(pid);
    };
    const fail = (): never => assert.fail("was asked");
    const host = { ...hostOf(proc), ownerOf: fail, ownerOfLaunch: fail };
    for (let index = 0; index < 1000; index += 1)
      assert.equal(launchOf(ref, `p${index}`, host), undefined);
    assert.equal(reads, 1);
  });

  test("goes by what is noted at the lock, where that is of this launch", async (t) => {
    const proc = new FakeProc();
    const ref = proc.set(one);
    const state = stateDir(tempDir(t));
    makeStateDir(state);
    const host = { ...hostOf(proc), state };
    using lock = await tryLock(programLock(state, "web"));
    const noted = (note: string): string | undefined => {
      lock?.writeNote(note);
      return launchOf(ref, "web", host);
    };
    assert.equal(noted(launchNote(LAUNCH, proc.bootId(), ref)), LAUNCH);
    assert.equal(noted(launchNote(LAUNCH, proc.bootId(), { ...ref, pid: 9 as Pid })), undefined);
    assert.equal(noted(launchNote(LAUNCH, proc.bootId())), undefined, "killed in the middle of it");
    assert.equal(noted(launchNote("home-1-2", proc.bootId())), LAUNCH, "of another launch");
  });
});

test("lastLaunch() tells what was launched last, while it lives and is nobody else's", async (t) => {
  const proc = new FakeProc();
  const ref = proc.set({ pid: 10, argv: ["title"], startTime: 1001 });
  const state = stateDir(tempDir(t));
  makeStateDir(state);
  using lock = await tryLock(programLock(state, "web"));
  const noted = (note: string, known?: Known): unknown => {
    lock?.writeNote(note);
    return lastLaunch("web", { ...hostOf(proc, known), state });
  };
  const note = launchNote("home-1-2", proc.bootId(), ref);
  assert.deepEqual(noted(note), { process: ref, launch: "home-1-2" });
  assert.deepEqual(noted(note, { owner: "web" }), { process: ref, launch: "home-1-2" });
  assert.equal(noted(note, { owner: "other" }), undefined);
  assert.equal(noted(launchNote("home-1-2", proc.bootId(), { ...ref, pid: 9 as Pid })), undefined);
  assert.equal(noted(launchNote("home-1-2", "another boot", ref)), undefined);
  assert.equal(noted(launchNote("home-1-2", proc.bootId())), undefined);
  proc.end(10);
  assert.equal(noted(note), undefined);
});
