import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { Pid, ProcessRef } from "../../proc/pid.ts";
import { type ProcReader, procReader } from "../../proc/reader.ts";
import { nodeSpawn, type Spawn, type SpawnListener } from "../../proc/spawn.ts";
import { isLauncherCommand, type Launcher } from "../../src/program/launcher.ts";
import { ColdLaunchers, WarmLaunchers } from "../../src/program/launchers.ts";
import { cleanUp } from "../support/clean-up.ts";
import { FakeProc } from "../support/fake-proc.ts";
import { lives } from "../support/processes.ts";
import { waitFor } from "../support/wait.ts";

const proc = procReader();
const env = { PATH: "/usr/bin:/bin" };

function cold(spawn: () => Spawn, reader: ProcReader): ColdLaunchers {
  const table = { leaveOut: () => ({ [Symbol.dispose]: () => {} }) };
  return new ColdLaunchers({ spawn, proc: reader, table, env });
}

function pool(t: TestContext): WarmLaunchers {
  const launchers = new WarmLaunchers(cold(() => nodeSpawn, proc));
  cleanUp(t, async () => {
    launchers[Symbol.dispose]();
    await waitFor(() => own().length === 0, "no launcher is left for the next test to see");
  });
  return launchers;
}

/** Takes one, which is released after the test. */
async function take(t: TestContext, launchers: WarmLaunchers, isWarm: boolean): Promise<Launcher> {
  const launcher = await launchers.take(isWarm);
  cleanUp(t, () => launcher.release());
  return launcher;
}

/** The launchers of this test, but for `not`: their shells, and what waits to become a program. */
function own(...not: readonly Launcher[]): readonly ProcessRef[] {
  const taken = not.flatMap((one) => [one.shell.pid, one.process.pid]);
  return proc.pids().flatMap((pid) => {
    try {
      if (taken.includes(pid) || !isLauncherCommand(proc.cmdline(pid))) return [];
      const { ppid } = proc.stat(pid);
      const isOurs = ppid === process.pid || proc.stat(ppid as Pid).ppid === process.pid;
      return isOurs ? (proc.alive(pid) ?? []) : [];
    } catch {
      return []; // gone meanwhile
    }
  });
}

/** Waits until one is warm, which is the leader of a session below its shell. */
async function isReady(...not: readonly Launcher[]): Promise<void> {
  const leads = ({ pid }: ProcessRef): boolean => {
    const { ppid, session } = proc.stat(pid);
    return ppid !== process.pid && session === pid;
  };
  await waitFor(() => own(...not).some(leads), "one is ready");
}

describe("WarmLaunchers", () => {
  test("make one ready while nothing happens, and the next one when it is taken", async (t) => {
    const launchers = pool(t);
    await isReady();
    const launcher = await take(t, launchers, true);
    assert.equal(launcher.setsid, undefined);
    assert.equal(proc.stat(launcher.process.pid).session, launcher.process.pid);
    await isReady(launcher);
  });

  test("give a cold one to who may have no warm one, and keep that", async (t) => {
    const launchers = pool(t);
    await isReady();
    assert.ok((await take(t, launchers, false)).setsid);
    assert.equal((await take(t, launchers, true)).setsid, undefined);
  });

  test("make a cold one when none is ready", async (t) => {
    assert.ok((await take(t, pool(t), true)).setsid);
  });

  for (const end of ["its process", "its shell"] as const) {
    test(`give a cold one when the warm one has lost ${end}`, async () => {
      const fake = new FakeProc();
      const listeners: SpawnListener[] = [];
      const spawn: Spawn = async (_argv, _env, listener) => {
        const shell = fake.set({ pid: 100 + 2 * listeners.push(listener) });
        const { pid } = fake.set({ pid: shell.pid + 1, ppid: shell.pid });
        listener.heard(`pid ${pid}\n`);
        return await Promise.resolve({ pid: shell.pid, send: () => {}, end: () => {} });
      };
      using launchers = new WarmLaunchers(cold(() => spawn, fake));
      await waitFor(() => listeners.length === 1, "one is made");
      if (end === "its process") listeners[0]?.heard("exit 137\n");
      else listeners[0]?.lost();
      const launcher = await launchers.take(true);
      assert.ok(launcher.setsid);
      assert.equal(listeners.length, 2);
    });
  }

  test("end what is ready when they are disposed of", async (t) => {
    const launchers = pool(t);
    await isReady();
    const refs = own();
    assert.equal(refs.length, 2);
    launchers[Symbol.dispose]();
    await waitFor(() => refs.every((ref) => !lives(ref)), "both are gone");
  });
});
