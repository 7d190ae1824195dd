import type { Pid, ProcessRef } from "../../proc/pid.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { runDigest, settingsDigest } from "../state/digest.ts";
import { launchParts } from "../state/launch-parts.ts";
import { removePidfile, writePidfile } from "../state/pidfile.ts";
import type { ProgramRecord } from "../state/record.ts";
import { sparePath } from "../state/state-dir.ts";
import { launching } from "../state/transitions.ts";
import type { StartContext } from "./start-context.ts";

type Launching = Parameters<typeof launching>[1];

/** What a start puts on disk while it goes on: the record, and the pidfile that usrsvc writes. */
export class StartRecord {
  readonly #program: ProgramSettings;
  readonly #context: StartContext;
  #record: ProgramRecord;
  /** The pid that the pidfile names by now. */
  #notedPid: Pid | undefined;
  readonly #notes: string[] = [];

  constructor(program: ProgramSettings, context: StartContext) {
    this.#program = program;
    this.#context = context;
    this.#record = context.record;
  }

  /** The record as of now, whether it could be written or not. */
  get current(): ProgramRecord {
    return this.#record;
  }

  /** What could not be written, and why, a line each. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  /** It was executed: as what, by whom, and with which settings. */
  begin(facts: Pick<Launching, "logged" | "windowMs" | "process" | "launch" | "image">): void {
    const program = this.#program;
    const { record, host } = this.#context;
    const begun = launching(record, {
      ...facts,
      config: host.config,
      pidfile: program.autopid ? program.pidfile : undefined,
      launcher: host.by,
      digest: settingsDigest(program),
      parts: launchParts(program),
      run: runDigest(program),
    });
    this.write(begun);
  }

  /** The program runs by now: a disk that is full just then is no reason to call it a failure. */
  write(record: ProgramRecord): ProgramRecord {
    this.#record = record;
    try {
      this.#write(record);
    } catch (error) {
      this.#notes.push(`its record could not be written: ${(error as Error).message}`);
    }
    return record;
  }

  #write(record: ProgramRecord): void {
    const { host, store, signal } = this.#context;
    store.write(record);
    // Left alone meanwhile, it may be another's: its section was renamed, for example.
    if (!signal.aborted) host.claim(record.name, record);
  }

  /** As soon as the process is known; others may wait for the file. */
  notePidfile({ pid }: ProcessRef): void {
    if (!this.#program.autopid || this.#notedPid === pid) return;
    this.#notedPid = pid;
    try {
      const { name, pidfile } = this.#program;
      writePidfile(pidfile, pid, sparePath(this.#context.host.state, name, "pidfile"));
    } catch (error) {
      this.#notes.push(
        `pidfile ${this.#program.pidfile} could not be written: ${(error as Error).message}`,
      );
    }
  }

  /** It has failed: its pidfile names nobody any more. */
  removePidfile(): void {
    if (this.#notedPid !== undefined) removePidfile(this.#program.pidfile, this.#notedPid);
  }
}
