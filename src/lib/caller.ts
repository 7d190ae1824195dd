import { readFileSync, readlinkSync } from "node:fs";
import { nameOf } from "./accounts.ts";

/** Who calls a command, as far as that is known here. */
export interface Caller {
  /** The account of the person. */
  readonly account: string;
  /** The account that the command runs as, where that is another: after sudo or doas. */
  readonly as?: string | undefined;
  /** `pts/3`; undefined: there is none. */
  readonly terminal?: string | undefined;
}

/** The terminal of whose command a `usrsvc` without one of its own carries out. */
export const TERMINAL_VARIABLE = "USRSVC_TERMINAL";

/** `pts/3`, and the like. */
const TERMINAL = /^(pts\/\d+|tty\w+|console)$/;

/** No account has a longer name; what the environment says instead is cut. */
const LONGEST_NAME = 64;

/** Who calls a process, this one by default. `env`: what sudo and doas say of who called them is in it. */
export function callerOf(env: NodeJS.ProcessEnv, pid?: number): Caller {
  const own = nameOf(process.getuid?.() ?? 0);
  const told = printable(env["SUDO_USER"] ?? env["DOAS_USER"] ?? "");
  const handed = TERMINAL.exec(env[TERMINAL_VARIABLE] ?? "")?.[0];
  const terminal = terminalOf(pid) ?? handed;
  const isOther = told !== "" && told !== own;
  return {
    account: isOther ? told : own,
    ...(isOther && { as: own }),
    ...(terminal !== undefined && { terminal }),
  };
}

/** The same of another process of this account; undefined where that is hidden, or it has gone. */
export function callerOfProcess(pid: number): Caller | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/environ`, "utf8");
    const pairs = text.split("\0").map((pair) => pair.split(/=(.*)/s, 2) as [string, string?]);
    return callerOf(Object.fromEntries(pairs), pid);
  } catch {
    return undefined;
  }
}

/** `ann (as web, pts/3)`. */
export function describeCaller({ account, as, terminal }: Caller): string {
  const more = [as === undefined ? [] : `as ${as}`, terminal ?? []].flat();
  return more.length === 0 ? account : `${account} (${more.join(", ")})`;
}

function printable(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}._@\\$+-]/gu, "").slice(0, LONGEST_NAME);
}

/** The terminal that one of the three streams is. */
function terminalOf(pid: number | "self" = "self"): string | undefined {
  for (const fd of [0, 1, 2]) {
    try {
      const [, path = ""] = /^\/dev\/(.*)$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? [];
      if (TERMINAL.test(path)) return path;
    } catch {
      // closed
    }
  }
  return undefined;
}
