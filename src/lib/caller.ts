import { readlinkSync } from "node:fs";
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

/** No account has a longer name; what the environment says instead is cut. */
const LONGEST_NAME = 64;

/** Who calls this process. `env`: what sudo and doas say of who called them is in it. */
export function callerOf(env: NodeJS.ProcessEnv): Caller {
  const own = nameOf(process.getuid?.() ?? 0);
  const told = printable(env["SUDO_USER"] ?? env["DOAS_USER"] ?? "");
  const terminal = terminalOf();
  const isOther = told !== "" && told !== own;
  return {
    account: isOther ? told : own,
    ...(isOther && { as: own }),
    ...(terminal !== undefined && { terminal }),
  };
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
function terminalOf(): string | undefined {
  for (const fd of [0, 1, 2]) {
    try {
      const [, name] =
        /^\/dev\/(pts\/\d+|tty\w+|console)$/.exec(readlinkSync(`/proc/self/fd/${fd}`)) ?? [];
      if (name !== undefined) return name;
    } catch {
      // closed
    }
  }
  return undefined;
}
