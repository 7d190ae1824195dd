import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseCheck, readReady } from "../../src/config/check.ts";
import { maskSecrets } from "../../src/lib/secrets.ts";

const raw = (text: string): Parameters<typeof readReady>[0] => ({
  text,
  list: undefined,
  isBrokenList: false,
});

describe("parseCheck reads", () => {
  const good: readonly [text: string, want: object][] = [
    ["tcp://127.0.0.1:5432", { kind: "tcp", host: "127.0.0.1", port: 5432 }],
    ["tcp://[::1]:80", { kind: "tcp", host: "::1", port: 80 }],
    ["tcp://db.local:65535/", { kind: "tcp", host: "db.local", port: 65_535 }],
    ["unix:///run/app.sock", { kind: "unix", path: "/run/app.sock" }],
    ["http://127.0.0.1:8000/health?a=b", { kind: "http", url: "http://127.0.0.1:8000/health?a=b" }],
    ["https://example.org", { kind: "http", url: "https://example.org/" }],
    ["file:///tmp/a b", { kind: "file", path: "/tmp/a b" }],
    ["exec:pg_isready -h '/tmp/a b'", { kind: "exec", words: ["pg_isready", "-h", "/tmp/a b"] }],
  ];
  for (const [text, want] of good) {
    test(text, () => assert.deepEqual(parseCheck(text), { text, ...want }));
  }

  test("log: with an expression as Python has it", () => {
    const check = parseCheck(String.raw`log:(?i)ready on \d+`);
    assert.ok("kind" in check && check.kind === "log");
    assert.ok(check.regex.test("READY ON 80"));
  });
});

describe("parseCheck refuses", () => {
  const bad: readonly [text: string, want: RegExp][] = [
    ["tpc://127.0.0.1:80", /^is no check \(tcp:\/\/HOST:80, .*did you mean tcp:\/\/HOST:80\?$/],
    ["htp://x", /did you mean http:/],
    ["constructor:x", /is no check/],
    ["tcp://127.0.0.1", /has no port; .*tcp:\/\/127\.0\.0\.1:5432/],
    ["tcp://:80", /has no host; for this machine write tcp:\/\/127\.0\.0\.1:80/],
    ["tcp://x:0", /a port that is not from 1 to 65535/],
    ["tcp://x:65536", /a port that is not from 1 to 65535/],
    ["tcp:x:80", /is not a host and a port/],
    ["tcp://::1:80", /is not a host and a port, .*\[::1\]/],
    ["http:x", /is not a URL/],
    ["http://", /is not a URL/],
    ["unix://run/x", /has no absolute path; write it with three slashes: unix:\/\/\/run\/app/],
    ["file:/tmp/x", /three slashes: file:/],
    [`unix:///${"x".repeat(107)}`, /more than 107 bytes/],
    ["exec:", /names no command/],
    ["exec:sh 'x", /the quote ' at position 3 is not closed/],
    ["log:", /names no expression/],
    ["log:(", /has no valid regular expression: /],
  ];
  for (const [text, want] of bad) {
    test(text.slice(0, 30), () => {
      const read = parseCheck(text);
      assert.ok("problem" in read);
      assert.match(read.problem, want);
      assert.equal(maskSecrets(read.problem), read.problem, "an example is no password");
    });
  }
});

describe("readReady", () => {
  test("has lived as its default", () => {
    for (const text of ["", "lived"]) assert.deepEqual(readReady(raw(text)), { value: undefined });
  });

  test("names all forms, and the nearest", () => {
    const read = readReady(raw("livd"));
    assert.ok("problem" in read);
    assert.match(
      read.problem,
      /^"livd" is neither lived nor notify nor a check \(.*; did you mean lived\?$/,
    );
  });
});
