import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { findAllEvents } from "../../../src/operations/looking/events.ts";
import { addHistory, type HistoryLine, historyPath } from "../../../src/state/history.ts";
import { makeStateDir, type StateDir, stateDir } from "../../../src/state/state-dir.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait.ts";

let second = 0;
const line = (program: string | undefined, msg: string): HistoryLine => ({
  time: new Date(Date.UTC(2030, 0, 1) + (second += 1) * 1000).toISOString(),
  level: "info",
  event: "program.started",
  program,
  msg,
});

/** What was, and what is told from then on. */
function followed(t: TestContext, state: StateDir, most = Infinity): readonly string[] {
  const told: string[] = [];
  const { lines, follow } = findAllEvents(state, { most, sinceMs: undefined });
  told.push(...lines.map(({ msg }) => msg));
  const controller = new AbortController();
  const end = follow((more) => told.push(...more.map(({ msg }) => msg)), controller.signal);
  t.after(async () => {
    controller.abort();
    await end;
  });
  return told;
}

describe("histories that are followed", () => {
  test("are told each line once, also those of programs that have none yet, and of usrsvcd", async (t) => {
    const state = stateDir(join(tempDir(t), "state"));
    makeStateDir(state);
    for (const msg of ["one", "two"]) addHistory(state, "web", [line("web", msg)]);
    const told = followed(t, state, 1);
    addHistory(state, "web", [line("web", "three")]);
    await waitFor(() => told.includes("three"), "what was there");
    addHistory(state, undefined, [line(undefined, "begins")]);
    await waitFor(() => told.includes("begins"), "usrsvcd");
    addHistory(state, "db", [line("db", "first")]);
    await waitFor(() => told.includes("first"), "a new program");
    addHistory(state, "db", [line("db", "second")]);
    await waitFor(() => told.includes("second"), "what it does next");
    assert.deepEqual(told, ["two", "three", "begins", "first", "second"]);
  });

  test("are told before there is any folder", async (t) => {
    const state = stateDir(join(tempDir(t), "far", "state"));
    const told = followed(t, state);
    makeStateDir(state);
    addHistory(state, "web", [line("web", "first")]);
    await waitFor(() => told.includes("first"), "the first");
    addHistory(state, undefined, [line(undefined, "begins")]);
    await waitFor(() => told.includes("begins"), "usrsvcd");
    assert.deepEqual(told, ["first", "begins"]);
  });

  test("are told across the roll of a file", async (t) => {
    const state = stateDir(join(tempDir(t), "state"));
    makeStateDir(state);
    const told = followed(t, state);
    for (let at = 0; at < 200; at += 1) {
      addHistory(state, "web", [line("web", `${at} ${"x".repeat(1000)}`)]);
      if (at % 50 === 49) await waitFor(() => told.length === at + 1, `line ${at}`);
    }
    assert.deepEqual(
      told.map((msg) => Number.parseInt(msg, 10)),
      Array.from({ length: 200 }, (_, at) => at),
    );
  });

  test("are told of a file that took the place of another", async (t) => {
    const state = stateDir(join(tempDir(t), "state"));
    makeStateDir(state);
    addHistory(state, "web", [line("web", "one")]);
    const told = followed(t, state);
    const path = historyPath(state, "web");
    writeFileSync(`${path}.new`, `${JSON.stringify(line("web", "two"))}\n`);
    renameSync(`${path}.new`, path);
    await waitFor(() => told.includes("two"), "what is in it");
    assert.deepEqual(told, ["one", "two"]);
  });
});
