import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Pid } from "../../proc/pid.ts";
import { libcFailure } from "../../proc/system/libc.ts";
import type { Alerter } from "../alerts/alerter.ts";
import { OtherFiles } from "../config/other-files.ts";
import { defaultStateDir } from "../config/schema.ts";
import type { Settings } from "../config/settings.ts";
import { ExitCode } from "../exit-code.ts";
import type { Host } from "../host/host.ts";
import { linuxHost, type Scope } from "../host/linux-host.ts";
import { announceState } from "../identity/neighbours.ts";
import { containerRole } from "../lib/container.ts";
import { realPath } from "../lib/same-file.ts";
import { widenThreadPool } from "../lib/thread-pool.ts";
import { findMoves, recordsOf } from "../lifecycle/renamed.ts";
import { isRequestFile } from "../operations/requests/request.ts";
import { describeRunOn, runningPrograms } from "../operations/daemon/running.ts";
import { siteOf } from "../operations/site.ts";
import { type DaemonInfo, unitOf } from "../state/daemon-info.ts";
import { type StateDir, stateDir } from "../state/state-dir.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { beAlone } from "./alone.ts";
import { Configuration, emitIssues } from "./configuration.ts";
import { describeCounts } from "./counts.ts";
import { HistorySink } from "./history-sink.ts";
import { removeLeftFiles } from "./left-files.ts";
import { openMail } from "./mail.ts";
import { MetricsFile } from "./metrics-file.ts";
import { MissingFolders } from "./missing-folders.ts";
import type { DaemonOptions } from "./options.ts";
import { OwnLog } from "./own-log.ts";
import { OwnPidfile } from "./own-pidfile.ts";
import { Reaping } from "./reaping.ts";
import { Renames } from "./renames.ts";
import { Requests } from "./requests.ts";
import { Reread } from "./reread.ts";
import { SelfDescription } from "./self-description.ts";
import { SettingsFile } from "./settings-file.ts";
import { Sinks } from "./sinks.ts";
import { Soon } from "./soon.ts";
import { hasSwallowedSignal } from "./swallowed.ts";
import { isShuttingDown, type ServiceManager, serviceManager } from "./systemd.ts";
import { Tidy } from "./tidy.ts";
import { WaitingMoves } from "./waiting-moves.ts";
import { Wants } from "./wants.ts";

/** The life of usrsvcd: until SIGTERM or SIGINT. All programs keep running afterwards, except in a container that ends with it. */
export async function runDaemon(options: DaemonOptions): Promise<ExitCode> {
  const life = new Life(options);
  return await life.run();
}

class Life {
  readonly #options: DaemonOptions;
  readonly #role = containerRole();
  readonly #wants = new Wants();
  readonly #configuration: Configuration;
  readonly #state: StateDir;
  readonly #missing: MissingFolders;
  /** To this goes all that is to be told: nobody is told of anything before the log is open. */
  readonly #events = new Sinks();
  readonly #pidfile = new OwnPidfile(this.#events);
  readonly #log: OwnLog;

  constructor(options: DaemonOptions) {
    this.#options = options;
    if (this.#role === "init" && hasSwallowedSignal()) this.#wants.add("stop");
    // Before anything that takes time: node's own answer to SIGUSR1 is to open a debugger's port.
    process.on("SIGUSR1", () => this.#wants.add("reread"));
    process.on("SIGTERM", () => this.#wants.add("stop"));
    process.on("SIGINT", () => this.#wants.add("stop"));
    process.on("SIGHUP", () => this.#hangUp());
    const configuration = new Configuration(options);
    this.#configuration = configuration;
    this.#missing = new MissingFolders(this.#settings);
    options.onLoaded(this.#settings);
    this.#state = stateDir(this.#settings.main.stateDir);
    this.#log = new OwnLog({ configuration, options, state: this.#state, events: this.#events });
  }

  get #settings(): Settings {
    return this.#configuration.settings;
  }

  async run(): Promise<ExitCode> {
    await widenThreadPool(process.env);
    using lock = await beAlone(
      { state: this.#state, config: this.#options.config },
      {
        emit: (event) => this.#events.emit(event),
        retaken: () => self.write(),
        lost: () => this.#wants.add("stop"),
        isConfigThere: () => existsSync(this.#options.config),
      },
    );
    const commonState = defaultStateDir(realPath(this.#options.home));
    const others = new OtherFiles(this.#options, this.#state.path);
    announceState(this.#state, commonState);
    const scope: Scope = {
      config: this.#options.config,
      home: this.#options.home,
      isConfigured: (name) => this.#settings.programs.has(name) || this.#settings.faulty.has(name),
      standingIn: (config, name) => others.standing(config, name),
      commonState,
      programs: () => this.#settings.programs.values(),
    };
    using host = linuxHost(this.#state, "usrsvcd", scope);
    this.#events.add(await this.#log.begin());
    const history = new HistorySink(this.#state);
    this.#events.add(history);
    const metrics = new MetricsFile({
      path: () => this.#settings.main.metricsFile,
      events: this.#events,
      openSite: () => siteOf(this.#settings, linuxHost(this.#state, "usrsvc", scope)),
    });
    this.#events.add(metrics);
    const logPath = this.#log.where;
    this.#pidfile.begin(this.#settings.main.pidfile);
    const me = host.proc.alive(process.pid as Pid);
    if (me === undefined) throw new TypeError("/proc does not show this process");
    const settingsFile = new SettingsFile(this.#state, me);
    const settings = settingsFile.write(this.#settings);
    const self = this.#describe({ process: me, settings }, host, logPath);
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
        manager.status(describeCounts(supervisor.counts(), this.#configuration.setAside())),
      );
      using supervisor = new Supervisor({
        host,
        events: this.#events,
        onState: () => {
          soon.call();
          tidy.stir();
        },
        isMovedAway: () => lock.movedTo() !== undefined,
        isActedOn: (name) => requests.isActedOn(name),
        onSlowLook: () => {
          this.#showTroubles(self, alerter);
          if (!lock.check()) return; // all that follows may write there
          this.#pidfile.check();
          alerter.check();
          announceState(this.#state, commonState); // somebody may have deleted the link
          if (lock.isHeld) {
            self.check();
            settingsFile.check(this.#settings);
          }
          if (reread.lookForFolders()) {
            const settings = settingsFile.write(this.#settings);
            self.change({ ...this.#configuration.known(), settings });
          }
        },
        onOtherFile: (file) => (file === undefined ? requests.noticeAll() : noticeFile(file)),
      });
      using waiting = new WaitingMoves(host, () => this.#wants.add("rename"));
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
      const renames = new Renames(this.#configuration, waiting, host, this.#events);
      const reread = new Reread({
        configuration: this.#configuration,
        events: this.#events,
        host,
        log: this.#log,
        pidfile: this.#pidfile,
        renames,
        supervisor,
        missing: this.#missing,
      });
      const { programs } = this.#settings;
      const moves = findMoves(programs, recordsOf(this.#settings, host), host);
      waiting.wait((await renames.make(moves)).left);
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
        const wanted = await this.#wants.next();
        if (wanted === "stop") break;
        if (wanted === "rename") {
          await renames.takeIn(supervisor);
          continue;
        }
        manager.reloading();
        const lastReread = await reread.read();
        const { main } = this.#settings;
        const where = {
          pidfile: main.pidfile,
          log: this.#log.where ?? "stdout",
        };
        reaping.follow(main);
        const rereads = self.info.rereads + 1;
        const settings = lastReread.ok ? settingsFile.write(this.#settings) : self.info.settings;
        self.change({ ...where, rereads, lastReread, ...this.#configuration.known(), settings });
        if (lastReread.ok) alerter.retry();
        this.#showTroubles(self, alerter);
        manager.ready();
      }
      manager.stopping();
      await this.#leave(supervisor, host);
    } finally {
      this.#pidfile.remove(this.#settings.main.pidfile);
      await metrics.close();
      settingsFile.remove();
      self.remove();
      history[Symbol.dispose]();
      await this.#log.close();
    }
    return ExitCode.ok;
  }

  /** Nothing waits for it: what a killed process has left means nothing. */
  #tidyFolders({ proc }: Host): void {
    const { path, programs, locks, pidfiles } = this.#state;
    const { pidfile, configDir } = this.#settings.main;
    const own = [
      path,
      programs,
      locks,
      pidfiles,
      dirname(pidfile),
      ...(configDir === undefined ? [] : [configDir]),
    ];
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

  /** The end of a terminal: in the background it does not concern us. */
  #hangUp(): void {
    if (!this.#options.background) this.#wants.add("stop");
    else this.#events.emit({ kind: "daemon.signal", signal: "SIGHUP" });
  }

  /** What `status` shows while it lasts. */
  #showTroubles(self: SelfDescription, alerter: Alerter): void {
    const troubles = [this.#log.check(), alerter.trouble()].flatMap((one) => one ?? []);
    if (JSON.stringify(troubles) !== JSON.stringify(self.info.troubles)) self.change({ troubles });
  }

  #describe(
    known: Pick<DaemonInfo, "process" | "settings">,
    host: Host,
    log: string | undefined,
  ): SelfDescription {
    const info: DaemonInfo = {
      ...known,
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
      ...this.#configuration.known(),
    };
    return new SelfDescription(this.#state, info, this.#events);
  }

  #tellBegin(host: Host, log: string | undefined): void {
    const { version, config } = this.#options;
    const { pid } = process;
    const { path: state } = this.#state;
    this.#events.emit({ kind: "daemon.started", pid, version, config, state, log });
    emitIssues(this.#settings, this.#events);
    if (host.watcher().kind === "polling") {
      const reason = libcFailure() ?? "the kernel has no pidfd (Linux 5.3) or forbids it";
      this.#events.emit({ kind: "daemon.degraded", what: "no-pidfd", reason });
    }
  }
}
