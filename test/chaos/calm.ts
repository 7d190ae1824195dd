import * as fs from "node:fs";
import { join } from "node:path";
import { type Seen, signal } from "./census.ts";
import type { Kind } from "./kinds.ts";
import type { Desired } from "./model.ts";
import type { Round } from "./plan.ts";
import type { World } from "./world.ts";

/** The model and the machine do not agree. */
export class Violation extends Error {
  override readonly name = "Violation";
}

/** After a calm has begun, all must be as it should within so many ms. */
const SETTLED_WITHIN_MS = 30_000;
/** Longer by so much on a machine that is slower by a factor. */
const SLOWLY_MS = 5000;
const TIDIED_WITHIN_MS = 15_000;
const CALLS_END_WITHIN_MS = 125_000;
/** The limit of time of a `usrsvcd start` that was killed while it waited: it ends by itself. */
const START_LIMIT = "sleep 60";
const LOOK_EVERY_MS = 60;
/** So many looks in a row must show the same. */
const STEADY_LOOKS = 3;
/** How often usrsvc is asked what it thinks of programs that are not there yet, in ms. */
const ASK_EVERY_MS = 1500;
/** What waits for its next try for longer than this is started by hand, in ms. */
const PATIENCE_MS = 3000;
/** The longest pause between two tries is a minute; it varies by a tenth. */
const LONGEST_PAUSE_MS = 66_500;

type Status = Readonly<Record<string, unknown>>;

/** What one program is seen to be. */
type Standing = "up" | "down" | "odd";

/**
 * Lets the world come to rest: all calls end, the configuration is mended, usrsvcd runs and has read it.
 * Then the machine must be what the model says, stay so, and usrsvc must say the same.
 *
 * @throws {Violation}
 */
export async function calm(
  world: World,
  { restartsAll, forgets, killsAll }: Omit<Round, "operations">,
): Promise<void> {
  world.around.counts.calms += 1;
  await callsEnded(world);
  world.mend();
  await daemonReady(world);
  if (restartsAll) {
    world.say("calm: all are restarted");
    await world.call("usrsvc", ["restart", "all", "-P"]);
  }
  await agreed(world, restartsAll);
  if (killsAll) {
    killAll(world);
    await agreed(world, false);
  }
  if (!forgets) return;
  world.forget();
  await agreed(world, false);
}

/** All that usrsvcd is to start again. */
function killAll(world: World): void {
  const isMeant = (program: string): boolean => {
    const { isPresent, isEnabled } = world.section(program);
    return isPresent && isEnabled && !world.staysDown(program);
  };
  const killed = world.look().filter(({ program, stranger }) => {
    return stranger === undefined && program !== undefined && isMeant(program);
  });
  for (const one of killed) signal(one, "SIGKILL");
  world.say(`calm: killed are ${killed.map(({ pid }) => pid).join(" ")}`);
}

async function callsEnded(world: World): Promise<void> {
  const end = performance.now() + CALLS_END_WITHIN_MS;
  while (world.calls.length > 0) {
    if (performance.now() > end) throw new Violation(`${world.calls[0]?.words} does not end`);
    await pause(world, LOOK_EVERY_MS);
  }
}

async function daemonReady(world: World): Promise<void> {
  const end = performance.now() + SETTLED_WITHIN_MS;
  for (const one of world.daemons()) process.kill(one.pid, "SIGCONT");
  for (;;) {
    if (world.daemons().length === 0) await world.call("usrsvcd", ["start"]);
    const { code, out, err } = await world.call("usrsvcd", ["reread"]);
    // One that was on its way out has not read it.
    if (code === 0 && out.includes('"result":"reread"')) return;
    if (performance.now() > end) {
      throw new Violation(`usrsvcd does not come to rest: reread says ${code}: ${out}${err}`);
    }
    await pause(world, LOOK_EVERY_MS);
  }
}

async function agreed(world: World, isNewest: boolean): Promise<void> {
  const began = performance.now();
  let steady = 0;
  let last = "";
  let nextAsk = performance.now() + ASK_EVERY_MS;
  let lastWrong: readonly string[] = [];
  for (;;) {
    const seen = world.look();
    const wrong = disagreements(world, seen, isNewest);
    const key = lasting(world, seen)
      .map(({ pid, startTime }) => `${pid}:${startTime}`)
      .join();
    steady = wrong.length === 0 && key === last ? steady + 1 : 0;
    last = key;
    if (steady >= STEADY_LOOKS) {
      const untrue = await untrueWords(world);
      if (untrue.length === 0) break;
      wrong.push(...untrue);
      steady = 0;
    }
    if (wrong.length > 0) lastWrong = wrong;
    const patience = SETTLED_WITHIN_MS + SLOWLY_MS * world.around.pace.factor;
    if (performance.now() - began > patience) {
      throw new Violation(
        `not as it should be after ${Math.round(patience / 1000)} s:\n${lastWrong.join("\n")}`,
      );
    }
    if (performance.now() > nextAsk) {
      await help(world);
      nextAsk = performance.now() + ASK_EVERY_MS;
    }
    await pause(world, LOOK_EVERY_MS);
  }
  if (world.faults.length > 0) throw new Violation(world.faults.join("\n"));
  await tidied(world);
  adopt(world, world.look(true));
}

/** Without those that come and go by themselves. */
function lasting(world: World, seen: readonly Seen[]): readonly Seen[] {
  const lasts = (program: string): boolean => world.section(program).kind.lasts === undefined;
  return seen.filter(({ program }) => program === undefined || lasts(program));
}

/** What is held, or lies about, for a moment, is being worked on. */
async function tidied(world: World): Promise<void> {
  const end = performance.now() + TIDIED_WITHIN_MS;
  for (;;) {
    const wrong = leftBehind(world);
    if (wrong.length === 0) return;
    if (performance.now() > end) throw new Violation(wrong.join("\n"));
    await pause(world, LOOK_EVERY_MS);
  }
}

/**
 * The end of a world: usrsvcd is begun anew, and nothing may be left of those who were killed.
 *
 * @throws {Violation}
 */
export async function lastCalm(world: World): Promise<void> {
  world.say("the last calm");
  await callsEnded(world);
  await daemonReady(world);
  await world.call("usrsvcd", ["restart"]);
  await daemonReady(world);
  await agreed(world, false);
  const folder = join(world.state, "programs");
  const left = fs
    .readdirSync(folder)
    .filter((file) => /\.(stop|request|answer|new)$/.test(file))
    .filter((file) => !file.startsWith("chaos") && fs.statSync(join(folder, file)).isFile());
  if (left.length > 0) throw new Violation(`left behind in ${folder}: ${left.join(" ")}`);
}

/** Who waits for a next try that is far away, or was given up, is started: that must be possible. */
async function help(world: World): Promise<void> {
  const status = await world.status();
  const late: string[] = [];
  for (const program of world.programs) {
    const { kind, isPresent, isEnabled } = world.section(program);
    if (!isPresent || !isEnabled || kind.lasts !== undefined) continue;
    const { state, nextTryAt } = status.get(program) ?? {};
    if (!world.model.desired(program).has("up")) continue;
    const waitMs = Date.parse(String(nextTryAt)) - Date.now();
    if (state === "backoff" && waitMs > LONGEST_PAUSE_MS) {
      throw new Violation(`${program}: its next try is ${waitMs / 1000} s away`);
    }
    if (state === "fatal" || (state === "backoff" && waitMs > PATIENCE_MS)) late.push(program);
  }
  if (late.length === 0) return;
  world.say(`calm: started by hand, since they wait long: ${late.join(" ")}`);
  await world.call("usrsvc", ["start", ...late, "-P"]);
}

/** Where the machine is not what the model says, in words. */
function disagreements(world: World, seen: readonly Seen[], isNewest: boolean): string[] {
  const wrong: string[] = [];
  const daemons = world.daemons(seen);
  if (daemons.length !== 1) {
    wrong.push(`usrsvcd runs ${daemons.length} times: ${daemons.map(describe).join("; ")}`);
  }
  for (const program of world.programs) {
    const { kind, place, isPresent, isEnabled } = world.section(program);
    const own = processesOf(program, seen);
    const standing = standingOf(kind, own);
    const allowed = expected(world, program);
    // Where nobody looks after it, what its end has left stays; it must not run twice all the same.
    const isLeft = !isPresent && allowed.has("up") && !world.isTwice(program, own);
    const isAllowed = isLeft || (standing !== "odd" && allowed.has(standing));
    if (!isAllowed) {
      const is = own.map(describe).join("\n      ") || "no process";
      wrong.push(
        `${program} (${nameOf(world, program)}) should be ${[...allowed].join(" or ")}:\n      ${is}`,
      );
    } else if (isNewest && isPresent && isEnabled && kind.lasts === undefined) {
      const old = own.filter(({ version }) => version !== undefined && version !== place.version);
      if (old.length > 0)
        wrong.push(`${program} runs with old settings: ${old.map(describe).join("; ")}`);
    }
  }
  const strays = seen.filter(
    (one) =>
      one.program === undefined &&
      one.stranger === undefined &&
      !daemons.includes(one) &&
      one.command !== START_LIMIT &&
      !world.calls.some(({ process }) => process?.pid === one.pid),
  );
  for (const one of strays) wrong.push(`nobody's: ${describe(one)}`);
  return wrong;
}

/** What a program may be: what is wanted, unless nobody looks after it. */
function expected(world: World, program: string): ReadonlySet<Desired> {
  const { kind, isPresent, isEnabled } = world.section(program);
  const desired = world.model.desired(program);
  const isLoose = !isPresent || !isEnabled || kind.lasts !== undefined;
  return isLoose && desired.has("up") ? new Set<Desired>(["up", "down"]) : desired;
}

function processesOf(program: string, seen: readonly Seen[]): readonly Seen[] {
  return seen.filter((one) => one.program === program && one.stranger === undefined);
}

/** One whole copy, none at all, or something else. */
function standingOf(kind: Kind, own: readonly Seen[]): Standing {
  if (own.length === 0) return "down";
  const count = new Map<string, number>();
  for (const { command } of own) {
    const role =
      Object.entries(kind.roles).find(([, words]) => words.test(command))?.[0] ?? "other";
    count.set(role, (count.get(role) ?? 0) + 1);
  }
  const isShape = kind.shapes.some((shape) => {
    const roles = Object.entries(shape);
    return roles.length === count.size && roles.every(([role, n]) => count.get(role) === n);
  });
  return isShape ? "up" : "odd";
}

/** What usrsvc says that is not so. */
async function untrueWords(world: World): Promise<string[]> {
  const before = world.look();
  const status = await world.status();
  const seen = world.look();
  const pids = (all: readonly Seen[]): string =>
    lasting(world, all)
      .flatMap(({ pid, program }) => (program === undefined ? [] : [pid]))
      .toSorted()
      .join();
  if (pids(before) !== pids(seen)) return ["the machine does not come to rest"];
  const untrue: string[] = [];
  for (const program of world.programs) {
    const { kind, isPresent } = world.section(program);
    const said: Status = status.get(program) ?? {};
    const own = processesOf(program, seen);
    const words = JSON.stringify(said);
    if (kind.lasts !== undefined) continue;
    if (own.length === 0) {
      const isSaid = !isPresent || said["state"] === "stopped" || said["state"] === "fatal";
      if (said["pid"] !== undefined || !isSaid)
        untrue.push(`${program} is down, but status says ${words}`);
      continue;
    }
    // Without section it is told of as far as its record goes.
    if (!isPresent) continue;
    const isMeant = said["state"] === "running" && own.some(({ pid }) => pid === said["pid"]);
    if (!isMeant) {
      untrue.push(
        `${program} is up (${own.map(({ pid }) => pid).join(" ")}), but status says ${words}`,
      );
    }
    if (said["otherPids"] !== undefined) untrue.push(`${program}: others are named: ${words}`);
  }
  return untrue;
}

/** What lies about that should not: locks that are held, files half written, false pidfiles. */
function leftBehind(world: World): string[] {
  const wrong: string[] = [];
  for (const { pid, what } of world.lostStrangers())
    wrong.push(`a stranger has ended: ${pid}, ${what}`);
  wrong.push(...heldLocks(world));
  const folder = join(world.state, "programs");
  for (const file of fs.readdirSync(folder)) {
    const path = join(folder, file);
    if (file.startsWith("chaos")) continue; // forged
    if (file.endsWith(".request")) wrong.push(`left behind: ${path}`);
    if (!file.endsWith(".json")) continue;
    if (isJson(path)) world.forged.delete(path);
    else if (!world.forged.has(path)) wrong.push(`half written: ${path}`);
  }
  for (const program of world.programs) {
    const { kind, isPresent, isEnabled } = world.section(program);
    const own = processesOf(program, world.look());
    if (kind.lasts !== undefined || !isPresent || !isEnabled || own.length === 0) continue;
    if (kind.writesPidfile === true) continue;
    const path = world.pidfile(program);
    const text = readText(path);
    if (own.some(({ pid }) => text === `${pid}\n`)) world.forged.delete(path);
    // One that others have changed is mended with the next look that there is a reason for.
    else if (!world.forged.has(path)) {
      wrong.push(
        `${path} holds ${JSON.stringify(text)}, and ${program} is ${own.map(({ pid }) => pid).join(" ")}`,
      );
    }
  }
  for (const name of ["usrsvcd.log", "usrsvcd.err"]) {
    const text = readText(join(world.state, name)) ?? "";
    const odd = /^.*\b(TypeError|ReferenceError|RangeError|unhandled|Uncaught)\b.*$/m.exec(text);
    if (odd !== null) wrong.push(`${name}: ${odd[0]}`);
  }
  return wrong;
}

/** Locks of programs that somebody holds, as the kernel has them. */
function heldLocks(world: World): string[] {
  const folder = join(world.state, "locks");
  const names = new Map<string, string>();
  for (const file of fs.readdirSync(folder)) {
    names.set(String(fs.statSync(join(folder, file)).ino), file);
  }
  const wrong: string[] = [];
  for (const line of fs.readFileSync("/proc/locks", "latin1").split("\n")) {
    const [, kind, , , pid, where = ""] = line.split(/\s+/);
    const file = names.get(where.split(":").at(-1) ?? "");
    const isBusy = world.programs.includes(file ?? "") && world.section(file ?? "").kind.lasts;
    if (kind === "FLOCK" && file !== undefined && !isBusy && isOfFolder(where, folder)) {
      wrong.push(`lock ${file} is held by pid ${pid}`);
    }
  }
  return wrong;
}

/** The same number may be another file's, in another file system. */
function isOfFolder(where: string, folder: string): boolean {
  const [major = "", minor = ""] = where.split(":");
  const { dev } = fs.statSync(folder);
  const device = (dev >> 8) & 0xfff;
  const small = (dev & 0xff) | ((dev >> 12) & 0xfff00);
  return Number.parseInt(major, 16) === device && Number.parseInt(minor, 16) === small;
}

/** What is up now is to stay so, and what is down too. */
function adopt(world: World, seen: readonly Seen[]): void {
  for (const program of world.programs) {
    const { kind, isPresent, isEnabled } = world.section(program);
    if (!isPresent || !isEnabled || kind.lasts !== undefined) continue;
    const standing = standingOf(kind, processesOf(program, seen));
    if (standing !== "odd" && world.model.desired(program).has(standing)) {
      world.model.settle(program, standing);
    }
  }
}

function describe({ pid, ppid, session, version, command }: Seen): string {
  const of = version === undefined ? "" : `, v${version}`;
  return `pid ${pid} (of ${ppid}, session ${session}${of}): ${command.slice(0, 200)}`;
}

function nameOf(world: World, program: string): string {
  const { kind } = world.section(program);
  return Object.keys(kind.roles).join(" + ");
}

function isJson(path: string): boolean {
  try {
    JSON.parse(fs.readFileSync(path, "utf8"));
    return true;
  } catch {
    return false;
  }
}

function readText(path: string): string | undefined {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

async function pause({ around }: World, ms: number): Promise<void> {
  around.signal.throwIfAborted();
  await new Promise((resolve) => setTimeout(resolve, ms));
}
