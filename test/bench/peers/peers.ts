import { execFileSync } from "node:child_process";
import type { Home } from "../home.ts";
import type { Manager } from "../manager.ts";
import { Daemontools } from "./daemontools.ts";
import { Runit } from "./runit.ts";
import { Supervisor } from "./supervisor.ts";

/** Another service manager, if it is installed. */
export interface Peer {
  readonly name: (typeof peerNames)[number];
  /** Empty when it is not installed. */
  readonly version: string;
  readonly make: (home: Home) => Manager;
}

/** What `findPeers` looks for. */
export const peerNames = ["runit", "daemontools", "supervisor"] as const;

/** The service managers that usrsvcd is put beside. */
export function findPeers(): readonly Peer[] {
  const runit = hasAll("runsvdir", "runsv", "sv") ? (debianVersion("runit") ?? "installed") : "";
  const daemontools = hasAll("svscan", "supervise", "svc", "svstat")
    ? (debianVersion("daemontools") ?? "installed")
    : "";
  const supervisor = hasAll("supervisord", "supervisorctl")
    ? (output("supervisord", "--version") ?? "installed")
    : "";
  return [
    { name: "runit", version: runit, make: (home) => new Runit(home) },
    { name: "daemontools", version: daemontools, make: (home) => new Daemontools(home) },
    { name: "supervisor", version: supervisor, make: (home) => new Supervisor(home) },
  ];
}

function hasAll(...commands: readonly string[]): boolean {
  return commands.every(
    (one) => output("/bin/sh", "-c", 'command -v "$1"', "sh", one) !== undefined,
  );
}

/** runit and daemontools have no option that tells their version. */
function debianVersion(name: string): string | undefined {
  return output("dpkg-query", "-W", "-f", "${Version}", name);
}

function output(file: string, ...words: readonly string[]): string | undefined {
  try {
    const stdio: ["ignore", "pipe", "ignore"] = ["ignore", "pipe", "ignore"];
    return execFileSync(file, words, { encoding: "utf8", stdio, timeout: 5000 }).trim();
  } catch {
    return undefined;
  }
}
