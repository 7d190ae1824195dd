import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Pid, Ticks } from "../../proc/pid.ts";
import type { Spawner } from "../../proc/system/spawner.ts";
import type { ProcessWatcher } from "../../proc/system/process-handle.ts";
import type { Host } from "../../src/host/host.ts";
import {
  lastLaunch,
  launchOf,
  offspring,
  type Relation,
  relation,
} from "../../src/identity/lineage.ts";
import { programLock, tryLock } from "../../src/state/lock.ts";
import { launchNote } from "../../src/identity/mark.ts";
import { makeStateDir, stateDir } from "../../src/state/state-dir.ts";
import { ProcessTable } from "../../src/identity/process-table.ts";
import { FAKE_UID, FakeProc, type FakeProcess } from "../support/fake-proc.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Children of ours that were adopted, not only made. */
const adopted = 11;
/** A child that we did not make: an orphan. */
const orphan = 12;

interface Known {
  readonly owner?: string;
  /** By pid. */
  readonly owners?: Readonly<Record<number, string>>;
  readonly sessions?: Readonly<Record<number, string>>;
  readonly retired?: readonly string[];
  readonly launching?: readonly string[];
}

const hostOf = (proc: FakeProc, known: Known = {}): Host =>
  ({
    proc,
    home: "home",
    ownerOf: ({ pid }) => known.owners?.[pid] ?? known.owner,
    ownerOfSession: (session) => known.sessions?.[session],
    isRetired: (name) => known.retired?.includes(name) === true,
    launching: new Set(known.launching),
    watcher: () => ({ isChild: (pid) => Number(pid) === adopted }) as Partial<ProcessWatcher>,
    spawner: () =>
      ({
        underway: (pid) => (Number(pid) === orphan ? undefined : Promise.resolve()),
      }) as Partial<Spawner>,
  }) as Partial<Host> as Host;

const mark = (program: string, home = "home"): Record<string, string> => ({
  USRSVC_PROGRAM: program,
  USRSVC_LAUNCH: `${home}-1-2`,
});

/** What the command gives to node. */
function daemonFlags(): readonly string[] {
  const unit = readFileSync(join(import.meta.dirname, "../../systemd/usrsvcd.service"), "utf8");
  const flags = / \/usr\/bin\/node (.*) \/usr\/local\/bin\/usrsvcd /.exec(unit)?.[1]?.split(" ");
  assert.ok(flags !== undefined && flags.length > 2);
  return flags;
}

describe("relation", () => {
  test("is by the record, whatever its mark says", () => {
    const proc = new FakeProc();
    const ref = proc.set({ pid: 10, argv: ["app"], environ: mark("mail") });
    assert.equal(relation(ref, "web", hostOf(proc, { owner: "other" })), "other");
    assert.equal(relation(ref, "web", hostOf(proc, { owner: "web" })), "own");
  });

  const marks: readonly [what: string, environ: Record<string, string>, want: Relation][] = [
    ["none", {}, "free"],
    ["of the program", mark("web"), "own"],
    ["of another program", mark("mail"), "other"],
    ["of a program that is no longer configured", mark("gone"), "free"],
    ["of a program of that name in another usrsvc", mark("web", "away"), "other"],
    ["that lost its launch", { USRSVC_PROGRAM: "mail" }, "free"],
  ];
  for (const [what, environ, want] of marks) {
    test(`is ${want} for a mark: ${what}`, () => {
      const proc = new FakeProc();
      const ref = proc.set({ pid: 10, argv: ["app"], environ });
      assert.equal(relation(ref, "web", hostOf(proc, { retired: ["gone"] })), want);
    });
  }

  test("without a mark is that of its nearest ancestor, or of its session", () => {
    const proc = new FakeProc();
    proc.set({ pid: 10 });
    proc.set({ pid: 20, ppid: 10, session: 10 });
    proc.set({ pid: 30, ppid: 20, session: 30 });
    const child = proc.set({ pid: 40, ppid: 30, session: 40 });
    const orphan = proc.set({ pid: 50, ppid: 1, session: 7 });
    const host = hostOf(proc, {
      owners: { 10: "mail", 30: "web" },
      sessions: { 7: "web", 10: "mail" },
    });
    assert.equal(relation(child, "web", host), "own");
    assert.equal(relation(child, "mail", host), "other");
    assert.equal(relation(orphan, "web", host), "own");
    proc.set({ pid: 30, ppid: 1, startTime: 9, session: 30 });
    const stranger = hostOf(proc, { sessions: { 10: "mail" } });
    assert.equal(relation(child, "web", stranger), "free");
  });

  test("without a mark is that of a marked ancestor, which nobody has on record yet", () => {
    const proc = new FakeProc();
    proc.set({ pid: 10, environ: mark("mail") });
    proc.set({ pid: 20, ppid: 10 });
    const child = proc.set({ pid: 30, ppid: 20, argv: ["app"] });
    const seen = (retired: readonly string[] = []): readonly Relation[] =>
      ["mail", "web"].map((name) => relation(child, name, hostOf(proc, { retired })));
    assert.deepEqual(seen(), ["own", "other"]);
    assert.deepEqual(seen(["mail"]), ["own", "free"]);
    proc.set({ pid: 10, environ: mark("mail", "away") });
    assert.deepEqual(seen(), ["other", "other"]);
    // A usrsvcd that somebody has started in a shell below that program.
    proc.set({ pid: 20, ppid: 10, argv: ["node", "/x/dist/usrsvcd.cjs", "start"] });
    assert.deepEqual(seen(), ["free", "free"]);
  });

  test("is another's for ourselves and our ancestors, in whose words the program's name may stand", () => {
    const proc = new FakeProc();
    const shell = proc.set({ pid: 20, argv: ["sh", "-c", "usrsvc start web; app"] });
    const me = proc.set({ pid: process.pid, ppid: 20, argv: ["app"] });
    const sibling = proc.set({ pid: 21, ppid: 20, argv: ["app"] });
    const host = hostOf(proc);
    assert.deepEqual(
      [me, shell, sibling].map((ref) => relation(ref, "web", host)),
      ["other", "other", "free"],
    );
  });

  test("is another's for what we are launching just now, which nobody has on record yet", () => {
    const proc = new FakeProc();
    const ref = proc.set({ pid: 10, ppid: process.pid, argv: ["app"] });
    assert.equal(relation(ref, "web", hostOf(proc, { launching: ["other"] })), "other");
    assert.equal(relation(ref, "web", hostOf(proc, { owner: "web", launching: ["other"] })), "own");
    assert.equal(relation(ref, "web", hostOf(proc)), "free");
    const known = proc.set({ pid: adopted, ppid: process.pid, argv: ["app"] });
    assert.equal(relation(known, "web", hostOf(proc, { launching: ["other"] })), "free");
    const left = proc.set({ pid: orphan, ppid: process.pid, argv: ["app"] });
    assert.equal(relation(left, "web", hostOf(proc, { launching: ["other"] })), "free");
  });

  test("is another's for what a setuid program makes run as this user", () => {
    const uids: readonly (readonly [number, number, number, number])[] = [
      [7, 1000, 1000, 1000],
      [1000, 1000, 7, 1000],
      [1000, 1000, 1000, 1000],
    ];
    const proc = new FakeProc();
    const relations = uids.map((some) =>
      relation(proc.set({ pid: 10, argv: ["app"], uids: some }), "web", hostOf(proc)),
    );
    assert.deepEqual(relations, ["other", "other", "free"]);
  });

  test("believes no mark of a setuid program: who started it has chosen its environment", () => {
    const proc = new FakeProc();
    const marked = { pid: 10, argv: ["app"], environ: mark("web") };
    assert.equal(relation(proc.set(marked), "web", hostOf(proc)), "own");
    const forged = proc.set({ ...marked, uids: [7, 1000, 1000, 1000] });
    assert.equal(relation(forged, "web", hostOf(proc)), "other");
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
    test(`is ${want ? "another's" : "nobody's"} for ${argv.slice(0, 3).join(" ").slice(0, 50) || "no words"}`, () => {
      const proc = new FakeProc();
      assert.equal(
        relation(proc.set({ pid: 10, argv }), "web", hostOf(proc)),
        want ? "other" : "free",
      );
    });
  }

  test("is nobody's for one that is gone meanwhile", () => {
    const proc = new FakeProc();
    const ref = proc.set({ pid: 10, argv: ["app"] });
    proc.end(10);
    assert.equal(relation(ref, "web", hostOf(proc)), "free");
  });
});

describe("offspring", () => {
  test("is what stands in its session or below it, and with the host what bears its mark", () => {
    const proc = new FakeProc(
      { pid: 9, startTime: 50, session: 10, argv: ["earlier"] },
      { pid: 10, startTime: 100, argv: ["launched"] },
      { pid: 11, startTime: 101, ppid: 1, session: 10, argv: ["in its session"] },
      { pid: 12, startTime: 102, ppid: 10, session: 12, argv: ["its child"] },
      { pid: 13, startTime: 103, environ: mark("web"), argv: ["far away"] },
      { pid: 14, startTime: 104, environ: mark("mail", "x"), argv: ["another's"] },
      { pid: 15, startTime: 105, image: 7, argv: ["its copy, with a title over its mark"] },
      { pid: 16, startTime: 106, image: 7, environ: mark("mail", "x"), argv: ["a copy, marked"] },
      { pid: 17, startTime: 90, image: 7, argv: ["born before"] },
    );
    const all = new ProcessTable(proc, FAKE_UID).scan();
    const launched = { pid: 10 as Pid, startTime: 100 as Ticks };
    const pids = (host?: FakeProc, image?: number): readonly number[] =>
      offspring({ launch: "home-1-2", launched, image }, all, host && { proc: host })
        .map(({ ref }) => Number(ref.pid))
        .toSorted((a, b) => a - b);
    assert.deepEqual(pids(), [10, 11, 12]);
    assert.deepEqual(pids(proc), [10, 11, 12, 13]);
    assert.deepEqual(pids(proc, 7), [10, 11, 12, 13, 15]);
    assert.deepEqual(pids(proc, 0), [10, 11, 12, 13], "0: it is not for us to see");
  });
});

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
