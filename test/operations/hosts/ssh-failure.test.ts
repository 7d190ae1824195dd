import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describeSshFailure } from "../../../src/operations/hosts/ssh-failure.ts";

const target = {
  name: "web1",
  destination: { host: "web1.example", user: "web", port: 2222 },
  command: undefined,
};

describe("describeSshFailure()", () => {
  const rows: readonly (readonly [string, string, string, RegExp])[] = [
    [
      "ssh: Could not resolve hostname web1.example: Name or service not known",
      "unreachable",
      "Could not resolve hostname web1.example: Name or service not known",
      /check the name/,
    ],
    [
      "ssh: connect to host web1.example port 2222: Connection refused",
      "unreachable",
      "connect to host web1.example port 2222: Connection refused",
      /ssh -v -p 2222 web@web1\.example/,
    ],
    [
      "ssh: connect to host web1.example port 2222: No route to host",
      "unreachable",
      "connect to host web1.example port 2222: No route to host",
      /is it up/,
    ],
    [
      "web@web1.example: Permission denied (publickey,password).",
      "denied",
      "web@web1.example: Permission denied (publickey,password).",
      /ssh -o BatchMode=yes -p 2222 web@web1\.example true/,
    ],
    [
      [
        "@@@@@@@@@@@@@@@@@@@@@@@@@@",
        "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @",
        "@@@@@@@@@@@@@@@@@@@@@@@@@@",
        "Offending ED25519 key in /home/me/.ssh/known_hosts:3",
        "Host key verification failed.",
      ].join("\n"),
      "denied",
      "WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!",
      /ssh-keygen -R/,
    ],
    [
      "No ED25519 host key is known for web1.example and you have requested strict checking.\nHost key verification failed.",
      "denied",
      "No ED25519 host key is known for web1.example and you have requested strict checking.",
      /connect once by hand/,
    ],
    [
      "kex_exchange_identification: Connection closed by remote host\nConnection closed by 10.0.0.7 port 22",
      "unreachable",
      "kex_exchange_identification: Connection closed by remote host",
      /see what its sshd says/,
    ],
    [
      "/home/me/.ssh/config: line 3: Bad configuration option: identityfil\n/home/me/.ssh/config: terminating, 1 bad configuration options",
      "unreachable",
      "/home/me/.ssh/config: line 3: Bad configuration option: identityfil",
      /mend ssh's configuration/,
    ],
    [
      "Warning: Permanently added 'x' (ED25519) to the list of known hosts.\nsomething new",
      "unreachable",
      "something new",
      /try: ssh -v/,
    ],
    ["", "unreachable", "ssh has failed, and does not say why", /try: ssh -v/],
  ];
  for (const [said, result, message, next] of rows) {
    test(`knows ${message}`, () => {
      const problem = describeSshFailure(said.split("\n"), target);
      assert.deepEqual([problem.result, problem.message], [result, message]);
      assert.match(problem.next, next);
    });
  }
});
