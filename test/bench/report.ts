import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import type { Figure } from "./figures.ts";
import type { Home } from "./home.ts";
import type { Options } from "./options.ts";
import { lookAtOthers } from "./others.ts";
import { findPeers } from "./peers/peers.ts";
import { SUCCESS_SECONDS } from "./usrsvcd.ts";

/** On what, and how, it was measured. */
export interface Machine {
  readonly time: string;
  readonly version: string;
  readonly node: string;
  readonly kernel: string;
  readonly cpus: number;
  readonly cpu: string;
  readonly memoryGb: number;
  readonly root: boolean;
  /** Processes that were there before the bench; many make every look through /proc dearer. */
  readonly processes: number;
  /** The language of the services that are measured. */
  readonly service: "C" | "sh";
  readonly successSeconds: number;
  readonly idleSeconds: number;
  /** Empty for what is not installed. */
  readonly peers: Readonly<Record<string, string>>;
}

/** A line of a long measurement: a step of --soak, a size of --scale, a state of --foreign. */
export type Step = Readonly<Record<string, number>>;

/** All that a run found out; what --json prints. */
export interface Report {
  readonly machine: Machine;
  readonly options: Options;
  readonly figures: readonly Figure[];
  /** What --soak, --scale and --foreign have measured. */
  readonly steps: readonly Step[];
  /** Findings of the long measurements, as sentences. */
  readonly findings: readonly string[];
  /** What could not be measured, and why. */
  readonly problems: readonly string[];
}

export function describeMachine(options: Options, home: Home): Machine {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(text) as { version: string };
  return {
    time: new Date().toISOString(),
    version,
    node: process.version,
    kernel: release(),
    cpus: availableParallelism(),
    cpu: cpus()[0]?.model ?? "unknown",
    memoryGb: Math.round(totalmem() / 2 ** 30),
    root: process.getuid?.() === 0,
    processes: lookAtOthers(home.path).processes.size,
    service: home.services.kind,
    successSeconds: SUCCESS_SECONDS,
    idleSeconds: options.idleSeconds,
    peers: Object.fromEntries(findPeers().map((peer) => [peer.name, peer.version])),
  };
}

/** The machine and the method, for people. */
export function formatMachine(machine: Machine, options: Options): string {
  const peers = Object.entries(machine.peers).map(([name, version]) =>
    version === "" ? `${name}: not installed, skipped` : `${name} ${version}`,
  );
  return [
    `usrsvc ${machine.version}, Node ${machine.node}, Linux ${machine.kernel}, ` +
      `${machine.cpus} x ${machine.cpu}, ${machine.memoryGb} GB; ` +
      `${machine.processes} processes of others`,
    `services in ${machine.service}; success_seconds = ${machine.successSeconds}; ` +
      `idleness watched for ${machine.idleSeconds} s`,
    options.peers ? peers.join("; ") : "no peers (--peers no, or --quick)",
    ...(options.only === undefined ? [] : [`only ${options.only.join(", ")}`]),
  ].join("\n");
}

/** @throws {Error} when it is no report of ours */
export function readReport(path: string): Report {
  const report = JSON.parse(readFileSync(path, "utf8")) as Partial<Report>;
  if (report.machine === undefined || report.figures === undefined) {
    throw new TypeError(`${path}: not a report that --save has written`);
  }
  return report as Report;
}
