import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { resumeOf } from "../../../src/operations/hosts/resume.ts";
import { printCursor } from "../../../src/lib/cursor.ts";

const event = (ms: number, msg = "m"): string =>
  JSON.stringify({ time: new Date(1_900_000_000_000 + ms).toISOString(), msg });

describe("events of a host that was lost", () => {
  const words = ["--json", "events", "--follow", "--lines=50", "--", "-odd"];

  test("are asked for since shortly before the last one, and none is shown twice", () => {
    const resume = resumeOf("events", words);
    assert.deepEqual(resume.words(), words);
    const early = [event(0), event(100_000), event(100_000), event(100_001, "other")];
    for (const line of early) assert.ok(resume.hear(line));
    resume.lose();
    const since = new Date(1_900_000_040_001).toISOString();
    assert.deepEqual(resume.words(), [
      "--json",
      "events",
      "--follow",
      `--since=${since}`,
      "--",
      "-odd",
    ]);
    for (const line of early.slice(1)) assert.equal(resume.hear(line), false);
    assert.ok(resume.hear(event(100_000)), "a third one is new");
    assert.ok(resume.hear(event(99_999, "late")));
  });

  test("before the first that was shown are not asked for", () => {
    const resume = resumeOf("events", words);
    resume.hear(event(500));
    resume.hear(event(900));
    resume.lose();
    assert.ok(resume.words().includes(`--since=${new Date(1_900_000_000_500).toISOString()}`));
    resume.lose(); // without having been there in between
    assert.equal(resume.hear(event(900)), false);
  });
});

describe("logs of a host that was lost", () => {
  const words = ["logs", "--follow", "--lines=5", "--grep=x", "web"];
  const cursor = printCursor(new Map([["/a", { id: "1:2", at: 7 }]]));

  test("go on after the cursor, less what has come after that", () => {
    const resume = resumeOf("logs", words);
    assert.deepEqual(resume.words(), [
      "logs",
      "--follow",
      "--lines=5",
      "--grep=x",
      "--show-cursor",
      "web",
    ]);
    assert.ok(resume.hear("one"));
    assert.equal(resume.hear(`-- cursor: ${cursor}`), false);
    for (const line of ["two", "two"]) assert.ok(resume.hear(line));
    resume.lose();
    const after = `--after-cursor=${cursor}`;
    assert.deepEqual(resume.words(), [
      "logs",
      "--follow",
      "--grep=x",
      "--show-cursor",
      after,
      "web",
    ]);
    assert.equal(resume.hear("two"), false);
    assert.equal(resume.hear("two"), false);
    assert.ok(resume.hear("two"));
    assert.ok(resume.hear("one"));
    assert.equal(resume.hear(`{"cursor":"${cursor}"}`), false);
  });

  test("what only looks like a cursor is a line", () => {
    const resume = resumeOf("logs", words);
    for (const line of [
      "-- cursor: nonsense",
      "-- cursor: ",
      '{"cursor":"W10="}',
      "-- cursor: $(id)",
    ])
      assert.ok(resume.hear(line), line);
  });
});
