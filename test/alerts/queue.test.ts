import assert from "node:assert/strict";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { AlertQueue, type Pending } from "../../src/alerts/queue.ts";
import { fileStem } from "../../src/state/state-dir.ts";
import { noFiles } from "../support/strange-files.ts";
import { tempDir } from "../support/temp-dir.ts";
import { anAlert } from "./an-alert.ts";

const to = ["alice@example.com"];

function folderOf(t: TestContext): string {
  return join(tempDir(t), "mail");
}

/** What the next usrsvcd finds. */
function loaded(folder: string): { queue: AlertQueue; damaged: readonly string[] } {
  const queue = new AlertQueue(folder, fileStem);
  return { queue, damaged: queue.load() };
}

function pendingOf(folder: string, name: string): Pending {
  return JSON.parse(readFileSync(join(folder, name), "utf8")) as Pending;
}

describe("AlertQueue", () => {
  test("makes no folder before there is something to keep", (t) => {
    const folder = folderOf(t);
    assert.deepEqual(loaded(folder), { queue: new AlertQueue(folder, fileStem), damaged: [] });
    assert.throws(() => statSync(folder), /ENOENT/);
  });

  test("hands all that waits to the next usrsvcd", (t) => {
    const folder = folderOf(t);
    const { queue } = loaded(folder);
    queue.add(anAlert({ reason: "one" }), ["old@example.com"]);
    queue.add(anAlert({ reason: "two", exit: undefined, pid: undefined }), to);
    queue.add(anAlert({ program: "db" }), to);
    const { queue: next, damaged } = loaded(folder);
    assert.deepEqual(damaged, []);
    const web = next.get("web");
    assert.deepEqual(
      web?.alerts.map(({ reason }) => reason),
      ["one", "two"],
    );
    assert.deepEqual([web?.total, web?.to, next.all().length], [2, to, 2]);
  });

  test("is for this account alone", (t) => {
    const folder = folderOf(t);
    const { queue } = loaded(folder);
    queue.add(anAlert(), to);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.equal(statSync(join(folder, "web.json")).mode & 0o777, 0o600);
  });

  test("keeps the latest 20 events of a storm, and counts all", (t) => {
    const folder = folderOf(t);
    const { queue } = loaded(folder);
    for (let count = 0; count < 500; count += 1) queue.add(anAlert({ reason: String(count) }), to);
    for (const one of [queue, loaded(folder).queue]) {
      const { alerts = [], total } = one.get("web") ?? {};
      assert.deepEqual([alerts.length, alerts[0]?.reason, total], [20, "480", 500]);
    }
  });

  test("has no file for a program of which all was mailed, but remembers when", (t) => {
    const folder = folderOf(t);
    const { queue } = loaded(folder);
    queue.add(anAlert(), to);
    const pending = queue.get("web");
    assert.ok(pending);
    queue.put({ ...pending, alerts: [], total: 0, lastSentAt: 1234 });
    assert.deepEqual(readdirSync(folder), []);
    queue.add(anAlert(), to);
    assert.equal(pendingOf(folder, "web.json").lastSentAt, 1234);
  });

  for (const name of [
    "../../x",
    "/etc/passwd",
    ".",
    "..",
    "ä ö",
    "a%2Fb",
    "x".repeat(300),
    "all",
    "a\nb",
  ]) {
    test(`keeps mails of a program named ${JSON.stringify(name.slice(0, 20))} in its folder`, (t) => {
      const folder = folderOf(t);
      loaded(folder).queue.add(anAlert({ program: name }), to);
      assert.equal(readdirSync(folder).length, 1);
      assert.equal(readdirSync(join(folder, "..")).length, 1);
      assert.equal(loaded(folder).queue.get(name)?.program, name);
    });
  }

  const good = { program: "web", to, alerts: [anAlert()], total: 1 };
  for (const [what, text] of [
    ["empty", ""],
    ["cut", JSON.stringify(good).slice(0, -5)],
    ["no object", "7"],
    ["null", "null"],
    ["of no program", JSON.stringify({ ...good, program: undefined })],
    ["for nobody", JSON.stringify({ ...good, to: [] })],
    ["for numbers", JSON.stringify({ ...good, to: [1] })],
    ["without events", JSON.stringify({ ...good, alerts: [] })],
    [
      "of an unknown kind",
      JSON.stringify({ ...good, alerts: [anAlert({ kind: "x" as "started" })] }),
    ],
    ["of no time", JSON.stringify({ ...good, alerts: [anAlert({ at: "soon" })] })],
    [
      "with an exit that is none",
      JSON.stringify({ ...good, alerts: [{ ...anAlert(), exit: null }] }),
    ],
    ["of another program", JSON.stringify({ ...good, program: "db" })],
    ["binary", "\0\u0001\uFFFD"],
  ] as const) {
    test(`sets a file aside that is ${what}, and goes on`, (t) => {
      const folder = folderOf(t);
      loaded(folder).queue.add(anAlert({ program: "other" }), to);
      writeFileSync(join(folder, "web.json"), text);
      const { queue, damaged } = loaded(folder);
      assert.deepEqual(damaged, [join(folder, "web.json")]);
      assert.deepEqual(readdirSync(folder).toSorted(), ["other.json", "web.json.damaged"]);
      assert.equal(queue.all().length, 1);
      assert.deepEqual(loaded(folder).damaged, [], "told once");
    });
  }

  test("reads 16 MB of a file at most", (t) => {
    const folder = folderOf(t);
    loaded(folder).queue.add(anAlert(), to);
    const file = join(folder, "web.json");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, " ".repeat(1000) + text);
    assert.deepEqual(loaded(folder).damaged, []);
    writeFileSync(file, " ".repeat(16 * 1024 * 1024) + text);
    assert.deepEqual(loaded(folder).damaged, [file]);
  });

  test("takes numbers that make no sense for 0", (t) => {
    const folder = folderOf(t);
    mkdirSync(folder);
    const numbers = { total: -7, attempts: "x", lastSentAt: null, retryAt: 1e300 };
    writeFileSync(join(folder, "web.json"), JSON.stringify({ ...good, ...numbers }));
    const { total, attempts, lastSentAt, retryAt } = loaded(folder).queue.get("web") ?? {};
    assert.deepEqual([total, attempts, lastSentAt, retryAt], [1, 0, 0, 0]);
  });

  test("passes over what a killed usrsvcd left half written", (t) => {
    const folder = folderOf(t);
    loaded(folder).queue.add(anAlert(), to);
    writeFileSync(join(folder, "db.json.new"), "{");
    const { queue, damaged } = loaded(folder);
    assert.deepEqual([queue.all().length, damaged.length], [1, 0]);
  });

  for (const { kind, make } of noFiles) {
    test(`sets ${kind} aside, keeps on, and writes a file in its place`, (t) => {
      const folder = folderOf(t);
      mkdirSync(folder);
      make(join(folder, "web.json"));
      const { queue, damaged } = loaded(folder);
      assert.deepEqual(damaged, [join(folder, "web.json")]);
      queue.add(anAlert(), to);
      assert.equal(loaded(folder).queue.get("web")?.total, 1);
    });
  }

  test("writes to no file that somebody has laid in its way", (t) => {
    const folder = folderOf(t);
    mkdirSync(folder);
    const other = join(folder, "other");
    writeFileSync(other, "mine");
    symlinkSync(other, join(folder, "web.json.new"));
    symlinkSync(other, join(folder, "web.json"));
    loaded(folder).queue.add(anAlert(), to);
    assert.equal(readFileSync(other, "utf8"), "mine");
  });

  test("keeps in memory what the disk does not take", (t) => {
    const folder = folderOf(t);
    const { queue } = loaded(folder);
    writeFileSync(folder, "a file in the place of the folder");
    assert.throws(() => queue.add(anAlert(), to), /EEXIST|ENOTDIR/);
    assert.equal(queue.get("web")?.total, 1);
  });

  test("sets aside a mail of what cannot be a name, and loads the others", (t) => {
    const folder = folderOf(t);
    loaded(folder).queue.add(anAlert(), to);
    const text = readFileSync(join(folder, "web.json"), "utf8");
    const half = text.replace('"program":"web"', String.raw`"program":"\ud800"`);
    writeFileSync(join(folder, "x.json"), half);
    const { queue, damaged } = loaded(folder);
    assert.deepEqual(damaged, [join(folder, "x.json")]);
    assert.deepEqual(
      queue.all().map(({ program }) => program),
      ["web"],
    );
  });
});
