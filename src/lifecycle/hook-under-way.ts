import { rmSync } from "node:fs";
import { type Pid, type ProcessRef, sameProcess, type Ticks } from "../../proc/pid.ts";
import { isGroup } from "../../proc/system/polling.ts";
import { monotonicMs, sleep } from "../lib/clock.ts";
import { readFileHead } from "../lib/read-file.ts";
import { writeByRename } from "../lib/write-file.ts";
import { sparePath } from "../state/state-dir.ts";
import type { HookName } from "./hook.ts";
import type { LifecyclePorts } from "./ports.ts";

/*
 * Which hook of a program runs just now, on disk: whoever runs it may be killed, and then nobody would end it when its
 * time is up, and the next one would run beside it. Written and removed by who holds the program's lock.
 */

type Host = Pick<LifecyclePorts, "state" | "proc">;

/** No note is longer, in bytes. */
const MOST_BYTES = 256;

/** Longest wait for the end of what was killed, in ms, and between two looks. */
const PATIENCE_MS = 1000;
const LOOK_MS = 5;

/** The same for a group that was killed; the dead that nobody reaps count as well. */
const GROUP_PATIENCE_MS = 200;

/** Notes that this process is a hook, which may take `timeoutMs`. Dispose of it when the hook is done. */
export function noteHook(
  name: string,
  hook: HookName,
  pid: number,
  timeoutMs: number,
  { state, proc }: Host,
): Disposable {
  const path = sparePath(state, name, "hook");
  const ref = proc.alive(pid as Pid);
  const endsAt = Math.ceil(proc.uptime() + timeoutMs / 1000);
  if (ref !== undefined) {
    try {
      writeByRename(path, `${pid} ${ref.startTime} ${proc.bootId()} ${endsAt} ${hook}\n`);
    } catch {
      // disk full: should we be killed, it runs on
    }
  }
  return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
}

/**
 * Ends the hook that somebody began who was killed since, with its group: only under the program's lock. It is run again
 * with what comes next, but for after_start, which has its time.
 */
export async function endOrphanedHook(name: string, { state, proc }: Host): Promise<void> {
  const path = sparePath(state, name, "hook");
  const noted = readNote(path);
  if (noted === undefined) return;
  const { ref, boot, endsAt, hook } = noted;
  const lives = (): boolean => boot === proc.bootId() && sameProcess(proc.alive(ref.pid), ref);
  if (hook === "after_start" && lives() && proc.uptime() < endsAt) return;
  const end = monotonicMs() + PATIENCE_MS;
  while (lives() && monotonicMs() < end) {
    try {
      process.kill(-Number(ref.pid), "SIGKILL"); // it leads its group
    } catch {
      break; // it has just ended
    }
    await sleep(LOOK_MS, undefined);
  }
  rmSync(path, { force: true });
}

/**
 * What was killed with its group takes a moment to end: until then it has no environment any more, but the program's log,
 * and so would be taken for something of the program's.
 */
export async function awaitGroupEnd(leader: number): Promise<void> {
  const end = monotonicMs() + GROUP_PATIENCE_MS;
  while (isGroup(leader as Pid) && monotonicMs() < end) await sleep(LOOK_MS, undefined);
}

/** What is noted of a hook. */
interface Note {
  readonly ref: ProcessRef;
  readonly boot: string | undefined;
  /** In seconds since boot. */
  readonly endsAt: number;
  readonly hook: string | undefined;
}

/** Nearly always there is none. */
function readNote(path: string): Note | undefined {
  try {
    const { text } = readFileHead(path, { most: MOST_BYTES, followsLinks: false, owner: "us" });
    const [pid, startTime, boot, endsAt, hook] = text.trim().split(" ");
    const ref = { pid: Number(pid) as Pid, startTime: Number(startTime) as Ticks };
    return ref.pid > 1 ? { ref, boot, endsAt: Number(endsAt), hook } : undefined;
  } catch {
    return undefined;
  }
}
