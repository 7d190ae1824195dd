import type { ProgramSettings } from "../../src/config/settings.ts";
import { hasEndedWell } from "../../src/state/ended-well.ts";
import { readRecord, type RecordFile } from "../../src/state/record-file.ts";
import { stateDir } from "../../src/state/state-dir.ts";
import { programSettings } from "../support/settings.ts";
import type { Actor } from "./actor.ts";
import type { Kind, Process } from "./processes.ts";
import { act, type Action, supervise } from "./usrsvc.ts";
import { type Faults, World } from "./world.ts";

/** When an actor is killed: so many steps after its beginning, or its first launch, if it makes that many. */
export interface Crash {
  readonly since: "beginning" | "launch";
  readonly steps: number;
}

/** Something that happens to the world, `wait` ms after what happened before. */
export type Deed = { readonly wait: number } & (
  | {
      /** An operator acts on a program. */
      readonly kind: Action;
      readonly program: number;
      readonly crash: Crash | undefined;
    }
  /** usrsvcd is started where none runs. */
  | { readonly kind: "usrsvcd"; readonly crash: Crash | undefined }
  | { readonly kind: "kill usrsvcd" }
  /** A process of a program is killed, not by usrsvc. */
  | { readonly kind: "kill program"; readonly program: number }
  /** Somebody gets no time from the machine for a while. */
  | { readonly kind: "freeze"; readonly ms: number }
  /** A process that is none of ours, and looks much like it. */
  | { readonly kind: "stranger"; readonly program: number }
);

/** When a program is started again: always; unless it ended well; until it is given up for a while. */
export type Policy = "always" | "on-failure" | "given up";

const policies: Readonly<Record<Policy, Partial<ProgramSettings>>> = {
  always: {},
  "on-failure": { autorestart: "on-failure" },
  "given up": { maxrestarts: 2, restartWindowMs: 20_000, retryAfterMs: 15_000 },
};

/** One story of a simulated world. */
export interface Scenario {
  readonly seed: number;
  readonly programs: readonly Kind[];
  /** Whether each starts after the one before it. */
  readonly chained: readonly boolean[];
  /** Of the programs, one after the other. */
  readonly policies: readonly Policy[];
  readonly deeds: readonly Deed[];
}

/** What came of it. */
export interface Outcome {
  readonly violations: readonly string[];
  readonly story: readonly string[];
  readonly turns: number;
  readonly steps: number;
}

/** A minute of backing off, and some slow looks. */
const REST_MS = 150_000;
/** A deed is waited for no longer. */
const MOST_DEED_MS = 60_000;

interface Operation {
  readonly action: Action;
  readonly program: string;
  readonly beganAt: number;
  endedAt: number | undefined;
  result: string | undefined;
  readonly who: Actor;
}

/** Plays a scenario to its end, lets the world come to rest, and looks whether all is as it must be. */
export async function play(scenario: Scenario, faults: Faults = {}): Promise<Outcome> {
  const run = new Run(scenario, faults);
  await run.play();
  const { violations, story, turns, steps } = run.world;
  return { violations, story, turns, steps };
}

class Run {
  readonly world: World;
  readonly #scenario: Scenario;
  readonly #programs: readonly ProgramSettings[];
  readonly #operations: Operation[] = [];
  #daemon: Actor | undefined;

  constructor(scenario: Scenario, faults: Faults) {
    this.#scenario = scenario;
    this.world = new World(scenario.seed, faults);
    this.#programs = scenario.programs.map((kind, index) =>
      settingsOf(kind, index, {
        policy: scenario.policies[index] ?? "always",
        isChained: scenario.chained[index] === true,
      }),
    );
  }

  async play(): Promise<void> {
    const { world } = this;
    for (const deed of this.#scenario.deeds) {
      await world.until(() => false, deed.wait);
      if (world.violations.length > 0) return;
      this.#do(deed);
    }
    await world.until(() => this.#operations.every(isOver), MOST_DEED_MS);
    if (world.violations.length > 0) return;
    world.tell("calm");
    for (const [index] of this.#programs.entries()) this.#operate("release", index, undefined);
    await world.until(() => this.#operations.every(isOver), MOST_DEED_MS);
    if (world.violations.length > 0) return;
    world.isCalm = true;
    if (this.#daemon?.lives !== true) this.#startDaemon(undefined);
    else this.#daemon.spare();
    await world.until(() => false, REST_MS);
    if (world.violations.length === 0) for (const one of this.#programs) this.#checkRest(one);
  }

  #do(deed: Deed): void {
    const { world } = this;
    switch (deed.kind) {
      case "start":
      case "stop":
      case "restart":
      case "hold":
      case "release":
        this.#operate(deed.kind, deed.program, deed.crash);
        return;
      case "usrsvcd":
        if (this.#daemon?.lives !== true) this.#startDaemon(deed.crash);
        return;
      case "kill usrsvcd":
        world.tell("usrsvcd is killed");
        this.#daemon?.crash();
        return;
      case "kill program": {
        const target = this.#mains(this.#settings(deed.program).name)[0];
        if (target !== undefined) world.kill(target.pid, "SIGKILL", undefined);
        return;
      }
      case "freeze": {
        const all = [...world.actors];
        const one = all[Math.floor(world.random() * all.length)];
        if (one !== undefined) one.frozenUntil = world.now + deed.ms;
        return;
      }
      case "stranger": {
        const { argv } = this.#settings(deed.program);
        const what = "a stranger";
        const environ = { HOME: "/home/web" };
        world.proc.create({ argv: [...argv.slice(0, 2), "other"], parent: 1, what, environ });
        world.proc.create({ argv, parent: 1, uid: 2000, what: "another account's", environ });
      }
    }
  }

  #settings(index: number): ProgramSettings {
    const found = this.#programs[index % this.#programs.length];
    if (found === undefined) throw new TypeError("a scenario without programs");
    return found;
  }

  #operate(action: Action, index: number, crash: Crash | undefined): void {
    const { world } = this;
    const settings = this.#settings(index);
    world.tell(`usrsvc ${action} ${settings.name} begins`);
    const who: Actor = world.launch("usrsvc", async () => {
      const result = await act(who, action, settings, this.#programs);
      operation.endedAt = world.now;
      operation.result = result.result;
      if (result.result === "held" && !this.#isReleased(operation)) world.held.add(settings.name);
    });
    if (action === "release") world.held.delete(settings.name);
    who.dooms(crash);
    const { now: beganAt } = world;
    const operation: Operation = {
      action,
      program: settings.name,
      beganAt,
      endedAt: undefined,
      result: undefined,
      who,
    };
    this.#operations.push(operation);
  }

  /** Somebody may have ended the hold before the command returned. */
  #isReleased({ program, beganAt }: Operation): boolean {
    return this.#operations.some(
      (one) => one.action === "release" && one.program === program && !overBy(one, beganAt),
    );
  }

  #startDaemon(crash: Crash | undefined): void {
    const { world } = this;
    world.tell("usrsvcd begins");
    const who: Actor = world.launch("usrsvcd", async () => {
      supervise(who, this.#programs);
      await Promise.resolve();
    });
    who.dooms(crash);
    this.#daemon = who;
  }

  #mains(program: string): readonly Process[] {
    return [...this.world.proc.all].filter(
      (one) => one.program === program && one.isMain && one.state !== "Z",
    );
  }

  /** At rest runs what is wanted, and nothing else; the record says so. */
  #checkRest(settings: ProgramSettings): void {
    const { world } = this;
    const { name, argv, autorestart, retryAfterMs } = settings;
    const mains = this.#mains(name);
    const wanted = this.#wanted(name);
    const isFailing = argv[1] === "failing";
    const { record } = readRecordIn(world, name);
    const isDone = autorestart === "on-failure" && hasEndedWell(record, settings);
    if (
      wanted === "up" &&
      mains.length === 0 &&
      !isFailing &&
      !isDone &&
      !this.#waitsForFailing(name)
    ) {
      world.violated(`${name} is wanted, and does not run`);
    }
    if (isDone && argv[1] !== "mortal") world.violated(`${name} never ends well, and is done`);
    if (record?.state === "fatal" && (retryAfterMs === 0 || record.nextTryAt === undefined)) {
      world.violated(`${name} is given up for ever`);
    }
    if (wanted === "down" && mains.length > 0) {
      world.violated(`${name} was stopped, and runs: ${mains.map(({ pid }) => pid).join()}`);
    }
    if (mains.length > 1) world.violated(`${name} runs ${mains.length} times`);
    const [main] = mains;
    if (main !== undefined && !isFailing && record?.process?.pid !== main.pid) {
      world.violated(`${name} runs as ${main.pid}, and its record names ${record?.process?.pid}`);
    }
  }

  /** One that starts after what never runs does not run either. */
  #waitsForFailing(name: string): boolean {
    const { after = [] } = this.#programs.find((one) => one.name === name) ?? {};
    return after.some(({ text }) => this.#mains(text).length === 0 || this.#waitsForFailing(text));
  }

  /** What the last word of an operator was; undefined where that is open: killed, or two at once. */
  #wanted(program: string): "up" | "down" | undefined {
    const all = this.#operations.filter(
      ({ action, ...one }) => one.program === program && action !== "hold" && action !== "release",
    );
    const last = all.at(-1);
    if (last === undefined) return "up"; // autostart
    const isAlone = all.slice(0, -1).every((one) => overBy(one, last.beganAt));
    if (!isAlone || last.result === undefined) return undefined;
    if (last.action !== "stop")
      return ["started", "running"].includes(last.result) ? "up" : undefined;
    return ["stopped", "killed", "down"].includes(last.result) ? "down" : undefined;
  }
}

/** It is done, or was killed: nothing more comes of it. */
function isOver({ endedAt, who }: Operation): boolean {
  return endedAt !== undefined || !who.lives;
}

/** What was killed may leave a start that is under way: it counts as over all the same, once it is dead. */
function overBy(one: Operation, at: number): boolean {
  return one.endedAt !== undefined ? one.endedAt <= at : !one.who.lives && one.who.diedAt <= at;
}

function readRecordIn(world: World, name: string): RecordFile {
  const reader = world.launch("usrsvc", async () => await Promise.resolve());
  return reader.run(() => readRecord(stateDir("/home/web/state"), name, world.proc.bootId()));
}

/** Names that are told apart at a glance in a story. */
const NAMES = ["ape", "bee", "cat", "dog"];

function settingsOf(
  kind: Kind,
  index: number,
  { policy, isChained }: { readonly policy: Policy; readonly isChained: boolean },
): ProgramSettings {
  const before = isChained ? NAMES[index - 1] : undefined;
  const name = NAMES[index] ?? `p${index}`;
  return programSettings("/home/web", ["/usr/bin/app", kind, name], {
    name,
    autopid: kind !== "daemon",
    autostart: true,
    autorestart: true,
    maxrestarts: 0,
    after: before === undefined ? [] : [{ kind: "program", text: before }],
    successMs: 1000,
    termToKillMs: 500,
    env: new Map([["PROGRAM", name]]),
    ...policies[policy],
  });
}
