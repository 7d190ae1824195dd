import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { programCode } from "../../src/exit-code.ts";
import { metricNames, renderMetrics } from "../../src/status/metrics.ts";
import type { ProgramStatus } from "../../src/status/status.ts";

const nowMs = Date.parse("2030-01-01T00:00:10Z");

function metrics(...programs: readonly ProgramStatus[]): readonly string[] {
  const facts = { programs, isDaemonUp: true, version: "2.0.0", nowMs, codeOf: programCode };
  return renderMetrics(facts).split("\n");
}

const web: ProgramStatus = {
  program: "web",
  state: "running",
  enabled: true,
  wanted: true,
  pid: 7,
  uptimeSeconds: 10,
  privateBytes: 4096,
  restarts: 3,
  failures: 0,
  olderSettings: true,
  problems: ["one"],
  lastExit: { at: "2029-12-31T23:59:59Z", pid: 6, signal: "SIGKILL" },
};

describe("metrics", () => {
  test("tell what is known of a program", () => {
    const lines = metrics(web);
    for (const line of [
      'usrsvc_info{version="2.0.0"} 1',
      "usrsvcd_up 1",
      'usrsvc_program_up{program="web"} 1',
      'usrsvc_program_ok{program="web"} 1',
      'usrsvc_program_held{program="web"} 0',
      'usrsvc_program_state{program="web",state="running"} 1',
      'usrsvc_program_state{program="web",state="fatal"} 0',
      'usrsvc_program_start_time_seconds{program="web"} 1893456000',
      'usrsvc_program_private_memory_bytes{program="web"} 4096',
      'usrsvc_program_restarts_total{program="web"} 3',
      'usrsvc_program_problems{program="web"} 1',
      'usrsvc_program_outdated{program="web"} 1',
      'usrsvc_program_last_exit_code{program="web"} 137',
      'usrsvc_program_last_exit_time_seconds{program="web"} 1893455999',
    ]) {
      assert.ok(lines.includes(line), line);
    }
  });

  test("leave out what is not known, and a family without a sample", () => {
    const down: ProgramStatus = {
      program: "db",
      state: "stopped",
      enabled: true,
      wanted: true,
      restarts: 0,
      failures: 0,
    };
    const text = metrics(down).join("\n");
    assert.match(text, /^usrsvc_program_up\{program="db"\} 0$/m);
    assert.match(text, /^usrsvc_program_ok\{program="db"\} 0$/m);
    const asleep = { ...down, program: "job", nextDueAt: "2030-01-02T00:00:00Z" };
    const asked = { ...down, program: "off", wanted: false };
    const calm = metrics(asleep, asked).join("\n");
    assert.match(
      calm,
      /^usrsvc_program_ok\{program="job"\} 1\nusrsvc_program_ok\{program="off"\} 1$/m,
    );
    assert.match(text, /^usrsvc_program_held\{program="db"\} 0$/m);
    const hold = { by: "ann", since: "2030-01-31T12:00:00.000Z" };
    assert.match(metrics({ ...down, hold }).join("\n"), /^usrsvc_program_held\{program="db"\} 1$/m);
    assert.doesNotMatch(text, /start_time|memory|last_exit|usrsvc_job/);
  });

  test("escape names, and have each family once, with its help and type before it", () => {
    const lines = metrics({ ...web, program: 'a"b\\c\nd' }, web);
    assert.ok(lines.includes(String.raw`usrsvc_program_up{program="a\"b\\c\nd"} 1`));
    const types = lines.filter((line) => line.startsWith("# TYPE"));
    assert.equal(new Set(types).size, types.length);
    let family = "";
    for (const line of lines.slice(0, -1)) {
      const [, declared] = /^# (?:HELP|TYPE) (\S+)/.exec(line) ?? [];
      family = declared ?? family;
      if (declared === undefined) assert.match(line, new RegExp(`^${family}[{ ]`));
    }
    assert.equal(lines.at(-1), "");
  });

  test("are all in the manual", () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/metrics.md"), "utf8");
    const named = [...page.matchAll(/^\| `(usrsvc\w+)/gm)].map(([, name]) => name);
    assert.deepEqual(named, metricNames);
  });
});
