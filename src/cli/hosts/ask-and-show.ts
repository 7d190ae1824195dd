import type { HostTarget } from "../../config/hosts.ts";
import { ExitCode } from "../../exit-code.ts";
import { shorten } from "../../lib/format.ts";
import { askHost, type HostEnd, type HostQuestion } from "../../operations/hosts/ask-host.ts";
import { judgeEnd, MOST_LINES } from "../../operations/hosts/judge-end.ts";
import { type HostProblem, isLastWordOfSsh } from "../../operations/hosts/ssh-failure.ts";
import type { Command } from "../command.ts";
import type { Screen } from "../screen.ts";
import { parseAnswer } from "./read-answer.ts";
import type { HostsView } from "./view.ts";

/** What is asked of each host, and how its answer is shown. */
export interface Call {
  readonly view: HostsView;
  readonly words: readonly string[];
  readonly command: Command;
  readonly isEndless: boolean;
  readonly limitMs: number;
  /** The name of `[Hosts]` that was perhaps meant. */
  readonly misspelt: (name: string) => string | undefined;
  readonly screen: Screen;
  readonly debug: (text: string) => void;
  /** Called where nobody reads any more what is shown. */
  readonly leave: () => void;
  readonly signal: AbortSignal;
}

/** What is kept of lines that are not what usrsvc prints, in lines. */
const MOST_STRANGE = 1000;
/** What is kept until all have answered, of each host. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Asks one host, and shows what it says; its exit code. */
export async function askAndShow(target: HostTarget, call: Call): Promise<ExitCode> {
  if (call.isEndless) {
    const { followHost } = await import("./follow-host.ts");
    return await followHost(target, call, askOnce);
  }
  return (await askOnce(target, call)).tell();
}

/** How one call came out. */
export interface Asked {
  readonly end: HostEnd;
  /** Why there was no answer, or not all of it; undefined: usrsvc there has said all. */
  readonly problem: HostProblem | undefined;
  /** Says so; the exit code of the host. */
  tell(): ExitCode;
}

/** A call of those that are made of one host. */
export type AskOnce = (target: HostTarget, call: Call, hooks?: Hooks) => Promise<Asked>;

/** Who follows a host is told of it. */
export interface Hooks {
  readonly onConnected: () => void;
  /** False: the line is not to be shown. */
  readonly hears: (line: string) => boolean;
}

async function askOnce(target: HostTarget, call: Call, hooks?: Hooks): Promise<Asked> {
  const { view, words, command, isEndless, limitMs, screen, debug, leave, signal } = call;
  const { name } = target;
  let hasAnswered = false;
  const strange: string[] = [];
  // Until something comes, a complaint may be the reason why nothing comes.
  const held: string[] = [];
  const release = (): void => {
    for (const line of held.splice(0)) screen.complain(`${name}: ${line}`);
  };
  const end = await askHost(target, {
    words,
    limitMs,
    limitIsFor: limitFor(command, isEndless),
    mostBytes: command.isLook === true && !isEndless ? MOST_BYTES : undefined,
    onConnected: hooks?.onConnected,
    onLine(line) {
      if (hooks?.hears(line) === false) return;
      const answer = view.showLine === undefined ? parseAnswer(line) : undefined;
      const isShown =
        view.showLine?.(target, line) ?? (answer !== undefined && view.show(target, answer));
      if (isShown) {
        hasAnswered = true;
        release();
        if (isEndless && screen.isAbandoned) leave();
      } else if (line.trim() !== "" && strange.length < MOST_STRANGE) strange.push(line);
    },
    onComplaint(line) {
      if (isLastWordOfSsh(line)) return; // which the reason has
      if (hasAnswered || isEndless) screen.complain(`${name}: ${line}`);
      else held.push(line);
    },
    signal,
    debug,
  });
  if (end.kind === "interrupted" && command.isLook === true) {
    return { end, problem: undefined, tell: () => ExitCode.ok };
  }
  const isAction = command.isLook !== true;
  const called = { target, command: command.name, isAction, limitMs, hasAnswered };
  const { code, problem } = judgeEnd(hasAnswered ? end : withStrange(end, strange), called);
  const whole = problem ?? (hasAnswered ? undefined : describeStrange(strange));
  const isTold = whole?.result === "failed" || whole?.result === "missing";
  const tell = (): ExitCode => {
    if (!isTold || held.length > MOST_LINES) release();
    if (whole === undefined) return tellStrange(target, strange, code, screen);
    view.tellProblem(target, withName(whole, target, call), problem ? code : ExitCode.failure);
    return problem ? code : ExitCode.failure;
  };
  return { end, problem: whole, tell };
}

function limitFor({ name, isLook }: Command, isEndless: boolean): HostQuestion["limitIsFor"] {
  if (isEndless) return "endless";
  if (isLook !== true) return "connection";
  return name === "status" ? "answer" : "silence";
}

/** What an account says that is no longer in use, say, and nothing else. */
function withStrange(end: HostEnd, strange: readonly string[]): HostEnd {
  return end.kind === "ended" ? { ...end, said: [...end.said, ...strange] } : end;
}

function describeStrange([first]: readonly string[]): HostProblem | undefined {
  if (first === undefined) return undefined;
  const message = `what it says is not what usrsvc says: ${JSON.stringify(shorten(first))}`;
  const next =
    "is it usrsvc 2.0 or later that is run there? --remote-command, or [Hosts], says what is run";
  return { result: "failed", message, next };
}

/** Of an answer that could be understood, but for some lines. */
function tellStrange(
  { name }: HostTarget,
  strange: readonly string[],
  code: ExitCode,
  screen: Screen,
): ExitCode {
  const [first] = strange;
  if (first === undefined) return code;
  const lines = strange.length === 1 ? "1 line" : `${strange.length} lines`;
  const shown = JSON.stringify(shorten(first));
  screen.complain(`${name}: ${lines} of its answer could not be understood: ${shown}`);
  return code === ExitCode.ok ? ExitCode.failure : code;
}

/** A name that ssh does not know may be one of [Hosts], misspelt. */
function withName(problem: HostProblem, { name }: HostTarget, { misspelt }: Call): HostProblem {
  const near = problem.result === "unreachable" ? misspelt(name) : undefined;
  return near === undefined
    ? problem
    : { ...problem, next: `did you mean ${near}? ${problem.next}` };
}
