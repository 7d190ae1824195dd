import type { HostTarget } from "../../config/hosts.ts";
import { maskSecrets } from "../../lib/secrets.ts";
import { asPageLine } from "../terminal/page-line.ts";
import { hostLines, hostPrefix } from "./host-lines.ts";
import { parseAnswer } from "./read-answer.ts";
import { type HostsView, tellers, type ViewContext, withHost } from "./view.ts";

/** The lines that a command prints there, each with its host in front. */
export function textView(context: ViewContext): HostsView {
  const { screen, json, targets } = context;
  const names = { targets, after: ": ", isAligned: false };
  const show: HostsView["show"] = (target, answer) => {
    screen.page(withHost(target, answer));
    return true;
  };
  const showLine = (target: HostTarget, line: string): boolean => {
    if (!json) {
      const { display } = screen;
      if (display === undefined) screen.page(maskSecrets(`${hostPrefix(names, target)}${line}`));
      else screen.styled(hostLines([asPageLine(line)], names, target, display));
      return true;
    }
    const answer = parseAnswer(line);
    return answer !== undefined && show(target, answer);
  };
  return {
    show,
    showLine,
    ...tellers(context),
    finish: () => {},
  };
}
