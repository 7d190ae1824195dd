import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, test } from "node:test";
import { readValue } from "../../src/config/configobj/value.ts";
import {
  readStopSequence,
  showStopSequence,
  type SignalWait,
} from "../../src/config/stop-sequence.ts";
import type { Reading } from "../../src/config/values.ts";
import { shortSignalNames, signalNamed } from "../../proc/signal.ts";

/** What follows the `=` of a line. */
function read(text: string): Reading<readonly SignalWait[] | undefined> {
  const value = readValue(text);
  assert.ok(value, "an open quote");
  return readStopSequence(value);
}

/** As a file would have it, or what is wrong with it. */
function told(text: string): string {
  const reading = read(text);
  if ("problem" in reading) return reading.problem;
  return reading.value === undefined ? "the default" : showStopSequence(reading.value);
}

describe("a sequence of signals", () => {
  const good: readonly [text: string, want: string][] = [
    ["", "the default"],
    ["TERM 30s, INT 10s, KILL", "TERM 30s, INT 10s, KILL"],
    ["SIGTERM 30, sigint 10", "TERM 30s, INT 10s"],
    ["quit 2m, term 300ms", "QUIT 120s, TERM 300ms"],
    ["  TERM\t0.5 ,KILL ", "TERM 500ms, KILL"],
    ["TERM 30 s, KILL", "TERM 30s, KILL"],
    ["QUIT", "QUIT"],
    ["QUIT, TERM", "QUIT, TERM"],
    ["KILL", "KILL"],
    ["KILL,", "KILL"],
    ["TERM 5s, KILL,", "TERM 5s, KILL"],
    ['"TERM 5s, KILL,"', "TERM 5s, KILL"],
    ["TERM 5s, TERM 5s, KILL", "TERM 5s, TERM 5s, KILL"],
    ["TERM 0, KILL", "TERM 0s, KILL"],
    ["TERM 100000d", "TERM 8640000000s"],
    ["TERM 5s, KILL # asks first", "TERM 5s, KILL"],
  ];
  for (const [text, want] of good) {
    test(`is read: ${JSON.stringify(text)}`, () => assert.equal(told(text), want));
  }

  const bad: readonly [text: string, why: RegExp][] = [
    ["QIUT 5s", /^"QIUT 5s" contains QIUT, which is no signal; did you mean QUIT\?$/],
    ["TERM 5s, SIGKIL", /^"TERM 5s, SIGKIL" contains SIGKIL, .* did you mean KILL\?$/],
    [
      "5s",
      /contains 5s, which is no signal; write signals with waits, as in TERM 30s, INT 10s, KILL$/,
    ],
    ["30", /contains 30, a number, which could be a time; write PWR for that signal$/],
    ["15 5s, KILL", /contains 15, a number, .* write TERM for that signal$/],
    ["0", /contains 0, which is no signal/],
    ["TERM -5s", /contains "-5s", which is no time to wait, such as 30, 30s, 300ms or 2m$/],
    ["TERM soon, KILL", /contains "soon", which is no time/],
    ["TERM 5 INT 5", /contains "5 INT 5", which is no time/],
    ["TERM 1e3", /contains "1e3", which is no time/],
    ["TERM 5s,, KILL", /has a comma without a signal; write/],
    [",", /names no signal; write/],
    [", TERM", /has a comma without a signal/],
    ["KILL, TERM 5s", /goes on after KILL, which nothing survives; leave out what follows$/],
    ["KILL, KILL", /goes on after KILL/],
    ["TERM 5s, KILL 5s", /has a wait after KILL, where none is needed; leave it out$/],
    ["STOP 5s, KILL", /contains STOP, which ends no program$/],
    ["CONT", /contains CONT, which ends no program$/],
    ["TERM;KILL", /contains TERM;KILL, which is no signal/],
  ];
  for (const [text, why] of bad) {
    test(`is refused: ${JSON.stringify(text)}`, () => assert.match(told(text), why));
  }

  test("is shown as it can be read", () => {
    const ending = shortSignalNames.filter((name) => !["KILL", "STOP", "CONT"].includes(name));
    const step = fc.record(
      {
        signal: fc.constantFrom(...ending).map((name) => signalNamed(name) ?? "SIGTERM"),
        waitMs: fc.option(fc.nat(), { nil: undefined }),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), (steps) => {
        assert.deepEqual(read(showStopSequence(steps)), { value: steps });
      }),
    );
  });
});
