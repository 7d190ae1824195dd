import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { translatePythonRegex } from "../../src/config/python-regex/python-regex.ts";
import { BoundedSearch } from "../../src/identity/bounded-search.ts";

function search(source: string): BoundedSearch {
  const translated = translatePythonRegex(source);
  assert.ok("regex" in translated, JSON.stringify(translated));
  return new BoundedSearch({ source, ...translated });
}

/** What it says, and how long it keeps the processor, in ms: the machine may have other work. */
function timed(one: BoundedSearch, texts: readonly string[]): { found: number; ms: number } {
  const before = process.cpuUsage();
  const found = texts.filter((text) => one.isIn(text)).length;
  const { user, system } = process.cpuUsage(before);
  return { found, ms: (user + system) / 1000 };
}

/** 50 ms, and a thread that is late on a machine at work. */
const MOST_MS = 200;

/** Expressions and titles, each chosen against the other: V8 alone would take minutes, or for ever. */
const attacks: readonly (readonly [string, string])[] = [
  ["(a+)+!", "a".repeat(60)],
  ["(a|a)*!", "a".repeat(60)],
  ["(a|ab|b)*c", "ab".repeat(40)],
  ["(.*)*x!", "a".repeat(4000)],
  ["(?:a?){24}(?:a?){24}!", "a".repeat(48)],
  ["gunicorn.*gunicorn.*master", "gunicorn ".repeat(14_000)],
  ["^.*.*.*.*!$", "x".repeat(4000)],
  ["(x+x+)+y", "x".repeat(40)],
  ["(?=(a+)+!)", "a".repeat(60)],
  ["(a*)\\1*!", "a".repeat(3000)],
  ["(\\w+\\s?)*:$", "word ".repeat(30)],
];

describe("BoundedSearch", () => {
  for (const [source, title] of attacks) {
    test(`gives ${source.slice(0, 40)} up, and says so once`, () => {
      const one = search(source);
      const { found, ms } = timed(one, [title]);
      assert.equal(found, 0);
      assert.ok(ms < MOST_MS, `${ms} ms`);
      const told = one.takeTrouble() ?? "";
      assert.ok(told.startsWith(`proctitle_re ${source.slice(0, 100)}`), told);
      assert.match(told, /takes more than 30 ms .* command line of .* write it without a repeat/);
      assert.equal(
        timed(
          one,
          Array.from({ length: 1000 }, () => title),
        ).found,
        0,
      );
      assert.equal(one.takeTrouble(), undefined);
    });
  }

  test("holds nobody longer for a thousand such titles", () => {
    const titles = Array.from({ length: 1000 }, (_, i) => `${i} ${"a".repeat(50)}`);
    const { found, ms } = timed(search("(a+)+!"), titles);
    assert.equal(found, 0);
    assert.ok(ms < 1000, `${ms} ms`);
  });

  test("takes no more time for many programs with the same expression, and tells each", () => {
    const titles = Array.from({ length: 20 }, (_, i) => `${i} ${"a".repeat(50)}`);
    const programs = Array.from({ length: 40 }, () => search("(?:b?a+)+!"));
    let found = 0;
    const began = performance.now();
    const before = process.cpuUsage();
    for (const [i, one] of programs.entries()) {
      if (one.isIn(`aa! ${i} ${"x".repeat(100)}`)) found += 1; // its own, which is not dear
      for (const title of titles) assert.ok(!one.isIn(title));
    }
    const { user, system } = process.cpuUsage(before);
    const ms = (user + system) / 1000;
    // The bound is one for each second of the clock, and a machine at work takes several.
    const windows = Math.ceil((performance.now() - began) / 1000);
    assert.ok(ms < 2 * MOST_MS * windows, `${ms} ms in ${windows} s`);
    assert.ok(found > 20, `${found} of 40`); // a machine at work may be late
    for (const one of programs) {
      assert.match(one.takeTrouble() ?? "", /^proctitle_re \(\?:b\?a\+\)\+! takes more/);
      assert.equal(one.takeTrouble(), undefined);
    }
    assert.ok(search("(?i:b?a+)+!").isIn("AAAAA!".repeat(30))); // that is another one
  });

  test("finds what is not dear in the same look", () => {
    const one = search("(a+)+!");
    const titles = ["x", "y", "z"].map((char) => `${char} ${"a".repeat(50)}`);
    const { found, ms } = timed(one, [...titles, "/bin/aa!", "x".repeat(100), "aa! 2"]);
    assert.equal(found, 2);
    assert.ok(ms < MOST_MS, `${ms} ms`);
  });

  test("finds what is at the end of 128 kB, and goes on with others", () => {
    const one = search(".*gunicorn.*master");
    const { found, ms } = timed(one, [
      `xargs ${"word ".repeat(26_000)}`,
      `java ${"x:".repeat(65_000)} gunicorn: master`,
      "gunicorn: master [web]",
      "x gunicorn\nmaster",
    ]);
    assert.deepEqual([found, one.takeTrouble()], [2, undefined]);
    assert.ok(ms < MOST_MS, `${ms} ms`);
  });

  test("is not in the way of ordinary expressions", () => {
    const titles = Array.from(
      { length: 5000 },
      (_, i) => `/usr/bin/python3 /srv/app${i}.py --port ${i}`,
    );
    for (const source of ["python3 .*app77\\.py", "^/usr/bin/python3? (\\S+ )?/srv/app77\\.py"]) {
      const one = search(source);
      assert.equal(timed(one, titles).found, 1);
      assert.equal(one.takeTrouble(), undefined);
    }
  });
});

test("a repeat at the beginning that adds nothing is left out, and nothing else is", () => {
  for (const [source, found, missed] of [
    [".*b", "b", "a"],
    ["x*y|z*", "q", ""],
    ["(?>a*)ab", "", "aaab"],
    ["a*+ab", "", "aaab"],
    ["(a)*b\\b", "b", "c"],
    ["^.*b$", "ab", "ac"],
    ["a+b", "ab", "b"],
    ["(?:.*b)c", "bc", "c"],
    ["(?<!x).*y", "xy", "x"],
  ] as const) {
    const one = search(source);
    if (found !== "") assert.ok(one.isIn(found), source);
    if (missed !== "") assert.ok(!one.isIn(missed), source);
  }
});

test("what V8 would compile for minutes is an error", () => {
  for (const source of ["a?".repeat(80) + "a".repeat(80), "(a|)".repeat(80) + "a".repeat(80)]) {
    const translated = translatePythonRegex(source);
    assert.ok("problem" in translated);
    assert.match(translated.problem, /^more than 24 optional parts at position/);
  }
});

test("an expression of 200,000 alternatives, or too large for V8, is an error", () => {
  const many = Array.from({ length: 200_000 }, (_, i) => `ab${i}`).join("|");
  for (const source of [
    many,
    "a".repeat(300_000),
    "\\w".repeat(4000),
    "((a|b)*c){1000}".repeat(40),
  ]) {
    const translated = translatePythonRegex(source);
    if ("regex" in translated) translated.regex.test("abc");
    else
      assert.match(translated.problem, /characters, and at most 8192 are allowed|cannot express/);
  }
});
