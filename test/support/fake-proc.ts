import { ProcError } from "../../proc/error.ts";
import type { Pid, ProcessRef, Ticks } from "../../proc/pid.ts";
import { type ProcReader, statIfAny } from "../../proc/reader.ts";
import { isDead, type Stat } from "../../proc/stat.ts";

/** What a process of a FakeProc is; all but the pid has a default. */
export interface FakeProcess {
  readonly pid: number;
  readonly ppid?: number;
  readonly pgrp?: number;
  readonly session?: number;
  readonly startTime?: number;
  readonly state?: string;
  readonly threads?: number;
  readonly cpuTicks?: number;
  readonly uid?: number;
  /** Real, effective, saved and file system user id; else all are `uid`. */
  readonly uids?: readonly number[];
  /** The process that it is a thread of. */
  readonly threadOf?: number;
  readonly argv?: readonly string[];
  readonly environ?: Readonly<Record<string, string>>;
  readonly image?: number;
  readonly isExiting?: boolean;
  readonly cwd?: string;
  /** Path of its executable, and name for the kernel; else what `argv` begins with. */
  readonly exe?: string;
  readonly comm?: string;
}

export const FAKE_UID = 1000;

/** A /proc in memory, for tests of what looks at it. Counts what is read. */
export class FakeProc implements ProcReader {
  readonly #all = new Map<number, FakeProcess>();
  /** How often each kind of file was read. */
  readonly reads = { list: 0, stat: 0, uid: 0, cmdline: 0 };
  seconds = 1000;
  last = 0;
  born: number | undefined = 0;

  constructor(...processes: readonly FakeProcess[]) {
    for (const one of processes) this.set(one);
  }

  /** A process is born, or changes. */
  set(one: FakeProcess): ProcessRef {
    this.#all.set(one.pid, one);
    this.last = Math.max(this.last, one.pid);
    return { pid: one.pid as Pid, startTime: (one.startTime ?? 100) as Ticks };
  }

  end(pid: number): void {
    this.#all.delete(pid);
  }

  pids(): readonly Pid[] {
    this.reads.list += 1;
    const all = [...this.#all.values()].filter(({ threadOf }) => threadOf === undefined);
    return all.map(({ pid }) => pid as Pid);
  }

  stat(pid: Pid): Stat {
    this.reads.stat += 1;
    const one = this.get(pid);
    return {
      pid,
      comm: (one.comm ?? one.argv?.[0] ?? "fake").slice(0, 15),
      state: one.state ?? "S",
      ppid: one.ppid ?? 1,
      pgrp: one.pgrp ?? pid,
      session: one.session ?? pid,
      cpuTicks: one.cpuTicks ?? 0,
      threads: one.threads ?? 1,
      startTime: (one.startTime ?? 100) as Ticks,
      image: one.image ?? 0,
      isExiting: one.isExiting ?? false,
      exitCode: 0,
    };
  }

  alive(pid: Pid): ProcessRef | undefined {
    const stat = statIfAny(this, pid); // one of a simulated machine may end between two calls
    if (stat === undefined) return undefined;
    return isDead(stat) ? undefined : { pid, startTime: stat.startTime };
  }

  uid(pid: Pid): number {
    this.reads.uid += 1;
    return this.get(pid).uid ?? FAKE_UID;
  }

  uids(pid: Pid): readonly number[] {
    const { uid = FAKE_UID, uids } = this.get(pid);
    return uids ?? [uid, uid, uid, uid];
  }

  cmdline(pid: Pid): readonly string[] {
    this.reads.cmdline += 1;
    const one = this.get(pid);
    return one.state === "Z" ? [] : (one.argv ?? []);
  }

  environ(pid: Pid): ReadonlyMap<string, string> {
    const one = this.get(pid);
    return new Map(one.state === "Z" ? [] : Object.entries(one.environ ?? {}));
  }

  async smapsRollup(): Promise<never> {
    return await Promise.reject(new ProcError("denied", "fake", "not there"));
  }

  residentBytes(): never {
    throw new ProcError("denied", "fake", "not there");
  }

  threadGroup(pid: Pid): number {
    return this.get(pid).threadOf ?? pid;
  }

  uptime(): number {
    return this.seconds;
  }

  bootId(): string {
    return "boot";
  }

  lastPid(): number {
    return this.last;
  }

  forks(): number | undefined {
    return this.born;
  }

  pidMax(): number {
    return 32_768;
  }

  exe(pid: Pid): string {
    const { exe, argv } = this.get(pid);
    return exe ?? argv?.[0] ?? "";
  }

  cwd(pid: Pid): string {
    return this.get(pid).cwd ?? "/";
  }

  /** What was set. */
  get(pid: number): FakeProcess {
    const one = this.#all.get(pid);
    if (one === undefined) throw new ProcError("gone", `/fake/${pid}`, "no such process");
    return one;
  }
}
