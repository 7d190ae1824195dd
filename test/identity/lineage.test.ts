import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Relation, relation } from "../../src/identity/lineage.ts";
import { FakeProc } from "../support/fake-proc.ts";
import { adopted, orphan, hostOf, mark } from "../support/lineage-host.ts";

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
