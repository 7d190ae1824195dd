import { type Particulars, readParticulars } from "../../../proc/particulars.ts";
import type { Pid } from "../../../proc/pid.ts";
import { statIfAny } from "../../../proc/reader.ts";
import type { Host } from "../../host/host.ts";
import { inheritedEnvironment, originalOpenFiles } from "../../launch/environment.ts";
import { daemonInCharge } from "../../state/daemon-alive.ts";

/** What a program gets without a word in its section. */
export interface Starter {
  /** As in "of usrsvcd". */
  readonly whose: string;
  readonly env: Readonly<Record<string, string>>;
  readonly particulars: Particulars;
  /** The soft limit of open files that it hands on: not its own, which Node raises. */
  readonly openFiles: number | undefined;
}

/**
 * Who would start a program: usrsvcd, if one runs. Else it is not known yet; then the environment is that of a login:
 * what the leader of our session was given, before any profile or command has added to it.
 */
export function findStarter(host: Host): Starter {
  const daemon = daemonInCharge(host);
  const pid = daemon?.process.pid ?? (process.pid as Pid);
  const particulars = readParticulars(pid);
  const given = particulars.environ;
  if (daemon !== undefined && given !== undefined) {
    return {
      whose: "of usrsvcd",
      env: inheritedEnvironment(Object.fromEntries(given)),
      particulars,
      openFiles: Number(given.get("USRSVC_NOFILE")) || undefined,
    };
  }
  return {
    whose: "of a login",
    env: inheritedEnvironment(Object.fromEntries(loginEnvironment(host))),
    particulars,
    openFiles: originalOpenFiles(process.env),
  };
}

/** Of what sshd, login or a terminal has started for this account; else the few variables that each login sets. */
function loginEnvironment({ proc }: Host): ReadonlyMap<string, string> {
  const session = statIfAny(proc, process.pid as Pid)?.session ?? 0;
  try {
    if (session !== process.pid && proc.uid(session as Pid) === process.getuid?.()) {
      const environ = proc.environ(session as Pid);
      if (environ.has("PATH") || environ.has("HOME")) return environ;
    }
  } catch {
    // gone, or hidden
  }
  const own = ["HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "TZ"];
  return new Map(
    own.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
