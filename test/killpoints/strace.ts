import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Call, isUp, waitFor, type World } from "./world.ts";

/** Where an actor is killed: as one of its threads enters the `nth` call of that name. */
export interface Point {
  readonly call: string;
  readonly nth: number;
  /** What that call was when it was seen, for people. */
  readonly text: string;
}

/** Calls that change the world in any case. */
const CHANGING =
  "creat pwrite64 rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat mkdir mkdirat rmdir ftruncate flock kill tgkill pidfd_send_signal chmod fchmod fchmodat setsid setpgid dup2 dup3 chdir vfork fork sendto sendmsg utimensat close_range pidfd_open wait4 waitid inotify_add_watch".split(
    " ",
  );

/** Calls that do so with some arguments only, and those that wait. */
const SOMETIMES: Readonly<Record<string, (text: string) => boolean>> = {
  open: (text) => text.includes("O_CREAT"),
  openat: (text) => text.includes("O_CREAT"),
  // A thread wakes another by a byte, or by a one of eight bytes.
  write: (text) => !/"(\*|\\1(\\0){7})", [18]/.test(text),
  fcntl: (text) => /F_(OFD_)?SETLK/.test(text),
  clone: (text) => !text.includes("CLONE_THREAD"),
  clone3: (text) => !text.includes("CLONE_THREAD"),
  prctl: (text) => text.includes("PR_SET_CHILD_SUBREAPER"),
  // Without a wait it only asks.
  epoll_wait: (text) => !/, 0\)/.test(text),
  epoll_pwait: (text) => !/, 0, NULL, \d+\)/.test(text),
  poll: (text) => !/, 0\)/.test(text),
};

const ALL = [...CHANGING, ...Object.keys(SOMETIMES)];
/** What a machine of another kind does not have is left out. */
const TRACE = ["-e", `trace=${ALL.map((name) => `?${name}`).join(",")}`];
/** Threads are followed, and children as far as their exec. */
const FOLLOW = ["-f", "-b", "execve"];
const TRACE_FILE = "strace.out";
const DETACH_MS = 1000;
/** A strace that may not attach says so within this time. */
const ATTACH_MS = 300;
/** So many waits of one kind are taken: between two of them nothing has changed. */
const MOST_WAITS = 12;

/** Why kill points cannot be tried here; undefined when they can. */
export function noStrace(): string | undefined {
  const { status, error } = spawnSync("strace", ["-o", "/dev/null", ...FOLLOW, "true"]);
  if (error !== undefined) return "strace is not installed";
  return status === 0 ? undefined : "strace may not trace here";
}

/** Why a process that runs cannot be followed here (Yama's ptrace_scope); undefined when it can. */
export function noAttach(): string | undefined {
  const other = spawn("sleep", ["60"], { stdio: "ignore" });
  try {
    const words = ["-q", "-o", "/dev/null", "-p", String(other.pid)];
    const { stderr } = spawnSync("strace", words, { timeout: ATTACH_MS, encoding: "utf8" });
    return stderr === "" ? undefined : stderr.trim();
  } finally {
    other.kill("SIGKILL");
  }
}

/** Runs a command under strace, and yields the points that were seen. */
export async function pointsOfCommand(
  world: World,
  command: readonly string[],
): Promise<readonly Point[]> {
  const file = traceFile(world);
  await world.run(["strace", ...FOLLOW, "-qq", "-o", file, ...TRACE, ...command]);
  return readPoints(world, file);
}

/** Follows a process that runs while `trigger` acts, and yields the points that were seen. */
export async function pointsOfProcess(
  world: World,
  pid: number,
  trigger: () => Promise<unknown>,
): Promise<readonly Point[]> {
  const file = traceFile(world);
  const strace = await attach(world, pid, file, TRACE);
  await trigger();
  await detach(strace);
  return readPoints(world, file);
}

/** Runs a command that is killed at `point`; it was not, if it comes to another end. */
export async function killCommand(
  world: World,
  command: readonly string[],
  point: Point,
): Promise<Call> {
  return await world.run([
    "strace",
    ...FOLLOW,
    "-q",
    "-o",
    traceFile(world),
    ...injection(point),
    ...command,
  ]);
}

/** The process is killed at `point` while `trigger` acts, or goes on. */
export async function killProcess(
  world: World,
  pid: number,
  point: Point,
  trigger: () => Promise<unknown>,
): Promise<void> {
  const strace = await attach(world, pid, traceFile(world), injection(point));
  await trigger();
  await detach(strace);
}

/** Something was killed, be it only what was to become the program. */
export function hasKilled(world: World): boolean {
  return world.read(TRACE_FILE)?.includes("killed by SIGKILL") === true;
}

/** Lets go of all that strace follows: what is forked later is not killed. */
export function letGo(world: World): void {
  for (const pid of world.straces()) process.kill(pid, "SIGKILL");
}

/** The place in words: `renameat2 #2 (…)`. */
export function showPoint({ call, nth, text }: Point): string {
  return `${call}:${nth} (${text})`;
}

function injection({ call, nth }: Point): readonly string[] {
  return ["-e", `trace=${call}`, "-e", `inject=${call}:signal=SIGKILL:when=${nth}`];
}

function traceFile(world: World): string {
  const path = join(world.path, TRACE_FILE);
  rmSync(path, { force: true });
  return path;
}

async function attach(
  world: World,
  pid: number,
  file: string,
  what: readonly string[],
): Promise<ChildProcess> {
  const strace = world.spawn(["strace", ...FOLLOW, "-o", file, ...what, "-p", String(pid)]);
  let said = "";
  strace.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await waitFor("strace to be attached", () => said.includes("attached") || !isUp(strace));
  return strace;
}

/** A thread that ends just then may keep strace waiting; the kernel lets go of all when it is killed. */
async function detach(strace: ChildProcess): Promise<void> {
  strace.kill("SIGINT");
  await waitFor("strace to end", () => !isUp(strace), DETACH_MS).catch(() => {
    strace.kill("SIGKILL");
  });
  await waitFor("strace to end", () => !isUp(strace));
}

function readPoints({ path }: World, file: string): readonly Point[] {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const points = new Map<string, Point>();
  const counts = new Map<string, number>();
  let waits = 0;
  let isFirst = true;
  for (const line of text.split("\n")) {
    const [, thread = "", call = "", rest = ""] = /^(\d+) +([a-z]\w*)\((.*)$/.exec(line) ?? [];
    if (call === "") continue;
    const nth = (counts.get(`${thread} ${call}`) ?? 0) + 1;
    counts.set(`${thread} ${call}`, nth);
    const sometimes = SOMETIMES[call];
    if (sometimes?.(rest) === false) continue;
    const isWait = /^(e?poll|wait)/.test(call);
    if (isWait && !isFirst && (waits += 1) > MOST_WAITS) continue;
    isFirst = false;
    const shown = rest.replaceAll(path, "~").replaceAll("AT_FDCWD, ", "").slice(0, 60);
    const key = `${call}:${nth}`;
    if (!points.has(key)) points.set(key, { call, nth, text: shown });
  }
  return [...points.values()];
}
