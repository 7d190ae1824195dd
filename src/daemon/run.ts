import { renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Pid } from "../../proc/pid.ts";
import { procReader } from "../../proc/reader.ts";
import { libcFailure } from "../../proc/libc.ts";
import { formatIssue } from "../config/issue.ts";
import { loadSettings } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import type { DaemonInfo, RereadResult } from "../daemon-info.ts";
import { livingDaemon } from "../daemon-alive.ts";
import { ExitCode } from "../exit-code.ts";
import { shorten } from "../format.ts";
import { type Log, openLog } from "../log.ts";
import { makeFolder } from "../program/folders.ts";
import type { Host } from "../program/host.ts";
import { linuxHost } from "../program/linux-host.ts";
import { removePidfile, writePidfile } from "../program/pidfile.ts";
import { makeStateDir, type StateDir, stateDir } from "../program/state-dir.ts";
import { ClaimedOwners } from "../program/owners.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { describeCounts } from "./counts.ts";
import { DaemonLock } from "./daemon-lock.ts";
import { openMail } from "./mail.ts";
import { isShuttingDown, type ServiceManager, serviceManager } from "./notify.ts";
import { compare } from "./reread.ts";
import { Soon } from "./soon.ts";
import { Tidy } from "./tidy.ts";
import { widenThreadPool } from "../thread-pool.ts";

/** What usrsvcd is told at its start. */
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

/** The life of usrsvcd: until SIGTERM or SIGINT. All programs run on afterwards. */
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

/** RestartPreventExitStatus in systemd/: what another try cannot mend. */
const HOPELESS: ReadonlySet<ExitCode> = new Set([
  ExitCode.invalidConfig,
  ExitCode.alreadyRunning,
  ExitCode.permission,
]);

type Wanted = "stop" | "reread";

class Life {
  readonly #options: DaemonOptions;
  readonly #mail: Wanted[] = [];
  #wake: () => void = () => {};
  #log: Log | undefined;
  #settings: Settings;
  readonly #state: StateDir;

  constructor(options: DaemonOptions) {
    this.#options = options;
    // Before anything that takes time: node's own answer to SIGUSR1 is to open a debugger's port.
    process.on("SIGUSR1", () => this.#want("reread"));
    process.on("SIGTERM", () => this.#want("stop"));
    process.on("SIGINT", () => this.#want("stop"));
    process.on("SIGHUP", () => this.#hangUp());
    this.#settings = this.#load();
    options.onLoaded(this.#settings);
    this.#state = stateDir(this.#settings.main.stateDir);
  }

  async run(): Promise<ExitCode> {
    await widenThreadPool(process.env);
    makeStateDir(this.#state);
    using lock = await DaemonLock.take(this.#state, {
      warn: (level, message, reason) => this.#write(level, "daemon.degraded", { reason }, message),
      retaken: () => this.#writeInfo(info),
      lost: () => this.#want("stop"),
    });
    if (lock === undefined) throw this.#alreadyRuns();
    using host = linuxHost(this.#state, "usrsvcd", new ClaimedOwners());
    const logPath = this.#logPath();
    this.#log = await this.#openLog(logPath);
    this.#writePidfile();
    let info = this.#describe(host, logPath);
    this.#writeInfo(info);
    try {
      this.#tellBegin(host, logPath);
      using manager = this.#serviceManager();
      using alerter = openMail({
        state: this.#state,
        settings: () => this.#settings.main,
        log: this.#log,
      });
      using tidy = new Tidy();
      tidy.stir();
      const soon = new Soon(() =>
        manager.status(describeCounts(supervisor.counts(), this.#setAside())),
      );
      using supervisor = new Supervisor({
        host,
        log: this.#log,
        alert: (alert, to) => alerter.alert(alert, to),
        onState: () => {
          soon.call();
          tidy.stir();
        },
        onSlowLook: () => lock.check(),
      });
      supervisor.begin(this.#settings.programs.values());
      soon.call(); // also where there is nothing to begin
      this.#options.onReady(logPath ?? "stdout", join(this.#state.path, "usrsvcd.err"));
      manager.ready();
      const count = this.#settings.programs.size;
      this.#write("info", "daemon.ready", { programs: count }, `supervises ${count} programs`);
      for (;;) {
        const wanted = await this.#next();
        if (wanted === "stop") break;
        manager.reloading();
        this.#log.reopen();
        const lastReread = this.#reread(supervisor);
        info = { ...info, rereads: info.rereads + 1, lastReread, setAside: this.#setAside() };
        this.#writeInfo(info);
        manager.ready();
      }
      manager.stopping();
      await this.#leave(supervisor);
    } finally {
      removePidfile(this.#settings.main.pidfile, process.pid as Pid);
      const isOurs = livingDaemon(this.#state, host.proc)?.process.pid === process.pid;
      if (isOurs) rmSync(this.#state.daemonFile, { force: true });
      await this.#log.close();
    }
    return ExitCode.ok;
  }

  /** At the end of the machine the programs are ended in order; otherwise they run on. */
  async #leave(supervisor: Supervisor): Promise<void> {
    if (!(await isShuttingDown(process.env))) {
      this.#write("info", "daemon.stopping", {}, "leaves; all programs run on");
      return;
    }
    this.#write("info", "daemon.stopping", {}, "the machine shuts down: all programs are ended");
    await supervisor.endAll();
  }

  #serviceManager(): ServiceManager {
    return serviceManager(process.env, (reason) => {
      this.#write(
        "warn",
        "daemon.degraded",
        { reason },
        `systemd is not told how we are: ${reason}`,
      );
    });
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

  /** The end of a terminal: in the background it is none of ours. */
  #hangUp(): void {
    if (!this.#options.background) this.#want("stop");
    else this.#write("info", "daemon.signal", { signal: "SIGHUP" }, "SIGHUP is ignored");
  }

  #load(): Settings {
    const { config, home, uid } = this.#options;
    return loadSettings({ path: config, home, uid });
  }

  #alreadyRuns(): CannotBegin {
    const info = livingDaemon(this.#state, procReader());
    const who = info === undefined ? "" : `, pid ${info.process.pid}, since ${info.since}`;
    return new CannotBegin(
      ExitCode.alreadyRunning,
      `usrsvcd runs already for ${this.#state.path}${who}`,
    );
  }

  #logPath(): string | undefined {
    const { usrsvcdStdout } = this.#settings.main;
    if (usrsvcdStdout !== undefined || !this.#options.background) return usrsvcdStdout;
    return join(this.#state.path, "usrsvcd.log");
  }

  async #openLog(stdout: string | undefined): Promise<Log> {
    const { usrsvcdStderr: stderr } = this.#settings.main;
    try {
      for (const path of [stdout, stderr]) {
        if (path?.startsWith("/")) makeFolder(dirname(path), this.#state);
      }
      return await openLog({ stdout, stderr, debug: this.#options.debug });
    } catch (cause) {
      const where = [stdout, stderr].filter((path) => path !== undefined).join(" or ");
      throw new CannotBegin(
        ExitCode.permission,
        `the log ${where} cannot be written: ${(cause as Error).message}`,
        { cause },
      );
    }
  }

  #writePidfile(): void {
    const { pidfile } = this.#settings.main;
    try {
      writePidfile(pidfile, process.pid as Pid);
    } catch (cause) {
      throw new CannotBegin(
        ExitCode.permission,
        `pidfile ${pidfile} cannot be written: ${(cause as Error).message}`,
        { cause },
      );
    }
  }

  #describe(host: Host, log: string | undefined): DaemonInfo {
    const me = host.proc.alive(process.pid as Pid);
    if (me === undefined) throw new TypeError("/proc does not show this process");
    return {
      process: me,
      boot: host.proc.bootId(),
      since: new Date().toISOString(),
      version: this.#options.version,
      config: this.#options.config,
      pidfile: this.#settings.main.pidfile,
      log: log ?? "stdout",
      unit: unitOf(process.env),
      rereads: 0,
      lastReread: undefined,
      setAside: this.#setAside(),
    };
  }

  #setAside(): readonly string[] {
    return [...this.#settings.faulty.keys()];
  }

  /** A disk that is full, or a folder that was deleted, must not end the supervision. */
  #writeInfo(info: DaemonInfo): void {
    const temporary = `${this.#state.daemonFile}.new`;
    try {
      makeStateDir(this.#state);
      writeFileSync(temporary, `${JSON.stringify(info)}\n`, { mode: 0o600 });
      renameSync(temporary, this.#state.daemonFile);
    } catch (error) {
      const { message } = error as Error;
      const msg = `usrsvcd status and reread cannot be answered: ${message}`;
      this.#write("error", "daemon.degraded", { reason: message }, msg);
    }
  }

  #tellBegin(host: Host, log: string | undefined): void {
    const { version, config } = this.#options;
    const fields = { pid: process.pid, version, config, state: this.#state.path, log };
    this.#write("info", "daemon.started", fields, `usrsvcd ${version} begins, pid ${process.pid}`);
    this.#tellIssues(this.#settings);
    if (host.watcher().kind === "polling") {
      const reason = libcFailure() ?? "the kernel has no pidfd (Linux 5.3) or forbids it";
      const msg = `deaths are noticed only once a second, without exit status: ${reason}`;
      this.#write("warn", "daemon.degraded", { reason }, msg);
    }
  }

  #tellIssues(settings: Settings): void {
    for (const issue of settings.issues) {
      const { place, program, severity } = issue;
      const level = severity === "error" ? "error" : "warn";
      const aside =
        severity === "error" && program !== undefined ? `; ${program} is set aside` : "";
      const fields = { program, file: place.file, line: place.line };
      this.#write(level, "config.problem", fields, formatIssue(issue) + aside);
    }
  }

  /** All or nothing: with any error the old configuration stays whole. */
  #reread(supervisor: Supervisor): RereadResult {
    const at = new Date().toISOString();
    let settings: Settings;
    try {
      settings = this.#load();
    } catch (error) {
      return this.#reject(at, (error as Error).message.split("\n"));
    }
    const errors = settings.issues.filter(({ severity }) => severity === "error");
    if (errors.length > 0) return this.#reject(at, errors.map(formatIssue));
    const difference = compare(this.#settings, settings);
    this.#settings = { ...settings, main: { ...settings.main, ...this.#fixedMain() } };
    const left: string[] = [];
    for (const name of difference.removed) {
      const pid = supervisor.remove(name)?.pid;
      const how = pid === undefined ? "it does not run" : `runs on, pid ${pid}`;
      const msg = `${name}: no longer configured, ${how}`;
      if (pid !== undefined) left.push(`${name} runs on, pid ${pid}, and is managed no more`);
      this.#write("info", "program.removed", { program: name, pid }, msg);
    }
    for (const changed of difference.changed) supervisor.change(changed);
    supervisor.add(difference.added);
    this.#tellIssues(settings);
    const result = {
      at,
      ok: true,
      added: difference.added.map(({ name }) => name),
      removed: difference.removed,
      changed: difference.changed.map(({ name }) => name),
      problems: [
        ...left,
        ...difference.main.map((key) => `${key} of [Main] needs: usrsvcd restart`),
      ],
    };
    const { added, removed, changed } = result;
    const msg =
      `configuration read again: ${added.length} added, ${removed.length} removed, ` +
      `${changed.length} changed; nothing was restarted`;
    this.#write("info", "config.reread", { added, removed, changed }, msg);
    for (const key of difference.main) {
      this.#write("warn", "config.problem", {}, `${key} of [Main] needs: usrsvcd restart`);
    }
    return result;
  }

  #fixedMain(): Partial<Settings["main"]> {
    const { pidfile, stateDir: state, usrsvcdStdout, usrsvcdStderr } = this.#settings.main;
    return { pidfile, stateDir: state, usrsvcdStdout, usrsvcdStderr };
  }

  #reject(at: string, problems: readonly string[]): RereadResult {
    const msg = `configuration rejected, the old one is kept: ${problems[0] ?? "unknown"}`;
    this.#write("error", "config.rejected", { problems }, msg);
    return { at, ok: false, added: [], removed: [], changed: [], problems };
  }

  #write(...args: Parameters<Log["write"]>): void {
    this.#log?.write(...args);
  }
}

/** The kind of systemd that started us, if one did. */
function unitOf(env: NodeJS.ProcessEnv): DaemonInfo["unit"] {
  if (env["NOTIFY_SOCKET"] === undefined) return undefined;
  return (env["MANAGERPID"] ?? "1") === "1" ? "system" : "user";
}
