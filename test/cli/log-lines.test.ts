import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { logRenderer, renderLogJson } from "../../src/cli/log-lines.ts";
import type { LogLine } from "../../src/operations/logs/line.ts";

const of = (program: string, line: string, stream: LogLine["stream"] = "stdout"): LogLine => ({
  program,
  stream,
  file: `/log/${program}`,
  timeMs: undefined,
  line,
});

describe("lines of logs", () => {
  test("of one program are as they are", () => {
    const render = logRenderer(new Map([["web", new Set(["stdout"] as const)]]), 0);
    assert.equal(render(of("web", "a | b")), "a | b");
  });

  test("of one program with two files say which", () => {
    const render = logRenderer(new Map([["web", new Set(["stdout", "stderr"] as const)]]), 0);
    assert.equal(render(of("web", "a")), "out | a");
    assert.equal(render(of("web", "b", "stderr")), "err | b");
  });

  test("of several have the name in front, as wide as the widest, also of wide characters", () => {
    const one = new Set(["stdout"] as const);
    const shown = new Map([
      ["web", one],
      ["数据库", one],
    ]);
    const render = logRenderer(shown, 0);
    assert.equal(render(of("web", "a")), "web    | a");
    assert.equal(render(of("数据库", "b")), "数据库 | b");
  });

  test("have a colour for each program, and those of the program, on a terminal only", () => {
    const one = new Set(["stdout"] as const);
    const shown = new Map([
      ["a", one],
      ["b", one],
    ]);
    const red = of("b", "\u001b[31mred");
    assert.equal(logRenderer(shown, 16)(red), "\u001b[33mb |\u001b[0m \u001b[31mred\u001b[0m");
    assert.equal(
      logRenderer(shown, 256)(red),
      "\u001b[38;5;130mb |\u001b[0m \u001b[31mred\u001b[0m",
    );
    assert.equal(logRenderer(shown, 0)(red), "b | red");
  });

  test("of several go on below their text where the terminal is too narrow", () => {
    const one = new Set(["stdout"] as const);
    const shown = new Map([
      ["web", one],
      ["db", one],
    ]);
    const forged = `${"x".repeat(24)}db  | gone`;
    const plain = logRenderer(shown, 0, () => 30);
    assert.equal(plain(of("web", forged)), `web | ${"x".repeat(24)}\n    | db  | gone`);
    assert.equal(plain(of("web", "数".repeat(13))), `web | ${"数".repeat(12)}\n    | 数`);
    const hidden = `https://me:${"s".repeat(40)}@x/`;
    assert.equal(plain(of("web", hidden)), "web | https://me:***@x/");
    const lines = logRenderer(shown, 16, () => 30)(of("web", `\u001b[31m${forged}`)).split("\n");
    assert.deepEqual(lines, [
      `\u001b[36mweb |\u001b[0m \u001b[31m${"x".repeat(24)}\u001b[0m`,
      "\u001b[36m    |\u001b[0m \u001b[31mdb  | gone\u001b[0m",
    ]);
    assert.equal(logRenderer(new Map([["web", one]]), 0, () => 30)(of("web", forged)), forged);
  });

  test("are objects for scripts", () => {
    const line = { ...of("web", "\u001b[31mx"), timeMs: 0 };
    assert.deepEqual(JSON.parse(renderLogJson(line)), {
      program: "web",
      stream: "stdout",
      file: "/log/web",
      time: "1970-01-01T00:00:00.000Z",
      line: "\u001b[31mx",
    });
    assert.ok(!("time" in (JSON.parse(renderLogJson(of("web", "x"))) as object)));
  });
});
