import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Alerter } from "../alerts/alerter.ts";
import { type Pid, sameProcess } from "../../proc/pid.ts";
import { procReader } from "../../proc/reader.ts";
import { libcFailure } from "../../proc/system/libc.ts";
import { formatIssues } from "../config/issue.ts";
import { loadSettings } from "../config/load.ts";
import { OtherFiles } from "../config/other-files.ts";
import { defaultStateDir } from "../config/schema.ts";
import type { MainSettings, Settings } from "../config/settings.ts";
import {
  type DaemonInfo,
  type DaemonTrouble,
  type RereadResult,
  unitOf,
} from "../state/daemon-info.ts";
import { describeAstray, findDaemon, type LivingDaemon } from "../state/daemon-alive.ts";
import { containerRole } from "../lib/container.ts";
import { ExitCode } from "../exit-code.ts";
import { machineFault } from "../lib/fault.ts";
import { shorten } from "../lib/format.ts";
import { describe } from "../events/describe.ts";
import { type LogTrouble, openLog, type OpenLog } from "../events/log.ts";
import { ForeignFile } from "../lib/open-log.ts";
import { isRequestFile } from "../operations/request.ts";
import { describeRunOn, runningPrograms } from "../operations/running.ts";
import { makeFolder } from "../state/folders.ts";
import type { Host } from "../host/host.ts";
import { linuxHost } from "../host/linux-host.ts";
import { removePidfile } from "../state/pidfile.ts";
import { workerOn } from "../state/at-work.ts";
import { announceState } from "../identity/neighbours.ts";
import { applyMoves, namesOf } from "../lifecycle/move-records.ts";
import { describeMove, findMoves, type Move, recordsOf } from "../lifecycle/renamed.ts";
import {
  foreignState,
  makeStateDir,
  type StateDir,
  stateDir,
  StateDirError,
} from "../state/state-dir.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { describeCounts } from "./counts.ts";
import { DaemonLock, type DaemonLockListener } from "./daemon-lock.ts";
import { removeLeftFiles } from "./left-files.ts";
import { LogSwitch } from "./log-switch.ts";
import { openMail } from "./mail.ts";
import { isShuttingDown, type ServiceManager, serviceManager } from "./systemd.ts";
import { MissingFolders } from "./missing-folders.ts";
import { OwnPidfile } from "./own-pidfile.ts";
import { Reaping } from "./reaping.ts";
import { compare, recovered } from "./apply-reread.ts";
import { Requests } from "./requests.ts";
import { SelfDescription } from "./self-description.ts";
import { Sinks } from "./sinks.ts";
import { Soon } from "./soon.ts";
import { hasSwallowedSignal } from "./swallowed.ts";
import { Tidy } from "./tidy.ts";
import { WaitingLog } from "./waiting-log.ts";
import { WaitingMoves } from "./waiting-moves.ts";
import { realPath } from "../lib/same-file.ts";
import { widenThreadPool } from "../lib/thread-pool.ts";

/** What usrsvcd is started with. */
export interface DaemonOptions {
  /** The main configuration file. */
  readonly config: string;
  readonly home: string;
  readonly uid: number;
  readonly version: string;
  readonly debug: boolean;
  /** Nobody reads our standard output: without `usrsvcd_stdout`, the log goes to state_dir. */
  readonly background: boolean;
  /** Called when the configuration was read. */
  readonly onLoaded: (settings: Settings) => void;
  /** Called when programs are supervised. `crashes`: a file for what Node itself prints. */
  readonly onReady: (log: string, crashes: string) => void;
}

/** usrsvcd cannot begin; the message says why. */
export class CannotBegin extends Error {
  override readonly name = "CannotBegin";
  readonly code: ExitCode;

  constructor(code: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The life of usrsvcd: until SIGTERM or SIGINT. All programs keep running afterwards, except in a container that ends with it. */
export async function runDaemon(options: DaemonOptions): Promise<ExitCode> {
  const life = new Life(options);
  return await life.run();
}

/** Tells the service manager, if one started us, why we cannot begin, and whether it will try again. */
export function tellWhyNot(reason: string, code: ExitCode): void {
  using manager = serviceManager(process.env, () => {});
  const isHopeless = HOPELESS.has(code);
  const line = reason.trim().replaceAll(/\s*\n\s*/g, " | ");
  manager.status(shorten(`${isHopeless ? "waits to be restarted by hand: " : ""}${line}`, 1000));
}

/** RestartPreventExitStatus in systemd/: what another try cannot fix. */
const HOPELESS: ReadonlySet<ExitCode> = new Set([
  ExitCode.invalidConfig,
  ExitCode.alreadyRunning,
  ExitCode.permission,
]);

type Wanted = "stop" | "reread" | "rename";

interface Renames {
  readonly left: readonly Move[];
  readonly notes: readonly string[];
}

class Life {
  readonly #options: DaemonOptions;
  readonly #role = containerRole();
  readonly #mail: Wanted[] = [];
  #wake: () => void = () => {};
  #log: LogSwitch | undefined;
  #settings: Settings;
  readonly #state: StateDir;
  readonly #missing: MissingFolders;
  /** To this goes all that is to be told: nobody is told of anything before the log is open. */
  readonly #events = new Sinks();
  readonly #pidfile = new OwnPidfile(this.#events);
  /** The file that the log goes to in the place of one that is not ours to write. */
  #instead: string | undefined;
  #logTrouble: LogTrouble | undefined;

  constructor(options: DaemonOptions) {
    this.#options = options;
    if (this.#role === "init" && hasSwallowedSignal()) this.#want("stop");
    // Before anything that takes time: node's own answer to SIGUSR1 is to open a debugger's port.
    process.on("SIGUSR1", () => this.#want("reread"));
    process.on("SIGTERM", () => this.#want("stop"));
    process.on("SIGINT", () => this.#want("stop"));
    process.on("SIGHUP", () => this.#hangUp());
    this.#settings = this.#load();
    this.#missing = new MissingFolders(this.#settings);
    options.onLoaded(this.#settings);
    this.#state = stateDir(this.#settings.main.stateDir);
  }

  async run(): Promise<ExitCode> {
    await widenThreadPool(process.env);
    // Before a folder is made in the place of one that was moved or deleted.
    const other = this.#findOther();
    if (other !== undefined) throw this.#alreadyRuns(other);
    using lock = await this.#takeLock({
      emit: (event) => this.#events.emit(event),
      retaken: () => self.write(),
      lost: () => this.#want("stop"),
      isConfigThere: () => existsSync(this.#options.config),
    });
    if (lock === undefined) throw this.#alreadyRuns(this.#findOther());
    const commonState = defaultStateDir(realPath(this.#options.home));
    const others = new OtherFiles(this.#options, this.#state.path);
    announceState(this.#state, commonState);
    using host = linuxHost(this.#state, "usrsvcd", {
      config: this.#options.config,
      home: this.#options.home,
      isConfigured: (name) => this.#settings.programs.has(name) || this.#settings.faulty.has(name),
      standingIn: (config, name) => others.standing(config, name),
      commonState,
      programs: () => this.#settings.programs.values(),
    });
    const { main } = this.#settings;
    this.#log = new LogSwitch(await this.#openLogOrWait(main));
    this.#events.add(this.#log);
    const logPath = this.#instead ?? this.#logPath(main);
    this.#beginPidfile(main);
    const self = this.#describe(host, logPath);
    try {
      this.#tellBegin(host, logPath);
      using reaping = this.#reap(host);
      using manager = this.#serviceManager();
      using alerter = openMail({
        state: this.#state,
        settings: () => this.#settings,
        events: this.#events,
        onNews: () => troubled.call(),
      });
      this.#events.add(alerter);
      const troubled = new Soon(() => {
        if (lock.isHeld) this.#showTroubles(self, alerter);
      });
      using tidy = new Tidy();
      tidy.stir();
      const soon = new Soon(() =>
        manager.status(describeCounts(supervisor.counts(), this.#setAside())),
      );
      using supervisor = new Supervisor({
        host,
        events: this.#events,
        onState: () => {
          soon.call();
          tidy.stir();
        },
        isMovedAway: () => lock.movedTo() !== undefined,
        onSlowLook: () => {
          this.#showTroubles(self, alerter);
          if (!lock.check()) return; // all that follows may write there
          this.#pidfile.check();
          alerter.check();
          announceState(this.#state, commonState); // somebody may have deleted the link
          if (lock.isHeld) self.check();
          if (this.#lookForFolders(supervisor)) self.change(this.#known());
        },
        onOtherFile: (file) => (file === undefined ? requests.noticeAll() : noticeFile(file)),
      });
      using waiting = new WaitingMoves(host, () => this.#want("rename"));
      using requests = new Requests({
        host,
        events: this.#events,
        settings: () => this.#settings,
        settled: async (name, signal) => await waiting.settled(name, signal),
        onDone: (name) => supervisor.look(name),
      });
      const noticeFile = (file: string): void => {
        if (isRequestFile(file)) requests.notice(file);
      };
      const { programs } = this.#settings;
      const moves = findMoves(programs, recordsOf(this.#settings, host), host);
      waiting.wait((await this.#rename(moves, host)).left);
      const held = waiting.names;
      supervisor.begin([...programs.values()].filter(({ name }) => !held.has(name)));
      requests.noticeAll();
      soon.call(); // also where there is nothing to begin
      this.#showTroubles(self, alerter);
      this.#options.onReady(logPath ?? "stdout", join(this.#state.path, "usrsvcd.err"));
      manager.ready();
      this.#events.emit({ kind: "daemon.ready", programs: this.#settings.programs.size });
      this.#tidyFolders(host);
      for (;;) {
        const wanted = await this.#next();
        if (wanted === "stop") break;
        if (wanted === "rename") {
          await this.#takeIn(supervisor, waiting, host);
          continue;
        }
        manager.reloading();
        const lastReread = await this.#rereadOrNot(supervisor, waiting, host);
        const { main } = this.#settings;
        const where = {
          pidfile: main.pidfile,
          log: this.#instead ?? this.#logPath(main) ?? "stdout",
        };
        reaping.follow(main);
        const rereads = self.info.rereads + 1;
        self.change({ ...where, rereads, lastReread, ...this.#known() });
        if (lastReread.ok) alerter.retry();
        this.#showTroubles(self, alerter);
        manager.ready();
      }
      manager.stopping();
      await this.#leave(supervisor, host);
    } finally {
      this.#pidfile.remove(this.#settings.main.pidfile);
      self.remove();
      await this.#log.close();
    }
    return ExitCode.ok;
  }

  /** Nothing waits for it: what a killed process has left means nothing. */
  #tidyFolders({ proc }: Host): void {
    const { path, programs, locks, pidfiles } = this.#state;
    const own = [path, programs, locks, pidfiles, dirname(this.#settings.main.pidfile)];
    const theirs = [...this.#settings.programs.values()].map(({ pidfile }) => dirname(pidfile));
    removeLeftFiles([...own, ...theirs], (pid) => proc.alive(pid as Pid) !== undefined);
  }

  /** At the end of the machine, or of the container, the programs are ended in order; otherwise they keep running. */
  async #leave(supervisor: Supervisor, host: Host): Promise<void> {
    const isAll = this.#role !== undefined || (await isShuttingDown(process.env));
    if (!isAll) {
      // Not all may have been looked at yet, and the records may be gone.
      const recorded = runningPrograms(host, this.#options.config);
      const runOn = describeRunOn([...new Set([...recorded, ...supervisor.running()])]);
      this.#events.emit({ kind: "daemon.stopping", ends: undefined, runOn });
      return;
    }
    const ends = this.#role === undefined ? "machine" : "container";
    this.#events.emit({ kind: "daemon.stopping", ends, runOn: undefined });
    await supervisor.endAll();
  }

  #reap(host: Host): Reaping {
    const reaping = new Reaping(host, {
      began: (reason) => this.#events.emit({ kind: "daemon.reaping", reason }),
      degraded: (reason) =>
        this.#events.emit({ kind: "daemon.degraded", what: "no-reaping", reason }),
    });
    reaping.follow(this.#settings.main);
    return reaping;
  }

  #serviceManager(): ServiceManager {
    return serviceManager(process.env, (reason) =>
      this.#events.emit({ kind: "daemon.degraded", what: "no-systemd", reason }),
    );
  }

  #want(what: Wanted): void {
    this.#mail.push(what);
    this.#wake();
  }

  async #next(): Promise<Wanted> {
    for (;;) {
      const wanted = this.#mail.includes("stop") ? "stop" : this.#mail.shift();
      if (wanted !== undefined) return wanted;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The end of a terminal: in the background it does not concern us. */
  #hangUp(): void {
    if (!this.#options.background) this.#want("stop");
    else this.#events.emit({ kind: "daemon.signal", signal: "SIGHUP" });
  }

  #load(): Settings {
    const { config, home, uid } = this.#options;
    return loadSettings({ path: config, home, uid });
  }

  #findOther(): LivingDaemon | undefined {
    return findDaemon({
      state: this.#state,
      config: this.#options.config,
      proc: procReader(),
    });
  }

  #alreadyRuns(other: LivingDaemon | undefined): CannotBegin {
    const since = other?.info === undefined ? "" : `, since ${other.info.since}`;
    const who = other === undefined ? "" : `, pid ${other.process.pid}${since}`;
    const astray = other && describeAstray(other);
    const why = astray === undefined ? "" : `; ${astray}`;
    return new CannotBegin(
      ExitCode.alreadyRunning,
      `usrsvcd runs already for ${this.#state.path}${who}${why}`,
    );
  }

  #logPath({ usrsvcdStdout }: MainSettings): string | undefined {
    if (usrsvcdStdout !== undefined || !this.#options.background) return usrsvcdStdout;
    return join(this.#state.path, "usrsvcd.log");
  }

  /** What the machine lacks just now it may have soon: worth another try of whoever starts us. */
  async #takeLock(listener: DaemonLockListener): Promise<DaemonLock | undefined> {
    try {
      makeStateDir(this.#state);
      return await DaemonLock.take(this.#state, listener);
    } catch (cause) {
      // Something in the place of the lock does not end its holder, which replaces it.
      const isLock = !(cause instanceof StateDirError);
      if (isLock && this.#findOther() !== undefined) return undefined;
      if (machineFault(cause) === undefined) throw cause;
      throw new CannotBegin(ExitCode.failure, (cause as Error).message, { cause });
    }
  }

  /** A disk that is read-only just now keeps nobody from looking after the programs. */
  async #openLogOrWait(main: MainSettings): Promise<OpenLog> {
    try {
      return await this.#openLog(main);
    } catch (error) {
      if (!(error instanceof CannotBegin) || machineFault(error) === undefined) throw error;
      const open = async (): Promise<OpenLog> => await this.#openLog(this.#settings.main);
      return new WaitingLog(error.message, open, (log) => this.#log?.exchange(log));
    }
  }

  /** What `status` shows while it lasts. */
  #showTroubles(self: SelfDescription, alerter: Alerter): void {
    const troubles = [this.#checkLog(), alerter.trouble()].flatMap((one) => one ?? []);
    if (JSON.stringify(troubles) !== JSON.stringify(self.info.troubles)) self.change({ troubles });
  }

  /** Told in `status` while it lasts, since it cannot be told in the log; there when it is over. */
  #checkLog(): DaemonTrouble | undefined {
    const trouble = this.#log?.check();
    const before = this.#logTrouble;
    this.#logTrouble = trouble;
    if (trouble === undefined && before !== undefined) {
      const { since, reason, lost } = before;
      this.#events.emit({ kind: "daemon.degraded", what: "log-written", reason, since, lost });
    }
    if (trouble === undefined) return undefined;
    const text = `the log of usrsvcd cannot be written: ${trouble.reason}; its lines wait`;
    return { since: trouble.since, text };
  }

  async #openLog(main: MainSettings): Promise<OpenLog> {
    const stdout = this.#logPath(main);
    const { usrsvcdStderr: stderr } = main;
    this.#instead = undefined;
    try {
      for (const path of [stdout, stderr]) {
        if (path?.startsWith("/")) makeFolder(dirname(path), this.#state);
      }
      return await openLog({
        stdout,
        stderr,
        mode: main.usrsvcdLogMode,
        debug: this.#options.debug,
      });
    } catch (cause) {
      if (cause instanceof ForeignFile) return await this.#openLogInState(cause.message, main);
      const where = [stdout, stderr].filter((path) => path !== undefined).join(" or ");
      throw new CannotBegin(
        ExitCode.permission,
        `the log ${where} cannot be written: ${(cause as Error).message}`,
        { cause },
      );
    }
  }

  /** What another account puts in the place of a log keeps nobody from looking after the programs. */
  async #openLogInState(reason: string, main: MainSettings): Promise<OpenLog> {
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

  #beginPidfile(main: MainSettings): void {
    this.#orCannotBegin(main, (path) => this.#pidfile.begin(path));
  }

  #writePidfile(main: MainSettings): void {
    this.#orCannotBegin(main, (path) => this.#pidfile.write(path));
  }

  #orCannotBegin({ pidfile }: MainSettings, act: (path: string) => void): void {
    try {
      act(pidfile);
    } catch (cause) {
      throw new CannotBegin(
        ExitCode.permission,
        `pidfile ${pidfile} cannot be written: ${(cause as Error).message}`,
        { cause },
      );
    }
  }

  #describe(host: Host, log: string | undefined): SelfDescription {
    const me = host.proc.alive(process.pid as Pid);
    if (me === undefined) throw new TypeError("/proc does not show this process");
    const info: DaemonInfo = {
      process: me,
      boot: host.proc.bootId(),
      since: new Date().toISOString(),
      version: this.#options.version,
      config: this.#options.config,
      stateDir: this.#state.path,
      pidfile: this.#settings.main.pidfile,
      log: log ?? "stdout",
      unit: unitOf(process.env),
      endsPrograms: this.#role !== undefined,
      troubles: [],
      rereads: 0,
      lastReread: undefined,
      ...this.#known(),
    };
    return new SelfDescription(this.#state, info, this.#events);
  }

  #known(): Pick<DaemonInfo, "setAside" | "programs"> {
    return { setAside: this.#setAside(), programs: [...this.#settings.programs.keys()] };
  }

  #setAside(): readonly string[] {
    return [...this.#settings.faulty.keys()];
  }

  #tellBegin(host: Host, log: string | undefined): void {
    const { version, config } = this.#options;
    const { pid } = process;
    const { path: state } = this.#state;
    this.#events.emit({ kind: "daemon.started", pid, version, config, state, log });
    this.#tellIssues(this.#settings);
    if (host.watcher().kind === "polling") {
      const reason = libcFailure() ?? "the kernel has no pidfd (Linux 5.3) or forbids it";
      this.#events.emit({ kind: "daemon.degraded", what: "no-pidfd", reason });
    }
  }

  #tellIssues(settings: Settings): void {
    for (const { place, program, severity: what, message } of settings.issues) {
      this.#events.emit({ kind: "config.problem", what, program, ...place, message });
    }
  }

  /**
   * Log and pidfile go where the settings have them by now, before anything else is applied.
   *
   * @throws {CannotBegin} when that cannot be; then both are where they were
   */
  async #move(to: MainSettings): Promise<void> {
    const from = this.#settings.main;
    const hasOtherPidfile = to.pidfile !== from.pidfile;
    if (hasOtherPidfile) this.#writePidfile(to);
    const log = this.#logPath(to);
    if (
      log !== this.#logPath(from) ||
      to.usrsvcdStderr !== from.usrsvcdStderr ||
      to.usrsvcdLogMode !== from.usrsvcdLogMode
    ) {
      let opened: OpenLog;
      try {
        opened = await this.#openLog(to);
      } catch (error) {
        if (hasOtherPidfile) removePidfile(to.pidfile, process.pid as Pid);
        throw error;
      }
      const stdout = this.#instead ?? log ?? "standard output";
      const stderr = to.usrsvcdStderr ?? "stdout";
      this.#events.emit({ kind: "daemon.moved", what: "log", stdout, stderr });
      this.#log?.exchange(opened);
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

  /** What the machine lacks just then (descriptors, memory), or the state folder, ends no supervision. */
  async #rereadOrNot(
    supervisor: Supervisor,
    waiting: WaitingMoves,
    host: Host,
  ): Promise<RereadResult> {
    try {
      const foreign = foreignState(this.#state); // the log may lie there
      if (foreign !== undefined) return this.#reject(new Date().toISOString(), [foreign]);
      this.#log?.reopen();
      return await this.#reread(supervisor, waiting, host);
    } catch (error) {
      if (!isPassing(error)) throw error;
      return this.#reject(new Date().toISOString(), [(error as Error).message]);
    }
  }

  /** All or nothing: with any error the old configuration stays whole. */
  async #reread(supervisor: Supervisor, waiting: WaitingMoves, host: Host): Promise<RereadResult> {
    const at = new Date().toISOString();
    let settings: Settings;
    try {
      settings = this.#load();
    } catch (error) {
      return this.#reject(at, (error as Error).message.split("\n"));
    }
    const errors = settings.issues.filter(({ severity }) => severity === "error");
    if (errors.length > 0) return this.#reject(at, formatIssues(errors));
    try {
      await this.#move(settings.main);
    } catch (error) {
      if (!(error instanceof CannotBegin)) throw error;
      return this.#reject(at, [`${this.#options.config}: [Main]: ${error.message}`]);
    }
    const difference = compare(this.#settings, settings);
    const before = without(this.#settings.programs, waiting.names);
    const moves = findMoves(settings.programs, recordsOf(settings, host), host, before);
    // What was waited for until now is waited for again, or is looked after at last.
    const involved = new Set([...namesOf(moves), ...waiting.names]);
    const { stateDir: path } = this.#settings.main; // all that runs is on record there
    this.#settings = { ...settings, main: { ...settings.main, stateDir: path } };
    const left: string[] = [];
    for (const name of involved) if (settings.programs.has(name)) supervisor.remove(name);
    const renamed = new Map(moves.map((move) => [move.from, move]));
    for (const name of difference.removed) {
      const held = supervisor.remove(name);
      const pid = sameProcess(held && host.proc.alive(held.pid), held) ? held?.pid : undefined;
      const to = renamed.get(name)?.to;
      if (pid !== undefined && to === undefined)
        left.push(`${name} runs on, pid ${pid}, and is managed no more`);
      this.#events.emit({ kind: "program.removed", program: name, pid, to });
    }
    const atRestart: string[] = [];
    const renames = await this.#rename(moves, host);
    waiting.wait(renames.left);
    left.push(...renames.notes);
    for (const changed of difference.changed) {
      if (involved.has(changed.name)) continue;
      const isOutdated = supervisor.change(changed);
      if (isOutdated && difference.launched.has(changed.name)) atRestart.push(changed.name);
    }
    const held = waiting.names;
    const returned = [...involved].flatMap((name) =>
      held.has(name) ? [] : (settings.programs.get(name) ?? []),
    );
    supervisor.add([...difference.added.filter(({ name }) => !involved.has(name)), ...returned]);
    this.#tellIssues(settings);
    const result = {
      at,
      ok: true,
      added: difference.added.map(({ name }) => name),
      removed: difference.removed,
      changed: difference.changed.map(({ name }) => name),
      atRestart,
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
   * Records follow sections that were renamed. Yields what is to be told, and those that somebody is at
   * work on: they have to wait. `told`: of these it was told already.
   */
  async #rename(
    moves: readonly Move[],
    host: Host,
    told: ReadonlySet<string> = new Set(),
  ): Promise<Renames> {
    if (moves.length === 0) return { left: [], notes: [] };
    const { made, left } = await applyMoves(moves, host);
    const notes = made.map((move) => {
      const { from, to, record } = move;
      const pid = record.process?.pid;
      const text = describeMove(move);
      this.#events.emit({ kind: "program.renamed", program: to, from, pid, text });
      return text;
    });
    const news = left.filter(({ to }) => !told.has(to));
    return { left, notes: [...notes, ...news.map((move) => this.#tellWait(move, host))] };
  }

  #tellWait({ from, to }: Move, host: Host): string {
    const worker = workerOn(from, host)?.name ?? "somebody";
    const event = { kind: "program.busy", program: to, from, worker } as const;
    this.#events.emit(event);
    return describe(event).sentence;
  }

  /** Whoever was at work on what was renamed is done with some of it. */
  async #takeIn(supervisor: Supervisor, waiting: WaitingMoves, host: Host): Promise<void> {
    const { programs } = this.#settings;
    const held = waiting.names;
    try {
      const before = without(programs, held);
      const moves = findMoves(programs, recordsOf(this.#settings, host), host, before);
      const ours = moves.filter(({ to }) => held.has(to));
      waiting.wait((await this.#rename(ours, host, held)).left);
    } catch (error) {
      if (!isPassing(error)) throw error;
      return waiting.again();
    }
    const left = waiting.names;
    supervisor.add([...held].flatMap((name) => (left.has(name) ? [] : (programs.get(name) ?? []))));
  }

  /**
   * Programs that were set aside because a folder was missing are picked up when it is there.
   *
   * @returns true when some were
   */
  #lookForFolders(supervisor: Supervisor): boolean {
    const folders = this.#missing.appeared(this.#settings);
    if (folders.length === 0) return false;
    let settings: Settings;
    try {
      settings = this.#load();
    } catch (error) {
      const [reason = ""] = (error as Error).message.split("\n");
      this.#events.emit({ kind: "config.problem", what: "not-read-again", folders, reason });
      return false;
    }
    const programs = recovered(this.#settings, settings);
    if (programs === undefined) {
      this.#events.emit({ kind: "config.problem", what: "changed-as-well", folders });
      return false;
    }
    if (programs.length === 0) return false; // something else is wrong with them
    this.#settings = settings;
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

/** True for what is mended without us, and to be tried again. */
function isPassing(error: unknown): boolean {
  return error instanceof StateDirError || machineFault(error) !== undefined;
}

function without<T>(all: ReadonlyMap<string, T>, names: ReadonlySet<string>): Map<string, T> {
  return new Map([...all].filter(([name]) => !names.has(name)));
}
