import assert from "node:assert/strict";
import { cpuMs } from "../../support/cpu.ts";
import { describe, test } from "node:test";
import { parseConfigobj } from "../../../src/config/configobj/configobj.ts";
import { interpolate, InterpolationError } from "../../../src/config/configobj/interpolate.ts";

function value(text: string, key = "a"): string {
  const { root } = parseConfigobj(text);
  return interpolate(root, key, root.entries.get(key)?.text ?? "");
}

describe("interpolate()", () => {
  test("looks into DEFAULT before it looks into the section around", () => {
    const { root } = parseConfigobj("x = top\n[A]\ny = %(x)s\n[[DEFAULT]]\nx = default\n");
    const section = root.sections.get("A");
    assert.ok(section);
    assert.equal(interpolate(section, "y", "%(x)s"), "default");
  });

  test("leaves alone what only looks like a reference", () => {
    assert.equal(value("a = 100%% %(x) %(x)d %Y"), "100%% %(x) %(x)d %Y");
  });

  test("says where it has looked for a name that is not there", () => {
    assert.throws(
      () => value("a = %(b)s"),
      /^InterpolationError: %\(b\)s is not set in this section/,
    );
  });

  test("notices a loop of three", () => {
    assert.throws(() => value("a = %(b)s\nb = %(c)s\nc = %(a)s"), /refers back to itself/);
  });

  test("ends at values that double with each line", () => {
    const lines = Array.from(
      { length: 60 },
      (_, index) => `k${index} = %(k${index + 1})s%(k${index + 1})s\n`,
    );
    assert.throws(() => value(`${lines.join("")}k60 = x\n`, "k0"), /longer than 128 kB/);
    assert.equal(value(`${lines.join("")}k60 = ''\n`, "k0"), "");
  });

  test("ends at a chain of 100,000 names", () => {
    const lines = Array.from({ length: 100_000 }, (_, index) => `k${index} = %(k${index + 1})s\n`);
    assert.throws(() => value(lines.join(""), "k0"), InterpolationError);
  });

  test("needs linear time for 100,000 open references", () => {
    let length = 0;
    const ms = cpuMs(() => ({ length } = value(`a = ${"%(x".repeat(100_000)})`)));
    assert.equal(length, 300_001);
    assert.ok(ms < 2000, `${ms} ms`);
  });
});
