import type { HostTarget } from "../../config/hosts.ts";
import { ExitCode } from "../../exit-code.ts";
import { jsonLine } from "../../lib/tame.ts";
import type { HostProblem } from "../../operations/hosts/ssh-failure.ts";
import type { Screen } from "../screen.ts";
import type { Answer } from "./read-answer.ts";

/** How the answers of hosts to a command are shown. */
export interface HostsView {
  /** An object that a host has printed; false: it is not what the command prints. */
  show(target: HostTarget, answer: Answer): boolean;
  /** The same of a line, where what comes need not be objects. */
  readonly showLine?: (target: HostTarget, line: string) => boolean;
  /** Why a host has not answered, or not to the end. */
  tellProblem(target: HostTarget, problem: HostProblem, code: ExitCode): void;
  /** A host that was lost is there again. */
  tellBack(target: HostTarget, message: string): void;
  /** All have answered, or been given up. */
  finish(): void;
}

/** What a view is made of. */
export interface ViewContext {
  readonly screen: Screen;
  readonly json: boolean;
  /** The command: status. */
  readonly command: string;
  readonly targets: readonly HostTarget[];
  /** So many of the latest results; undefined: all. */
  readonly most?: number | undefined;
  /** Results are shown as they come: there is no end to wait for. */
  readonly isEndless: boolean;
}

/** An object with its host in front. */
export function withHost({ name }: HostTarget, answer: Answer): string {
  const { host: _, ...rest } = answer;
  return jsonLine({ host: name, ...rest });
}

/** A host that has not answered, for a script. */
export function problemJson(
  target: HostTarget,
  command: string,
  { result, message, next }: HostProblem,
  exitCode: ExitCode,
): string {
  return jsonLine({ host: target.name, action: command, result, exitCode, message, next });
}

/** A host that was lost and is there again, for a script. */
function backJson({ name }: HostTarget, command: string, message: string): string {
  return jsonLine({ host: name, action: command, result: "back", exitCode: ExitCode.ok, message });
}

/** How problems and their ends are told by views that show results as they come. */
export function tellers({
  screen,
  json,
  command,
}: ViewContext): Pick<HostsView, "tellProblem" | "tellBack"> {
  return {
    tellProblem(target, problem, code) {
      if (json) screen.page(problemJson(target, command, problem, code));
      else screen.complain(problemText(target, problem));
    },
    tellBack(target, message) {
      if (json) screen.page(backJson(target, command, message));
      else screen.complain(`${target.name}: ${message}`);
    },
  };
}

/** The same for people. */
function problemText({ name }: HostTarget, { message, next }: HostProblem): string {
  return `${name}: ${message}\n    ${next}`;
}
