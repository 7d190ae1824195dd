import type { Exit } from "../../proc/exit.ts";
import { type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { formatDuration } from "../duration.ts";
import type { LogEvent, LogFields, LogLevel } from "../log.ts";
import { describeExit } from "../program/describe-exit.ts";
import type { Host } from "../program/host.ts";
import type { Found } from "../program/identify.ts";
import {
  emptyRecord,
  type ProgramRecord,
  readRecord,
  setDamagedAside,
  type Via,
  writeRecord,
} from "../program/record.ts";
import type { StartFailure } from "../program/start.ts";
import { showExit } from "../status.ts";
import type { History, ProgramState } from "./machine.ts";

/** Writes a line to usrsvcd's log. */
export type WriteLog = (
  level: LogLevel,
  event: LogEvent,
  fields: LogFields,
  message: string,
) => void;

type WhyStopped = (ProgramState & { kind: "stopped" })["why"];

/**
 * What is written of one program: its record, and the lines in the log. Records are only written
 * by who holds the program's lock; the caller sees to that.
 */
export class Ledger {
  readonly #name: string;
  readonly #host: Host;
  readonly #writeLog: WriteLog;
  #record: ProgramRecord | undefined;
  /** The text as we wrote or read it last: a notice about our own work is no news. */
  #text: string | undefined;

  constructor(name: string, host: Host, log: WriteLog) {
    this.#name = name;
    this.#host = host;
    this.#writeLog = log;
  }

  get record(): ProgramRecord | undefined {
    return this.#record;
  }

  /** The record, or an empty one, as ours to write. */
  base(): ProgramRecord {
    const record = this.#record ?? emptyRecord(this.#name, this.#host.proc.bootId());
    return { ...record, by: this.#host.by };
  }

  /** True when the file is not as we know it. */
  isOutdated(): boolean {
    return this.#readFile().text !== this.#text;
  }

  /** Reads the file. True when somebody else has written it. */
  read(): boolean {
    const file = this.#readFile();
    if (file.text === this.#text && this.#text !== undefined) return false;
    if (file.problem !== undefined) {
      const msg = `${file.problem}; set aside as .damaged, the program is looked for without it`;
      this.log("warn", "program.warning", {}, msg);
      setDamagedAside(this.#host.state, this.#name);
    }
    this.#record = file.record;
    this.#text = file.text;
    return true;
  }

  /** A start wrote the record itself. */
  noteText(text: string): void {
    this.#text = text;
  }

  /** As `noteText`, with what it says. */
  noteRecord(record: ProgramRecord): void {
    this.#record = record;
  }

  /** A process that was not started from here. */
  takenUp(found: Found & { kind: "running" }): void {
    const { process, via, others } = found;
    const { pid } = process;
    const record = this.#record;
    if (record?.phase !== "running" || !sameProcess(record.process, process)) {
      this.#write({
        ...this.base(),
        phase: "running",
        process,
        via,
        launcher: undefined,
        failures: 0,
        reason: undefined,
        nextTryAt: undefined,
      });
    }
    this.log("info", "program.taken-up", { pid, via }, describeTakeUp(pid, via, record?.by));
    if (others.length === 0) return;
    const otherPids = others.map((other) => other.pid);
    const msg = `further processes match and are left alone: ${otherPids.join(", ")}`;
    this.log("warn", "program.warning", { pid, otherPids }, msg);
  }

  /** Not written to disk: what follows (a start, a pause, an end) is written at once after. */
  died({ pid }: ProcessRef, exit: Exit): void {
    const asked = this.#record?.wish === "down";
    const how = describeExit(exit);
    this.#record = {
      ...this.base(),
      process: undefined,
      launched: undefined,
      lastExit: { at: new Date().toISOString(), pid, exit },
      reason: how,
    };
    const isClean = asked || (exit.kind === "code" && exit.code === 0);
    this.log(isClean ? "info" : "warn", "program.exited", { pid, exit: showExit(exit) }, how);
  }

  stopped(why: WhyStopped): void {
    const text = {
      asked: "stays down: stopped by usrsvc",
      disabled: "is disabled",
      ended: "stays down: autorestart = False",
      "not-started": "is not started: autostart = False",
    }[why];
    if (why !== "asked" && this.#record !== undefined) {
      this.#write({ ...this.#record, phase: "stopped", nextTryAt: undefined });
    }
    this.log("info", "program.stopped", { why }, text);
  }

  startFailed({ exit, pid, reason, details, output, code }: StartFailure): void {
    const at = new Date().toISOString();
    const lastExit =
      exit === undefined || pid === undefined ? this.#record?.lastExit : { at, pid, exit };
    this.#write({
      ...this.base(),
      phase: "stopped",
      process: undefined,
      launched: undefined,
      launcher: undefined,
      lastExit,
      reason: `start failed: ${reason}`,
    });
    const fields = {
      pid,
      reason,
      code,
      exit: exit === undefined ? undefined : showExit(exit),
      details: details.length > 0 ? details : undefined,
      output: output.length > 0 ? output : undefined,
    };
    this.log("error", "program.start-failed", fields, `could not be started: ${reason}`);
  }

  backedOff(
    delayMs: number,
    reason: string,
    { failures, restarts }: History,
    maxrestarts: number,
  ): void {
    const nextTryAt = new Date(Date.now() + delayMs).toISOString();
    this.#write({ ...this.base(), phase: "backoff", nextTryAt, failures, restarts, reason });
    const count = maxrestarts > 0 ? `failure ${failures} of ${maxrestarts}` : `failure ${failures}`;
    const msg = `${count}; next try in ${formatDuration(delayMs)}`;
    this.log("warn", "program.backoff", { failures, delayMs, nextTryAt, reason }, msg);
  }

  gaveUp(reason: string, { failures, restarts }: History): void {
    const nextTryAt = undefined;
    this.#write({ ...this.base(), phase: "fatal", nextTryAt, failures, restarts, reason });
    const msg =
      `given up after ${failures} failed starts (maxrestarts): ${reason}; ` +
      `mend it, then: usrsvc start ${this.#name}`;
    this.log("error", "program.gave-up", { failures, reason }, msg);
  }

  /** A line about this program. */
  log(level: LogLevel, event: LogEvent, fields: LogFields, message: string): void {
    this.#writeLog(level, event, { program: this.#name, ...fields }, `${this.#name}: ${message}`);
  }

  #readFile(): ReturnType<typeof readRecord> {
    return readRecord(this.#host.state, this.#name, this.#host.proc.bootId());
  }

  #write(record: ProgramRecord): void {
    this.#text = writeRecord(this.#host.state, record);
    this.#record = record;
  }
}

function describeTakeUp(pid: number, via: Via, by: ProgramRecord["by"] | undefined): string {
  switch (via) {
    case "launch":
      return `runs, pid ${pid}, known from its record (by ${by ?? "usrsvcd"})`;
    case "pidfile":
      return `runs already, pid ${pid}, found by its pidfile`;
    case "scan":
      return `runs already, pid ${pid}, found among all processes`;
  }
}
