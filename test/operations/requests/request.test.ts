import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { Pid, Ticks } from "../../../proc/pid.ts";
import {
  type Answer,
  answerPath,
  askerOf,
  type Request,
  requestPath,
  takeAnswer,
  takeRequest,
  writeAnswer,
  writeRequest,
} from "../../../src/operations/requests/request.ts";
import { makeStateDir, type StateDir, stateDir } from "../../../src/state/state-dir.ts";
import { tempDir } from "../../support/temp-dir.ts";

function newState(t: TestContext): StateDir {
  const state = stateDir(join(tempDir(t), "state"));
  makeStateDir(state);
  return state;
}

const request: Request = {
  id: "4711-1-mwy",
  program: "web",
  action: "start",
  at: new Date().toISOString(),
  asker: { pid: 4711 as Pid, startTime: 99 as Ticks },
  fingerprint: "f",
};
const file = "web.4711-1-mwy.request";
const result = {
  program: "web",
  action: "start",
  result: "started",
  code: 0,
  message: "started",
  details: ["one"],
} as const;

describe("takeRequest()", () => {
  test("takes what was asked, once", (t) => {
    const state = newState(t);
    writeRequest(state, request);
    assert.deepEqual(readdirSync(state.programs), [file]);
    assert.deepEqual(takeRequest(state, file), request);
    assert.equal(takeRequest(state, file), undefined);
  });

  test("removes what is none, and answers nowhere else", (t) => {
    const state = newState(t);
    for (const spoilt of [
      { id: "../../elsewhere" },
      { id: "" },
      { program: "db" },
      { action: "stop" },
      { at: "2001-01-01T00:00:00.000Z" },
      { at: "soon" },
    ]) {
      writeFileSync(join(state.programs, file), JSON.stringify({ ...request, ...spoilt }));
      assert.equal(takeRequest(state, file), undefined, JSON.stringify(spoilt));
      assert.deepEqual(readdirSync(state.programs), []);
    }
  });
});

describe("takeAnswer()", () => {
  test("takes what was answered, once", (t) => {
    const state = newState(t);
    const answers: readonly Answer[] = [
      { kind: "done", result },
      { kind: "declined", why: "older" },
    ];
    for (const answer of answers) {
      writeAnswer(state, request, answer);
      assert.deepEqual(takeAnswer(state, request), answer);
      assert.equal(takeAnswer(state, request), undefined);
    }
  });

  test("understands no other", (t) => {
    const state = newState(t);
    for (const answer of [
      null,
      5,
      {},
      { kind: "declined", why: "because" },
      { kind: "done" },
      { kind: "done", result: null },
      { kind: "done", result: { ...result, message: 1 } },
      { kind: "done", result: { ...result, code: "0" } },
      { kind: "done", result: { ...result, code: 256 } },
      { kind: "done", result: { ...result, details: ["one", 2] } },
    ]) {
      writeFileSync(answerPath(state, request), JSON.stringify(answer));
      assert.equal(takeAnswer(state, request), undefined, JSON.stringify(answer));
    }
  });
});

test("askerOf() names who waits for an answer, or has begun a request", (t) => {
  const state = newState(t);
  const answer = answerPath(state, request);
  for (const path of [answer, `${answer}.new`, `${requestPath(state, request)}.new`]) {
    assert.equal(askerOf(path), 4711, path);
  }
  for (const path of [requestPath(state, request), "web.json", "web.answer"]) {
    assert.equal(askerOf(path), undefined, path);
  }
});
