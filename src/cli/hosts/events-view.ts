import type { HostTarget } from "../../config/hosts.ts";
import type { HistoryLine } from "../../state/history.ts";
import { eventLines } from "../render-event.ts";
import { plainLine } from "../terminal/page-line.ts";
import { hostLines, hostPrefix } from "./host-lines.ts";
import { type Answer, readEvent } from "./read-answer.ts";
import { type HostsView, tellers, type ViewContext, withHost } from "./view.ts";

/** What has happened on all hosts, in the order of time; while it is followed, as it comes. */
export function eventsView(context: ViewContext): HostsView {
  const { screen, json, targets, most, isEndless } = context;
  const names = { targets, after: "  ", isAligned: true };
  const gathered: { readonly atMs: number; readonly tell: () => void }[] = [];
  const tell = (target: HostTarget, event: HistoryLine): void => {
    const { display } = screen;
    const lines = eventLines(event);
    if (display !== undefined) screen.styled(hostLines(lines, names, target, display));
    else {
      const prefix = hostPrefix(names, target);
      screen.result(lines.map((line) => prefix + plainLine(line)).join("\n"));
    }
  };
  const show = (target: HostTarget, answer: Answer): boolean => {
    const event = readEvent(answer);
    if (event === undefined) return false;
    const tellIt = (): void => {
      if (json) screen.page(withHost(target, answer));
      else tell(target, event);
    };
    if (isEndless) tellIt();
    else gathered.push({ atMs: Date.parse(event.time), tell: tellIt });
    return true;
  };
  return {
    show,
    ...tellers(context),
    finish() {
      const sorted = gathered.toSorted((a, b) => a.atMs - b.atMs);
      const shown = most === undefined ? sorted : sorted.slice(Math.max(0, sorted.length - most));
      for (const one of shown) one.tell();
    },
  };
}
