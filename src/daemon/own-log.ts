import { dirname, join } from "node:path";
import type { MainSettings } from "../config/settings.ts";
import type { Emitter } from "../events/event.ts";
import { type LogTrouble, openLog, type OpenLog } from "../events/log.ts";
import { ExitCode } from "../exit-code.ts";
import { machineFault } from "../lib/fault.ts";
import { ForeignFile } from "../lib/open-log.ts";
import type { DaemonTrouble } from "../state/daemon-info.ts";
import { makeFolder } from "../state/folders.ts";
import type { StateDir } from "../state/state-dir.ts";
import { CannotBegin } from "./cannot-begin.ts";
import type { Configuration } from "./configuration.ts";
import { LogSwitch } from "./log-switch.ts";
import type { DaemonOptions } from "./options.ts";
import { WaitingLog } from "./waiting-log.ts";

/** What the log of usrsvcd depends on. */
export interface OwnLogPorts {
  readonly configuration: Configuration;
  readonly options: Pick<DaemonOptions, "background" | "debug">;
  readonly state: StateDir;
  readonly events: Emitter;
}

/** The log of usrsvcd: where it goes, and what to do while it cannot be written. */
export class OwnLog {
  readonly #configuration: Configuration;
  readonly #options: OwnLogPorts["options"];
  readonly #state: StateDir;
  readonly #events: Emitter;
  #switch: LogSwitch | undefined;
  /** The file that it goes to in the place of one that is not ours to write. */
  #instead: string | undefined;
  #trouble: LogTrouble | undefined;

  constructor({ configuration, options, state, events }: OwnLogPorts) {
    this.#configuration = configuration;
    this.#options = options;
    this.#state = state;
    this.#events = events;
  }

  /**
   * Opens it: what it yields is to be told of all events.
   *
   * @throws {CannotBegin}
   */
  async begin(): Promise<LogSwitch> {
    this.#switch = new LogSwitch(await this.#openOrWait(this.#configuration.settings.main));
    return this.#switch;
  }

  /** Where it goes now; undefined: to our standard output. */
  get where(): string | undefined {
    return this.#instead ?? this.path(this.#configuration.settings.main);
  }

  /** Opens the same file again: somebody may have moved it. */
  reopen(): void {
    this.#switch?.reopen();
  }

  /** True where these settings have it somewhere else. */
  isElsewhere(to: MainSettings): boolean {
    const from = this.#configuration.settings.main;
    return (
      this.path(to) !== this.path(from) ||
      to.usrsvcdStderr !== from.usrsvcdStderr ||
      to.usrsvcdLogMode !== from.usrsvcdLogMode
    );
  }

  /**
   * Goes where these settings have it.
   *
   * @throws {CannotBegin} when that cannot be written; then it is where it was
   */
  async move(to: MainSettings): Promise<void> {
    const opened = await this.#open(to);
    const stdout = this.#instead ?? this.path(to) ?? "standard output";
    const stderr = to.usrsvcdStderr ?? "stdout";
    this.#events.emit({ kind: "daemon.moved", what: "log", stdout, stderr });
    this.#switch?.exchange(opened);
  }

  async close(): Promise<void> {
    await this.#switch?.close();
  }

  /** Told in `status` while it lasts, since it cannot be told in the log; there when it is over. */
  check(): DaemonTrouble | undefined {
    const trouble = this.#switch?.check();
    const before = this.#trouble;
    this.#trouble = trouble;
    if (trouble === undefined && before !== undefined) {
      const { since, reason, lost } = before;
      this.#events.emit({ kind: "daemon.degraded", what: "log-written", reason, since, lost });
    }
    if (trouble === undefined) return undefined;
    const text = `the log of usrsvcd cannot be written: ${trouble.reason}; its lines wait`;
    return { since: trouble.since, text };
  }

  /** Where it goes, as far as the settings say; undefined: to our standard output. */
  path({ usrsvcdStdout }: MainSettings): string | undefined {
    if (usrsvcdStdout !== undefined || !this.#options.background) return usrsvcdStdout;
    return join(this.#state.path, "usrsvcd.log");
  }

  /** A disk that is read-only just now keeps nobody from looking after the programs. */
  async #openOrWait(main: MainSettings): Promise<OpenLog> {
    try {
      return await this.#open(main);
    } catch (error) {
      if (!(error instanceof CannotBegin) || machineFault(error) === undefined) throw error;
      const open = async (): Promise<OpenLog> =>
        await this.#open(this.#configuration.settings.main);
      return new WaitingLog(error.message, open, (log) => this.#switch?.exchange(log));
    }
  }

  async #open(main: MainSettings): Promise<OpenLog> {
    const stdout = this.path(main);
    const { usrsvcdStderr: stderr } = main;
    try {
      for (const path of [stdout, stderr]) {
        if (path?.startsWith("/")) makeFolder(dirname(path), this.#state);
      }
      const { debug } = this.#options;
      const log = await openLog({ stdout, stderr, mode: main.usrsvcdLogMode, debug });
      this.#instead = undefined;
      return log;
    } catch (cause) {
      if (cause instanceof ForeignFile) return await this.#openInState(cause.message, main);
      const where = [stdout, stderr].filter((path) => path !== undefined).join(" or ");
      throw new CannotBegin(
        ExitCode.permission,
        `the log ${where} cannot be written: ${(cause as Error).message}`,
        { cause },
      );
    }
  }

  /** What another account puts in the place of a log keeps nobody from looking after the programs. */
  async #openInState(reason: string, main: MainSettings): Promise<OpenLog> {
    const stdout = join(this.#state.path, "usrsvcd.log");
    const log = await openLog({
      stdout,
      stderr: undefined,
      mode: main.usrsvcdLogMode,
      debug: this.#options.debug,
    });
    log.emit({ kind: "daemon.degraded", what: "log-elsewhere", path: stdout, reason });
    this.#instead = stdout;
    return log;
  }
}
