import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ProcError } from "../../proc/error.ts";
import type { Pid } from "../../proc/pid.ts";
import { isDead, parseStat } from "../../proc/stat.ts";
import { fixtureRoot, fixtures } from "../support/fixtures.ts";

const sleepText = readFileSync(`${fixtureRoot}/12030/stat`, "utf8");

describe("parseStat", () => {
  const real: readonly [pid: number, comm: string, state: string, ppid: number, start: number][] = [
    [12030, "sleep", "S", 12024, 338754],
    [12031, "a) b (c", "S", 12024, 338754],
    [12032, "redis-server", "S", 12024, 338754],
    [12053, "nginx", "S", 12035, 338757],
    [12040, "sh", "Z", 12036, 338755],
    [2, "kthreadd", "S", 0, 25],
  ];
  for (const [pid, comm, state, ppid, startTime] of real) {
    test(`reads ${comm} (${pid})`, () => {
      const {
        exitCode: _,
        image,
        pgrp,
        session,
        threads,
        cpuTicks,
        isExiting,
        ...stat
      } = fixtures().stat(pid as Pid);
      assert.deepEqual(stat, { pid, comm, state, ppid, startTime });
      assert.ok(Number.isSafeInteger(image) && image >= 0);
      assert.equal(threads, pid === 12032 ? 5 : 1);
      assert.equal(isExiting, state === "Z");
      assert.ok(Number.isSafeInteger(cpuTicks) && cpuTicks >= 0);
      if (pid !== 2) assert.deepEqual([pgrp, session], [12024, 10643]);
    });
  }

  test("adds up the time in user mode and in the kernel", () => {
    const text = sleepText.replace(" 138 0 0 0 0 0 ", " 138 0 0 0 1200 34 ");
    assert.equal(parseStat(text).cpuTicks, 1234);
    assert.equal(parseStat(sleepText).cpuTicks, 0);
  });

  test("knows the wait status of a zombie", () => {
    assert.equal(fixtures().stat(12040 as Pid).exitCode, 3 << 8);
    assert.equal(fixtures().stat(12030 as Pid).exitCode, 0);
  });

  const names = [") (", "(", ")", "", "a\nb", "1 (x) S 1 2", "ünï", "))))((((S S S"];
  for (const name of names) {
    test(`takes the name ${JSON.stringify(name)}`, () => {
      const stat = parseStat(sleepText.replace("(sleep)", () => `(${name})`));
      assert.deepEqual(stat, { ...parseStat(sleepText), comm: name });
    });
  }

  test("takes any name that the kernel allows", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 15, unit: "binary" }), (name) => {
        const stat = parseStat(sleepText.replace("(sleep)", () => `(${name})`));
        assert.deepEqual(stat, { ...parseStat(sleepText), comm: name });
      }),
    );
  });

  const malformed: readonly [what: string, text: string][] = [
    ["an empty text", ""],
    ["no brackets", "12 sleep S 1 1 1"],
    ["brackets the wrong way round", "12 )sleep( S 1 1 1"],
    ["no pid", sleepText.replace(/^\d+/, "")],
    ["a word for a pid", sleepText.replace(/^\d+/, "abc")],
    ["no field 22", "12 (sleep) S 1 1 1 0 -1 4194304 138 0 0 0 0 0 0 0 20 0 1 0"],
    ["a word for a ppid", sleepText.replace("12024", "x")],
    ["a word for a wait status", sleepText.replace(/\d+\n$/, "x\n")],
    ["nothing after the name", "12 (sleep)"],
  ];
  for (const [what, text] of malformed) {
    test(`calls ${what} malformed, and names the file`, () => {
      assert.throws(() => parseStat(text, "/proc/12/stat"), {
        name: "ProcError",
        code: "malformed",
        message: /^\/proc\/12\/stat: /,
      });
    });
  }

  test("cut anywhere, is whole or malformed", () => {
    for (let length = 0; length < sleepText.length; length += 1) {
      onlyProcError(sleepText.slice(0, length));
    }
  });

  test("of any text, is numbers or malformed", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), onlyProcError));
    const piece = fc.constantFrom("(", ")", " ", "1", "-1", "S", "x", "\n", "99999999999", "");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 120 }), (all) => onlyProcError(all.join(""))),
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 50, maxLength: 60 }), (all) =>
        onlyProcError(`1 (a) S ${all.join(" ")}`),
      ),
    );
  });
});

function onlyProcError(text: string): void {
  try {
    const { comm: _, state, isExiting, ...numbers } = parseStat(text);
    assert.equal(typeof state, "string");
    assert.equal(typeof isExiting, "boolean");
    for (const value of Object.values(numbers)) assert.ok(Number.isFinite(value), text);
  } catch (error) {
    if (!(error instanceof ProcError) || error.code !== "malformed") throw error;
  }
}

test("isDead is true for zombies and the dead alone", () => {
  const stat = parseStat(sleepText);
  assert.equal(isDead({ ...stat, state: "Z", threads: 2 }), false, "its first thread has left");
  const dead = Array.from("RSDZTtWXxKPI").filter((state) => isDead({ ...stat, state }));
  assert.deepEqual(dead, ["Z", "X", "x"]);
});
