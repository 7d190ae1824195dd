import type { Act, News } from "../operations/acting/act.ts";
import { actOnPrograms } from "../operations/acting/act-on-programs.ts";
import { formatIssues } from "../config/issue.ts";
import { ExitCode } from "../exit-code.ts";
import { UsageError } from "./args.ts";
import type { Invocation, Option } from "./command.ts";
import { renderAction, renderActionJson } from "./render.ts";
import { untilSignalled } from "./run.ts";
import type { Screen } from "./screen.ts";
import { readTimeout, timeout } from "./timeout.ts";

/* What start, stop and restart have in common: they ask for an operation, and show what it reports. */

/** All at once. */
export const parallel = { short: "P", help: "all at once instead of one after the other" } as const;

/** Of `hold` and `wait`, which have it in different senses. */
export const forWhat = {
  value: "WHAT",
  help: "hold: for so long (90s, 30m, 2h, 1d); wait: running, ready (default), stopped, exit or done",
} as const;

/** Instead of printing it. */
export const write = {
  help: "write it, instead of printing it: into config_dir (adopt, import), into FILE (metrics)",
} as const;

/** Nothing is done. */
export const dryRun = { help: "only say what would be done, and in which order" } as const;

/** Of all three. */
export const alone = {
  help: "only what is named, at once, whatever after, needs and restart_with say",
} as const;

/** Of all three. */
export const noWait = {
  help: "return as soon as it has begun; it goes on in the background, to its end",
} as const;

/** The same as the word `all`. */
export const all = { help: "all programs, as the word all", isForNames: true } as const;

/** Options of both commands that start a program. */
export const starting = {
  parallel,
  timeout,
  "dry-run": dryRun,
  all,
  reread: { help: "have usrsvcd read the configuration again first" },
  alone,
  "no-wait": noWait,
  here: { help: "start from this shell, with its environment, even if usrsvcd is running" },
} as const;

/** The names of the programs; empty: all. */
export function programNames(words: readonly string[]): readonly string[] {
  return words.includes("all") ? [] : [...new Set(words)];
}

/** Of a restart. */
export const rolling = {
  help: "one after the other, each running before the next is touched; stops at the first that fails",
} as const;

/** Of a start. */
export const remembered = {
  help: "those that stop --remember has stopped, and no others",
  isForNames: true,
  excludes: "all",
} as const;

/** Of a restart as well. */
export const outdated = {
  help: "only those that run with older settings than the files have; without names, of all",
} as const;

/** Of a stop. */
export const remember = {
  help: "remember which of these run: start --remembered brings them back",
} as const;

type StartOptions = Partial<
  Invocation<
    typeof starting & Readonly<Record<"rolling" | "outdated" | "remember" | "remembered", Option>>
  >["options"]
>;

/** Does it, and shows each result as it comes. */
export async function actAndTell(
  action: Act["action"],
  { words, options, screen }: Pick<Invocation, "words" | "options" | "screen">,
  { sending, hold }: Pick<Act, "sending" | "hold"> = {},
): Promise<ExitCode> {
  const {
    parallel: atOnce = false,
    here = false,
    reread = false,
    rolling = false,
    outdated: isOutdated = false,
    alone: isAlone = false,
    "no-wait": isDetached = false,
    timeout: limit,
    "dry-run": isDryRun = false,
    remember: isToRemember = false,
    remembered: isFromMemory = false,
  } = options as StartOptions;
  const { json, debug, config } = options;
  const timeoutMs = readTimeout(limit);
  if (rolling && atOnce) {
    throw new UsageError(
      "--rolling means one after the other, and -P all at once: leave one of them out",
    );
  }
  const act = {
    action,
    names: programNames(words),
    parallel: atOnce,
    isRolling: rolling,
    isOutdated,
    isHere: here,
    isAlone,
    isDetached,
    isDryRun,
    isRemembered: isToRemember || isFromMemory,
    config,
    sending,
    hold,
  };
  const ports = {
    tell: (news: News) => tell(news, action, json, screen),
    guard: async (run: (signal: AbortSignal) => Promise<ExitCode>) =>
      await untilSignalled(run, timeoutMs),
    onProgress: (program: string, what: string) => screen.progress(`${program}: ${what}`),
    debug: (text: string) => {
      if (debug) screen.complain(`debug: ${text}`);
    },
  };
  if (!isDetached || isDryRun) return await actOnPrograms({ ...act, isReread: reread }, ports);
  const { actInBackground } = await import("./no-wait.ts");
  return await actInBackground({ ...act, isReread: reread }, ports, screen);
}

function tell(news: News, action: Act["action"], json: boolean, screen: Screen): void {
  switch (news.kind) {
    case "renamed":
      return screen.complain(`note: ${news.text}`);
    case "issues":
      for (const line of formatIssues(news.issues)) screen.complain(line);
      return;
    case "unknown": {
      const { program, message } = news;
      const code = ExitCode.undefinedProgram;
      screen.complain(`${program}: ${message}`);
      if (!json) return;
      return screen.page(renderActionJson({ program, action, result: "undefined", code, message }));
    }
    case "waiting":
      return screen.complain(news.text);
    case "also":
      return screen.complain(`note: ${news.text}`);
    case "remembered":
      return screen.complain(`note: ${news.text}`);
    case "broken-off":
      return screen.complain(news.text);
    case "nothing-to-do":
      return json ? undefined : screen.result(news.text);
    case "nothing-done":
      return screen.complain(`nothing was done: ${news.text}`);
    case "reread":
      return tellReread(news, action, json, screen);
    case "result": {
      const { result } = news;
      if (json) screen.page(renderActionJson(result));
      else if (result.code === ExitCode.ok) screen.result(renderAction(result));
      else screen.complain(renderAction(result));
    }
  }
}

function tellReread(
  { result: { code, message, details, facts } }: News & { kind: "reread" },
  action: Act["action"],
  json: boolean,
  screen: Screen,
): void {
  if (code === ExitCode.ok) {
    if (!json) screen.result(`usrsvcd: ${message}`);
    return;
  }
  const problems = (facts?.["problems"] as readonly string[] | undefined) ?? details ?? [];
  screen.complain([`nothing was ${action}ed: ${message}`, ...problems].join("\n    "));
}
