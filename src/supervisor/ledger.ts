import { NOT_USRSVC } from "../events/shown-exit.ts";
import type { Exit } from "../../proc/exit.ts";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { describeEnding } from "../events/describe-program.ts";
import type { Emitter, EventOfOne, LastEnd, StartCause } from "../events/event.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { formatDuration, isoTime } from "../lib/format.ts";
import { tellingLine, withWords } from "../lifecycle/last-words.ts";
import type { Host } from "../host/host.ts";
import { type Found, isByMark, withUnseenEnd } from "../identity/identify.ts";
import type { Lock } from "../state/lock.ts";
import { misnamed, withoutProcess } from "../identity/foreign.ts";
import { lostRecord } from "../identity/mark.ts";
import type { Pattern } from "../identity/match.ts";
import { completeLaunch } from "../identity/unfinished-launch.ts";
import { strangersRecord } from "../identity/other-config.ts";
import {
  emptyRecord,
  type ProgramRecord,
  readRecord,
  recordText,
  setDamagedAside,
  type Via,
  writeRecord,
} from "../state/record.ts";
import { madeAs, takenFrom } from "../lifecycle/adopted.ts";
import { traits } from "../lifecycle/traits.ts";
import type { StartFailure } from "../lifecycle/start-outcome.ts";
import { textHash } from "../lib/text-hash.ts";
import type { Violation } from "../monitors/violation.ts";
import type { History, ProgramState } from "./machine.ts";

/** Last lines of a program's output, read only when there is somebody to be told. */
export type Output = () => readonly string[];

/** Lines are held back for so long at most, in ms, should the act have to wait. */
const MOMENT_MS = 20;

/** An end of a process that no other took the place of. */
const plainEnd = {
  kind: "program.exited",
  output: [],
  successor: undefined,
  how: undefined,
  reason: undefined,
} as const;

const nothing: LastEnd = { exit: undefined, pid: undefined, output: [] };

type WhyStopped = (ProgramState & { kind: "stopped" })["why"];

/**
 * What is written of one program: its record; and what is told of it. Records are only written by
 * who holds the program's lock; the caller sees to that.
 */
export class Ledger {
  /** Of the program. */
  readonly name: string;
  readonly #host: Host;
  readonly #events: Emitter;
  #record: ProgramRecord | undefined;
  /** Of the text as we wrote or read it last, which takes half a kB: our own work is no news. */
  #mark: string | undefined;
  #isDamaged = false;
  /** What is wrong with the file. */
  #problem: string | undefined;
  #isLost = false;
  /** What process of another account the file names, in words. */
  #misnamed: string | undefined;
  /** Events that wait; undefined when each is told at once. */
  #heldBack: (() => void)[] | undefined;
  #patience: NodeJS.Timeout | undefined;
  #cause: string | undefined;
  /** Of the process that ended last, as long as nobody has read them. */
  #words: Output | undefined;
  #said: readonly string[] = [];
  /** What is known of the process that ended last, for who ends what it left. */
  #dead: Pick<ProgramRecord, "process" | "launched" | "session"> | undefined;
  /** What the last failed start left behind, for the mail. */
  #failure: LastEnd = nothing;

  constructor(name: string, host: Host, events: Emitter) {
    this.name = name;
    this.#host = host;
    this.#events = events;
  }

  get record(): ProgramRecord | undefined {
    return this.#record;
  }

  /** The record, or an empty one, as ours to write. */
  base(): ProgramRecord {
    this.#noteWords();
    const record = this.#record ?? emptyRecord(this.name, this.#host.proc.bootId());
    return { ...record, by: this.#host.by, config: this.#host.config };
  }

  /** True when the file is not as we know it. */
  isOutdated(): boolean {
    return markOf(recordText(this.#host.state, this.name)) !== this.#mark;
  }

  /** The file is gone, was damaged or names a wrong process, and what it is to say is known here: to be written anew. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Reads the file. True when somebody else has written it.
   *
   * @throws when it cannot be read just now (no descriptor left): then nothing may be decided
   */
  read(): boolean {
    const { state, proc } = this.#host;
    const isKnown = (text: string): boolean => textHash(text) === this.#mark;
    const file = readRecord(state, this.name, proc.bootId(), isKnown);
    if (file === undefined) return false;
    if (file.problem !== undefined && !file.isDamaged) throw new Error(file.problem);
    this.#problem = file.problem;
    const mark = markOf(file.text);
    if (mark === undefined && this.#mark === undefined && this.#record === undefined) {
      this.#isDamaged = file.isDamaged;
      return false;
    }
    this.#misnamed = misnamed(file.record, proc);
    const isGood = file.record !== undefined && this.#misnamed === undefined;
    this.#isLost = !isGood && this.#record !== undefined;
    this.#mark = mark;
    this.#isDamaged = file.isDamaged;
    if (this.#isLost) return false; // what is known here counts
    this.#isLost = this.#misnamed !== undefined;
    this.#record = this.#isLost && file.record ? withoutProcess(file.record) : file.record;
    this.disown();
    return true;
  }

  /** What another configuration file's program, which does not run, has left there says nothing of this one. */
  disown(): void {
    if (this.#record === undefined || strangersRecord(this.#record, this.#host) === undefined)
      return;
    this.#record = { ...emptyRecord(this.name, this.#host.proc.bootId()), by: this.#host.by };
  }

  /** Only while the lock is held: puts a damaged record aside; writes anew what is still known. */
  mend({ note }: Pick<Lock, "note">): void {
    if (this.#isDamaged) setDamagedAside(this.#host.state, this.name);
    // Whether an operator has stopped it is noted at the lock as well.
    const { desired, reason } = lostRecord(this.name, note, this.#host.proc.bootId());
    if (this.#isLost) {
      const named = this.#misnamed === undefined ? "was deleted" : `named ${this.#misnamed}`;
      const how = this.#isDamaged ? `was damaged (set aside as .damaged): ${this.#problem}` : named;
      this.emit({ kind: "program.warning", what: "record-lost", reason: how });
      const known = this.base(); // as it was before an operator's last act, perhaps
      this.#write(desired === "down" ? { ...known, desired, reason } : known);
    } else if (this.#isDamaged) {
      const reason = this.#problem ?? "unknown";
      this.emit({ kind: "program.warning", what: "record-damaged", reason });
    }
    this.#isLost = false;
    this.#misnamed = undefined;
    this.#isDamaged = false;
    if (this.#record === undefined && desired === "down") {
      this.#record = { ...this.base(), desired, reason };
    }
  }

  /** Another has what is on record: two records named one process. Which one this program has is to be found. */
  forgetProcess(): void {
    if (this.#record === undefined) return;
    this.#record = withoutProcess(this.#record);
  }

  /**
   * Only while the lock is held: whoever launched the program was killed before he knew its pid, or the
   * record is lost. True where more is known of it now.
   */
  async completeLaunch(lock: Lock, program: ProgramSettings): Promise<boolean> {
    const before = this.base();
    const after = await completeLaunch(before, lock, program, this.#host);
    if (after !== before) this.#record = after;
    return after !== before;
  }

  /** A start wrote the record itself. */
  noteRecord(record: ProgramRecord, text?: string): void {
    this.#record = record;
    if (text !== undefined) this.#mark = textHash(text);
  }

  /** Somebody was killed in its start window, and what he launched did not match by the end of it. */
  brokenOff(count: number): void {
    this.emit({ kind: "program.warning", what: "broken-off", leftBehind: count });
  }

  /** A process that was not started from here. */
  takenUp(found: Found & { kind: "running" }, pattern: Pattern): void {
    const { process, via, others } = found;
    const { pid } = process;
    const record = this.#record;
    const known = isByMark(found.launch, record) ? "mark" : (launcherOf(record) ?? "record");
    this.emit({ kind: "program.adopted", pid, via, known });
    if (record?.state !== "running" || !sameProcess(record.process, process)) {
      this.#write({
        ...withUnseenEnd(this.base(), this.#host.proc),
        state: "running",
        process,
        ...takenFrom(record, found),
        ...traits(process, takenFrom(record, found).launched, pattern, this.#host),
        ...madeAs(record, found),
        via,
        failures: 0,
        reason: undefined,
        nextTryAt: undefined,
      });
    }
    if (others.length === 0) return;
    const otherPids = others.map((other) => other.pid);
    this.emit({ kind: "program.warning", what: "others", pid, otherPids });
  }

  /**
   * Its process has ended, and there is another: one that stems from it (an upgrade of gunicorn, a daemon
   * whose first process left), one that matches, or one that an operator has started since.
   */
  replaced(
    dead: ProcessRef,
    end: Exit | undefined,
    { pid: successor }: ProcessRef,
    how: "heir" | "started" | Via,
  ): void {
    const { pid } = dead;
    const operator = this.#operatorOf(dead);
    const asked = launcherOf(this.#record) ?? "started";
    const record = this.base();
    const exit = end ?? { kind: "unknown" };
    const by = operator ?? (exit.kind === "signal" ? NOT_USRSVC : undefined);
    this.emit({
      kind: "program.exited",
      pid,
      exit,
      by,
      output: [],
      successor,
      how: how === "started" ? asked : how,
      reason: undefined,
    });
    const { lastExit } = record;
    // Who started it since may have seen only that the one before was gone.
    if (lastExit?.pid === pid && lastExit.exit.kind !== "unknown") return;
    const writer = this.#record?.by ?? record.by;
    this.#write({
      ...record,
      by: writer,
      lastExit: { at: new Date().toISOString(), pid, exit, by },
    });
  }

  /** A monitor saw a limit exceeded. */
  exceeded({ pid }: ProcessRef, { monitor, measured, limit, reason }: Violation): void {
    this.emit({ kind: "program.limit-exceeded", pid, monitor, measured, limit, reason });
  }

  /** On disk before the signal, as an operator's stop is. */
  stopping(process: ProcessRef, reason: string): void {
    this.#write({ ...this.base(), state: "stopping", process, reason });
    this.emit({ kind: "program.stopping", pid: process.pid, reason, isFinishing: false });
  }

  /** What was told to end did not: the reason for its end says that as well. What follows is written at once after. */
  killed(termToKillMs: number): void {
    const record = this.base();
    const patience = formatDuration(termToKillMs);
    const reason = `${record.reason}; killed, since it ignored SIGTERM for term_to_kill_seconds, ${patience}`;
    this.#record = { ...record, reason };
  }

  /** Somebody was killed, or called off, while he ended it. */
  finishing(process: ProcessRef): void {
    const { pid } = process;
    const what = this.#operatorOf(process) ?? `an end because of ${this.#record?.reason}`;
    const reason = `${what} was broken off`;
    this.emit({ kind: "program.stopping", pid, reason, isFinishing: true });
  }

  /** On disk as whoever began it would have left it. */
  finished(process: ProcessRef, exit: Exit | undefined, isHeld: boolean): void {
    const record = this.base();
    const by = this.#operatorOf(process);
    const at = new Date().toISOString();
    const { pid } = process;
    this.#write({
      ...record,
      state: "stopped",
      process: undefined,
      launched: undefined,
      session: undefined,
      reason: record.desired === "down" ? "stopped by usrsvc" : record.reason,
      lastExit: exit === undefined ? record.lastExit : { at, pid, exit, by },
      ended: by === undefined ? record.ended : { process, by },
    });
    if (isHeld || exit === undefined) return; // told when its end is noticed
    this.emit({ ...plainEnd, pid, exit, by: by ?? `usrsvcd: ${record.reason}` });
  }

  stuck({ pid }: ProcessRef, state: string, isKnown: boolean): void {
    const { reason } = this.base();
    this.emit({ kind: "program.stuck", pid, state, reason, isKnown });
  }

  /**
   * Not written to disk: what follows (a start, a pause, an end) is written at once after. `words`: what
   * it wrote last, which is read when it is needed: a successor need not wait for it.
   */
  died(process: ProcessRef, exit: Exit, words: Output): void {
    const { pid } = process;
    const operator = this.#operatorOf(process);
    const isOwn = this.#record?.by === "usrsvcd";
    const record = this.base();
    const isStopped = operator !== undefined;
    // A limit that was exceeded is the reason; that we killed it then is not.
    const limit = record.state === "stopping" && isOwn ? record.reason : undefined;
    const by = isStopped
      ? operator
      : limit === undefined
        ? exit.kind === "signal"
          ? NOT_USRSVC
          : undefined
        : `usrsvcd: ${limit}`;
    const how = describeEnding(exit, by);
    const isClean = isStopped || limit !== undefined || (exit.kind === "code" && exit.code === 0);
    let output: readonly string[] | undefined;
    const read = (): readonly string[] => (output ??= isClean ? [] : words());
    this.#words = read;
    const { launched, session } = record;
    this.#dead = { process, launched, session };
    // What an operator has ended may be followed on record by what came of his start.
    const isLater =
      operator !== undefined && record.state !== "stopping" && record.lastExit?.pid !== pid;
    this.#record = {
      ...record,
      process: undefined,
      launched: undefined,
      session: undefined,
      ...(isLater
        ? {}
        : { lastExit: { at: new Date().toISOString(), pid, exit, by }, reason: limit ?? how }),
    };
    this.#tell(() => ({ ...plainEnd, pid, exit, by, output: read() }));
  }

  /**
   * What the dead process left takes its time to end: until then the record tells how it died, and whose
   * is what is left, should usrsvcd be killed meanwhile. `comesBack`: it is started again after that.
   */
  noteLeftovers(comesBack: boolean): void {
    const record = this.base();
    if (this.#dead === undefined) return;
    const next = comesBack ? "is ended before the next start" : "is being ended";
    const reason = `${record.reason ?? "it ended"}; what it left ${next}`;
    const nextTryAt = comesBack ? new Date().toISOString() : undefined;
    const state = comesBack ? ("backoff" as const) : ("stopped" as const);
    const text = { ...record, ...this.#dead, state, nextTryAt, reason };
    this.#mark = textHash(writeRecord(this.#host.state, text));
  }

  /** By which command of his an operator has ended this process; undefined where none did. */
  #operatorOf(dead: ProcessRef): string | undefined {
    const { ended, state, by, desired, process } = this.#record ?? {};
    if (sameProcess(ended?.process, dead)) return ended?.by;
    if (by !== "usrsvc" || state !== "stopping" || !sameProcess(process, dead)) return;
    return desired === "down" ? "usrsvc stop" : "usrsvc restart"; // he was killed in the middle of it
  }

  /** What a process wrote last goes on record with how it ended. */
  #noteWords(): void {
    if (this.#words === undefined) return;
    const lines = this.#words();
    this.#words = undefined;
    this.#said = lines;
    const { lastExit, reason } = this.#record ?? {};
    if (lines.length === 0 || lastExit === undefined || this.#record === undefined) return;
    this.#record = {
      ...this.#record,
      lastExit: { ...lastExit, wrote: tellingLine(lines) },
      reason: reason === undefined ? undefined : withWords(reason, lines),
    };
  }

  /** It ran when usrsvcd was last seen, and does not now. */
  diedUnseen({ pid }: ProcessRef, reason: string): void {
    const exit: Exit = { kind: "unknown" };
    this.#record = {
      ...this.base(),
      process: undefined,
      launched: undefined,
      session: undefined,
      lastExit: { at: new Date().toISOString(), pid, exit },
      reason,
    };
    this.emit({ ...plainEnd, pid, exit, by: undefined, reason });
  }

  /** A start from here has succeeded. */
  started({ pid }: ProcessRef, via: Via, livedMs: number, cause: StartCause): void {
    const { lastExit } = this.base();
    // Not what the new one writes.
    const last = { exit: lastExit?.exit, pid: lastExit?.pid, output: this.#said };
    this.emit({ kind: "program.started", pid, via, livedMs, cause, reason: this.#cause, last });
    this.#said = [];
  }

  /** Why a start follows: what the record says now, which the start itself will not. */
  noteCause(): void {
    this.#cause = this.#record?.reason;
  }

  stopped(why: WhyStopped): void {
    const record = this.#record;
    // Who was asked has put it on record himself, unless he was killed in the middle of it.
    if (record !== undefined && (why !== "asked" || record.state !== "stopped")) {
      const reason = record.state === "stopping" ? "stopped by usrsvc" : record.reason;
      this.#write({ ...record, state: "stopped", reason, nextTryAt: undefined });
    }
    this.emit({ kind: "program.stopped", why });
  }

  startFailed({ exit, pid, reason, details, output, code }: StartFailure): void {
    const at = new Date().toISOString();
    const lastExit =
      exit === undefined || pid === undefined ? this.#record?.lastExit : { at, pid, exit };
    const failed = { pid, reason, code, exit, details, output, action: undefined };
    this.emit({ kind: "program.start-failed", ...failed });
    this.#failure = { exit, pid, output: [...details, ...output] };
    this.#write({
      ...this.base(),
      state: "stopped",
      process: undefined,
      launched: undefined,
      session: undefined,
      lastExit,
      reason: withWords(reason, output),
    });
  }

  /**
   * It cannot be looked after, for something that is none of its own. `isDown`: and does not run. `end`: how it
   * ended, which is not on record yet.
   */
  troubled(reason: string, retryMs: number, isDown: boolean, end: Exit | undefined): void {
    const last = isDown ? this.#end() : nothing;
    const trouble = { what: "trouble", reason, exit: end, retryMs, isDown, last } as const;
    this.emit({ kind: "program.error", ...trouble });
  }

  /** Only while the lock is held: what keeps it down, for `status`. */
  noteTrouble(reason: string, retryMs: number): void {
    const nextTryAt = isoTime(Date.now() + retryMs);
    try {
      this.#write({ ...this.base(), state: "backoff", nextTryAt, reason });
    } catch {
      // the same trouble, most likely: status sees that of the disk itself
    }
  }

  /** What kept it from being looked after is over. */
  recovered(reason: string, ms: number): void {
    this.emit({ kind: "program.recovered", reason, lastedMs: Math.round(ms) });
  }

  backedOff(
    delayMs: number,
    reason: string,
    { failures, restarts }: History,
    maxrestarts: number,
  ): void {
    const nextTryAt = isoTime(Date.now() + delayMs);
    const last = failures > 0 ? this.#failure : this.#end();
    const cause = this.base().reason ?? reason;
    const pause = { failures, delayMs, nextTryAt, reason, maxrestarts, cause, last };
    this.emit({ kind: "program.backoff", ...pause });
    const base = this.base();
    // How often lately: of a start that fails, the count says it.
    const why =
      failures === 0 && base.reason !== undefined ? `${base.reason}; ${reason}` : base.reason;
    this.#write({ ...base, state: "backoff", nextTryAt, failures, restarts, reason: why });
  }

  /** How it ended last, for the mail. */
  #end(): LastEnd {
    const { lastExit } = this.base();
    if (lastExit === undefined) return nothing;
    const { exit, pid, wrote } = lastExit;
    return { exit, pid, output: wrote === undefined ? [] : [wrote] };
  }

  /** An operator called the next start off before anything was launched: how it ended is on record. */
  calledOff(): void {
    this.#write({ ...this.base(), state: "backoff", nextTryAt: new Date().toISOString() });
  }

  gaveUp(why: string, { failures, restarts }: History, maxrestarts: number): void {
    const known = this.base().reason;
    const reason = known?.startsWith(why) === true ? known : why; // with what it wrote
    const last = this.#failure;
    this.emit({ kind: "program.gave-up", failures, reason, maxrestarts, last });
    const nextTryAt = undefined;
    this.#write({ ...this.base(), state: "fatal", nextTryAt, failures, restarts });
  }

  /** Something happened to this program. */
  emit(event: EventOfOne): void {
    this.#tell(() => event);
  }

  #tell(make: () => EventOfOne): void {
    const tell = (): void => this.#events.emit({ program: this.name, ...make() });
    if (this.#heldBack === undefined) tell();
    else this.#heldBack.push(tell);
  }

  /** From now on events wait for `flush`, a moment: an act that hurries comes first. */
  defer(): void {
    this.#heldBack ??= [];
    this.#patience ??= setTimeout(() => this.flush(), MOMENT_MS);
  }

  /** Tells of what waits. */
  flush(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    const events = this.#heldBack ?? [];
    this.#heldBack = undefined;
    for (const tell of events) tell();
  }

  #write(record: ProgramRecord): void {
    this.#mark = textHash(writeRecord(this.#host.state, record));
    this.#record = record;
  }
}

function markOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : textHash(text);
}

/** Who has launched what an operator wanted; undefined where he did not, or nobody knows. */
function launcherOf(record: ProgramRecord | undefined): "asked" | "by-hand" | undefined {
  if (record?.by !== "usrsvc" || record.launcher === undefined) return undefined;
  return record.launcher === "usrsvc" ? "by-hand" : "asked";
}
