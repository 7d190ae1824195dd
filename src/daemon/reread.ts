import { type Pid, sameProcess } from "../../proc/pid.ts";
import { formatIssues } from "../config/issue.ts";
import type { MainSettings, Settings } from "../config/settings.ts";
import type { Emitter } from "../events/event.ts";
import type { Host } from "../host/host.ts";
import { recordedProcess } from "../identity/recorded.ts";
import { namesOf } from "../lifecycle/move-records.ts";
import { asBefore, findMoves, type Move, recordsOf } from "../lifecycle/renamed.ts";
import type { ProgramRecord } from "../state/record.ts";
import { readRecord } from "../state/record-file.ts";
import type { RereadResult } from "../state/daemon-info.ts";
import { olderKeys } from "../state/launch-parts.ts";
import { removePidfile } from "../state/pidfile.ts";
import { foreignState } from "../state/state-dir.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { compare, recovered } from "./apply-reread.ts";
import { CannotBegin } from "./cannot-begin.ts";
import { type Configuration, emitIssues } from "./configuration.ts";
import type { MissingFolders } from "./missing-folders.ts";
import type { OwnLog } from "./own-log.ts";
import type { OwnPidfile } from "./own-pidfile.ts";
import { isPassing } from "./passing.ts";
import type { Renames } from "./renames.ts";
import { without } from "./without.ts";

/** What a reread changes. */
export interface RereadPorts {
  readonly configuration: Configuration;
  readonly events: Emitter;
  readonly host: Host;
  readonly log: OwnLog;
  readonly pidfile: OwnPidfile;
  readonly renames: Renames;
  readonly supervisor: Supervisor;
  /** Those of when the configuration was read first. */
  readonly missing: MissingFolders;
}

/** Reads the configuration again, and has all follow it: all, or nothing. */
export class Reread {
  readonly #ports: RereadPorts;
  readonly #configuration: Configuration;
  readonly #events: Emitter;
  readonly #log: OwnLog;
  readonly #pidfile: OwnPidfile;
  readonly #missing: MissingFolders;

  constructor(ports: RereadPorts) {
    this.#ports = ports;
    this.#configuration = ports.configuration;
    this.#events = ports.events;
    this.#log = ports.log;
    this.#pidfile = ports.pidfile;
    this.#missing = ports.missing;
  }

  /** What the machine lacks just then (descriptors, memory), or the state folder, ends no supervision. */
  async read(): Promise<RereadResult> {
    try {
      const foreign = foreignState(this.#ports.host.state); // the log may lie there
      if (foreign !== undefined) return this.#reject(new Date().toISOString(), [foreign]);
      this.#log.reopen();
      return await this.#reread();
    } catch (error) {
      if (!isPassing(error)) throw error;
      return this.#reject(new Date().toISOString(), [(error as Error).message]);
    }
  }

  /** All or nothing: with any error the old configuration stays whole. */
  async #reread(): Promise<RereadResult> {
    const { host, renames, supervisor } = this.#ports;
    const { waiting } = renames;
    const at = new Date().toISOString();
    let settings: Settings;
    try {
      settings = this.#configuration.load();
    } catch (error) {
      return this.#reject(at, (error as Error).message.split("\n"));
    }
    const errors = settings.issues.filter(({ severity }) => severity === "error");
    if (errors.length > 0) return this.#reject(at, formatIssues(errors));
    try {
      await this.#move(settings.main);
    } catch (error) {
      if (!(error instanceof CannotBegin)) throw error;
      return this.#reject(at, [`${this.#configuration.path}: [Main]: ${error.message}`]);
    }
    const difference = compare(this.#configuration.settings, settings);
    const before = asBefore(without(this.#configuration.settings.programs, waiting.names));
    const moves = findMoves(settings.programs, recordsOf(settings, host), host, before);
    // What was waited for until now is waited for again, or is looked after at last.
    const involved = new Set([...namesOf(moves), ...waiting.names]);
    const { stateDir: path } = this.#configuration.settings.main; // all that runs is on record there
    this.#configuration.settings = { ...settings, main: { ...settings.main, stateDir: path } };
    const left: string[] = [];
    for (const name of involved) if (settings.programs.has(name)) supervisor.remove(name);
    const renamed = new Map(moves.map((move) => [move.from, move]));
    for (const name of difference.removed) {
      const held = supervisor.remove(name);
      const isAlive = sameProcess(held && host.proc.alive(held.pid), held);
      // One that is still starting is on record only.
      const pid = (isAlive ? held : recordedProcess(recordOf(name, host), host.proc))?.pid;
      const to = renamed.get(name)?.to;
      if (pid !== undefined && to === undefined)
        left.push(`${name} keeps running, pid ${pid}, and is no longer managed`);
      this.#events.emit({ kind: "program.removed", program: name, pid, to });
    }
    const made = await renames.make(moves);
    const atRestart = made.made.filter((move) => isOutdated(move, settings)).map(({ to }) => to);
    waiting.wait(made.left);
    left.push(...made.notes);
    for (const changed of difference.changed) {
      if (involved.has(changed.name)) continue;
      const isOlder = supervisor.change(changed);
      if (isOlder && difference.launched.has(changed.name)) atRestart.push(changed.name);
    }
    const held = waiting.names;
    const returned = [...involved].flatMap((name) =>
      held.has(name) ? [] : (settings.programs.get(name) ?? []),
    );
    supervisor.add([...difference.added.filter(({ name }) => !involved.has(name)), ...returned]);
    emitIssues(settings, this.#events);
    const result = {
      at,
      ok: true,
      added: difference.added.map(({ name }) => name),
      removed: difference.removed,
      changed: difference.changed.map(({ name }) => name),
      atRestart,
      renamed: made.made.map(({ from, to }) => ({ from, to })),
      problems: [
        ...left,
        ...difference.main.map((key) => `${key} of [Main] needs: usrsvcd restart`),
      ],
    };
    const { added, removed, changed } = result;
    const folders = undefined;
    this.#events.emit({ kind: "config.reread", added, removed, changed, atRestart, folders });
    for (const key of difference.main) {
      this.#events.emit({ kind: "config.problem", what: "needs-restart", key });
    }
    return result;
  }

  /**
   * Log and pidfile go where the settings have them by now, before anything else is applied.
   *
   * @throws {CannotBegin} when that cannot be; then both are where they were
   */
  async #move(to: MainSettings): Promise<void> {
    const from = this.#configuration.settings.main;
    const hasOtherPidfile = to.pidfile !== from.pidfile;
    if (hasOtherPidfile) this.#pidfile.write(to.pidfile);
    if (this.#log.isElsewhere(to)) {
      try {
        await this.#log.move(to);
      } catch (error) {
        if (hasOtherPidfile) removePidfile(to.pidfile, process.pid as Pid);
        throw error;
      }
    }
    if (!hasOtherPidfile) return;
    const { pidfile } = to;
    this.#events.emit({ kind: "daemon.moved", what: "pidfile", pidfile });
    try {
      removePidfile(from.pidfile, process.pid as Pid);
    } catch (error) {
      const reason = (error as Error).message;
      const left = { what: "pidfile-left", pidfile: from.pidfile, reason } as const;
      this.#events.emit({ kind: "daemon.moved", ...left });
    }
  }

  /**
   * Programs that were set aside because a folder was missing are picked up when it is there.
   *
   * @returns true when some were
   */
  lookForFolders(): boolean {
    const { supervisor } = this.#ports;
    const folders = this.#missing.appeared(this.#configuration.settings);
    if (folders.length === 0) return false;
    let settings: Settings;
    try {
      settings = this.#configuration.load();
    } catch (error) {
      const [reason = ""] = (error as Error).message.split("\n");
      this.#events.emit({ kind: "config.problem", what: "not-read-again", folders, reason });
      return false;
    }
    const programs = recovered(this.#configuration.settings, settings);
    if (programs === undefined) {
      this.#events.emit({ kind: "config.problem", what: "changed-as-well", folders });
      return false;
    }
    if (programs.length === 0) return false; // something else is wrong with them
    this.#configuration.settings = settings;
    supervisor.add(programs);
    const added = programs.map(({ name }) => name);
    const others = { removed: [], changed: [], atRestart: [] };
    this.#events.emit({ kind: "config.reread", added, ...others, folders });
    return true;
  }

  #reject(at: string, problems: readonly string[]): RereadResult {
    this.#events.emit({ kind: "config.rejected", problems });
    return { at, ok: false, added: [], removed: [], changed: [], problems };
  }
}

function recordOf(name: string, { state, proc }: Host): ProgramRecord | undefined {
  return readRecord(state, name, proc.bootId()).record;
}

/** Its process was launched with other settings than those of the section that is its own by now. */
function isOutdated({ to, record }: Move, { programs }: Settings): boolean {
  return record.process !== undefined && olderKeys(programs.get(to), record) !== undefined;
}
