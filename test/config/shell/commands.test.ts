import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { lastShellCommand, listShellCommands } from "../../../src/config/shell/commands.ts";

describe("listShellCommands()", () => {
  const lines: readonly (readonly [string, readonly string[]])[] = [
    ['cd /tmp && ./prep && ./run --x "a b"', ["./run|--x|a b", "./prep"]],
    ["cd /x; exec ./run > out 2>&1 < in &", ["./run"]],
    ["A=1 B='x y' exec ./run a", ["./run|a"]],
    ["(cd /x && exec ./y)", ["./y"]],
    ["{ ./a; ./b; }", ["./b", "./a"]],
    ["while true; do ./w --once; sleep 5; done", ["sleep|5", "./w|--once"]],
    ["case $1 in start) ./run;; stop) ./halt;; esac", ["./halt", "./run"]],
    ["if [ -f x ]; then ./x; else ./z; fi", ["./z", "./x"]],
    ["./run | tee -a log", ["tee|-a|log", "./run"]],
    ["exec >>log 2>&1; ./run # it's fine", ["./run"]],
    ["./migrate || true; umask 077; exec ./serve", ["./serve", "./migrate"]],
    ["tail -F $LOG", []],
    ["./run *.txt; ~/bin/x; ./y {a,b}; echo `date`", []],
    ["./run '*' \"~\" \\$x", ["./run|*|~|$x"]],
    ["./a && \\\n./b", ["./b", "./a"]],
    ["x=$(cd /; pwd) ./run", ["./run"]],
  ];
  for (const [line, commands] of lines) {
    test(`finds ${commands.join(" and ") || "nothing"} in ${JSON.stringify(line)}`, () => {
      assert.deepEqual(
        listShellCommands(line).map((words) => words.join("|")),
        commands,
      );
    });
  }

  test("ends for every line", () => {
    const parts = fc.constantFrom(
      "'",
      '"',
      "\\",
      "$(",
      "`",
      ")",
      "${",
      "}",
      "<<",
      ">",
      "a",
      " ",
      ";",
      "\n",
      "#",
    );
    fc.assert(fc.property(fc.array(parts), (line) => void listShellCommands(line.join(""))));
  });
});

describe("lastShellCommand()", () => {
  const lines: readonly (readonly [line: string, want: string | undefined])[] = [
    ["./serve --port 80", "./serve|--port|80"],
    ["cd /x && exec ./serve", "./serve"],
    ["./migrate && umask 077; A=1 exec ./serve", "./serve"],
    ["sleep 5\n./serve;", "./serve"],
    ["[ -f x ] && ./serve", "./serve"],
    ["while true; do ./job; sleep 5; done", undefined],
    ["for i in 1 2; do ./job; done", undefined],
    ["if true; then ./a; else ./b; fi", undefined],
    ["./source | ./sink", undefined],
    ["./a & ./b", undefined],
    ["./a || ./b", undefined],
    ["(./a)", undefined],
    ["./a; wait", undefined],
    ["./serve $PORT", undefined],
    ["cat <<E; ./serve\nx\nE", undefined],
    ["", undefined],
  ];
  for (const [line, want] of lines) {
    test(`is ${want ?? "none"} in ${JSON.stringify(line)}`, () => {
      assert.equal(lastShellCommand(line)?.join("|"), want);
    });
  }
});
