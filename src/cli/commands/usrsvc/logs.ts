import { translatePythonRegex } from "../../../config/python-regex/python-regex.ts";
import { ExitCode } from "../../../exit-code.ts";
import { jsonLine } from "../../../lib/tame.ts";
import { type Cursor, parseCursor } from "../../../lib/cursor.ts";
import type { LogLine, LogNote } from "../../../operations/logs/line.ts";
import { findLogs, type LogsFound } from "../../../operations/logs/logs.ts";
import { openSite } from "../../../operations/site.ts";
import { UsageError } from "../../args.ts";
import { command } from "../../command.ts";
import { onHosts } from "../../hosts-options.ts";
import { logRenderer, renderLogJson } from "../../log-lines.ts";
import { lookingBack, readCount, readSince } from "../../looking-back.ts";
import { parallel, programNames } from "../../programs.ts";
import { untilNobodyReads } from "../../run.ts";
import type { Screen } from "../../screen.ts";

export const logs = command({
  name: "logs",
  summary: "what programs have written, from their own files, rotated ones included",
  arguments: { kind: "programs" },
  options: {
    parallel, // it has no effect here, and does no harm in a script
    ...lookingBack,
    stderr: { help: "only what they wrote to stderr, where that is a file of its own" },
    grep: { value: "RE", help: "only lines in which this regular expression is found" },
    "show-cursor": {
      help: "print a cursor after what is shown",
      needs: { option: "follow", why: "it is for who goes on later" },
    },
    "after-cursor": {
      value: "CURSOR",
      help: "what was written after that",
      needs: { option: "follow", why: "it goes on with what comes" },
    },
    ...onHosts,
  },
  isLook: true,
  async run({ words, options, screen }): Promise<ExitCode> {
    const { follow, lines, since, stderr, grep, json, config } = options;
    const asked = {
      names: programNames(words),
      most: lines === undefined ? undefined : readCount(lines),
      sinceMs: since === undefined ? undefined : readSince(since),
      regex: grep === undefined ? undefined : readRegex(grep),
      onlyErrors: stderr,
      isFollowed: follow,
      after: readCursor(options["after-cursor"]),
      onProgress: (path: string) => screen.progress(`searching ${path}`),
    };
    using site = openSite(config);
    const found = findLogs(site, asked);
    for (const { program, message } of found.unknown) screen.complain(`${program}: ${message}`);
    const note = ({ program, text }: LogNote): void => screen.complain(`${program}: ${text}`);
    for (const one of found.notes) note(one);
    const show = shower(found, json, screen);
    const isEmpty = !(await showAll(found.lines, show, screen));
    if (follow && found.programs.size > 0) {
      await untilNobodyReads(screen, async (signal, onShown) => {
        const onLines: Show = (more) => {
          show(more);
          onShown();
        };
        const onCursor = options["show-cursor"] ? cursorShower(json, screen) : undefined;
        await found.follow({ onLines, onNote: note, onCursor }, signal);
      });
    } else if (isEmpty && !json) complainOfNothing(found, { since, grep }, screen);
    if (found.unknown.length > 0) return ExitCode.undefinedProgram;
    return found.isDenied ? ExitCode.permission : ExitCode.ok;
  },
});

/** @throws {UsageError} */
function readRegex(text: string): RegExp {
  const found = translatePythonRegex(text);
  if ("regex" in found) return found.regex;
  throw new UsageError(`--grep: "${text}" is no regular expression: ${found.problem}`);
}

/** @throws {UsageError} */
function readCursor(text: string | undefined): Cursor | undefined {
  const cursor = text === undefined ? undefined : parseCursor(text);
  if (text !== undefined && cursor === undefined) {
    throw new UsageError("--after-cursor: is no cursor; --show-cursor prints one");
  }
  return cursor;
}

function cursorShower(json: boolean, screen: Screen): (cursor: string) => void {
  return (cursor) => screen.page(json ? jsonLine({ cursor }) : `-- cursor: ${cursor}`);
}

type Show = (lines: readonly LogLine[]) => void;

function shower({ programs }: LogsFound, json: boolean, screen: Screen): Show {
  const { display } = screen; // asked for once: it takes a call of the kernel
  const columns = display?.columns === undefined ? undefined : () => screen.display?.columns;
  const render = json ? renderLogJson : logRenderer(programs, display?.colours ?? 0, columns);
  return (lines) => {
    const text = lines.map(render).join("\n");
    if (json) screen.page(text);
    else screen.coloured(text);
  };
}

/** True if there were any. */
async function showAll(all: LogsFound["lines"], show: Show, screen: Screen): Promise<boolean> {
  let isAny = false;
  for await (const lines of all) {
    if (lines.length === 0) continue;
    isAny = true;
    show(lines);
    if (screen.isAbandoned) break;
  }
  return isAny;
}

function complainOfNothing(
  { programs, notes }: LogsFound,
  { since, grep }: { readonly since: string | undefined; readonly grep: string | undefined },
  screen: Screen,
): void {
  const told = new Set(notes.map(({ program }) => program));
  // What was said of each of them says it.
  if ([...programs.keys()].every((name) => told.has(name))) return;
  const which = grep === undefined ? "nothing was written" : `no line has "${grep}"`;
  screen.complain(since === undefined ? which : `${which} since ${since}`);
}
