import assert from "node:assert/strict";
import { test } from "node:test";
import { tellingLine } from "../../src/lifecycle/last-words.ts";

const words: readonly [what: string, output: readonly string[], want: string | undefined][] = [
  ["nothing", [], undefined],
  ["the banner of npm alone", ["> app@1.0.0 start", "> node server.js"], undefined],
  [
    "an error below the banner, above what npm says of it",
    [
      "> app@1.0.0 start",
      "> node server.js",
      "Error: listen EADDRINUSE: address already in use :::80",
      "    at Server.setupListenHandle (node:net:1937:16)",
      "Node.js v20.20.2",
      "npm error Lifecycle script `start` failed with error:",
      "npm error code 1",
      "npm error path /home/web/app",
    ],
    "Error: listen EADDRINUSE: address already in use :::80",
  ],
  [
    "what npm itself could not do",
    ['npm error Missing script: "start"', "npm error A complete log of this run can be found in:"],
    'npm error Missing script: "start"',
  ],
  [
    "a plain word of the program, then yarn",
    ["yarn run v1.22.22", "$ node x.js", "bye", "error Command failed with exit code 1."],
    "bye",
  ],
  [
    "make's own",
    ["gcc: command not found", "make: *** [Makefile:2: run] Error 127"],
    "gcc: command not found",
  ],
  ["what is too long", [`failed: ${"x".repeat(300)}`], `failed: ${"x".repeat(192)}…`],
  ["a last line where none tells of an error", ["ready", "leaving"], "leaving"],
];

for (const [what, output, want] of words) {
  test(`tellingLine, of ${what}`, () => assert.equal(tellingLine(output), want));
}
