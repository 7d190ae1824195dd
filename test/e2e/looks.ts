import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { constants } from "node:os";
import type { Pid, ProcessRef } from "../../proc/pid.ts";
import { procReader, statIfAny } from "../../proc/reader.ts";
import { cleanUp } from "../support/clean-up.ts";
import { killRef, statusField } from "../support/processes.ts";
import type { TestContext } from "node:test";
import { type Home, isAlive, type Json, type LogLine, waitFor } from "./home.ts";

const reader = procReader();

/**
 * The living processes of a home whose command line, joined by blanks, matches. They are known by their
 * environment, their folder or their words: some write a title over their environment.
 */
export function processes(home: Home, title: RegExp): readonly ProcessRef[] {
  return reader.pids().flatMap((pid) => {
    try {
      const words = reader.cmdline(pid).join(" ");
      if (!title.test(words)) return [];
      const isOfHome =
        words.includes(home.path) || folderOf(pid).startsWith(home.path) || hasHome(pid, home);
      return isOfHome ? (reader.alive(pid) ?? []) : [];
    } catch {
      return []; // gone, or another's
    }
  });
}

/** Their pids, in order. */
export function pids(home: Home, title: RegExp): readonly Pid[] {
  return processes(home, title)
    .map(({ pid }) => pid)
    .toSorted((a, b) => a - b);
}

/** The one process of the home that matches; fails where there is none, or are several. */
export function onlyPid(home: Home, title: RegExp): Pid {
  const found = pids(home, title);
  const [pid] = found;
  if (pid === undefined || found.length > 1) {
    throw new Error(`${found.length} processes match ${title}: ${found.join(" ")}`);
  }
  return pid;
}

/**
 * As onlyPid, waited for: programs write their title when they have loaded what they need, and a slow
 * machine calls them started before. What a script forks has its title until that has executed something.
 */
export async function titledPid(home: Home, title: RegExp): Promise<Pid> {
  let seen: readonly Pid[] = [];
  try {
    return await waitFor(`one ${title}`, () => {
      seen = pids(home, title);
      return seen.length === 1 && seen[0];
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}; seen last: ${seen.join(" ")}`, { cause: error });
  }
}

/** The working directory of a process. */
export function folderOf(pid: number): string {
  return readlinkSync(`/proc/${pid}/cwd`);
}

/** The usrsvcd that runs in a home, as it says itself. */
export async function daemonPid(home: Home): Promise<number> {
  const { out } = await home.usrsvcd("status", "--json");
  return (JSON.parse(out) as { readonly pid: number }).pid;
}

/** The parent of a process. */
export function parentOf(pid: number): number {
  return reader.stat(pid as Pid).ppid;
}

/** As parentOf; undefined when it is gone. */
export function parentIfAny(pid: number): number | undefined {
  return statIfAny(reader, pid as Pid)?.ppid;
}

/** The session of a process; undefined when it is gone. */
export function sessionOf(pid: number): number | undefined {
  return statIfAny(reader, pid as Pid)?.session;
}

/** The environment of a process. */
export function environOf(pid: number): ReadonlyMap<string, string> {
  return reader.environ(pid as Pid);
}

function hasHome(pid: Pid, home: Home): boolean {
  return `\0${readFileSync(`/proc/${pid}/environ`, "utf8")}`.includes(`\0HOME=${home.path}\0`);
}

/** Ends, after the test, what matches: for programs that write over their environment. */
export function endAfter(t: TestContext, home: Home, title: RegExp): void {
  cleanUp(t, () => {
    for (const ref of processes(home, title)) killRef(ref);
  });
}

/** Waits until status says that all of them run, and yields their pids as status has them. */
export async function up(
  home: Home,
  ...names: readonly string[]
): Promise<readonly [number, ...number[]]> {
  const seen = await waitFor(`${names.join(", ")} to run`, async () => {
    const all = await home.status(...names);
    return all.length === names.length && all.every((one) => one["state"] === "running") && all;
  });
  return pidsOf(seen);
}

function pidsOf(all: readonly Json[]): readonly [number, ...number[]] {
  const [first = 0, ...rest] = all.map((one) => Number(one["pid"]));
  return [first, ...rest];
}

/** Lines of usrsvcd's log. */
export function told(home: Home, event: string, program?: string): readonly LogLine[] {
  return home
    .log()
    .filter((line) => line.event === event && (program === undefined || line.program === program));
}

/** Waits until a program was started `times` times by usrsvcd, as its log says. */
export async function settled(home: Home, program: string, times = 1): Promise<void> {
  await waitFor(
    `start ${times} of ${program}`,
    () =>
      told(home, "program.started", program).length +
        told(home, "program.adopted", program).length >=
      times,
  );
}

/** True while a process holds a descriptor of another, by which it will learn how that ends. */
export function holds(holder: number, pid: number): boolean {
  const folder = `/proc/${holder}/fdinfo`;
  return readdirSync(folder).some((fd) => {
    try {
      return readFileSync(`${folder}/${fd}`, "utf8").includes(`\nPid:\t${pid}\n`);
    } catch {
      return false; // closed meanwhile
    }
  });
}

/** Waits until a process has a signal in its own hands: a script that is called started need not have set its traps. */
export async function heeds(pid: number, signal: NodeJS.Signals): Promise<void> {
  const bit = 1n << BigInt(constants.signals[signal] - 1);
  await waitFor(`${pid} to heed ${signal}`, () =>
    ["SigCgt", "SigIgn"].some((field) => (BigInt(`0x${statusField(pid, field)}`) & bit) !== 0n),
  );
}

/** SIGKILL, and waits until they are gone. */
export async function kill(...targets: readonly number[]): Promise<void> {
  for (const pid of targets) process.kill(pid, "SIGKILL");
  await waitFor("those that were killed to end", () => !targets.some(isAlive));
}

/** What must be true now, and again and again for a while: for what must never happen. */
export async function stays(
  what: string,
  claim: () => boolean | Promise<boolean>,
  ms = 700,
): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    if (!(await claim())) throw new Error(`no longer true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** While it is stopped, usrsvcd sees and does nothing: it mends no file that was spoilt. */
export async function withDaemonStopped(home: Home, act: () => Promise<void>): Promise<void> {
  await withStopped(await daemonPid(home), act);
}

/** As withDaemonStopped, by its pid. */
export async function withStopped(pid: number, act: () => Promise<void>): Promise<void> {
  process.kill(pid, "SIGSTOP");
  try {
    await act();
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

/**
 * Steps that a process, usrsvcd for one, must not come between: where its folder is missing it makes one, and writes
 * into one that is being deleted.
 */
export function whileStopped(pid: number, steps: () => void): void {
  process.kill(pid, "SIGSTOP");
  try {
    steps();
  } finally {
    process.kill(pid, "SIGCONT");
  }
}
