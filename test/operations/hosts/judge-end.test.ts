import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HostEnd } from "../../../src/operations/hosts/ask-host.ts";
import { type Called, judgeEnd } from "../../../src/operations/hosts/judge-end.ts";

const target = {
  name: "web1",
  destination: { host: "web1.example", user: "web", port: undefined },
  command: undefined as string | undefined,
};
const called: Called = {
  target,
  command: "start",
  isAction: true,
  limitMs: 10_000,
  hasAnswered: false,
};

function judge(end: HostEnd, more: Partial<Called> = {}): readonly unknown[] {
  const { code, problem } = judgeEnd(end, { ...called, ...more });
  return problem === undefined ? [code] : [code, problem.result, problem.message, problem.next];
}

describe("judgeEnd()", () => {
  test("takes the exit code of usrsvc there, whatever it is", () => {
    assert.deepEqual(judge({ kind: "ended", code: 0, said: [] }), [0]);
    assert.deepEqual(judge({ kind: "ended", code: 134, said: [] }, { hasAnswered: true }), [134]);
    assert.deepEqual(judge({ kind: "ended", code: 141, said: [] }, { hasAnswered: true }), [141]);
  });

  test("says that the command was not found, and how to say where it is", () => {
    const said = ["usrsvc: 1: usrsvc: not found"];
    assert.deepEqual(judge({ kind: "ended", code: 127, said }), [
      1,
      "missing",
      "command not found there: usrsvc (usrsvc: 1: usrsvc: not found)",
      "say where it is, by --remote-command or in [Hosts]: web1 = web@web1.example /path/to/usrsvc (there: command -v usrsvc)",
    ]);
    const node = ["/opt/usrsvc: 4: exec: node: not found"];
    const command = "/opt/usrsvc";
    assert.deepEqual(
      judge({ kind: "ended", code: 127, said: node }, { target: { ...target, command } }),
      [
        1,
        "missing",
        "usrsvc is there, but node is not on its PATH (/opt/usrsvc: 4: exec: node: not found)",
        "say there where node is, by --remote-command or in [Hosts]: web1 = web@web1.example PATH=/opt/node/bin:$PATH /opt/usrsvc",
      ],
    );
  });

  test("passes on what usrsvc there says where it has done nothing", () => {
    const said = ["/home/web/usrsvc.cfg: does not exist; usrsvcd init writes one to start from"];
    assert.deepEqual(judge({ kind: "ended", code: 130, said }), [
      130,
      "failed",
      said[0],
      "see: ssh web@web1.example usrsvc status",
    ]);
    assert.deepEqual(judge({ kind: "ended", code: 137, said: [] }), [
      137,
      "failed",
      "usrsvc there has ended with code 137, and says nothing",
      "see: ssh web@web1.example usrsvc status",
    ]);
  });

  test("supposes an older usrsvc where it does not know a command or an option", () => {
    for (const line of [
      'usrsvc: unknown action "events"; did you mean restart?',
      "usrsvc: Unknown option '--group'",
      "usrsvc: error: no such option: --json",
    ]) {
      const [, result, message, next] = judge({ kind: "ended", code: 131, said: [line] });
      assert.deepEqual([result, message], ["failed", line]);
      assert.equal(
        next,
        "usrsvc there may be older: ssh web@web1.example usrsvc --version; upgrade it",
      );
    }
  });

  test("tells a silent host from one that is slow", () => {
    assert.deepEqual(judge({ kind: "silent", isConnected: false }).slice(0, 3), [
      1,
      "silent",
      "no answer within 10 s",
    ]);
    assert.deepEqual(judge({ kind: "silent", isConnected: true }), [
      1,
      "silent",
      "not answered within 10 s",
      "--timeout 60s waits for longer",
    ]);
  });

  test("says that an action may go on where nobody listens any more", () => {
    const goesOn = "its start may go on there; see: usrsvc -H web1 status";
    assert.deepEqual(judge({ kind: "interrupted", isConnected: true }), [
      1,
      "interrupted",
      "interrupted",
      goesOn,
    ]);
    assert.deepEqual(judge({ kind: "interrupted", isConnected: false }).slice(2), [
      "interrupted before the connection was up",
      "nothing was begun there, as far as is known; see: usrsvc -H web1 status",
    ]);
    const said = ["client_loop: send disconnect: Broken pipe"];
    assert.deepEqual(judge({ kind: "cut-off", isConnected: true, said }), [
      1,
      "lost",
      "the connection was lost: client_loop: send disconnect: Broken pipe",
      goesOn,
    ]);
    const look = judge({ kind: "cut-off", isConnected: true, said: [] }, { isAction: false });
    assert.deepEqual(look, [1, "lost", "the connection was lost", "try again"]);
  });
});
