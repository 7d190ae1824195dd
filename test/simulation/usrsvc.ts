import { describe } from "../../src/events/describe.ts";
import type { ProgramSettings } from "../../src/config/settings.ts";
import type { Host } from "../../src/host/host.ts";
import { LayeredOwners, type Owners, RecordedOwners } from "../../src/identity/owners.ts";
import { markOf } from "../../src/identity/mark.ts";
import { ProcessTable } from "../../src/identity/process-table.ts";
import { type Program, programOf } from "../../src/identity/program.ts";
import { Semaphore } from "../../src/lib/semaphore.ts";
import { Sight } from "../../src/lifecycle/sight.ts";
import {
  restartProgram,
  startProgram,
  stopProgram,
} from "../../src/operations/one-program/operate.ts";
import { holdProgram, releaseProgram } from "../../src/operations/one-program/hold-program.ts";
import type { ActionResult, Operation } from "../../src/operations/operation.ts";
import { makeStateDir, stateDir } from "../../src/state/state-dir.ts";
import { Supervisor } from "../../src/supervisor/supervisor.ts";
import type { Pid } from "../../proc/pid.ts";
import type { Actor } from "./actor.ts";
import { SimulatedSpawner, SimulatedWatcher } from "./processes.ts";

const CONFIG = "/home/web/usrsvc.cfg";
const HOME = "simulated";

/** The ports of all folders, as `linuxHost` gives them in earnest. */
export function hostOf(who: Actor, programs: readonly ProgramSettings[]): Host {
  const { proc, uid } = who.world;
  const watcher = new SimulatedWatcher(who);
  const spawner = new SimulatedSpawner(who, watcher);
  const state = stateDir("/home/web/state");
  const recorded = new RecordedOwners(state, {
    boot: () => proc.bootId(),
    counts: () => who.role === "usrsvc",
    markedAs({ pid }) {
      const mark = markOf(proc, pid);
      return mark?.home === HOME ? mark.program : undefined;
    },
  });
  const owners: Owners = who.role === "usrsvcd" ? new LayeredOwners(recorded) : recorded;
  const turns = new Semaphore(8);
  return {
    proc,
    watcher: () => watcher,
    spawner: () => spawner,
    sight: new Sight(),
    launchTurn: async (signal) => await turns.take(signal),
    launching: new Set(),
    table: new ProcessTable(proc, uid),
    state,
    by: who.role,
    env: {},
    openFiles: undefined,
    config: CONFIG,
    home: HOME,
    programs: () => programs,
    ownerOf: (process, assumed) => owners.ownerOf(process, assumed),
    ownerOfSession: (session) => owners.ownerOfSession(session),
    ownerOfLaunch: (launch) => owners.ownerOfLaunch(launch),
    claim: (name, claim) => owners.claim(name, claim),
    isRetired: () => false,
  };
}

/** `usrsvcd`, as far as it decides. */
export function supervise(who: Actor, programs: readonly ProgramSettings[]): void {
  const host = hostOf(who, programs);
  makeStateDir(host.state);
  const supervisor = new Supervisor({
    host,
    events: {
      emit: (event) => who.world.tell(`usrsvcd: ${event.kind} ${describe(event).sentence}`),
    },
    onState: () => {},
    onSlowLook: () => {},
    isMovedAway: () => false,
    isActedOn: () => false,
    onOtherFile: () => {},
  });
  supervisor.begin(programs);
}

const actions = {
  start: startProgram,
  stop: stopProgram,
  restart: restartProgram,
  hold: async (program: Program, operation: Operation) =>
    await holdProgram(program, { untilMs: undefined, reason: undefined }, operation),
  release: async (program: Program, operation: Operation) =>
    await releaseProgram(program, false, operation),
};

/** What an operator may ask for. */
export type Action = keyof typeof actions;

/** `usrsvc start|stop|restart|hold|release NAME`. */
export async function act(
  who: Actor,
  action: Action,
  settings: ProgramSettings,
  programs: readonly ProgramSettings[],
): Promise<ActionResult> {
  const host = hostOf(who, programs);
  makeStateDir(host.state);
  const result = await actions[action](programOf(settings, host), {
    host,
    signal: new AbortController().signal,
    onProgress: () => {},
    debug: () => {},
    beganAt: host.proc.alive(who.pid as Pid)?.startTime,
    looksBehind: true,
  });
  who.world.tell(`usrsvc ${action} ${settings.name}: ${result.result}, ${result.message}`);
  return result;
}
