import { execFileSync } from "node:child_process";
import type { Home } from "../home.ts";
import type { Manager } from "../manager.ts";
import { Runit } from "./runit.ts";
import { Supervisor } from "./supervisor.ts";

/** Another service manager, if it is installed. */
export interface Peer {
  readonly name: string;
  /** Empty when it is not installed. */
  readonly version: string;
  readonly make: (home: Home) => Manager;
}

/** The service managers that usrsvcd is put beside. */
export function findPeers(): readonly Peer[] {
  const runit = hasAll("runsvdir", "runsv", "sv") ? (debianVersion("runit") ?? "installed") : "";
  const supervisor = hasAll("supervisord", "supervisorctl")
    ? (output("supervisord", "--version") ?? "installed")
    : "";
  return [
    { name: "runit", version: runit, make: (home) => new Runit(home) },
    { name: "supervisor", version: supervisor, make: (home) => new Supervisor(home) },
  ];
}

function hasAll(...commands: readonly string[]): boolean {
  return commands.every(
    (one) => output("/bin/sh", "-c", 'command -v "$1"', "sh", one) !== undefined,
  );
}

/** runit has no option that tells its version. */
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
