import { showExit } from "../events/shown-exit.ts";
import type { Exit } from "../../proc/exit.ts";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import type { Alert, AlertKind } from "../events/alert.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { countLeftOvers, formatDuration, isoTime } from "../lib/format.ts";
import type { LogEvent, LogFields, LogLevel } from "../events/log.ts";
import { describeExit, tellingLine, withWords } from "../lifecycle/describe-exit.ts";
import type { Host } from "../host/host.ts";
import { type Found, isByMark, withUnseenEnd } from "../identity/identify.ts";
import type { Lock } from "../state/lock.ts";
import { misnamed } from "../identity/foreign.ts";
import { lostRecord } from "../identity/mark.ts";
import type { Pattern } from "../identity/match.ts";
import { completeLaunch } from "../identity/unfinished-launch.ts";
import { strangersRecord } from "../identity/other-config.ts";
import { emptyRecord, type ProgramRecord, type Via } from "../state/record.ts";
import { readRecord, recordText, setDamagedAside, writeRecord } from "../state/record-store.ts";
import {
  adopted,
  backedOff,
  counted,
  endingLeftovers,
  exited,
  exitNoted,
  explained,
  gaveUp,
  keptDown,
  signed,
  staysDown,
  stopped,
  stopping,
  withoutProcess,
} from "../state/transitions.ts";
import { madeAs, takenFrom } from "../lifecycle/adopted.ts";
import { traits } from "../lifecycle/traits.ts";
import type { StartFailure } from "../lifecycle/start-outcome.ts";
import { textHash } from "../lib/text-hash.ts";
import type { Violation } from "../monitors/violation.ts";
import type { History, WhyStopped } from "./machine.ts";

/** Writes a line to usrsvcd's log. */
export type WriteLog = (
  level: LogLevel,
  event: LogEvent,
  fields: LogFields,
  message: string,
) => void;

/** Last lines of a program's output, read only when there is somebody to be told. */
export type Output = () => readonly string[];

/** Lines are held back for so long at most, in ms, should the act have to wait. */
const MOMENT_MS = 20;

const nothing = { exit: undefined, pid: undefined, output: [] };

/** Takes what people are to be told of. */
export type WriteAlert = (alert: Alert) => void;

/**
 * What is written of one program: its record, and the lines in the log. Records are only written
 * by who holds the program's lock; the caller sees to that.
 */
export class Ledger {
  /** Of the program. */
  readonly name: string;
  readonly #host: Host;
  readonly #writeLog: WriteLog;
  readonly #writeAlert: WriteAlert;
  #record: ProgramRecord | undefined;
  /** Of the text as we wrote or read it last, which takes half a kB: our own work is no news. */
  #mark: string | undefined;
  #isDamaged = false;
  /** What is wrong with the file. */
  #problem: string | undefined;
  #isLost = false;
  /** What process of another account the file names, in words. */
  #misnamed: string | undefined;
  /** Lines that wait; undefined when each is written at once. */
  #heldBack: (() => void)[] | undefined;
  #patience: NodeJS.Timeout | undefined;
  #cause: string | undefined;
  /** Of the process that ended last, as long as nobody has read them. */
  #words: Output | undefined;
  #said: readonly string[] = [];
  /** What is known of the process that ended last, for who ends what it left. */
  #dead: Pick<ProgramRecord, "process" | "launched" | "session"> | undefined;
  /** What the last failed start left behind, for the mail. */
  #failure: Pick<Alert, "exit" | "pid" | "output"> = nothing;

  constructor(name: string, host: Host, log: WriteLog, alert: WriteAlert) {
    this.name = name;
    this.#host = host;
    this.#writeLog = log;
    this.#writeAlert = alert;
  }

  get record(): ProgramRecord | undefined {
    return this.#record;
  }

  /** The record, or an empty one, as ours to write. */
  base(): ProgramRecord {
    this.#noteWords();
    const record = this.#record ?? emptyRecord(this.name, this.#host.proc.bootId());
    return signed(record, this.#host);
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
    this.#record = emptyRecord(this.name, this.#host.proc.bootId(), this.#host.by);
  }

  /** Only while the lock is held: puts a damaged record aside; writes anew what is still known. */
  mend({ note }: Pick<Lock, "note">): void {
    if (this.#isDamaged) setDamagedAside(this.#host.state, this.name);
    // Whether an operator has stopped it is noted at the lock as well.
    const isDown = lostRecord(this.name, note, this.#host.proc.bootId()).desired === "down";
    if (this.#isLost) {
      const named = this.#misnamed === undefined ? "was deleted" : `named ${this.#misnamed}`;
      const how = this.#isDamaged ? `was damaged (set aside as .damaged): ${this.#problem}` : named;
      this.log("warn", "program.warning", {}, `its record ${how}: written anew`);
      const known = this.base(); // as it was before an operator's last act, perhaps
      this.#write(isDown ? keptDown(known) : known);
    } else if (this.#isDamaged) {
      const msg =
        "its record was damaged: set aside as .damaged, the program is looked for without it " +
        `(${this.#problem})`;
      this.log("warn", "program.warning", {}, msg);
    }
    this.#isLost = false;
    this.#misnamed = undefined;
    this.#isDamaged = false;
    if (this.#record === undefined && isDown) this.#record = keptDown(this.base());
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
    const msg = `${countLeftOvers(count)} of a start that was broken off ended: nothing matched within success_seconds`;
    this.log("warn", "program.warning", { leftBehind: count }, msg);
  }

  /** A process that was not started from here. */
  takenUp(found: Found & { kind: "running" }, pattern: Pattern): void {
    const { process, via, others } = found;
    const { pid } = process;
    const record = this.#record;
    this.log("info", "program.taken-up", { pid, via }, describeTakeUp(found, record));
    if (record?.state !== "running" || !sameProcess(record.process, process)) {
      const from = takenFrom(record, found);
      const seen = traits(process, from.launched, pattern, this.#host);
      const before = counted(withUnseenEnd(this.base(), this.#host.proc), { failures: 0 });
      this.#write(adopted(before, { process, via, ...from, ...seen, ...madeAs(record, found) }));
    }
    if (others.length === 0) return;
    const otherPids = others.map((other) => other.pid);
    const msg = `further processes match and are left alone: ${otherPids.join(", ")}`;
    this.log("warn", "program.warning", { pid, otherPids }, msg);
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
    const asked = describeAsked(this.#record) ?? "started";
    const record = this.base();
    const exit = end ?? { kind: "unknown" };
    const by = operator ?? (exit.kind === "signal" ? NOBODY : undefined);
    const ended = `${describeExit(exit)}${byWhom(by)}`;
    const why = {
      heir: `pid ${successor}, which stems from it, goes on in its place`,
      pidfile: `its pidfile names pid ${successor}, which goes on in its place`,
      scan: `pid ${successor}, which was not started by usrsvcd, matches and is the program now`,
      launch: `pid ${successor} goes on in its place`,
      started:
        operator === undefined
          ? `it was ${asked} since, and is pid ${successor} now`
          : `it is pid ${successor} now`,
    }[how];
    const fields = { pid, exit: showExit(exit), by, successor };
    this.log("info", "program.exited", fields, `${ended}; ${why}`);
    const { lastExit } = record;
    // Who started it since may have seen only that the one before was gone.
    if (lastExit?.pid === pid && lastExit.exit.kind !== "unknown") return;
    const writer = this.#record?.by ?? record.by;
    const told = exitNoted(record, { at: new Date().toISOString(), pid, exit, by });
    this.#write(signed(told, { by: writer, config: record.config }));
  }

  /** A monitor saw a limit exceeded. */
  exceeded({ pid }: ProcessRef, { monitor, measured, limit, reason }: Violation): void {
    this.log("warn", "program.limit-exceeded", { pid, monitor, measured, limit }, reason);
  }

  /** On disk before the signal, as an operator's stop is. */
  stopping(process: ProcessRef, reason: string): void {
    this.#write(stopping(this.base(), process, reason));
    this.log("info", "program.stopping", { pid: process.pid, reason }, "is ended, to be restarted");
  }

  /** What was told to end did not: the reason for its end says that as well. What follows is written at once after. */
  killed(termToKillMs: number): void {
    const record = this.base();
    const patience = formatDuration(termToKillMs);
    const reason = `${record.reason}; killed, since it ignored SIGTERM for term_to_kill_seconds, ${patience}`;
    this.#record = explained(record, reason);
  }

  /** Somebody was killed, or called off, while he ended it. */
  finishing(process: ProcessRef): void {
    const { pid } = process;
    const what = this.#operatorOf(process) ?? `an end because of ${this.#record?.reason}`;
    const msg = `${what} was broken off: it is finished, pid ${pid} is ended`;
    this.log("warn", "program.stopping", { pid, reason: `${what} was broken off` }, msg);
  }

  /** On disk as whoever began it would have left it. */
  finished(process: ProcessRef, exit: Exit | undefined, isHeld: boolean): void {
    const record = this.base();
    const by = this.#operatorOf(process);
    const at = new Date().toISOString();
    const { pid } = process;
    const after = stopped(record, {
      reason: record.desired === "down" ? "stopped by usrsvc" : record.reason,
      lastExit: exit === undefined ? record.lastExit : { at, pid, exit, by },
      ended: by === undefined ? record.ended : { process, by },
    });
    this.#write(after);
    if (isHeld || exit === undefined) return; // told when its end is noticed
    const fields = { pid, exit: showExit(exit), by: by ?? `usrsvcd: ${record.reason}` };
    this.log("info", "program.exited", fields, `${describeExit(exit)}${byWhom(by)}`);
  }

  stuck({ pid }: ProcessRef, state: string): void {
    const msg =
      `pid ${pid} outlives SIGKILL (state ${state}, usually waiting for a disk or a network ` +
      "file system); tried again in a while";
    this.log("error", "program.stuck", { pid, state }, msg);
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
          ? NOBODY
          : undefined
        : `usrsvcd: ${limit}`;
    const how = `${describeExit(exit)}${byWhom(by)}`;
    const isClean = isStopped || limit !== undefined || (exit.kind === "code" && exit.code === 0);
    let output: readonly string[] | undefined;
    const read = (): readonly string[] => (output ??= isClean ? [] : words());
    this.#words = read;
    const { launched, session } = record;
    this.#dead = { process, launched, session };
    // What an operator has ended may be followed on record by what came of his start.
    const isLater =
      operator !== undefined && record.state !== "stopping" && record.lastExit?.pid !== pid;
    const lastExit = { at: new Date().toISOString(), pid, exit, by };
    this.#record = exited(record, isLater ? undefined : { lastExit, reason: limit ?? how });
    this.#line(isClean ? "info" : "warn", "program.exited", how, () => {
      const lines = read();
      return { pid, exit: showExit(exit), by, ...(lines.length > 0 ? { output: lines } : {}) };
    });
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
    const meanwhile = endingLeftovers(record, this.#dead, reason, nextTryAt);
    this.#mark = textHash(writeRecord(this.#host.state, meanwhile));
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
    const told = exitNoted(this.#record, { ...lastExit, wrote: tellingLine(lines) });
    this.#record = explained(told, reason === undefined ? undefined : withWords(reason, lines));
  }

  /** It ran when usrsvcd was last seen, and does not now. */
  diedUnseen({ pid }: ProcessRef, reason: string): void {
    const exit: Exit = { kind: "unknown" };
    const lastExit = { at: new Date().toISOString(), pid, exit };
    this.#record = exited(this.base(), { lastExit, reason });
    this.log("warn", "program.exited", { pid, exit: showExit(exit) }, reason);
  }

  /** A start from here has succeeded: for the log, and for whoever wants mail of it. */
  started({ pid }: ProcessRef, via: Via, lived: string, kind: AlertKind): void {
    this.log("info", "program.started", { pid, via }, `runs, pid ${pid}, since ${lived}`);
    const { lastExit } = this.base();
    this.#alert({
      kind,
      pid,
      reason: this.#cause ?? "it was not running",
      exit: kind === "started" || lastExit === undefined ? undefined : showExit(lastExit.exit),
      next: "usrsvcd watches it",
      output: this.#said, // not what the new one writes
    });
    this.#said = [];
  }

  /** Why a start follows: what the record says now, which the start itself will not. */
  noteCause(): void {
    this.#cause = this.#record?.reason;
  }

  stopped(why: WhyStopped): void {
    const text = {
      asked: "stays down: stopped by usrsvc",
      disabled: "is disabled",
      ended: "stays down: autorestart = False",
      "not-started": "is not started: autostart = False",
    }[why];
    const record = this.#record;
    // Who was asked has put it on record himself, unless he was killed in the middle of it.
    if (record !== undefined && (why !== "asked" || record.state !== "stopped")) {
      const reason = record.state === "stopping" ? "stopped by usrsvc" : record.reason;
      this.#write(staysDown(record, reason));
    }
    this.log("info", "program.stopped", { why }, text);
  }

  startFailed({ exit, pid, reason, details, output, code }: StartFailure): void {
    const at = new Date().toISOString();
    const lastExit =
      exit === undefined || pid === undefined ? this.#record?.lastExit : { at, pid, exit };
    const fields = {
      pid,
      reason,
      code,
      exit: exit === undefined ? undefined : showExit(exit),
      details: details.length > 0 ? details : undefined,
      output: output.length > 0 ? output : undefined,
    };
    this.log("error", "program.start-failed", fields, `could not be started: ${reason}`);
    this.#failure = { exit: fields.exit, pid, output: [...details, ...output] };
    this.#write(stopped(this.base(), { lastExit, reason: withWords(reason, output) }));
  }

  /**
   * It cannot be looked after, for something that is none of its own. `isDown`: and does not run. `end`: how it
   * ended, which is not on record yet.
   */
  troubled(reason: string, retryMs: number, isDown: boolean, end: Exit | undefined): void {
    const again = `tried again every ${formatDuration(retryMs)}`;
    const ended = end === undefined ? "" : `${describeExit(end)}, and stays down: `;
    const fields = { reason, exit: end && showExit(end) };
    const msg = `${ended}${reason}; ${again}, and told when it works`;
    this.log("error", "program.error", fields, msg);
    if (!isDown) return;
    this.#alert({ kind: "start-failed", reason, next: `usrsvcd: ${again}`, ...this.#end() });
  }

  /** Only while the lock is held: what keeps it down, for `status`. */
  noteTrouble(reason: string, retryMs: number): void {
    const nextTryAt = isoTime(Date.now() + retryMs);
    try {
      this.#write(backedOff(this.base(), nextTryAt, reason));
    } catch {
      // the same trouble, most likely: status sees that of the disk itself
    }
  }

  /** What kept it from being looked after is over. */
  recovered(reason: string, ms: number): void {
    const fields = { reason, lastedMs: Math.round(ms) };
    const msg = `is looked after again, after ${formatDuration(ms)}: it was ${reason}`;
    this.log("info", "program.recovered", fields, msg);
  }

  backedOff(
    delayMs: number,
    reason: string,
    { failures, restarts }: History,
    maxrestarts: number,
  ): void {
    const nextTryAt = isoTime(Date.now() + delayMs);
    const nth =
      maxrestarts > 0
        ? `failure ${failures} of ${maxrestarts} (maxrestarts)`
        : `failure ${failures}`;
    const count = failures === 0 ? reason : nth;
    const msg = `${count}; next try in ${formatDuration(delayMs)}`;
    this.log("warn", "program.backoff", { failures, delayMs, nextTryAt, reason }, msg);
    const next = `usrsvcd tries again in ${formatDuration(delayMs)} (${count})`;
    if (failures > 0) this.#alert({ kind: "start-failed", reason, next, ...this.#failure });
    else
      this.#alert({
        kind: "keeps-ending",
        reason: this.base().reason ?? reason,
        next,
        ...this.#end(),
      });
    const base = this.base();
    // How often lately: of a start that fails, the count says it.
    const why =
      failures === 0 && base.reason !== undefined ? `${base.reason}; ${reason}` : base.reason;
    this.#write(backedOff(counted(base, { failures, restarts }), nextTryAt, why));
  }

  /** How it ended last, for the mail. */
  #end(): Pick<Alert, "exit" | "pid" | "output"> {
    const { lastExit } = this.base();
    if (lastExit === undefined) return nothing;
    const { exit, pid, wrote } = lastExit;
    return { exit: showExit(exit), pid, output: wrote === undefined ? [] : [wrote] };
  }

  /** An operator called the next start off before anything was launched: how it ended is on record. */
  calledOff(): void {
    this.#write(backedOff(this.base(), new Date().toISOString()));
  }

  gaveUp(why: string, { failures, restarts }: History, maxrestarts: number): void {
    const known = this.base().reason;
    const reason = known?.startsWith(why) === true ? known : why; // with what it wrote
    const msg =
      `given up after ${failures} failed start${failures === 1 ? "" : "s"} ` +
      `(maxrestarts = ${maxrestarts}): ${reason}; ` +
      `mend it, then: usrsvc start ${this.name}`;
    this.log("error", "program.gave-up", { failures, reason }, msg);
    const next = `nothing, until you mend it and run: usrsvc start ${this.name}`;
    this.#alert({ kind: "gave-up", reason, next, ...this.#failure });
    this.#write(gaveUp(counted(this.base(), { failures, restarts })));
  }

  #alert(alert: Omit<Alert, "program" | "at">): void {
    this.#writeAlert({ ...alert, program: this.name, at: new Date().toISOString() });
  }

  /** A line about this program. */
  log(level: LogLevel, event: LogEvent, fields: LogFields, message: string): void {
    this.#line(level, event, message, () => fields);
  }

  #line(level: LogLevel, event: LogEvent, message: string, fields: () => LogFields): void {
    const write = (): void =>
      this.#writeLog(level, event, { program: this.name, ...fields() }, `${this.name}: ${message}`);
    if (this.#heldBack === undefined) write();
    else this.#heldBack.push(write);
  }

  /** From now on lines wait for `tell`, a moment: an act that hurries comes first. */
  defer(): void {
    this.#heldBack ??= [];
    this.#patience ??= setTimeout(() => this.flush(), MOMENT_MS);
  }

  /** Writes the lines that wait. */
  flush(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    const lines = this.#heldBack ?? [];
    this.#heldBack = undefined;
    for (const write of lines) write();
  }

  #write(record: ProgramRecord): void {
    this.#mark = textHash(writeRecord(this.#host.state, record));
    this.#record = record;
  }
}

/** Whom the record names where no usrsvc has ended it. */
const NOBODY = "not usrsvc";

function byWhom(by: string | undefined): string {
  if (by === undefined) return "";
  return by === NOBODY ? ", not by usrsvc" : `, by ${by}`;
}

function markOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : textHash(text);
}

function describeTakeUp(
  { process: { pid }, via, launch }: Found & { kind: "running" },
  record: ProgramRecord | undefined,
): string {
  switch (via) {
    case "launch":
      if (isByMark(launch, record)) return `runs already, pid ${pid}, known by its mark`;
      return `runs, pid ${pid}, ${describeAsked(record) ?? "known from its record"}`;
    case "pidfile":
      return `runs already, pid ${pid}, found by its pidfile`;
    case "scan":
      return `runs already, pid ${pid}, found among all processes`;
  }
}

/** Who has launched what an operator wanted; undefined where he did not, or nobody knows. */
function describeAsked(record: ProgramRecord | undefined): string | undefined {
  if (record?.by !== "usrsvc" || record.launcher === undefined) return undefined;
  return record.launcher === "usrsvc"
    ? "started by hand"
    : "started by usrsvcd, as usrsvc has asked";
}
