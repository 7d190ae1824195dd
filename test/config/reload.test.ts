import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readValue } from "../../src/config/configobj/value.ts";
import { readReload, showReload } from "../../src/config/reload.ts";

/** What the text after the `=` means, or what is wrong with it. */
function told(text: string): string {
  const value = readValue(text);
  assert.ok(value, "an open quote");
  const reading = readReload(value);
  if ("problem" in reading) return reading.problem;
  if (reading.value === undefined) return "nothing";
  return `${reading.value.kind} ${showReload(reading.value)}`;
}

describe("reload", () => {
  const good: readonly [text: string, want: string][] = [
    ["", "nothing"],
    ["HUP", "signal HUP"],
    ["SIGHUP", "signal HUP"],
    ["hup", "signal HUP"],
    ["  sigusr1 ", "signal USR1"],
    ["HUP,", "signal HUP"],
    ["nginx -s reload", "command nginx -s reload"],
    ["kill -HUP 1", "command kill -HUP 1"],
    ["./HUP", "command ./HUP"],
    ["/bin/sh -c 'kill -HUP $USRSVC_PID'", "command /bin/sh -c 'kill -HUP $USRSVC_PID'"],
    ["tell it, please", "command tell it, please"],
    ["Hup-all", "command Hup-all"],
  ];
  for (const [text, want] of good) {
    test(`is read: ${JSON.stringify(text)}`, () => assert.equal(told(text), want));
  }

  const bad: readonly [text: string, why: RegExp][] = [
    ["HPU", /^"HPU" is no signal; did you mean HUP\?$/],
    ["SIGUSR3", /is no signal; did you mean USR1\?$/],
    ["SIGXYZZY", /is no signal; of a command with this name write the path$/],
    ["1", /^"1" is a number; write the name of a signal, such as HUP$/],
    ["HUP, USR1", /is more than one signal; write HUP alone$/],
    ["HUP 5s", /is more than one signal; write HUP alone$/],
    ["KILL", /is a signal that no program can answer$/],
    ["stop", /is a signal that no program can answer$/],
    ["a 'b", /^cannot be split into words: the quote ' at position 2 is not closed$/],
    ["'\"\" x'", /^names no command$/],
  ];
  for (const [text, why] of bad) {
    test(`is refused: ${JSON.stringify(text)}`, () => assert.match(told(text), why));
  }
});
