import { sshWords } from "../../config/destination.ts";
import type { HostTarget } from "../../config/hosts.ts";
import { shellWord, shorten } from "../../lib/format.ts";

/** Why a host has not answered, or not to the end. Printed with `--json`: a word is added, never renamed. */
export interface HostProblem {
  readonly result:
    /** No answer in time. */
    | "silent"
    /** There was no connection. */
    | "unreachable"
    /** There was one, and it was refused: keys. */
    | "denied"
    /** No usrsvc there, or none that can run. */
    | "missing"
    /** usrsvc there has failed, or is of a version that does not know what is asked. */
    | "failed"
    /** The connection was lost before the end. */
    | "lost"
    /** Somebody has ended it here. (`back`, of one that was lost and is followed again, is no problem.) */
    | "interrupted";
  readonly message: string;
  /** What to do about it. */
  readonly next: string;
}

type Kind = Pick<HostProblem, "result" | "next">;

/** What ssh says, and what that means: the first row that fits a line. `there`: the words that get a person there. */
const meanings: readonly (readonly [RegExp, (there: string) => Kind])[] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    (there) => ({
      result: "denied",
      next: `another machine answers, or it was installed anew: find out which; then remove its old key (ssh-keygen -R), and connect by hand: ssh ${there}`,
    }),
  ],
  [
    /host key is known for .* strict checking|Host key verification failed/,
    (there) => ({
      result: "denied",
      next: `connect once by hand and compare its key: ssh ${there}`,
    }),
  ],
  [
    /Permission denied|Too many authentication failures|no mutual signature|Authentication failed/i,
    (there) => ({
      result: "denied",
      next: `ssh must get there without a question (ssh-add, ssh-copy-id ${there}); try: ssh -o BatchMode=yes ${there} true`,
    }),
  ],
  [
    /Could not resolve hostname|Name or service not known|nodename nor servname/i,
    () => ({
      result: "unreachable",
      next: "check the name, or say in [Hosts] or in ~/.ssh/config what it is",
    }),
  ],
  [
    /Connection refused/,
    (there) => ({
      result: "unreachable",
      next: `no sshd on that port: is it another port, or still booting? ssh -v ${there}`,
    }),
  ],
  [
    /No route to host|Network is unreachable|Host is down|(?:Connection|Operation) timed out/i,
    (there) => ({ result: "unreachable", next: `is it up, and the network? ssh -v ${there}` }),
  ],
  [
    /Bad owner or permissions|Bad configuration option|terminating, \d+ bad configuration|Can't open user config/i,
    () => ({ result: "unreachable", next: "mend ssh's configuration on this machine" }),
  ],
  [
    /kex_exchange_identification|ssh_exchange_identification|banner exchange|Connection (?:closed|reset) by|Unable to negotiate/i,
    (there) => ({ result: "unreachable", next: `see what its sshd says: ssh -v ${there}` }),
  ],
];

/** True for what ssh itself says when a connection that was up has ended: no complaint of usrsvc there. */
export function isLastWordOfSsh(line: string): boolean {
  return /^(?:client_loop: |Connection to \S+ closed|Timeout, server |Read from remote host |Shared connection to |packet_write_wait: )/.test(
    line,
  );
}

/** Said on the way to a connection that is made: it is no reason for anything. */
const PASSING = /^(?:Warning: Permanently added|\*\* |debug\d:|@+$|Pseudo-terminal|ControlSocket )/;

/** What ssh has said when there was no connection. `limit`: the time that it had, as people say it. */
export function describeSshFailure(lines: readonly string[], target: HostTarget): HostProblem {
  const there = sshWords(target.destination).map(shellWord).join(" ");
  for (const [pattern, kind] of meanings) {
    const line = lines.find((one) => pattern.test(one));
    if (line !== undefined) return { message: tidy(line), ...kind(there) };
  }
  const said = lines.filter((line) => line.trim() !== "" && !PASSING.test(line)).at(-1);
  const message = said === undefined ? "ssh has failed, and does not say why" : tidy(said);
  return { result: "unreachable", message, next: `try: ssh -v ${there} true` };
}

/** `@    WARNING: … CHANGED!     @`, `ssh: connect to host …`. */
function tidy(line: string): string {
  return shorten(line.replaceAll(/^[@\s]+|[@\s]+$/g, "").replace(/^ssh: /, ""), 300);
}
