import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { Finding, Kin } from "../../src/identity/finding.ts";
import { identify } from "../../src/identity/identify.ts";
import { relation } from "../../src/identity/lineage.ts";
import type { IdentityPorts } from "../../src/identity/ports.ts";
import { ProcessTable } from "../../src/identity/process-table.ts";
import { emptyRecord, type Known } from "../../src/state/record.ts";
import { isApp } from "../support/app-pattern.ts";
import { FAKE_UID, FakeProc } from "../support/fake-proc.ts";
import { tempDir } from "../support/temp-dir.ts";

interface Scene {
  readonly proc: FakeProc;
  readonly pidfile?: string;
  readonly record?: Partial<Known>;
  readonly autopid?: boolean;
  readonly scanForProcess?: boolean;
  readonly folder?: string;
  readonly taken?: readonly ProcessRef[];
  readonly own?: readonly ProcessRef[];
}

/** What a look tells, in short: `10 recorded`, `search 3`. */
function told(t: TestContext, scene: Scene): readonly string[] {
  const path = join(tempDir(t), "pid");
  if (scene.pidfile !== undefined) writeFileSync(path, scene.pidfile);
  const { proc, autopid = true, scanForProcess = true, folder } = scene;
  const has = (all: readonly ProcessRef[] | undefined, ref: ProcessRef): boolean =>
    all?.some((one) => sameProcess(one, ref)) === true;
  const table = new ProcessTable(proc, FAKE_UID);
  const all: string[] = [];
  const tell = (finding: Finding): void => {
    if (finding.about === "search") all.push(`search ${finding.how}`);
    if (finding.about === "process") all.push(`${finding.process.pid} ${finding.verdict.kind}`);
  };
  const record = scene.record && {
    ...emptyRecord("web", "boot"),
    state: "running" as const,
    ...scene.record,
  };
  identify({ pidfile: path, autopid, scanForProcess }, { ...isApp, folder }, record, {
    proc,
    uid: FAKE_UID,
    processes: () => table.scan(),
    relation: (ref) => (has(scene.taken, ref) ? "other" : has(scene.own, ref) ? "own" : "free"),
    launchOf: () => undefined,
    lastLaunch: () => undefined,
    ownerOf: () => undefined,
    executes: () => false,
    writesItsLog: () => false,
    tell,
  });
  return all;
}

const app = ["app"];

describe("a look tells why", () => {
  test("the process on record is it", (t) => {
    const proc = new FakeProc();
    const process = proc.set({ pid: 10, argv: app });
    assert.deepEqual(told(t, { proc, record: { process } }), ["10 recorded"]);
  });

  test("that on record has ended, and another was taken", (t) => {
    const proc = new FakeProc({ pid: 11, argv: app });
    const process = { pid: 10, startTime: 7 } as ProcessRef;
    assert.deepEqual(told(t, { proc, record: { process } }), ["10 ended", "search 1", "11 free"]);
  });

  const named: readonly [what: string, one: object, want: string, scene?: Partial<Scene>][] = [
    ["has ended", { pid: 11, argv: ["x"] }, "10 ended"],
    ["is another account's", { pid: 10, argv: app, uid: 5 }, "10 not-ours"],
    ["has other words", { pid: 10, argv: ["x"] }, "10 unlike"],
    [
      "cannot be the one that has written it",
      { pid: 10, argv: ["x"] },
      "10 unproven",
      { autopid: false },
    ],
  ];
  for (const [what, one, want, scene] of named) {
    test(`what the pidfile names ${what}`, (t) => {
      const proc = new FakeProc({ pid: 1, argv: ["init"], uid: 0 }, one as { pid: number });
      assert.equal(told(t, { proc, pidfile: "10\n", ...scene })[0], want);
    });
  }

  test("what the pidfile names is another program's", (t) => {
    const proc = new FakeProc();
    const taken = [proc.set({ pid: 10, argv: app })];
    const all = told(t, { proc, taken, pidfile: "10\n" });
    assert.deepEqual(all, ["10 others", "search 1", "10 others"]);
  });

  test("of several that match the oldest is meant, and workers are none", (t) => {
    const proc = new FakeProc(
      { pid: 10, argv: app, startTime: 50 },
      { pid: 11, argv: app, startTime: 60 },
      { pid: 12, argv: app, ppid: 10, startTime: 70 },
    );
    assert.deepEqual(told(t, { proc }), ["search 3", "12 worker", "10 free", "11 younger"]);
  });

  test("one in another folder, one that only looks on, and one that ran on are none", (t) => {
    const proc = new FakeProc({ pid: 10, argv: app, cwd: "/a" });
    assert.deepEqual(told(t, { proc, folder: "/b" }), ["search 1", "10 elsewhere"]);
    const ref = proc.set({ pid: 10, argv: app });
    assert.deepEqual(told(t, { proc, record: { runsOn: [ref] } }), ["search 1", "10 runs-on"]);
  });

  test("several own ones side by side are workers", (t) => {
    const proc = new FakeProc();
    const own = [proc.set({ pid: 10, argv: app }), proc.set({ pid: 11, argv: app })];
    const process = { pid: 9, startTime: 7 } as ProcessRef;
    const all = told(t, { proc, own, record: { process } });
    assert.deepEqual(all, ["9 ended", "search 2", "11 one-of-several", "10 one-of-several"]);
  });

  test("nothing was searched, where that is switched off", (t) => {
    const proc = new FakeProc({ pid: 10, argv: app });
    assert.deepEqual(told(t, { proc, scanForProcess: false }), ["search off"]);
  });
});

describe("relation() tells what it follows from", () => {
  /** Whose process 10 is, below process 9, and by what. */
  function kinOf(
    proc: FakeProc,
    host: Partial<IdentityPorts>,
  ): { readonly relation: string; readonly kin: Kin | undefined } {
    let kin: Kin | undefined;
    const ports = {
      proc,
      home: "home",
      config: "/cfg",
      launching: new Set<string>(),
      ownerOf: () => undefined,
      ownerOfSession: () => undefined,
      isRetired: () => false,
      ...host,
    } as unknown as IdentityPorts;
    const ref = proc.alive(10 as ProcessRef["pid"]);
    assert.ok(ref);
    return { relation: relation(ref, "web", ports, (one) => (kin = one)), kin };
  }

  const scene = (environ = {}): FakeProc =>
    new FakeProc(
      { pid: 9, argv: ["sh"], session: 9 },
      { pid: 10, ppid: 9, argv: app, session: 9, environ },
    );

  test("a record", () => {
    const { relation: is, kin } = kinOf(scene(), {
      ownerOf: ({ pid }) => (pid === 10 ? "db" : undefined),
    });
    assert.deepEqual([is, kin], ["other", { by: "record", program: "db" }]);
  });

  test("a forebear, and a session", () => {
    const above = kinOf(scene(), { ownerOf: ({ pid }) => (pid === 9 ? "web" : undefined) });
    assert.deepEqual(above, { relation: "own", kin: { by: "forebear", program: "web", pid: 9 } });
    const beside = kinOf(scene(), { ownerOfSession: () => "db" });
    assert.deepEqual(beside, { relation: "other", kin: { by: "forebear", program: "db", pid: 9 } });
  });

  test("a mark, of this usrsvc and of another", () => {
    const mark = (launch: string): FakeProc =>
      scene({ USRSVC_PROGRAM: "web", USRSVC_LAUNCH: launch });
    const { relation: is, kin } = kinOf(mark("home-1-2-3"), {});
    assert.deepEqual([is, kin], ["own", { by: "mark", program: "web", pid: 10 }]);
    const away = kinOf(mark("away-1-2-3"), {});
    assert.deepEqual(away, {
      relation: "other",
      kin: { by: "foreign-mark", program: "web", pid: 10 },
    });
  });

  test("nothing, where nothing shows whose it is", () => {
    assert.deepEqual(kinOf(scene(), {}), { relation: "free", kin: undefined });
  });

  test("a usrsvc, and what runs with the rights of several accounts", () => {
    const tool = new FakeProc({ pid: 10, argv: ["node", "/usr/bin/usrsvc", "stop", "web"] });
    assert.deepEqual(kinOf(tool, {}).kin, { by: "usrsvc" });
    const setuid = new FakeProc({ pid: 10, argv: app, uids: [1000, 0, 0, 0] });
    assert.deepEqual(kinOf(setuid, {}).kin, { by: "setuid" });
  });
});
