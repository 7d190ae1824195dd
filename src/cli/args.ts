import { parseArgs } from "node:util";
import { nearest } from "../config/nearest.ts";
import { ExitCode } from "../exit-code.ts";

/** What is asked of `usrsvc`. */
export type Command =
  | { readonly kind: "help" | "version" | "readme" }
  | {
      readonly kind: "act";
      readonly action: Action;
      /** Names of programs; empty: all. */
      readonly names: readonly string[];
      readonly parallel: boolean;
      /** To be started from this shell, with its environment, even where usrsvcd runs. */
      readonly isHere: boolean;
      /** usrsvcd is to read the configuration again before. */
      readonly isReread: boolean;
      readonly json: boolean;
      readonly debug: boolean;
      readonly config: string | undefined;
    };

export const actions = ["start", "stop", "restart", "status"] as const;
export type Action = (typeof actions)[number];

/** What is asked of `usrsvcd`. */
export type DaemonCommand =
  | { readonly kind: "help" | "version" | "readme" }
  | {
      readonly kind: "control";
      readonly action: DaemonAction;
      readonly foreground: boolean;
      /** Of install-unit: for whom; undefined: for all if root asks, else for oneself. */
      readonly unitFor: "system" | "user" | undefined;
      /** Of install-unit: replace what is there. */
      readonly force: boolean;
      /** Of install-unit: the node that is to run usrsvcd; undefined: the one on PATH. */
      readonly node: string | undefined;
      /** Of checkconfig: print passwords and the values of `[[Env]]` as they are. */
      readonly showsSecrets: boolean;
      readonly json: boolean;
      readonly debug: boolean;
      readonly config: string | undefined;
    };

export const daemonActions = [
  "start",
  "stop",
  "restart",
  "status",
  "reread",
  "checkconfig",
  "init",
  "install-unit",
] as const;
export type DaemonAction = (typeof daemonActions)[number];

/** The words on the command line make no sense; the message is a hint, not a page. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code: ExitCode;

  constructor(message: string, code: ExitCode = ExitCode.failure) {
    super(message);
    this.code = code;
  }
}

const shared = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "V" },
  readme: { type: "boolean" },
  config: { type: "string", short: "c" },
  json: { type: "boolean" },
  debug: { type: "boolean" },
} as const;

/**
 * Reads the words after `usrsvc`. Options may stand anywhere.
 *
 * @throws {UsageError}
 */
export function parseCommand(argv: readonly string[]): Command {
  const options = {
    ...shared,
    parallel: { type: "boolean", short: "P" },
    here: { type: "boolean" },
    reread: { type: "boolean" },
  } as const;
  const { values, positionals } = hasOptions(argv)
    ? parse(() => parseArgs({ args: [...argv], options, allowPositionals: true }))
    : { values: {}, positionals: argv };
  const page = pageAsked(values);
  if (page !== undefined) return { kind: page };
  const [word, ...names] = positionals;
  if (word === undefined)
    throw new UsageError("say what to do: usrsvc start|stop|restart|status NAME…");
  const action = findAction(word, actions, names[0]);
  if (names.length === 0 && action !== "status") {
    throw new UsageError(`say which programs: usrsvc ${action} NAME… (or: usrsvc ${action} all)`);
  }
  if (values.here === true && action !== "start" && action !== "restart") {
    throw new UsageError(`--here goes with start and restart, not with ${action}`);
  }
  if (values.reread === true && action !== "start" && action !== "restart") {
    throw new UsageError(`--reread goes with start and restart, not with ${action}`);
  }
  return {
    kind: "act",
    action,
    names: names.includes("all") ? [] : [...new Set(names)],
    parallel: values.parallel ?? false,
    isHere: values.here ?? false,
    isReread: values.reread ?? false,
    json: values.json ?? false,
    debug: values.debug ?? false,
    config: values.config,
  };
}

/**
 * Reads the words after `usrsvcd`. Without an action, `start` is meant.
 *
 * @throws {UsageError}
 */
export function parseDaemonCommand(argv: readonly string[]): DaemonCommand {
  const options = {
    ...shared,
    foreground: { type: "boolean", short: "f" },
    system: { type: "boolean" },
    user: { type: "boolean" },
    force: { type: "boolean" },
    node: { type: "string" },
    "show-secrets": { type: "boolean" },
  } as const;
  const { values, positionals } = hasOptions(argv)
    ? parse(() => parseArgs({ args: [...argv], options, allowPositionals: true }))
    : { values: {}, positionals: argv };
  const page = pageAsked(values);
  if (page !== undefined) return { kind: page };
  const [word = "start", ...rest] = positionals;
  const action = findAction(word, daemonActions, undefined);
  if (rest[0] !== undefined) {
    throw new UsageError(`usrsvcd ${action} takes no further word, but got "${rest[0]}"`);
  }
  if (values.foreground === true && action !== "start") {
    throw new UsageError(`--foreground goes with start, not with ${action}`);
  }
  for (const option of ["system", "user", "force", "node"] as const) {
    if (values[option] !== undefined && action !== "install-unit") {
      throw new UsageError(`--${option} goes with install-unit, not with ${action}`);
    }
  }
  const showsSecrets = values["show-secrets"] ?? false;
  if (showsSecrets && action !== "checkconfig") {
    throw new UsageError(`--show-secrets goes with checkconfig, not with ${action}`);
  }
  if (showsSecrets && values.json !== true) {
    throw new UsageError("--show-secrets goes with --json: nothing else would show any");
  }
  if (values.system === true && values.user === true) {
    throw new UsageError("--system and --user exclude each other");
  }
  return {
    kind: "control",
    action,
    foreground: values.foreground ?? false,
    unitFor: values.system === true ? "system" : values.user === true ? "user" : undefined,
    force: values.force ?? false,
    node: values.node,
    showsSecrets,
    json: values.json ?? false,
    debug: values.debug ?? false,
    config: values.config,
  };
}

/** Most command lines are plain words, which need no parser: loading it takes 0.7 ms. */
function hasOptions(argv: readonly string[]): boolean {
  return argv.some((word) => word.startsWith("-"));
}

function parse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    // Node's messages go on about `--` and positionals: the first sentence says it.
    const message =
      error instanceof Error ? (error.message.split(". ", 1)[0] ?? "") : String(error);
    throw new UsageError(message.replace(/\.$/, ""), ExitCode.failure);
  }
}

function pageAsked(values: {
  help?: boolean | undefined;
  version?: boolean | undefined;
  readme?: boolean | undefined;
}): "help" | "version" | "readme" | undefined {
  if (values.help === true) return "help";
  if (values.version === true) return "version";
  return values.readme === true ? "readme" : undefined;
}

function findAction<A extends string>(
  word: string,
  known: readonly A[],
  next: string | undefined,
): A {
  const action = known.find((one) => one === word);
  if (action !== undefined) return action;
  const near = known.find((one) => one.startsWith(word)) ?? nearest(word, known);
  const elsewhere: readonly string[] = known.length === actions.length ? daemonActions : [];
  if (elsewhere.includes(word)) {
    throw new UsageError(
      `${word} is an action of usrsvcd: usrsvcd ${word}`,
      ExitCode.invalidAction,
    );
  }
  // `usrsvc web start`, as other tools have it
  const swapped = known.find((one) => one === next);
  const hint =
    swapped === undefined
      ? near === undefined
        ? `known are ${known.join(", ")}`
        : `did you mean ${near}?`
      : `the action comes first: ${swapped} ${word}`;
  throw new UsageError(`unknown action "${word}"; ${hint}`, ExitCode.invalidAction);
}
