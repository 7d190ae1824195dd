import type { HostTarget } from "../../config/hosts.ts";
import { maskSecrets } from "../../lib/secrets.ts";
import { parseAnswer } from "./read-answer.ts";
import { type HostsView, problemJson, problemText, type ViewContext, withHost } from "./view.ts";

/** The lines that a command prints there, each with its host in front. */
export function textView({ screen, json, command }: ViewContext): HostsView {
  const show: HostsView["show"] = (target, answer) => {
    screen.page(withHost(target, answer));
    return true;
  };
  const showLine = (target: HostTarget, line: string): boolean => {
    if (!json) {
      screen.page(maskSecrets(`${target.name}: ${line}`));
      return true;
    }
    const answer = parseAnswer(line);
    return answer !== undefined && show(target, answer);
  };
  return {
    show,
    showLine,
    tellProblem(target, problem, code) {
      if (json) screen.page(problemJson(target, command, problem, code));
      else screen.complain(problemText(target, problem));
    },
    finish: () => {},
  };
}
