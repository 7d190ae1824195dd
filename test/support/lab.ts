import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { ProcessRef } from "../../proc/pid.ts";
import { procReader } from "../../proc/reader.ts";
import type { ProgramSettings } from "../../src/config/settings.ts";
import type { Host } from "../../src/host/host.ts";
import { linuxHost, type Scope } from "../../src/host/linux-host.ts";
import { programLock, tryLock } from "../../src/state/lock.ts";
import { recordStore } from "../../src/identity/foreign.ts";
import { pattern } from "../../src/identity/match.ts";
import { emptyRecord } from "../../src/state/record.ts";
import { readRecord, type RecordFile } from "../../src/state/record-file.ts";
import { start } from "../../src/lifecycle/start.ts";
import type { StartContext } from "../../src/lifecycle/start-context.ts";
import type { StartOutcome } from "../../src/lifecycle/start-outcome.ts";
import { makeStateDir, stateDir } from "../../src/state/state-dir.ts";
import { cleanUp } from "./clean-up.ts";
import { killRef, refOf } from "./processes.ts";
import { programSettings, shellSettings } from "./settings.ts";
import { tempDir, writeScript } from "./temp-dir.ts";
import { waitFor } from "./wait.ts";

/** Names the lab that a process belongs to. What begins with USRSVC_ would not be handed on. */
export const LAB_MARK = "TEST_LAB_OF_USRSVC";

/** All that there is belongs to one configuration, of this folder: what other tests mark is another's. */
export function everythingOf(dir: string): Scope {
  return { config: join(dir, "usrsvc.cfg"), isConfigured: () => true };
}

/**
 * A folder and a host in which a test starts real programs. What it started is ended after it, by
 * pid: it is known by a variable in its environment, however often it forked.
 */
export interface Lab {
  readonly dir: string;
  readonly host: Host;
  script(name: string, ...lines: readonly string[]): string;
  settings(argv: readonly string[], overrides?: Partial<ProgramSettings>): ProgramSettings;
  shell(command: string, regex: RegExp, overrides?: Partial<ProgramSettings>): ProgramSettings;
  start(program: ProgramSettings, context?: Partial<StartContext>): Promise<StartOutcome>;
  record(name?: string): RecordFile;
  /** Resolves when a program has written this file. */
  appears(name: string): Promise<string>;
  /** What of this lab lives, other than this test. */
  living(): readonly ProcessRef[];
}

export function makeLab(t: TestContext, adapt: (host: Host) => Host = (host) => host): Lab {
  const dir = tempDir(t);
  const state = stateDir(join(dir, "state"));
  makeStateDir(state);
  mkdirSync(join(dir, "files"));
  const machine = linuxHost(state, "usrsvc", everythingOf(dir));
  cleanUp(t, () => machine[Symbol.dispose]());
  cleanUp(t, () => endAll(dir));
  const host = adapt(machine);
  const marked = (env: ReadonlyMap<string, string> = new Map()): ReadonlyMap<string, string> =>
    new Map([...env, [LAB_MARK, dir]]);
  return {
    dir,
    host,
    script: (name, ...lines) => writeScript(dir, name, `${lines.join("\n")}\n`),
    settings: (argv, overrides = {}) =>
      programSettings(dir, argv, { ...overrides, env: marked(overrides.env) }),
    shell: (command, regex, overrides = {}) =>
      shellSettings(dir, command, regex, { ...overrides, env: marked(overrides.env) }),
    start: async (program, context = {}) => {
      using lock = await tryLock(programLock(state, program.name));
      if (lock === undefined) throw new Error(`${program.name} is locked`);
      return await start(program, {
        host,
        lock,
        pattern: pattern(program.match, program, process.env["PATH"]),
        record: emptyRecord(program.name, host.proc.bootId()),
        store: recordStore(program.name, host),
        signal: new AbortController().signal,
        ...context,
      });
    },
    record: (name = "web") => readRecord(state, name, host.proc.bootId()),
    appears: async (name) =>
      await waitFor(() => {
        const text = readOrNothing(join(dir, name));
        return text !== undefined && text.endsWith("\n") ? text : undefined;
      }, `${name} appears`),
    living: () => livingOf(dir),
  };
}

function livingOf(dir: string): readonly ProcessRef[] {
  return procReader()
    .pids()
    .filter((pid) => readOrNothing(`/proc/${pid}/environ`)?.includes(`${LAB_MARK}=${dir}\0`))
    .flatMap((pid) => procReader().alive(pid) ?? []);
}

/** Until none is seen twice: one that is killed may just have forked, and in mid-exec none has a mark. */
async function endAll(dir: string): Promise<void> {
  let looks = 0;
  await waitFor(() => {
    const left = livingOf(dir);
    for (const ref of left) killRef(ref);
    looks = left.length === 0 ? looks + 1 : 0;
    return looks === 2;
  }, "the programs of a test have ended");
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** The process of a start that succeeded. */
export function startedProcess(outcome: StartOutcome): ProcessRef {
  if (outcome.kind !== "started") throw new Error(`not started: ${JSON.stringify(outcome)}`);
  return refOf(outcome.process.pid);
}
