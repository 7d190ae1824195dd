import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { UsageError } from "../../../src/cli/args.ts";
import { remoteWords } from "../../../src/cli/hosts/remote-words.ts";
import { parseFor } from "../../support/tools.ts";

/** The words for usrsvc on another host, of a command line here. */
function sent(...argv: readonly string[]): readonly string[] {
  const asked = parseFor("usrsvc", ["-H", "web1", ...argv]);
  assert.ok(asked.kind === "run");
  const { command, words, options } = asked;
  return remoteWords(command, words, options, { json: true }).words;
}

describe("remoteWords()", () => {
  test("sends what is meant for the other side, and nothing else", () => {
    assert.deepEqual(sent("status", "--timeout", "3"), ["--json", "status"]);
    const restart = sent("restart", "-P", "a b", "-c", "x.cfg", "--timeout", "3", "--no-wait");
    assert.deepEqual(restart, [
      "--json",
      "restart",
      "--timeout=3",
      "--parallel",
      "--no-wait",
      "a b",
    ]);
    const signal = sent("signal", "--group", "web", "HUP", "--debug", "--remote-command", "x");
    assert.deepEqual(signal, ["--json", "--debug", "signal", "--group", "web", "HUP"]);
    assert.deepEqual(sent("stop", "--", "--odd"), ["--json", "stop", "--", "--odd"]);
  });

  test("sends a time as a moment, which is the same in all time zones", () => {
    const [, , since, ...rest] = sent("events", "--since", "2030-01-31T04:30", "web");
    assert.equal(since, `--since=${new Date("2030-01-31T04:30").toISOString()}`);
    assert.deepEqual(rest, ["web"]);
    assert.deepEqual(sent("events"), ["--json", "events", "--lines=50"]);
    assert.deepEqual(sent("events", "-n", "007"), ["--json", "events", "--lines=7"]);
  });

  test("says what is wrong once, before any host is asked", () => {
    assert.throws(() => sent("events", "--since", "soon"), UsageError);
    assert.throws(() => sent("signal", "web", "FOO"), UsageError);
  });
});
