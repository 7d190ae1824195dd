import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parsePageSize } from "../../proc/auxv.ts";
import { parseCgroup } from "../../proc/cgroup.ts";
import { parseCmdline } from "../../proc/cmdline.ts";
import { parseEnviron } from "../../proc/environ.ts";
import { ProcError } from "../../proc/error.ts";
import { parseSoftOpenFiles } from "../../proc/limits.ts";
import { parseLastPid } from "../../proc/loadavg.ts";
import { parseSmapsRollup } from "../../proc/smaps_rollup.ts";
import { parseStat } from "../../proc/stat.ts";
import { parseStatmResident } from "../../proc/statm.ts";
import { parseThreadGroup, parseUids } from "../../proc/status.ts";
import { parseUptime } from "../../proc/uptime.ts";
import { anyText, spoilt, type Target, target } from "./target.ts";

const fixtures = join(import.meta.dirname, "../fixtures/proc");

/** What real processes have shown. */
function shown(name: string): readonly string[] {
  const texts = readdirSync(fixtures)
    .map((folder) => join(fixtures, folder, name))
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, "latin1"));
  return texts.length > 0 ? texts : [readFileSync(`/proc/self/${name}`, "latin1")];
}

const pieces = [
  ..." \n\0()-+.0123456789".split(""),
  "kB",
  " Z ",
  ":\t",
  "=",
  "0x1f",
  "1e9",
  "NaN",
  "Infinity",
  "-1",
  "18446744073709551615",
  "\u0660",
];

/** The kernel counts in 64 bits: what it never writes may be beyond those that are exact here. */
function assertCount(value: number, what: string): void {
  assert.ok(Number.isInteger(value) && value >= 0, `${what}: ${value}`);
}

/** Real texts, spoilt, or anything. `check` may throw no error but ProcError. */
function ofProc(name: string, check: (text: string) => void, from = name): Target {
  const texts = fc.oneof(
    { weight: 5, arbitrary: spoilt(shown(from), pieces) },
    { weight: 1, arbitrary: anyText },
  );
  return target(`/proc: ${name}`, texts, (text) => {
    try {
      check(text);
    } catch (error) {
      if (!(error instanceof ProcError)) throw error;
      assert.match(error.message, /: ./, "the file is named");
    }
  });
}

/** The texts that the kernel shows of processes, some of whose parts a process writes itself. */
export const procTargets: readonly Target[] = [
  ofProc("cgroup", (text) => {
    const paths = parseCgroup(text);
    assert.ok(paths.every((path) => path.startsWith("/") && text.includes(`:${path}`)));
    assert.equal(new Set(paths).size, paths.length);
  }),
  ofProc("stat", (text) => {
    const stat = parseStat(text);
    for (const key of ["pid", "ppid", "pgrp", "session", "startTime", "threads"] as const) {
      assert.ok(Number.isInteger(stat[key]), `${key}: ${stat[key]}`);
    }
  }),
  ofProc("status", (text) => {
    try {
      assertCount(parseThreadGroup(text), "Tgid");
    } finally {
      const uids = parseUids(text);
      assert.equal(uids.length, 4);
      for (const uid of uids) assertCount(uid, "Uid");
    }
  }),
  ofProc("statm", (text) => assertCount(parseStatmResident(text), "resident")),
  ofProc("smaps_rollup", (text) => {
    for (const value of Object.values(parseSmapsRollup(text))) assert.ok(value >= 0, `${value}`);
  }),
  ofProc("cmdline", (text) => {
    const argv = parseCmdline(text);
    assert.ok(argv.every((word) => !word.includes("\0")));
    assert.ok(argv.join("\0").length <= text.length);
  }),
  ofProc(
    "environ",
    (text) => {
      for (const [name, value] of parseEnviron(text)) {
        assert.ok(`\0${text}\0`.includes(`\0${name}=${value}\0`), `${name}: no such variable`);
      }
    },
    "cmdline",
  ),
  ofProc("limits", (text) => {
    const soft = parseSoftOpenFiles(text);
    if (soft !== undefined) assertCount(soft, "soft limit");
  }),
  target("/proc: uptime", spoilt(["350735.47 234388.90\n", "0.01 0.00\n"], pieces), (text) => {
    try {
      const seconds = parseUptime(text);
      assert.ok(!Number.isNaN(seconds), `${seconds}`);
    } catch (error) {
      if (!(error instanceof ProcError)) throw error;
    }
  }),
  target("/proc: loadavg", spoilt(["0.20 0.18 0.12 1/80 11206\n"], pieces), (text) => {
    const pid = parseLastPid(text);
    if (pid !== undefined) assert.ok(!Number.isNaN(pid));
  }),
  target(
    "/proc: auxv",
    fc.tuple(fc.uint8Array({ maxLength: 400 }), fc.boolean()),
    ([bytes, little]) => {
      try {
        const size = parsePageSize(Buffer.from(bytes), little);
        assert.ok(size > 0 && Number.isSafeInteger(size), `${size}`);
      } catch (error) {
        if (!(error instanceof ProcError)) throw error;
      }
    },
  ),
];
