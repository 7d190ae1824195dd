import type { Alert } from "../events/alert.ts";
import type { LogEvent, LogFields, LogLevel } from "../events/log.ts";

/** Writes a line to usrsvcd's log. */
export type WriteLog = (
  level: LogLevel,
  event: LogEvent,
  fields: LogFields,
  message: string,
) => void;

/** Takes what people are to be told of. */
export type WriteAlert = (alert: Alert) => void;

/** Lines are held back for so long at most, in ms, should the act have to wait. */
const MOMENT_MS = 20;

/** The lines about one program in the log, and what people are told of it. */
export class ProgramLog {
  readonly #program: string;
  readonly #writeLog: WriteLog;
  readonly #writeAlert: WriteAlert;
  /** Lines that wait; undefined when each is written at once. */
  #heldBack: (() => void)[] | undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(program: string, writeLog: WriteLog, writeAlert: WriteAlert) {
    this.#program = program;
    this.#writeLog = writeLog;
    this.#writeAlert = writeAlert;
  }

  /** `fields` is called when the line is written. */
  line(level: LogLevel, event: LogEvent, message: string, fields: () => LogFields): void {
    const program = this.#program;
    const write = (): void =>
      this.#writeLog(level, event, { program, ...fields() }, `${program}: ${message}`);
    if (this.#heldBack === undefined) write();
    else this.#heldBack.push(write);
  }

  alert(alert: Omit<Alert, "program" | "at">): void {
    this.#writeAlert({ ...alert, program: this.#program, at: new Date().toISOString() });
  }

  /** From now on lines wait for `flush`, a moment: an act that hurries comes first. */
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
}
