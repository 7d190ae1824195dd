import type { HostTarget } from "../../config/hosts.ts";
import { renderEvent } from "../render-event.ts";
import { type Answer, readEvent } from "./read-answer.ts";
import { type HostsView, problemJson, problemText, type ViewContext, withHost } from "./view.ts";

/** What has happened on all hosts, in the order of time; while it is followed, as it comes. */
export function eventsView(context: ViewContext): HostsView {
  const { screen, json, command, targets, most, isEndless } = context;
  const width = Math.max(...targets.map(({ name }) => name.length));
  const gathered: { readonly atMs: number; readonly text: string }[] = [];
  const tell = (text: string): void => (json ? screen.page(text) : screen.result(text));
  const show = (target: HostTarget, answer: Answer): boolean => {
    const event = readEvent(answer);
    if (event === undefined) return false;
    const prefix = `${target.name.padEnd(width)}  `;
    const text = json
      ? withHost(target, answer)
      : renderEvent(event).replaceAll(/^/gm, prefix.replaceAll("$", "$$$$"));
    if (isEndless) tell(text);
    else gathered.push({ atMs: Date.parse(event.time), text });
    return true;
  };
  return {
    show,
    tellProblem(target, problem, code) {
      if (json) screen.page(problemJson(target, command, problem, code));
      else screen.complain(problemText(target, problem));
    },
    finish() {
      const sorted = gathered.toSorted((a, b) => a.atMs - b.atMs);
      const shown = most === undefined ? sorted : sorted.slice(Math.max(0, sorted.length - most));
      for (const { text } of shown) tell(text);
    },
  };
}
