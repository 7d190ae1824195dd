import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { DaemonLock } from "../../src/daemon/daemon-lock.ts";
import { describe as describeEvent } from "../../src/events/describe.ts";
import { tryLock } from "../../src/state/lock.ts";
import { makeStateDir, type StateDir, stateDir } from "../../src/state/state-dir.ts";
import { cleanUp } from "../support/clean-up.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait.ts";

interface Taken {
  readonly state: StateDir;
  readonly lock: DaemonLock;
  /** What it has told, in turn. */
  readonly told: string[];
}

async function take(t: TestContext): Promise<Taken> {
  const state = stateDir(join(tempDir(t), "state"));
  makeStateDir(state);
  const told: string[] = [];
  const lock = await DaemonLock.take(state, {
    emit: (event) => {
      const { level, sentence } = describeEvent(event);
      told.push(`${level}: ${sentence.replace(state.daemonLock, "LOCK")}`);
    },
    retaken: () => told.push("retaken"),
    lost: () => told.push("lost"),
    isConfigThere: () => true,
  });
  assert.ok(lock);
  cleanUp(t, () => lock[Symbol.dispose]());
  return { state, lock, told };
}

describe("DaemonLock", () => {
  test("is had by one alone, until that one leaves", async (t) => {
    const { state, lock } = await take(t);
    const listener = {
      emit: () => {},
      retaken: () => {},
      lost: () => {},
      isConfigThere: () => true,
    };
    assert.equal(await DaemonLock.take(state, listener), undefined);
    lock[Symbol.dispose]();
    using next = await DaemonLock.take(state, listener);
    assert.ok(next);
  });

  test("is taken anew when its folder was deleted, and keeps others out again", async (t) => {
    const { state, lock, told } = await take(t);
    lock.check();
    rmSync(state.path, { recursive: true });
    lock.check();
    lock.check(); // while it is at it
    await waitFor(() => told.includes("retaken"), "it is retaken");
    assert.deepEqual(told, ["warn: LOCK was deleted; recreated", "retaken"]);
    assert.equal(await tryLock(state.daemonLock), undefined);
  });

  test("is lost when another was quicker", async (t) => {
    const { state, lock, told } = await take(t);
    rmSync(state.daemonLock);
    using other = await tryLock(state.daemonLock);
    assert.ok(other);
    lock.check();
    await waitFor(() => told.includes("lost"), "it is lost");
    assert.deepEqual(told, [
      "error: LOCK was deleted; another usrsvcd has it by now: leaves",
      "lost",
    ]);
  });

  test("is not taken in a folder that others can change, which is told once", async (t) => {
    const { state, lock, told } = await take(t);
    renameSync(state.path, `${state.path}.away`);
    mkdirSync(state.path);
    chmodSync(state.path, 0o777);
    assert.equal(lock.check(), false);
    assert.equal(lock.check(), false);
    assert.equal(told.length, 1);
    assert.match(
      told[0] ?? "",
      /^error: the state folder is not ours alone: .*written by everybody/,
    );
    assert.deepEqual(readdirSync(state.path), []);
    rmSync(state.path, { recursive: true });
    renameSync(`${state.path}.away`, state.path);
    assert.equal(lock.check(), true);
    assert.equal(told[1], `warn: the state folder ${state.path} is ours again`);
    assert.equal(told.length, 2);
  });

  test("tells once that it cannot be taken anew, and goes on trying", async (t) => {
    const { state, lock, told } = await take(t);
    rmSync(state.path, { recursive: true });
    writeFileSync(state.path, "a file in its place");
    for (const _ of [1, 2, 3]) {
      lock.check();
      await waitFor(() => told.length > 0, "it is told");
    }
    assert.match(told.join(), /^error: the state folder is lost: /);
    assert.equal(told.length, 1);
    rmSync(state.path);
    await waitFor(() => {
      lock.check();
      return told.includes("retaken");
    }, "it is made anew");
  });
});
