import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  formatDestination,
  parseDestination,
  shownDestination,
  sshWords,
} from "../../src/config/destination.ts";

describe("parseDestination()", () => {
  const good: readonly (readonly [string, string, string | undefined, number | undefined])[] = [
    ["web1", "web1", undefined, undefined],
    ["web1.example.org", "web1.example.org", undefined, undefined],
    ["web@web1", "web1", "web", undefined],
    ["web@web1:2222", "web1", "web", 2222],
    ["web1:22", "web1", undefined, 22],
    ["a.b@corp@gate", "gate", "a.b@corp", undefined],
    [String.raw`CORP\alice@gate`, "gate", String.raw`CORP\alice`, undefined],
    ["10.0.0.7:2222", "10.0.0.7", undefined, 2222],
    ["::1", "::1", undefined, undefined],
    ["web@fd00::7", "fd00::7", "web", undefined],
    ["web@[fd00::7]:2222", "fd00::7", "web", 2222],
    ["[fe80::1%eth0]", "fe80::1%eth0", undefined, undefined],
    ["fe80::1%eth0", "fe80::1%eth0", undefined, undefined],
    ["ssh://web@web1:2222/", "web1", "web", 2222],
    ["bücher.example", "bücher.example", undefined, undefined],
    ["web_1-a", "web_1-a", undefined, undefined],
  ];
  for (const [text, host, user, port] of good) {
    test(`reads ${text}`, () => {
      assert.deepEqual(parseDestination(text), { destination: { host, user, port } });
    });
  }

  const bad: readonly (readonly [string, RegExp])[] = [
    ["", /is not a host; write web1, web@web1/],
    ["-oProxyCommand=touch x", /takes for an option/],
    ["-G", /takes for an option/],
    ["-l@web1", /takes for an option/],
    ["web@-G", /takes for an option/],
    ["ssh://-G", /takes for an option/],
    ["web@", /is not a host/],
    ["@web1", /is not a host/],
    ["web1:0", /has the port 0; ports are 1 to 65535/],
    ["web1:70000", /has the port 70000/],
    ["web1:ssh", /is not a host/],
    ["we b", /is not a host/],
    ["web1;reboot", /is not a host/],
    ["$(id)", /is not a host/],
    ["`id`@web1", /is not a host/],
    ["web|1", /is not a host/],
    ["web1/x", /is not a host/],
    [String.raw`x\y\z@web1`, /is not a host/],
    [String.raw`web\@web1`, /is not a host/],
    ["[fd00::7", /is not a host/],
    ["fd00::7::zz", /is not a host/],
    ["me:secret@web1", /has a password/],
    ["a\u202eb", /is not a host/],
    ["web\n1", /is not a host/],
  ];
  for (const [text, problem] of bad) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      const read = parseDestination(text);
      assert.ok("problem" in read);
      assert.match(read.problem, problem);
    });
  }
});

test("sshWords() gives ssh no option but a port", () => {
  assert.deepEqual(sshWords({ host: "web1", user: "web", port: 2222 }), ["-p", "2222", "web@web1"]);
  assert.deepEqual(sshWords({ host: "fd00::7", user: undefined, port: undefined }), ["fd00::7"]);
});

test("formatDestination() writes what parseDestination() reads", () => {
  for (const text of ["web1", "web@web1:22", "web@[fd00::7]:2222", "fd00::7"]) {
    const read = parseDestination(text);
    assert.ok("destination" in read);
    assert.equal(formatDestination(read.destination), text);
  }
});

test("shownDestination() shows no password", () => {
  assert.equal(shownDestination("me:secret@web1"), '"me:***@web1"');
  assert.equal(shownDestination("ssh://me:se:cret@web1"), '"ssh://me:***@web1"');
  assert.equal(shownDestination("web1:22"), '"web1:22"');
});
