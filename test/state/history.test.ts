import assert from "node:assert/strict";
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import {
  addHistories,
  addHistory,
  historyFolder,
  type HistoryLine,
  historyPath,
} from "../../src/state/history.ts";
import { allHistoryTails, historyTail } from "../../src/state/history-tail.ts";
import { makeStateDir, type StateDir, stateDir } from "../../src/state/state-dir.ts";
import { tempDir } from "../support/temp-dir.ts";

function scene(t: TestContext): StateDir {
  const dir = stateDir(join(tempDir(t), "state"));
  makeStateDir(dir);
  return dir;
}

const line = (program: string, msg: string, more: object = {}): HistoryLine => ({
  time: "2030-01-01T00:00:00.000Z",
  level: "info",
  event: "program.started",
  program,
  msg,
  ...more,
});

const readHistory = (dir: StateDir, program: string | undefined): readonly HistoryLine[] =>
  [...historyTail(dir, program).lines].toReversed();

/** Those that have a line, found by their files. */
const programsWithHistory = (dir: StateDir): readonly string[] =>
  [...allHistoryTails(dir).values()].flatMap(({ lines }) => lines.next().value?.program ?? []);

describe("a history", () => {
  test("has what was added, in its order, and only that of its program", (t) => {
    const dir = scene(t);
    addHistory(dir, "web", [line("web", "one"), line("web", "two", { pid: 7 })]);
    addHistory(dir, "web", [line("web", "three")]);
    addHistory(dir, "../x", [line("../x", "other")]);
    addHistory(dir, undefined, [{ ...line("", "begins"), program: undefined }]);
    const messages = (program: string | undefined): readonly string[] =>
      readHistory(dir, program).map(({ msg }) => msg);
    assert.deepEqual(messages("web"), ["one", "two", "three"]);
    assert.deepEqual(messages("../x"), ["other"]);
    assert.deepEqual(messages(undefined), ["begins"]);
    assert.deepEqual(messages("nobody"), []);
    assert.equal(readHistory(dir, "web")[1]?.["pid"], 7);
    assert.deepEqual(programsWithHistory(dir).toSorted(), ["../x", "web"]);
    assert.equal(statSync(historyPath(dir, "web")).mode & 0o777, 0o600);
    assert.equal(statSync(historyFolder(dir)).mode & 0o777, 0o700);
  });

  test("is rolled, and keeps what was before", (t) => {
    const dir = scene(t);
    for (let index = 0; index < 200; index += 1) {
      addHistory(dir, "web", [line("web", `${index} ${"x".repeat(1000)}`)]);
    }
    assert.deepEqual(readdirSync(historyFolder(dir)).toSorted(), ["web.1.jsonl", "web.jsonl"]);
    const numbers = readHistory(dir, "web").map(({ msg }) => Number.parseInt(msg, 10));
    assert.equal(numbers.at(-1), 199);
    assert.ok(numbers.length > 60 && numbers.length < 130, `${numbers.length} lines`);
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
    assert.deepEqual(programsWithHistory(dir), ["web"]);
  });

  test("is read past what is damaged, and past what is no line", (t) => {
    const dir = scene(t);
    addHistory(dir, "web", [line("web", "one")]);
    appendFileSync(historyPath(dir, "web"), '{"time":"x"}\nnull\n[]\n{"time":"2030-01-0\n');
    addHistory(dir, "web", [line("web", "two")]);
    assert.deepEqual(
      readHistory(dir, "web").map(({ msg }) => msg),
      ["one", "two"],
    );
  });

  test("of several programs is written, whatever becomes of one of them", (t) => {
    const dir = scene(t);
    mkdirSync(historyFolder(dir));
    mkdirSync(historyPath(dir, "web"));
    const all = ["web", "db", "cache"].map((name) => [name, [line(name, `of ${name}`)]] as const);
    addHistories(dir, [...all, [undefined, [line("", "begins")]]]);
    const messages = ["db", "cache", undefined].map((name) => readHistory(dir, name)[0]?.msg);
    assert.deepEqual(messages, ["of db", "of cache", "begins"]);
  });

  test("is not written through a link", (t) => {
    const dir = scene(t);
    addHistory(dir, "web", [line("web", "one")]);
    const target = join(dir.path, "target");
    writeFileSync(target, "");
    symlinkSync(target, historyPath(dir, "evil"));
    assert.throws(() => addHistory(dir, "evil", [line("evil", "x")]), /ELOOP/);
    assert.equal(statSync(target).size, 0);
  });

  test("is read from its end, and only as far as is asked for", (t) => {
    const dir = scene(t);
    for (let at = 0; at < 300; at += 1) addHistory(dir, "web", [line("web", `ü ${at}`)]);
    const { lines, end } = historyTail(dir, "web");
    assert.equal(end?.at, statSync(historyPath(dir, "web")).size);
    for (let at = 299; at >= 0; at -= 1) {
      // What comes meanwhile is none of it.
      if (at === 290 || at === 150) addHistory(dir, "web", [line("web", "later")]);
      assert.equal(lines.next().value?.msg, `ü ${at}`);
    }
    assert.equal(lines.next().done, true);
  });

  test("that was rolled, and not written to since, is found by its program", (t) => {
    const dir = scene(t);
    addHistory(dir, "web.1", [line("web.1", "one of its own")]);
    addHistory(dir, "db", [line("db", "y".repeat(70_000))]);
    assert.deepEqual(programsWithHistory(dir).toSorted(), ["db", "web.1"]);
  });
});
