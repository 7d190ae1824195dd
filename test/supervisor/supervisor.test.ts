import assert from "node:assert/strict";
import { mkdirSync, renameSync, writeFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { ProgramSettings } from "../../src/config/settings.ts";
import type { EventOfProgram, Kind, UsrsvcEvent } from "../../src/events/event.ts";
import type { Host } from "../../src/host/host.ts";
import { linuxHost } from "../../src/host/linux-host.ts";
import { programLock, tryLock } from "../../src/state/lock.ts";
import { emptyRecord } from "../../src/state/record.ts";
import { writeRecord } from "../../src/state/record-file.ts";
import { makeStateDir, type StateDir, stateDir } from "../../src/state/state-dir.ts";
import { makeMonitors } from "../../src/monitors/monitors.ts";
import { StartOrder } from "../../src/supervisor/start-order.ts";
import { SupervisedProgram } from "../../src/supervisor/supervised-program.ts";
import { StateWatch } from "../../src/supervisor/state-watch.ts";
import { Supervisor } from "../../src/supervisor/supervisor.ts";
import { cleanUp } from "../support/clean-up.ts";
import { everythingOf, type Lab, makeLab } from "../support/lab.ts";
import { orphan } from "../support/processes.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait.ts";

interface Scene {
  readonly lab: Lab;
  readonly host: Host;
  readonly supervisor: Supervisor;
  /** Names of the programs of which this event was told, in turn. */
  readonly told: (kind: Kind) => readonly string[];
}

function scene(t: TestContext, actedOn?: string): Scene {
  const lab = makeLab(t);
  const state = stateDir(join(lab.dir, "supervised"));
  makeStateDir(state);
  const host = linuxHost(state, "usrsvcd", everythingOf(lab.dir));
  cleanUp(t, () => host[Symbol.dispose]());
  const events: EventOfProgram[] = [];
  const supervisor = new Supervisor({
    host,
    events: { emit: (event) => void (isOfProgram(event) && events.push(event)) },
    onState: () => {},
    onSlowLook: () => {},
    isMovedAway: () => false,
    isActedOn: (name) => name === actedOn,
    onOtherFile: () => {},
  });
  cleanUp(t, () => supervisor[Symbol.dispose]());
  const told = (kind: Kind): readonly string[] =>
    events.filter(({ kind: one }) => one === kind).map(({ program }) => program);
  return { lab, host, supervisor, told };
}

const isOfProgram = (event: UsrsvcEvent): event is EventOfProgram =>
  event.kind.startsWith("program.");

test("a program that waits for its turn is started with the settings that it has by then", async (t) => {
  const { lab, host } = scene(t);
  let isTurn = (): void => {};
  const turn = new Promise<void>((resolve) => (isTurn = resolve));
  let waits = false;
  const launchTurn = async (): Promise<() => void> => {
    waits = true;
    await turn;
    return () => {};
  };
  const settings = (word: string): ProgramSettings => lab.settings(["sleep", word]);
  const program = new SupervisedProgram(settings(`600.${process.pid}8`), {
    host: { ...host, launchTurn },
    events: { emit: () => {} },
    monitors: makeMonitors(host.proc),
    isSharedLog: () => false,
    marked: () => ({ byLaunch: new Map(), byName: new Map() }),
    onState: () => {},
    order: new StartOrder(new Map(), host),
    isMovedAway: () => false,
    isActedOn: () => false,
  });
  cleanUp(t, () => program.close());
  program.look();
  await waitFor(() => waits, "it waits");
  program.configure(settings(`600.${process.pid}9`));
  isTurn();
  const ref = await waitFor(() => program.process, "it runs");
  assert.deepEqual(host.proc.cmdline(ref.pid), ["sleep", `600.${process.pid}9`]);
});

describe("Supervisor", () => {
  test("gives a process that two programs may take up to one of them", async (t) => {
    const { lab, supervisor, told } = scene(t);
    const word = `600.${process.pid}7`;
    await orphan(t, "sleep", word);
    const both = ["a", "b"].map((name) =>
      lab.settings(["sleep", word], { name, autostart: false, autopid: false }),
    );
    supervisor.begin(both);
    await waitFor(() => told("program.stopped").length === 1, "one is down");
    assert.equal(told("program.adopted").length, 1);
  });

  test("gives each of two programs a process, whose records name one", async (t) => {
    const { lab, host, supervisor, told } = scene(t);
    const word = `600.${process.pid}6`;
    const ref = await orphan(t, "sleep", word);
    const both = ["a", "b"].map((name) => {
      const record = emptyRecord(name, host.proc.bootId());
      writeRecord(host.state, { ...record, state: "running", process: ref });
      return lab.settings(["sleep", word], { name, autostart: false, autopid: false });
    });
    supervisor.begin(both);
    await waitFor(() => told("program.started").length === 1, "one gets another");
    assert.deepEqual(told("program.adopted"), ["a"]);
    assert.deepEqual(told("program.started"), ["b"]);
    await supervisor.endAll();
  });

  test("asks for a lock that another holds again and again, but not for one that its own usrsvcd holds", async (t) => {
    const { lab, host, supervisor, told } = scene(t, "ours");
    const names = ["ours", "others"];
    const locks = await Promise.all(
      names.map(async (name) => await tryLock(programLock(host.state, name))),
    );
    assert.ok(locks.every((lock) => lock !== undefined));
    const settings = names.map((name, index) =>
      lab.settings(["sleep", `600.${process.pid}${index}`], { name }),
    );
    supervisor.begin(settings);
    await waitFor(() => told("program.busy").length === 2, "both are busy");
    for (const lock of locks) lock?.[Symbol.dispose]();
    await waitFor(() => told("program.started").length === 1, "one is started");
    assert.deepEqual(told("program.started"), ["others"]);
    supervisor.look("ours");
    await waitFor(() => told("program.started").length === 2, "the other one is");
    await supervisor.endAll();
  });
});

describe("StateWatch.check", () => {
  interface Watched {
    readonly state: StateDir;
    readonly watch: StateWatch;
    readonly told: string[];
  }

  function watched(t: TestContext): Watched {
    const state = stateDir(join(tempDir(t), "state"));
    makeStateDir(state);
    const told: string[] = [];
    const watch = new StateWatch(state, {
      changed: (file) => told.push(file),
      lost: () => told.push("lost"),
      degraded: (reason) => told.push(reason),
      recovered: () => told.push("recovered"),
    });
    cleanUp(t, () => watch[Symbol.dispose]());
    return { state, watch, told };
  }

  test("tells nothing of a folder in which nothing happened", (t) => {
    const { watch, told } = watched(t);
    watch.check();
    assert.deepEqual(told, []);
  });

  test("tells to look at all when another folder has taken its place, which is watched then", async (t) => {
    const { state, watch, told } = watched(t);
    renameSync(state.programs, `${state.programs}.away`);
    mkdirSync(state.programs);
    writeFileSync(join(state.programs, "before.json"), "");
    watch.check();
    assert.ok(told.includes("lost"));
    writeFileSync(join(state.programs, "after.json"), "");
    await waitFor(() => told.includes("after.json"), "the new folder is watched");
  });

  test("tells when it cannot watch, and when it can again", async (t) => {
    const { state, watch, told } = watched(t);
    renameSync(state.programs, `${state.programs}.away`);
    writeFileSync(state.programs, "a file in its place");
    watch.check();
    assert.match(told.join(), /programs is not a folder: move it away/);
    assert.ok(!told.includes("recovered"));
    rmSync(state.programs);
    watch.check();
    assert.ok(told.includes("recovered"));
    writeFileSync(join(state.programs, "after.json"), "");
    await waitFor(() => told.includes("after.json"), "the new folder is watched");
  });
});
