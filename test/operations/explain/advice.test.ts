import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Program } from "../../../src/identity/program.ts";
import type { Explanation } from "../../../src/operations/explain/explain.ts";
import { adviceFor } from "../../../src/operations/explain/advice.ts";
import { programSettings } from "../../support/settings.ts";

const base = {
  program: "web",
  state: "running",
  enabled: true,
  wanted: true,
  restarts: 0,
  failures: 0,
  lookedFor: "server",
  how: [],
  candidates: [],
} as const;
const here = { daemon: "here", other: undefined } as const;

function commands(
  facts: Partial<Explanation>,
  around: Partial<Parameters<typeof adviceFor>[2]> = {},
  program: Partial<Program> = {},
): readonly string[] {
  const settings = programSettings("/home/web", ["server"], { stderr: "/home/web/log" });
  const one = { name: "web", settings, ...program } as Program;
  return adviceFor({ ...base, ...facts }, one, { ...here, ...around }).map(
    ({ command }) => command,
  );
}

describe("adviceFor() names the next command", () => {
  const cases: readonly [string, readonly string[], ...Parameters<typeof commands>][] = [
    ["all is well", [], {}],
    ["no usrsvcd", ["usrsvcd start"], {}, { daemon: "none" }],
    ["usrsvcd does not know it", ["usrsvcd reread"], {}, { looksAfter: new Set() }],
    ["held", ["usrsvc release web"], { hold: { by: "ann", since: "2030-01-31T04:30:00Z" } }],
    ["older settings", ["usrsvc restart --reread web"], { olderSettings: true }],
    ["given up", ["usrsvc logs web", "usrsvc events web", "usrsvc start web"], { state: "fatal" }],
    [
      "stopped by an operator",
      ["usrsvc start web"],
      { state: "stopped", lastExit: { code: 0, by: "usrsvc stop" } },
    ],
    [
      "it is held",
      ["usrsvc release web"],
      { hold: { by: "ann", since: "2030-01-31T12:00:00.000Z" } },
    ],
    [
      "it waits",
      ["usrsvc explain db", "usrsvc start --alone web"],
      { state: "waiting", startsAfter: [{ program: "db", by: ["after"], state: "fatal" }] },
    ],
    [
      "it waits for the second of two",
      ["usrsvc explain cache", "usrsvc start --alone web"],
      {
        state: "waiting",
        waitsFor: "cache",
        startsAfter: [
          { program: "db", by: ["after"], state: "backoff" },
          { program: "cache", by: ["needs"], state: "fatal" },
        ],
      },
    ],
    [
      "somebody is suspended",
      ["kill -CONT 9"],
      { atWork: { who: "usrsvc, pid 9", pid: 9, isSuspended: true } },
    ],
    ["its settings are faulty", ["usrsvcd checkconfig"], {}, {}, { settings: undefined }],
    [
      "it is gone from the files, and runs",
      ["usrsvc stop web"],
      { pid: 7 },
      {},
      { isRemoved: true },
    ],
    [
      "it is gone from the files",
      ["usrsvc events web"],
      { state: "stopped" },
      {},
      { isRemoved: true },
    ],
    [
      "another file has it",
      ["usrsvc -c /o.cfg explain web"],
      { state: "stopped" },
      { other: "/o.cfg" },
    ],
    ["the state folder is open to others", ["usrsvcd checkconfig"], {}, { isForeign: true }],
    ["twins", ["ps -f -p 8,9"], { otherPids: [8, 9] }],
  ];
  for (const [what, want, ...given] of cases) {
    test(what, () => assert.deepEqual(commands(...given), want));
  }
});
