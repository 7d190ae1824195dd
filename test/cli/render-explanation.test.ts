import assert from "node:assert/strict";
import { test } from "node:test";
import { renderExplanation } from "../../src/cli/render-explanation.ts";
import { renderMatches } from "../../src/cli/render-matches.ts";
import type { Explanation } from "../../src/operations/explain/explain.ts";

const NOW = Date.parse("2030-01-01T12:00:00Z");

const base: Explanation = {
  program: "web",
  state: "running",
  enabled: true,
  wanted: true,
  restarts: 0,
  failures: 0,
  pid: 10,
  uptimeSeconds: 90,
  command: "server --port 80",
  lookedFor: "server --port 80",
  how: ["its record names process 10", "so no search was needed"],
  candidates: [{ pid: 10, isProgram: true, reason: "recorded", why: "is on record" }],
  advice: [],
};

test("an explanation is short where all is well", () => {
  assert.deepEqual(renderExplanation(base, NOW).split("\n"), [
    "web: running, process 10, for 1 min 30 s",
    "    server --port 80",
    "  how it was found:",
    "    looked for: server --port 80",
    "    its record names process 10",
    "    so no search was needed",
    "  processes: * 10 is on record",
    "  at work on it: nobody",
    "  what to do:",
    "    nothing: all is as it should be",
  ]);
});

test("processes of which the same is to be told share a line, but not the program's", () => {
  const worker = (pid: number): Explanation["candidates"][number] => ({
    pid,
    isProgram: false,
    reason: "worker",
    why: "matches, but is a worker",
    command: "server: worker",
  });
  const candidates = [...base.candidates, worker(11), worker(12), worker(13)];
  const text = renderExplanation(
    { ...base, candidates, candidatesLeftOut: 1, belongings: [20, 21], belongingsLeftOut: 3 },
    NOW,
  );
  assert.match(text, /\n {4}- 11, 12, 13 \(each\) matches, but is a worker\n {8}server: worker\n/);
  assert.match(text, /\n {4}and 1 more that was not taken\n/);
  assert.match(text, /\n {4}it has started, in turn: 20, 21 and 3 more\n/);
});

test("what is wrong is told with what to do, in columns", () => {
  const one: Explanation = {
    ...base,
    state: "stopped",
    reason: "exited with code 3",
    next: "usrsvcd starts it",
    because: "autostart = True",
    lastExit: { code: 3, pid: 9, at: "2030-01-01T11:59:00Z", by: "not usrsvc" },
    lastWords: ["Error: no database"],
    limits: [{ key: "activityfile", text: "/x does not exist", isOk: false }],
    advice: [
      { command: "usrsvc events web", why: "shows what happened" },
      { command: "usrsvcd start", why: "has usrsvcd look after it" },
    ],
  };
  const text = renderExplanation(one, NOW);
  assert.match(text, /^web: stopped, .*: exited with code 3\n/);
  assert.match(text, /what comes next: usrsvcd starts it, because autostart = True\n/);
  assert.match(
    text,
    /last exit:\n {4}code 3, 1 min ago, pid 9, not by usrsvc\n {4}\| Error: no database/,
  );
  assert.match(text, /activityfile: \/x does not exist {2}<-- not as it should be\n/);
  assert.match(text, /\n {4}usrsvc events web {2}shows.*\n {4}usrsvcd start {6}has/);
});

test("matches are shown with whose they are", () => {
  const text = renderMatches({
    processes: [
      { pid: 10, command: "a", program: "web", why: "is on record for web" },
      { pid: 12, command: "a", below: 10 },
      { pid: 13, command: "a", below: 10 },
      { pid: 14, command: "a", isMeant: true },
      { pid: 15, command: "a" },
      { pid: 16, command: "a", why: "is a usrsvc" },
    ],
    otherAccounts: { root: 2 },
    warnings: ["it is vague"],
  });
  assert.deepEqual(text.split("\n"), [
    "it finds 6 processes of this account",
    "10  a",
    "    belongs to web: it is on record for web",
    "  12, 13  a",
    "      (each) is a worker of 10",
    "14  a",
    "    is what a program with this proctitle_re would be",
    "15  a",
    "    belongs to nobody, but is younger than the one that would be taken",
    "16  a",
    "    is not taken: it is a usrsvc",
    "2 more belong to other accounts, and are never taken: root (2)",
    "warning: it is vague",
  ]);
});
