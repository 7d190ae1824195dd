import type { HostTarget } from "../../config/hosts.ts";
import { sshWords } from "../../config/destination.ts";

/** What is to be run on a host. */
export interface RemoteCall {
  /** The words after `usrsvc`. */
  readonly words: readonly string[];
  /** A word that nothing else prints: what stands before it comes from the files that a shell reads when it begins. */
  readonly mark: string;
  /** It goes on until it is ended: its end follows that of the connection, which alone would not be noticed there. */
  readonly isEndless: boolean;
}

/** Where npm puts commands, and where Node is, beyond the PATH of a shell that is not interactive. */
const MORE_PATH = "$HOME/.local/bin:$HOME/bin:/usr/local/bin";

/**
 * The words after `ssh`. It asks nothing, notices within half a minute that a host has gone, and
 * has no time of its own to give up a host that we have not given up.
 */
export function sshArguments(
  target: HostTarget,
  limitMs: number,
  call: RemoteCall,
): readonly string[] {
  const words = sshWords(target.destination);
  const options = [
    "BatchMode=yes",
    `ConnectTimeout=${Math.ceil(limitMs / 1000) + 1}`,
    "ServerAliveInterval=10",
    "ServerAliveCountMax=3",
    // What the user's configuration may have for sessions at a terminal.
    "ClearAllForwardings=yes",
    "RemoteCommand=none",
  ];
  return [
    "-T",
    ...options.flatMap((option) => ["-o", option]),
    ...words.slice(0, -1),
    "--",
    words.at(-1) ?? "",
    remoteLine(target.command ?? "usrsvc", call),
  ];
}

/**
 * The line for the shell of the account there, whichever that is: all it has to understand is words in quotes. The
 * rest is for sh.
 */
export function remoteLine(command: string, { words, mark, isEndless }: RemoteCall): string {
  const begin = `PATH="$PATH:${MORE_PATH}"; export PATH; echo ${mark}; echo ${mark} >&2; `;
  const run = `${command} "$@"`;
  const script = begin + (isEndless ? untilInputEnds(run) : run);
  return ["sh", "-c", script, "usrsvc", ...words].map(portableWord).join(" ");
}

/** Without a terminal, nobody tells a command that its connection has ended; its input ends then. */
function untilInputEnds(run: string): string {
  return (
    `exec 3<&0; ${run} 3<&- </dev/null & p=$!; ` +
    `(cat <&3 >/dev/null 2>&1; kill $p) >/dev/null 2>&1 & c=$!; ` +
    "exec 3<&-; wait $p; r=$?; kill $c 2>/dev/null; exit $r"
  );
}

/**
 * A word that sh, csh and fish take as it is: in single quotes, fish gives a backslash a meaning, and csh an exclamation
 * mark, so that these stand outside of them.
 */
export function portableWord(word: string): string {
  if (/^[\w/.:@+-]+$/.test(word)) return word;
  const quoted = word.replaceAll(/['\\!]/g, String.raw`'\$&'`);
  return `'${quoted}'`;
}
