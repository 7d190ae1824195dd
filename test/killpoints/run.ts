import { cpSync } from "node:fs";
import { join } from "node:path";
import { type Kind, kinds } from "./kinds.ts";
import { type Op, pointsOf, type Scene, scenes, type Who } from "./scenes.ts";
import { noAttach, type Point, showPoint } from "./strace.ts";
import { type Trial, tryOut } from "./trial.ts";
import { World } from "./world.ts";

/** What is to be tried. */
export interface Plan {
  readonly op: Op | "all";
  readonly who: Who | "both";
  /** Programs of this kind only; all when undefined. */
  readonly kind?: string | undefined;
  /** So many trials, by chance; all when undefined. */
  readonly sample: number | undefined;
  readonly seed: number;
  /** No new trial begins after so many ms. */
  readonly forMs: number;
  /** So many homes are used side by side. */
  readonly lanes: number;
  /** After each kill, each of those who may come next in turn; else one by chance. */
  readonly eachNext: boolean;
  /** Only this one: `OP/WHO/NAME KIND CALL:N NEXT`, as a violation is told. */
  readonly only: string | undefined;
  /** Homes with a violation are copied there. */
  readonly keep: string | undefined;
  readonly tell: (line: string) => void;
}

/** Figures of one way to ask for something. */
export interface Tally {
  readonly op: Op;
  readonly who: Who;
  points: number;
  trials: number;
  kills: number;
  longestMs: number;
}

/** What came of it all. */
export interface Outcome {
  readonly tallies: readonly Tally[];
  readonly violations: readonly string[];
  /** Trials that were planned, and had no time. */
  readonly left: number;
}

interface Case {
  readonly scene: Scene;
  readonly kind: Kind;
}

/** So many points of one scene with one kind make its look at all points worth while. */
const SAMPLE_EACH = 4;

/** Tries the kill points of a plan. */
export async function runPlan(plan: Plan): Promise<Outcome> {
  const random = randomOf(plan.seed);
  const end = performance.now() + plan.forMs;
  const tallies = new Map<string, Tally>();
  const violations: string[] = [];
  const cases = chosenCases(plan, random);
  const worlds = Array.from({ length: plan.lanes }, () => new World());
  const tallyOf = ({ op, who }: Scene): Tally => {
    const tally = tallies.get(`${op} ${who}`) ?? {
      op,
      who,
      points: 0,
      trials: 0,
      kills: 0,
      longestMs: 0,
    };
    tallies.set(`${op} ${who}`, tally);
    return tally;
  };
  let trials: Trial[] = [];
  try {
    await inLanes(worlds, cases.values(), async (world, { scene, kind }) => {
      const points = await pointsOf(world, scene, kind).catch((error: Error) => {
        violations.push(`${nameOf(scene)} ${kind.name}: ${error.message}, with nobody killed`);
        plan.tell(`${violations.at(-1)}`);
        return [];
      });
      tallyOf(scene).points += points.length;
      const all = points.flatMap((point) => trialsAt(scene, kind, point, plan, random));
      trials.push(
        ...(plan.sample === undefined ? all : shuffled(all, random).slice(0, SAMPLE_EACH)),
      );
    });
    // A run that has no time for all has tried a fair choice of them.
    trials = shuffled(
      trials.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
      random,
    );
    if (plan.only !== undefined) trials = trials.filter((trial) => keyOf(trial) === plan.only);
    if (plan.sample !== undefined) trials = trials.slice(0, plan.sample);
    let done = 0;
    const timely = takeUntil(trials, () => performance.now() < end);
    await inLanes(worlds, timely, async (world, trial) => {
      const tally = tallyOf(trial.scene);
      const verdict = await tryOut(world, trial)
        // On a machine at work what is counted may come before its scene.
        .catch(async () => await tryOut(world, trial))
        .catch((error: Error) => ({
          isKilled: false,
          longestMs: 0,
          violations: [`it could not be played: ${error.message}`],
        }));
      done += 1;
      tally.trials += 1;
      tally.kills += verdict.isKilled ? 1 : 0;
      tally.longestMs = Math.max(tally.longestMs, verdict.longestMs);
      if (verdict.violations.length > 0) {
        const text = `${keyOf(trial)}\n  ${showPoint(trial.point)}\n  ${verdict.violations.join("\n  ")}`;
        violations.push(text);
        plan.tell(text);
        keepHome(plan, world, violations.length);
      }
      if (done % 200 === 0)
        plan.tell(`${done} of ${trials.length}, ${violations.length} violations`);
    });
    return { tallies: [...tallies.values()], violations, left: trials.length - done };
  } finally {
    await Promise.all(worlds.map(async (world) => await world.end()));
  }
}

/** A trial in a word, by which it can be played again. */
function keyOf({ scene, kind, point, next }: Trial): string {
  return `${nameOf(scene)} ${kind.name} ${point.call}:${point.nth} ${next}`;
}

function nameOf({ op, who, name }: Scene): string {
  return `${op}/${who}/${name.replaceAll(" ", "-")}`;
}

/** Who comes next is left to chance, or each of them is tried. */
function trialsAt(
  scene: Scene,
  kind: Kind,
  point: Point,
  { only, eachNext }: Plan,
  random: () => number,
): readonly Trial[] {
  const all = scene.nexts.map((next) => ({ scene, kind, point, next }));
  return only === undefined && !eachNext ? shuffled(all, random).slice(0, 1) : all;
}

function chosenCases(
  { op, who, kind: wanted, sample, only, tell }: Plan,
  random: () => number,
): readonly Case[] {
  const refusal = noAttach();
  if (refusal !== undefined) tell(`usrsvcd is not killed in mid-work: ${refusal}`);
  const all = scenes
    .filter(({ act }) => refusal === undefined || "command" in act)
    .filter((scene) => (op === "all" || scene.op === op) && (who === "both" || scene.who === who))
    .flatMap((scene) => kinds.map((kind) => ({ scene, kind })))
    .filter(({ kind }) => wanted === undefined || kind.name === wanted)
    .filter(({ scene, kind }) => only?.startsWith(`${nameOf(scene)} ${kind.name} `) ?? true);
  if (sample === undefined) return all;
  return shuffled(all, random).slice(0, Math.ceil(sample / SAMPLE_EACH));
}

function* takeUntil<T>(all: readonly T[], goesOn: () => boolean): Generator<T> {
  for (const one of all) {
    if (!goesOn()) return;
    yield one;
  }
}

/** Each lane takes the next one when it is done with the last. */
async function inLanes<T>(
  worlds: readonly World[],
  work: Iterator<T>,
  act: (world: World, one: T) => Promise<void>,
): Promise<void> {
  await Promise.all(
    worlds.map(async (world) => {
      for (let next = work.next(); next.done !== true; next = work.next()) {
        await act(world, next.value);
      }
    }),
  );
}

function keepHome({ keep }: Plan, world: World, number: number): void {
  if (keep === undefined) return;
  const told = world.calls.map(
    ({ words, code, signal, out, err }) => `$ ${words}\n${out}${err}→ ${code ?? signal}\n`,
  );
  world.script("calls.txt", told.join("\n"));
  cpSync(world.path, join(keep, String(number)), { recursive: true });
}

/** The same numbers for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled<T>(all: readonly T[], random: () => number): T[] {
  const keyed = all.map((one) => ({ one, key: random() }));
  return keyed.toSorted((a, b) => a.key - b.key).map(({ one }) => one);
}
