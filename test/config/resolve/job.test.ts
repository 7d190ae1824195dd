import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseConfigobj } from "../../../src/config/configobj/configobj.ts";
import { formatIssue } from "../../../src/config/issue.ts";
import { resolvePrograms } from "../../../src/config/resolve/resolve.ts";

function resolve(lines: string): ReturnType<typeof resolvePrograms> {
  const file = { path: "a.cfg", ...parseConfigobj(`[Program:web]\ncommand = /bin/x\n${lines}`) };
  return resolvePrograms([file], {
    home: "/home/me",
    realHome: "/home/me",
    uid: 1000,
    stateDir: "/state",
    exists: () => true,
    env: {},
    envFile: () => undefined,
    isFolder: () => true,
    advisor: undefined,
  });
}

describe("of a job", () => {
  const faults: readonly (readonly [lines: string, issue: string])[] = [
    ["schedule = 0 4 * * *", "a.cfg:3: schedule: is for jobs; write type = job as well"],
    ["timeout = 3s", "a.cfg:3: timeout: is for jobs; write type = job as well"],
    ["overlap = kill", "a.cfg:3: overlap: is for jobs; write type = job as well"],
    ["catch_up = yes", "a.cfg:3: catch_up: is for jobs; write type = job as well"],
    [
      "type = jop",
      'a.cfg:3: type: "jop" is neither service (runs on) nor job (ends by itself); did you mean job?',
    ],
    [
      "type = oneshot",
      'a.cfg:3: type: "oneshot" is neither service (runs on) nor job (ends by itself); did you mean job?',
    ],
    [
      "type = job\nschedule = 0 0 31 2 *",
      'a.cfg:4: schedule: "0 0 31 2 *" never comes: there is no such day in that month',
    ],
    [
      "type = job\nschedule = @hourly\noverlap = wait",
      'a.cfg:5: overlap: "wait" is neither skip nor queue nor kill',
    ],
    [
      "type = job\ntimeout = 20ms",
      'a.cfg:4: timeout: "20ms" is too short for a job; at least 1s, or 0 for as long as it takes',
    ],
  ];
  for (const [lines, issue] of faults) {
    test(`${lines.replaceAll("\n", ", ")} is a fault`, () => {
      assert.deepEqual(resolve(lines).issues.map(formatIssue), [issue]);
    });
  }

  test("with a schedule, autostart is void, and so is what is about a program that runs on", () => {
    const { programs, issues } = resolve(
      "type = job\nschedule = @daily\nready = tcp://localhost:1\nmax_age = 1h\ntimeout = 1s",
    );
    assert.deepEqual(issues.map(formatIssue), []);
    const web = programs.get("web");
    assert.deepEqual(
      [web?.autostart, web?.autorestart, web?.ready, web?.maxAgeMs, web?.successMs],
      [false, false, undefined, 0, 1000],
    );
  });

  test("on-failure is the only answer to an end", () => {
    assert.equal(
      resolve("type = job\nautorestart = on-failure").programs.get("web")?.autorestart,
      "on-failure",
    );
    assert.equal(resolve("type = job").programs.get("web")?.autostart, true);
  });
});
