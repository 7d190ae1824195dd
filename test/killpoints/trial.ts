import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Kind } from "./kinds.ts";
import { adoptWords, type Next, play, type Scene } from "./scenes.ts";
import type { Point } from "./strace.ts";
import { type Call, DAEMON, TOOL, waitFor, type World } from "./world.ts";

/** One kill, and who comes next. */
export interface Trial {
  readonly scene: Scene;
  readonly kind: Kind;
  readonly point: Point;
  readonly next: Next;
}

/** What came of a trial. */
export interface Verdict {
  /** False when the actor came to its end without being killed: how many calls it makes may differ. */
  readonly isKilled: boolean;
  readonly violations: readonly string[];
  /** How long the longest call took that came after the kill, in ms. */
  readonly longestMs: number;
}

/** No call after a kill may take longer, also where all cores are busy: a lock would be stuck. */
const LONGEST_MS = 30_000;
/** So long usrsvcd has to bring all into order. */
const CALM_MS = 30_000;

interface Status {
  readonly state: string;
  readonly pid?: number;
  readonly reason?: string;
  readonly next?: string;
  readonly notes?: readonly string[];
  readonly problems?: readonly string[];
}

/** Kills one at a point, lets the next one act, and judges what is there. */
export async function tryOut(world: World, trial: Trial): Promise<Verdict> {
  const { scene, kind, point } = trial;
  const violations: string[] = [];
  const wrong = (text: string): void => void violations.push(text);
  const isKilled = await play(world, scene, kind, point);
  const first = world.calls.length;
  try {
    await soon("what was being launched to be executed", () => !isBusy(world, scene), wrong);
    // What has just been forked bears the name of its parent for a moment.
    await soon("what is too much to become something else", () => !isTooMuch(world), wrong);
    await judgeStatus(world, "after the kill", wrong);
    await judgeNext(world, trial, wrong);
    await judgeEnd(world, trial, wrong);
  } catch (error) {
    wrong((error as Error).message);
  }
  const longestMs = Math.max(...world.calls.slice(first).map(({ ms }) => ms));
  if (longestMs > LONGEST_MS) wrong(`a call took ${Math.round(longestMs)} ms`);
  return { isKilled, violations, longestMs };
}

/** Something that one of ours has forked is not executed yet, or strace has not gone. */
function isBusy(world: World, { who }: Scene): boolean {
  const census = world.census();
  return who === "tool" ? census.has(TOOL) : (census.get(DAEMON) ?? []).length > 1;
}

function isTooMuch(world: World): boolean {
  return world.excess() !== undefined;
}

async function soon(
  what: string,
  isSo: () => boolean,
  wrong: (text: string) => void,
): Promise<void> {
  try {
    await waitFor(what, isSo, CALM_MS);
  } catch (error) {
    wrong(`after the kill: ${(error as Error).message}`);
  }
}

/** What status says is so, and what it does not say is not. */
async function judgeStatus(
  world: World,
  when: string,
  wrong: (text: string) => void,
): Promise<Status | undefined> {
  const call = await world.usrsvc("status", "--json", "one");
  const status = parse(call.out);
  if (call.code !== 0 && call.code !== 1) wrong(`${when}: ${said(call)}`);
  if (status === undefined) {
    wrong(`${when}: no status: ${said(call)}`);
    return undefined;
  }
  const { state, pid } = status;
  const all = [...world.census().values()].flat();
  if (state === "running" && (pid === undefined || !all.includes(pid))) {
    wrong(`${when}: status says "running" of pid ${pid}, which is none of it`);
  }
  // Nobody would look for it: the next crash of it would be final.
  const isDoomed = world.recorded()?.desired === "down" && state === "running";
  const { reason, next, problems } = status;
  if (isDoomed && reason === undefined && next === undefined && problems === undefined) {
    wrong(`${when}: it is not wanted any more, and status does not say so`);
  }
  return status;
}

function parse(text: string): Status | undefined {
  try {
    return JSON.parse(text.split("\n")[0] ?? "") as Status;
  } catch {
    return undefined;
  }
}

async function judgeNext(
  world: World,
  { scene, next }: Trial,
  wrong: (text: string) => void,
): Promise<void> {
  const when = `after ${next}`;
  if (next === "usrsvcd") return await judgeDaemon(world, scene, wrong);
  if (next === "reread") {
    await world.usrsvcd(); // it runs, or the one that was killed is followed by another
    const call = await world.usrsvcd("reread");
    if (call.code !== 0) wrong(`${when}: ${said(call)}`);
    await rereadDone(world, when, wrong);
    return;
  }
  if (next === "adopt") return await judgeAdopted(world, wrong);
  const call = await world.usrsvc(...wordsOf(next));
  if (call.code !== 0) wrong(`${when}: ${said(call)}`);
  const others = scene.neighbours === true ? undefined : (scene.beside ?? []);
  if (others !== undefined) await counted(world, when, next === "stop" ? 0 : 1, others, wrong);
  const status = await judgeStatus(world, when, wrong);
  const wanted = next === "stop" ? "stopped" : "running";
  if (status !== undefined && status.state !== wanted) {
    wrong(`${when}: status says "${status.state}"`);
  }
}

function wordsOf(next: Exclude<Next, "usrsvcd" | "reread" | "adopt">): readonly string[] {
  return next === "remembered" ? ["start", "--remembered"] : [next, "one"];
}

/** Whoever asks again has it done, or is told that it is; then it is managed, and is still the same process. */
async function judgeAdopted(world: World, wrong: (text: string) => void): Promise<void> {
  const when = "after adopt";
  const [pid] = world.census().get("added") ?? [];
  const again = await world.usrsvc(...adoptWords(world));
  if (
    again.code !== 0 &&
    !/is already (?:that of|managed, as) program added|already exists/.test(again.err)
  ) {
    wrong(`${when}: ${said(again)}`);
  }
  const reread = await world.usrsvcd("reread");
  if (reread.code !== 0) wrong(`${when}: ${said(reread)}`);
  const status = await world.usrsvc("status", "--json", "added");
  if (status.code !== 0 || parse(status.out)?.pid !== pid) {
    wrong(`${when}: it is not managed: ${said(again)}; ${said(status)}`);
  }
  await counted(world, when, 1, ["added"], wrong);
}

async function rereadDone(
  world: World,
  when: string,
  wrong: (text: string) => void,
): Promise<void> {
  // What is configured no more runs on, and is told of.
  await counted(world, when, 1, ["added", "removed", "renamed"], wrong);
}

/** The usrsvcd that is there, or another one, brings all into order by itself. */
async function judgeDaemon(
  world: World,
  scene: Scene,
  wrong: (text: string) => void,
): Promise<void> {
  const when = "with usrsvcd";
  if (!world.census().has(DAEMON)) {
    const call = await world.usrsvcd();
    if (call.code !== 0) wrong(`${when}: ${said(call)}`);
  }
  if (scene.neighbours === true) {
    if (scene.who === "daemon") await rereadDone(world, when, wrong);
    return;
  }
  if (scene.desired === "up") {
    await counted(world, when, 1, scene.beside ?? [], wrong);
    await judgeStatus(world, when, wrong);
    return;
  }
  const copies = await settled(world, when, wrong);
  const status = await judgeStatus(world, when, wrong);
  if (copies === undefined || status === undefined) return;
  if (copies === 0) {
    if (status.state !== "stopped") wrong(`${when}: it is down, status says "${status.state}"`);
    return;
  }
  if (status.state !== "running") {
    wrong(`${when}: it runs, status says "${status.state}"`);
    return;
  }
  // What runs, and is not said to be unwanted, is looked after.
  const pid = world.recorded()?.pid;
  if (pid === undefined) return wrong(`${when}: it runs, and is not on record`);
  process.kill(pid, "SIGKILL");
  await waitFor(
    "its end",
    () => world.recorded()?.pid !== pid || world.odd(0) === undefined,
    CALM_MS,
  ).catch(() => {});
  await counted(world, `${when}, after its death`, 1, [], wrong);
}

/** Waits until there are as many as there should be; and a moment later they still are. */
async function counted(
  world: World,
  when: string,
  copies: 0 | 1,
  others: readonly string[],
  wrong: (text: string) => void,
): Promise<void> {
  const isRight = (): boolean => world.odd(copies, others) === undefined;
  await waitFor("the count", isRight, CALM_MS).catch(() => {});
  const odd = world.odd(copies, others);
  if (odd !== undefined) wrong(`${when}: ${odd}, wanted: ${copies === 1 ? "one copy" : "none"}`);
}

/** All of it runs, or nothing, and that stays so. */
async function settled(
  world: World,
  when: string,
  wrong: (text: string) => void,
): Promise<0 | 1 | undefined> {
  const copies = (): 0 | 1 | undefined => {
    if (world.odd(1) === undefined) return 1;
    return world.odd(0) === undefined ? 0 : undefined;
  };
  try {
    return await waitFor(
      "it to be settled",
      async () => {
        const before = copies();
        const state = world.recorded()?.state;
        await pause(200);
        const isCalm = before !== undefined && copies() === before;
        const fits =
          before === 1 ? state === "running" : state === "stopped" || state === undefined;
        return isCalm && fits && { copies: before };
      },
      CALM_MS,
    ).then(({ copies: found }) => found);
  } catch {
    wrong(`${when}: ${world.odd(1)} (or ${world.odd(0)}); on record: ${world.recorded()?.state}`);
    return undefined;
  }
}

/** A stop ends all, whatever was before; and nothing that is half, or nobody's, is left. */
async function judgeEnd(
  world: World,
  { scene }: Trial,
  wrong: (text: string) => void,
): Promise<void> {
  const when = "at the end";
  const stop = await world.usrsvc("stop", "all", "-P");
  if (stop.code !== 0) wrong(`${when}: ${said(stop)}`);
  // usrsvcd tidies up at its start what was left behind, and has the last word on what is down.
  const daemon = await world.usrsvcd(world.census().has(DAEMON) ? "restart" : "start");
  if (daemon.code !== 0) wrong(`${when}: ${said(daemon)}`);
  if (scene.neighbours === true) await world.usrsvc("stop", "removed");
  // What was not adopted is nobody's.
  const isAdopted = world.recorded("added") !== undefined;
  if (scene.beside !== undefined && !isAdopted) {
    for (const pid of world.census().get("added") ?? []) process.kill(pid, "SIGKILL");
  }
  await counted(world, when, 0, [], wrong);
  const end = await world.usrsvcd("stop");
  if (end.code !== 0) wrong(`${when}: ${said(end)}`);
  if (world.census().has(DAEMON)) wrong(`${when}: usrsvcd runs on`);
  for (const text of world.lostStrangers()) wrong(`a stranger was ended: ${text}`);
  for (const text of faultyFiles(world)) wrong(`${when}: ${text}`);
}

const EXPECTED =
  /^(state|usrsvc\.cfg|strace\.out|activity|\w+\.sh|run|log|\.local(\/.*)?|log\/\w+\.log|state\/(programs|locks|run|log|history)|state\/(daemon|history\/\w+)\.jsonl|state\/usrsvcd\.(lock|json|err|log|\d+\.log)|state\/locks\/(\w+(\+record|\+pidfile|\+hold)?|\+usrsvcd|\+remembered(\.lock)?)|state\/programs\/\w+\.(json|hold)|state\/remembered\.json|usrsvc\.d(\/added\.cfg)?|state\/mail(\/.*)?|(state\/)?run\/\w+\.pid)$/;

/** Files that are half, or that nobody knows. */
function faultyFiles(world: World): readonly string[] {
  const all = readdirSync(world.path, { recursive: true, encoding: "utf8" });
  return all.flatMap((name) => {
    if (!EXPECTED.test(name)) return [`${name} was left behind`];
    const path = join(world.path, name);
    const isState =
      dirname(name) === "state/programs" || /^(?:usrsvcd|remembered)\.json$/.test(basename(name));
    if (!isState || !lstatSync(path).isFile()) return [];
    try {
      JSON.parse(readFileSync(path, "utf8"));
      return [];
    } catch {
      return [`${name} is half written`];
    }
  });
}

function said({ words, code, signal, out, err }: Call): string {
  return `${words}: exit ${code ?? signal}: ${`${err}${out}`.trim().slice(0, 400)}`;
}
