import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Pid } from "../../proc/pid.ts";
import { pattern } from "../../src/identity/match.ts";
import { titleNote, traits } from "../../src/lifecycle/traits.ts";
import { FakeProc, type FakeProcess } from "../support/fake-proc.ts";
import { programSettings } from "../support/settings.ts";

const settings = programSettings("/no/such/folder", ["server", "--daemon"]);
const rule = pattern(settings.match, settings, undefined);

describe("traits", () => {
  const base: FakeProcess = { pid: 20, session: 20, image: 7, argv: ["server", "--daemon"] };
  const claims: readonly [string, FakeProcess, number | undefined, unknown][] = [
    [
      "of a daemon with a title of its own",
      { ...base, argv: ["server: ready"] },
      10,
      { session: 20, image: 7, title: ["server: ready"] },
    ],
    [
      "of what was launched: its session is known by that",
      { ...base, pid: 10, session: 10 },
      10,
      { session: undefined, image: 7, title: undefined },
    ],
    [
      "of what was found: another's session is none of its",
      { ...base, session: 5 },
      undefined,
      { session: undefined, image: 7, title: undefined },
    ],
    [
      "of what was found, and leads its session",
      base,
      undefined,
      { session: 20, image: 7, title: undefined },
    ],
    [
      "of one in mid-exec, which shows nothing",
      { ...base, image: 0, argv: [] },
      10,
      { session: 20, image: undefined, title: undefined },
    ],
  ];
  for (const [what, process, launched, want] of claims) {
    test(what, () => {
      const proc = new FakeProc();
      const ref = proc.set(process);
      const by = launched === undefined ? undefined : { ...ref, pid: launched as Pid };
      assert.deepEqual(traits(ref, by, rule, { proc }), want);
    });
  }

  test("of one that is gone: none", () => {
    const proc = new FakeProc();
    const ref = proc.set(base);
    proc.end(ref.pid);
    const none = { session: undefined, image: undefined, title: undefined };
    assert.deepEqual(traits(ref, undefined, rule, { proc }), none);
  });
});

describe("titleNote", () => {
  const none = { session: undefined, image: undefined, title: undefined };
  const other = { ...none, title: ["server: ready"] };

  test("says nothing of a program that its words lead to", () => {
    assert.deepEqual(titleNote(none, rule, settings), []);
  });

  test("warns of a title that nothing leads to", () => {
    const [note = "", ...more] = titleNote(other, rule, settings);
    assert.match(
      note,
      /^its command line is now "server: ready", which the command does not match/,
    );
    assert.deepEqual(more, []);
  });

  test("says nothing where the program's own pidfile leads to it, or it is a shell line", () => {
    assert.deepEqual(titleNote(other, rule, { autopid: false }), []);
    assert.deepEqual(titleNote(other, { isShell: true }, settings), []);
  });
});
