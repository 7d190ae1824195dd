import { ageMs } from "../../../proc/uptime.ts";
import { ExitCode } from "../../exit-code.ts";
import type { Host } from "../../host/host.ts";
import { within } from "../../lib/clock.ts";
import { findDaemon, type LivingDaemon, silencer } from "../../state/daemon-alive.ts";
import { unitOf } from "../../state/daemon-info.ts";
import { makeStateDir } from "../../state/state-dir.ts";
import { restartCommand } from "../../status/daemon-notes.ts";
import type { DaemonResult } from "./result.ts";
import { untilStateIsBack } from "./lost-state.ts";
import { describeRunOn, runningPrograms } from "./running.ts";

/** Time after which a usrsvcd that is still ending is reported, in ms; normally it takes milliseconds. */
const STOP_PATIENCE_MS = 10_000;

/** A running usrsvcd, and its circumstances. */
export interface DaemonStatus {
  readonly daemon: LivingDaemon;
  /** Age of the process that has described itself; not by the clock, which may have been set since. */
  readonly ageMs: number | undefined;
  /** Why it cannot write what it is, where that is known. */
  readonly silence: string | undefined;
}

/** `usrsvcd status`; undefined: none runs. */
export function daemonStatus(host: Host): DaemonStatus | undefined {
  const daemon = findDaemon(host);
  if (daemon === undefined) return undefined;
  const { info } = daemon;
  return {
    daemon,
    ageMs: info && ageMs(info.process.startTime, host.proc.uptime()),
    silence: info === undefined ? silencer(host.state) : undefined,
  };
}

/** Stops it, so that another can be started. `tell` reports what is waited for. */
export async function makeWay(
  host: Host,
  signal: AbortSignal,
  tell: (text: string) => void,
): Promise<DaemonResult> {
  const refused = refuseRestart(host);
  if (refused !== undefined) return refused;
  const lost = await untilStateIsBack(host, signal, tell);
  if (lost !== undefined) {
    return { action: "restart", result: "refused", code: ExitCode.tryAgain, message: lost };
  }
  makeStateDir(host.state);
  return { ...(await stopDaemon(host, signal)), action: "restart" };
}

function refuseRestart(host: Host): DaemonResult | undefined {
  const daemon = findDaemon(host);
  if (daemon === undefined) return undefined;
  const { info, process: ref } = daemon;
  const unit =
    info === undefined ? unitOf(Object.fromEntries(host.proc.environ(ref.pid))) : info.unit;
  if (unit !== undefined) return refuseUnderSystemd(unit);
  return endsPrograms(daemon) ? refuseInContainer(daemon) : undefined;
}

function endsPrograms({ info, process: { pid } }: LivingDaemon): boolean {
  return info?.endsPrograms ?? Number(pid) === 1;
}

/** Stopped and started here, it would run outside of systemd, which could then start none. */
function refuseUnderSystemd(unit: "system" | "user"): DaemonResult {
  const message = `usrsvcd is run by systemd; restart it with: ${restartCommand(unit)}`;
  return { action: "restart", result: "refused", code: ExitCode.failure, message };
}

/** If it were stopped here, nothing would be left to start it. */
function refuseInContainer({ process: { pid } }: LivingDaemon): DaemonResult {
  const message = `the container would end with usrsvcd, pid ${pid}; restart the container, or run usrsvc restart all`;
  return { action: "restart", result: "refused", code: ExitCode.failure, message };
}

/** `usrsvcd stop`: its programs keep running, except in a container. */
export async function stopDaemon(host: Host, signal: AbortSignal): Promise<DaemonResult> {
  const base = { action: "stop", code: ExitCode.ok } as const;
  const daemon = findDaemon(host);
  using watch = daemon && host.watcher().open(daemon.process);
  if (watch === undefined) return { ...base, result: "down", message: "usrsvcd was not running" };
  const { pid } = watch.ref;
  const facts = { pid };
  watch.signal("SIGTERM");
  if (daemon !== undefined && endsPrograms(daemon)) {
    // It takes as long as its programs do; killed, it would take them all with it.
    await within(watch.exited, Number.POSITIVE_INFINITY, signal);
    const message = `usrsvcd stopped, pid ${pid}, after all its programs`;
    return { ...base, result: "stopped", message, facts };
  }
  if ((await within(watch.exited, STOP_PATIENCE_MS, signal)) === undefined) {
    watch.signal("SIGKILL");
    await watch.exited;
    const left = `usrsvcd killed, pid ${pid}: it did not respond to SIGTERM`;
    return { ...base, result: "killed", ...withRunningOn(left, facts, daemon, host) };
  }
  const left = `usrsvcd stopped, pid ${pid}`;
  return { ...base, result: "stopped", ...withRunningOn(left, facts, daemon, host) };
}

function withRunningOn(
  text: string,
  facts: Readonly<Record<string, unknown>>,
  daemon: LivingDaemon | undefined,
  { state, proc, config }: Host,
): Pick<DaemonResult, "message" | "facts"> {
  if (daemon?.astray?.kind === "deleted")
    return { message: `${text}; its programs keep running`, facts };
  const place = { state: daemon?.astray?.state ?? state, proc };
  const runningOn = runningPrograms(place, daemon?.info?.config ?? config);
  return { message: `${text}; ${describeRunOn(runningOn)}`, facts: { ...facts, runningOn } };
}
