import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { ProcessRef, Ticks } from "../../proc/pid.ts";
import {
  emptyRecord,
  type Known,
  type ProgramRecord,
  type RecordIn,
} from "../../src/state/record.ts";
import { parseRecord, recordToText } from "../../src/state/record-text.ts";
import * as facts from "../../src/state/record-facts.ts";
import * as transitions from "../../src/state/transitions.ts";
import { anyKnown, anyLastExit, anyRecord, anyRef } from "../support/records.ts";

const to = { ...transitions, ...facts };
const ref = (pid: number): ProcessRef => ({ pid, startTime: pid * 10 }) as ProcessRef;
const lastExit = { at: "then", pid: 20, exit: { kind: "code", code: 3 } } as const;
const none = { process: undefined, launched: undefined, session: undefined };
/** What does not go with any other state. */
const noTry = { nextTryAt: undefined };

/** With something in each field, so that what is kept is seen. */
const before: RecordIn<"backoff"> = {
  ...emptyRecord("web", "this-boot"),
  state: "backoff",
  nextTryAt: "soon",
  desired: "none",
  desiredAt: 5 as Ticks,
  process: ref(20),
  launched: ref(10),
  session: 10,
  image: 7,
  title: ["web"],
  runsOn: [ref(9)],
  config: "/main.cfg",
  pidfile: "/web.pid",
  launch: "old",
  via: "scan",
  launcher: "usrsvc",
  digest: "digest",
  run: "run",
  restarts: 3,
  failures: 2,
  lastExit: { at: "long ago", pid: 8, exit: { kind: "unknown" } },
  ended: { process: ref(8), by: "usrsvc restart" },
  reason: "why",
};

const traits = { session: 30, image: 31, title: undefined };
const stop = { reason: "stopped by usrsvc", lastExit, ended: { process: ref(20), by: "he" } };

const keptForEver = { desired: "down", stopLasts: "forever", reason: "stopped by usrsvc" };

/** Each row: what happens, what the record says then, and what of that is other than before. */
const rows: readonly [what: string, after: ProgramRecord, changed: object][] = [
  [
    "launching: nobody has said yet that it is the program",
    to.launching(before, {
      process: ref(30),
      windowMs: 1500,
      launch: "new",
      image: 31,
      config: "/other.cfg",
      pidfile: undefined,
      launcher: "usrsvcd",
      digest: "d",
      run: "r",
    }),
    {
      state: "starting",
      windowEndsAt: 450,
      ...noTry,
      process: ref(30),
      launched: ref(30),
      session: undefined,
      launch: "new",
      image: 31,
      config: "/other.cfg",
      pidfile: undefined,
      launcher: "usrsvcd",
      digest: "d",
      run: "r",
      via: "launch",
      reason: undefined,
    },
  ],
  [
    "launchFound: who launched it, and its image, are not known",
    to.launchFound(before, "new", ref(30), "launch", 1500),
    {
      state: "starting",
      windowEndsAt: 450,
      ...noTry,
      process: ref(30),
      launched: ref(30),
      image: undefined,
      launch: "new",
      launcher: undefined,
      via: "launch",
    },
  ],
  [
    "launchLost: as if it had run",
    to.launchLost(before, "new", ref(30)),
    {
      state: "running",
      ...noTry,
      process: ref(30),
      launched: ref(30),
      launch: "new",
      via: "launch",
    },
  ],
  [
    "started: no failure counts any more",
    to.started(before, { process: ref(30), via: "pidfile", ...traits }),
    { state: "running", ...noTry, process: ref(30), via: "pidfile", failures: 0, ...traits },
  ],
  [
    "adopted: what is not told stays, and failures count",
    to.adopted(before, { process: ref(30), via: "pidfile", launch: "x", launched: undefined }),
    {
      state: "running",
      ...noTry,
      process: ref(30),
      via: "pidfile",
      launch: "x",
      launched: undefined,
      reason: undefined,
    },
  ],
  [
    "adopted, of which somebody else knows how it was launched",
    to.adopted(before, {
      ...traits,
      process: ref(30),
      via: "launch",
      launch: "x",
      launched: ref(30),
      digest: undefined,
      launcher: undefined,
    }),
    {
      ...traits,
      state: "running",
      ...noTry,
      process: ref(30),
      via: "launch",
      launch: "x",
      launched: ref(30),
      digest: undefined,
      launcher: undefined,
      reason: undefined,
    },
  ],
  ["held", to.held(before, ref(30)), { state: "running", ...noTry, process: ref(30) }],
  ["unfinished", to.unfinished(before), { state: "starting", ...noTry }],
  [
    "stopping: why it was down stays",
    to.stopping(before, ref(30)),
    { state: "stopping", ...noTry, process: ref(30) },
  ],
  [
    "stopping, for a reason",
    to.stopping(before, ref(20), "too large"),
    { state: "stopping", ...noTry, reason: "too large" },
  ],
  ["stopped", to.stopped(before, stop), { state: "stopped", ...noTry, ...none, ...stop }],
  [
    "stopped: what is not told stays",
    to.stopped(before, { reason: undefined, lastExit: undefined }),
    { state: "stopped", ...noTry, ...none, reason: undefined },
  ],
  [
    "stoppedByOperator: its settings are no matter, and what runs on is named",
    to.stoppedByOperator(before, { ...stop, runsOn: undefined }),
    { state: "stopped", ...noTry, ...none, ...stop, runsOn: undefined, digest: undefined },
  ],
  ["staysDown: what it has left stays", to.staysDown(before), { state: "stopped", ...noTry }],
  [
    "staysDown, for a reason",
    to.staysDown(before, "r"),
    { state: "stopped", ...noTry, reason: "r" },
  ],
  ["backedOff", to.backedOff(before, "later"), { nextTryAt: "later" }],
  [
    "backedOff, for a reason",
    to.backedOff(before, "later", "r"),
    { nextTryAt: "later", reason: "r" },
  ],
  [
    "waiting: what it waits for, and why it is down",
    to.waiting(before, "db", "now"),
    { state: "waiting", ...noTry, ...none, waitsFor: "db", since: "now" },
  ],
  [
    "ordered, for another",
    to.ordered(before, "down", 60 as Ticks, { stoppedFor: "db" }),
    { desired: "down", desiredAt: 60, stoppedFor: "db" },
  ],
  ["gaveUp", to.gaveUp(before), { state: "fatal", ...noTry }],
  ["gaveUp for a while", to.gaveUp(before, "later"), { state: "fatal", nextTryAt: "later" }],
  [
    "gaveUp, which was for a while before that",
    to.gaveUp(to.gaveUp(before, "later")),
    { state: "fatal", ...noTry },
  ],
  [
    "endingLeftovers, which stays down",
    to.endingLeftovers(before, { ...none, session: 50 }, "r", undefined),
    { state: "stopped", ...noTry, ...none, session: 50, reason: "r" },
  ],
  [
    "endingLeftovers, which comes back",
    to.endingLeftovers(before, { ...none, session: 50 }, "r", "now"),
    { nextTryAt: "now", ...none, session: 50, reason: "r" },
  ],
  [
    "signed",
    to.signed(before, { by: "usrsvcd", config: "/x.cfg" }),
    { by: "usrsvcd", config: "/x.cfg" },
  ],
  [
    "renamed",
    to.renamed(before, "shop", { by: "usrsvcd", config: "/x.cfg" }),
    { name: "shop", by: "usrsvcd", config: "/x.cfg" },
  ],
  ["wanted: who was last to order it stays", to.wanted(before, "up"), { desired: "up" }],
  [
    "ordered by an unknown call",
    to.ordered(before, "down", undefined),
    { desired: "down", desiredAt: undefined },
  ],
  [
    "ordered to stay down beyond the boot",
    to.ordered(before, "down", 7 as Ticks, { lasts: "forever" }),
    { desired: "down", desiredAt: 7, stopLasts: "forever" },
  ],
  [
    "ordered up, which lasts no longer than any",
    to.ordered(before, "up", 7 as Ticks, { lasts: "forever" }),
    { desired: "up", desiredAt: 7 },
  ],
  ["keptDown beyond the boot", to.keptDown(before, "forever"), keptForEver],
  ["keptDown", to.keptDown(before), { desired: "down", reason: "stopped by usrsvc" }],
  ["counted", to.counted(before, { restarts: 0, failures: 0 }), { restarts: 0, failures: 0 }],
  ["counted in part", to.counted(before, { failures: 3 }), { failures: 3 }],
  ["exited, of which a later end is told", to.exited(before), none],
  ["exited", to.exited(before, { lastExit, reason: "r" }), { ...none, lastExit, reason: "r" }],
  ["exitNoted", to.exitNoted(before, lastExit), { lastExit }],
  ["explained", to.explained(before, undefined), { reason: undefined }],
  ["imageSeen", to.imageSeen(before, 8), { image: 8 }],
  [
    "followed",
    to.followed(before, { process: ref(30), ...traits }),
    { process: ref(30), ...traits },
  ],
  ["belongsTo", to.belongsTo(before, ref(30)), { process: ref(30) }],
  ["gone: its session may hold what it has left", to.gone(before), { process: undefined }],
  [
    "withoutProcess: what an operator has asked for stays",
    to.withoutProcess(before),
    { ...none, launch: undefined },
  ],
];

test("done() leaves no process, and no failure", () => {
  assert.deepEqual(difference(before, to.done(before, "exited with code 0")), {
    state: "done",
    ...noTry,
    ...none,
    reason: "exited with code 0",
    failures: 0,
  });
});

test("dueNoted() says up to when all was dealt with, which lasts beyond the boot", () => {
  const noted = to.dueNoted(before, "2030-01-01T00:00:00.000Z");
  assert.equal(to.rebooted(noted, "next").dueUntil, "2030-01-01T00:00:00.000Z");
});

describe("a transition changes what it says, and nothing else:", () => {
  for (const [what, after, changed] of rows) {
    test(what, () => assert.deepEqual(difference(before, after), changed));
  }
});

const lastEnd = { ...before.lastExit, isOfEarlierBoot: true };

test("rebooted() keeps how it ended, and who wrote that", () => {
  const want = { ...emptyRecord("web", "next"), config: "/main.cfg", lastExit: lastEnd };
  assert.deepEqual(to.rebooted(before, "next"), want);
});

test("rebooted() keeps a stop that lasts beyond the boot, and no other wish", () => {
  const kept = to.keptDown(to.ordered(before, "down", 7 as Ticks, { lasts: "forever" }));
  const want = { ...emptyRecord("web", "next"), config: "/main.cfg", lastExit: lastEnd };
  assert.deepEqual(to.rebooted(kept, "next"), { ...want, ...keptForEver });
  assert.deepEqual(to.rebooted(to.rebooted(kept, "next"), "next"), { ...want, ...keptForEver });
  for (const ended of [to.wanted(kept, "up"), to.ordered(kept, "down", undefined)]) {
    assert.deepEqual(to.rebooted({ ...ended, reason: undefined }, "next"), want);
  }
});

/** The fields that are not as they were. */
function difference(old: object, now: object): object {
  const was = new Map(Object.entries(old));
  const is = new Map(Object.entries(now));
  const keys = new Set([...was.keys(), ...is.keys()]);
  const changed = [...keys].filter(
    (key) => JSON.stringify(was.get(key)) !== JSON.stringify(is.get(key)),
  );
  return Object.fromEntries(changed.map((key) => [key, is.get(key)]));
}

type Transition = (record: ProgramRecord) => ProgramRecord;

const optional = fc.option(fc.string(), { nil: undefined });

/** Any of them, with any facts. */
const anyTransition: fc.Arbitrary<Transition> = fc
  .record({
    known: anyKnown,
    process: anyRef,
    told: anyLastExit,
    word: fc.string(),
    reason: optional,
  })
  .chain(({ known, process, told, word, reason }) => {
    const seen: Known & { readonly process: ProcessRef } = { ...known, process };
    const { session, image, title, via, launch, launched, digest, launcher, config, by } = seen;
    const ended = { reason, lastExit: told, ended: known.ended };
    const from = { process, via, launch, launched };
    const looks = { session, image, title };
    return fc.constantFrom<Transition>(
      (one) =>
        to.launching(one, {
          process,
          windowMs: known.restarts,
          launch,
          image,
          config,
          launcher,
          digest,
          pidfile: known.pidfile,
          run: known.run,
        }),
      (one) => to.launchFound(one, word, process, "scan", known.restarts),
      (one) => to.launchLost(one, word, process),
      (one) => to.started(one, { process, via, ...looks }),
      (one) => to.adopted(one, from),
      (one) => to.adopted(one, { ...from, ...looks, digest, launcher }),
      (one) => to.held(one, process),
      (one) => to.unfinished(one),
      (one) => to.stopping(one, known.process, reason),
      (one) => to.stopped(one, ended),
      (one) => to.stoppedByOperator(one, { ...ended, runsOn: known.runsOn }),
      (one) => to.staysDown(one, reason),
      (one) => to.backedOff(one, word, reason),
      (one) => to.gaveUp(one, reason),
      (one) => to.waiting(one, word, "now"),
      (one) => to.endingLeftovers(one, { process, launched, session }, word, reason),
      (one) => to.rebooted(one, "this-boot"),
      (one) => to.signed(one, { by, config }),
      (one) => to.renamed(one, known.name, { by, config }),
      (one) => to.wanted(one, known.desired),
      (one) =>
        to.ordered(
          one,
          known.desired,
          known.desiredAt,
          known.stopLasts === undefined ? {} : { lasts: known.stopLasts },
        ),
      (one) => to.keptDown(one),
      (one) => to.counted(one, { restarts: known.restarts, failures: known.failures }),
      (one) => to.exited(one, reason === undefined ? undefined : { lastExit: told, reason }),
      (one) => to.exitNoted(one, told),
      (one) => to.explained(one, reason),
      (one) => to.imageSeen(one, image),
      (one) => to.followed(one, { process, ...looks }),
      (one) => to.belongsTo(one, process),
      (one) => to.gone(one),
      (one) => to.withoutProcess(one),
    );
  });

test("after any transitions a record is read as it was written, with what goes with its state and no more", () => {
  fc.assert(
    fc.property(anyRecord, fc.array(anyTransition, { maxLength: 12 }), (first, transitions) => {
      let record = first;
      for (const transition of transitions) {
        record = transition(record);
        const read = parseRecord(recordToText(record), record.name, "this-boot");
        assert.ok(read);
        assert.deepEqual({ ...read, at: record.at }, structuredClone(record));
        assert.ok(
          record.state === "fatal" || "nextTryAt" in record === (record.state === "backoff"),
        );
        assert.equal("windowEndsAt" in record, record.state === "starting");
      }
    }),
  );
});
