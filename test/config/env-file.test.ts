import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseEnvFile } from "../../src/config/env-file.ts";

const good: readonly [text: string, want: Record<string, string>][] = [
  ["A=1\nB = two words  # comment\n", { A: "1", B: "two words" }],
  ["\uFEFF# c\r\nexport A=1\r\n\r\n", { A: "1" }],
  ["URL=http://h/#x", { URL: "http://h/#x" }],
  ["A=\nB=# c\n", { A: "", B: "" }],
  ["A='a b # c $X \\n' # d\n", { A: "a b # c $X \\n" }],
  ['A="a\\nb\\"c\\\\ \\$"\n', { A: 'a\nb"c\\ $' }],
  ['KEY="-----BEGIN\nx=y\n-----END"\nB=`2`', { KEY: "-----BEGIN\nx=y\n-----END", B: "2" }],
  ["A=1\nA=2\n", { A: "2" }],
  ["java.opts=-Xmx1g\nA=$B ${C}\n", { "java.opts": "-Xmx1g", A: "$B ${C}" }],
  ["__proto__=x\n", Object.fromEntries([["__proto__", "x"]])],
  ["A=it's", { A: "it's" }],
];

const bad: readonly [text: string, line: number, problem: RegExp][] = [
  ["A=1\nB\n", 2, /not NAME=value/],
  ["A: 1\n", 1, /not NAME=value/],
  ["1A=1\n", 1, /not NAME=value/],
  ["A=1\n\nB='x\nC=1\n", 3, /has a ' that is never closed/],
  ['A="x" y\n', 1, /goes on after its closing quote/],
  ["A=\0\n", 1, /NUL/],
];

describe("parseEnvFile()", () => {
  for (const [text, want] of good) {
    test(`reads ${JSON.stringify(text)}`, () => {
      const file = parseEnvFile(text);
      assert.ok("env" in file);
      assert.deepEqual([...file.env], Object.entries(want));
    });
  }
  for (const [text, line, problem] of bad) {
    test(`names the line of ${JSON.stringify(text)}, and no value`, () => {
      const file = parseEnvFile(text);
      assert.ok("problem" in file);
      assert.equal(file.line, line);
      assert.match(file.problem, problem);
    });
  }
});
