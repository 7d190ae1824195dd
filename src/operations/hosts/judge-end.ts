import { formatDestination, sshWords } from "../../config/destination.ts";
import type { HostTarget } from "../../config/hosts.ts";
import { ExitCode } from "../../exit-code.ts";
import { formatDuration, shellWord, shorten } from "../../lib/format.ts";
import type { HostEnd } from "./ask-host.ts";
import { describeSshFailure, type HostProblem } from "./ssh-failure.ts";

/** What the end of a call means. */
export interface Judged {
  readonly code: ExitCode;
  /** Undefined: usrsvc there has said all that is to be said. */
  readonly problem: HostProblem | undefined;
}

/** What was asked, and what has come. */
export interface Called {
  readonly target: HostTarget;
  /** The command: status. */
  readonly command: string;
  /** It changes something: it may go on there when nobody listens any more. */
  readonly isAction: boolean;
  readonly limitMs: number;
  /** Something of its answer has come that could be understood. */
  readonly hasAnswered: boolean;
}

/** A shell that has not found what it was to run, and one that could not run it. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
/** How many lines of a complaint are a reason: the last ones. */
export const MOST_LINES = 4;

/** Why a call has failed, what to do about it, and the exit code for its host. */
export function judgeEnd(end: HostEnd, called: Called): Judged {
  switch (end.kind) {
    case "ended":
      return judgeCode(end, called);
    case "cut-off": {
      if (!end.isConnected) return failed(describeSshFailure(end.said, called.target));
      const why = describeSshFailure(end.said, called.target).message;
      const message =
        end.said.length === 0 ? "the connection was lost" : `the connection was lost: ${why}`;
      return failed({ result: "lost", message, next: whatNow(called) });
    }
    case "silent": {
      const limit = formatDuration(called.limitMs);
      const message = end.isConnected
        ? `not answered within ${limit}`
        : `no answer within ${limit}`;
      return failed({ result: "silent", message, next: waitLonger(called, end.isConnected) });
    }
    case "interrupted": {
      if (end.isConnected)
        return failed({ result: "interrupted", message: "interrupted", next: whatNow(called) });
      const message = "interrupted before the connection was up";
      const next = `nothing was begun there, as far as is known; see: ${look(called)}`;
      return failed({ result: "interrupted", message, next });
    }
  }
}

function failed(problem: HostProblem): Judged {
  return { code: ExitCode.failure, problem };
}

/** An action is not ended with its connection. */
function whatNow(called: Called): string {
  if (!called.isAction) return "try again";
  return `its ${called.command} may go on there; see: ${look(called)}`;
}

function look({ target }: Called): string {
  return `usrsvc -H ${shellWord(target.name)} status`;
}

function waitLonger({ target }: Called, isConnected: boolean): string {
  const there = sshWords(target.destination).map(shellWord).join(" ");
  return isConnected
    ? "--timeout 60s waits for longer"
    : `is it up, and the network? ssh -v ${there}; --timeout 60s waits for longer`;
}

function judgeCode({ code, said }: HostEnd & { readonly kind: "ended" }, called: Called): Judged {
  const known = code < 255 ? (code as ExitCode) : ExitCode.failure;
  if (called.hasAnswered || code === 0) return { code: known, problem: undefined };
  const lines = said.filter((line) => line.trim() !== "");
  const reason = lines
    .slice(-MOST_LINES)
    .map((line) => shorten(line, 300))
    .join("; ");
  if (code === NOT_FOUND || code === NOT_EXECUTABLE) return failed(missing(code, reason, called));
  const isUnknown =
    /unknown action|unknown option|goes with .* not with|no such option|unrecognized/i.test(reason);
  const next = isUnknown
    ? `usrsvc there may be older: ${byHand(called, "--version")}; upgrade it`
    : `see: ${byHand(called, "status")}`;
  const message =
    reason === "" ? `usrsvc there has ended with code ${code}, and says nothing` : reason;
  return { code: known, problem: { result: "failed", message, next } };
}

function missing(code: number, reason: string, called: Called): HostProblem {
  const { name, destination, command = "usrsvc" } = called.target;
  const file = command.split(" ").at(-1) ?? command;
  const where = formatDestination(destination);
  const write = `${IS_NAME.test(name) ? name : destination.host} = ${where} `;
  if (/node['"]?:.*(?:not found|No such file)/i.test(reason)) {
    const next = `say there where node is, by --remote-command or in [Hosts]: ${write}PATH=/opt/node/bin:$PATH ${file}`;
    return {
      result: "missing",
      message: `usrsvc is there, but node is not on its PATH (${reason})`,
      next,
    };
  }
  const what = code === NOT_FOUND ? "command not found" : "command cannot be executed";
  const next = `say where it is, by --remote-command or in [Hosts]: ${write}/path/to/usrsvc (there: command -v usrsvc)`;
  return {
    result: "missing",
    message: `${what} there: ${command}${reason === "" ? "" : ` (${reason})`}`,
    next,
  };
}

/** A name of `[Hosts]`, and not the words of `-H` themselves. */
const IS_NAME = /^[\w.-]+$/;

/** What a person would type to run usrsvc there. */
function byHand({ target }: Called, word: string): string {
  const words = sshWords(target.destination).map(shellWord);
  const { command = "usrsvc" } = target;
  const isPlain = /^[\w/.-]+$/.test(command);
  return ["ssh", ...words, isPlain ? `${command} ${word}` : shellWord(`${command} ${word}`)].join(
    " ",
  );
}
