import { formatIssues } from "../../config/issue.ts";
import { ExitCode } from "../../exit-code.ts";
import { ProgramWatch } from "../../operations/looking/watch-programs.ts";
import type { Screen } from "../screen.ts";
import { isTerminal } from "../terminal/terminal.ts";
import { FullScreen } from "./full-screen.ts";
import { type Signalled, untilLeft } from "./input.ts";
import { Page, type TopAsked } from "./page.ts";

/** `usrsvc top`: the table of `status`, again and again, until somebody leaves it. */
export async function runTop(asked: TopAsked, screen: Screen): Promise<ExitCode> {
  const why = whyNot();
  if (why !== undefined) {
    screen.complain(
      `usrsvc: top needs a terminal, and ${why}; without one: usrsvc status, or usrsvc events -f`,
    );
    return ExitCode.failure;
  }
  const watch = new ProgramWatch(asked.names, asked.config);
  const first = await watch.look(); // what is wrong with the file is said as any command says it
  for (const { program, message } of first.unknown) screen.complain(`${program}: ${message}`);
  if (first.programs.length === 0) {
    if (asked.names.length > 0) return ExitCode.undefinedProgram;
    for (const line of formatIssues(first.issues)) screen.complain(line);
    screen.complain("the configuration has no programs yet");
    return ExitCode.ok;
  }
  const page = new Page(watch, asked, first);
  let left: Signalled;
  {
    using full = new FullScreen();
    left = await untilLeft(page, full);
  }
  for (const what of page.underWay) {
    screen.complain(
      `${what} is still under way, and is completed without this page; see usrsvc status`,
    );
  }
  if (left !== undefined) process.kill(process.pid, left);
  return ExitCode.ok;
}

function whyNot(): string | undefined {
  if (!isTerminal(1)) return "its output goes elsewhere";
  if (!isTerminal(0)) return "its input comes from elsewhere";
  const { TERM: term = "" } = process.env;
  return term === "" || term === "dumb"
    ? `this one (TERM=${term}) can only write line by line`
    : undefined;
}
