import { setMaxListeners } from "node:events";
import type { HostsSettings, HostTarget } from "../../config/hosts.ts";
import { ConfigError } from "../../config/issue.ts";
import { ExitCode } from "../../exit-code.ts";
import { askHosts } from "../../operations/hosts/ask-hosts.ts";
import { chooseHosts, nearestHost } from "../../operations/hosts/choose-hosts.ts";
import { UsageError } from "../args.ts";
import type { Command, Invocation } from "../command.ts";
import { onHosts } from "../hosts-options.ts";
import type { Screen } from "../screen.ts";
import { readTimeout } from "../timeout.ts";
import { actionView } from "./action-view.ts";
import { askAndShow } from "./ask-and-show.ts";
import { eventsView } from "./events-view.ts";
import { type Given, remoteWords } from "./remote-words.ts";
import { statusView } from "./status-view.ts";
import { textView } from "./text-view.ts";
import type { HostsView, ViewContext } from "./view.ts";

/** Time that a host has to answer, in ms. */
const USUAL_LIMIT_MS = 10_000;

/** How the answers to a command are shown; undefined: as the lines of text that it prints there. */
const views: Readonly<Record<string, (context: ViewContext) => HostsView>> = {
  status: statusView,
  events: eventsView,
  start: actionView,
  stop: actionView,
  restart: actionView,
  reload: actionView,
  signal: actionView,
  hold: actionView,
  release: actionView,
  wait: actionView,
};

type Asked = Invocation & { readonly command: Command };

/** What `-H` needs of this side. */
export interface ThisSide {
  /** Undefined: there is no configuration file. */
  readonly hosts: HostsSettings | undefined;
  readonly configPath: string;
  /** Runs what a signal asks to end in good order. */
  readonly guard: (act: (signal: AbortSignal) => Promise<ExitCode>) => Promise<ExitCode>;
}

/**
 * `-H`: runs a command on other hosts, side by side, by `usrsvc` there and the user's own ssh. The exit code is the
 * first of a host that is not ok, in the order of the hosts.
 *
 * @throws {UsageError}
 * @throws {ConfigError}
 */
export async function runOnHosts(
  { command, words, options, screen }: Asked,
  side: ThisSide,
): Promise<ExitCode> {
  const given = options as Given;
  const limitMs = readLimit(command, given);
  const view = views[command.name];
  const json = options.json || view !== undefined;
  const remote = remoteWords(command, words, given, { json });
  const { targets, misspelt } = targetsOf(given, options.config, side);
  const isEndless = given["follow"] === true;
  const context = {
    screen,
    json: options.json,
    command: command.name,
    targets,
    most: remote.most,
    isEndless,
  };
  const call = {
    view: (view ?? textView)(context),
    words: remote.words,
    command,
    isEndless,
    limitMs,
    misspelt,
    screen,
    debug: (text: string): void => {
      if (options.debug) screen.complain(`debug: ${text}`);
    },
  };
  return await side.guard(async (signal) => {
    const waiting = new Waiting(targets, screen);
    const left = new AbortController();
    setMaxListeners(0, left.signal); // all hosts listen
    const leave = (): void => left.abort();
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
    const { code, left: untouched } = await askHosts(targets, {
      isRolling: given["rolling"] === true,
      isEndless,
      ask: async (target) => {
        waiting.show();
        const one = await askAndShow(target, { ...call, leave, signal: left.signal });
        waiting.done(target);
        return one;
      },
      signal: left.signal,
    });
    // Half a table would look like a whole one.
    if (signal.aborted && command.isLook === true && !isEndless) throw signal.reason;
    call.view.finish();
    if (untouched.length > 0) {
      const names = untouched.map(({ name }) => name).join(", ");
      screen.complain(
        `nothing was done on ${names}: left as ${untouched.length > 1 ? "they are" : "it is"}`,
      );
    }
    if (signal.aborted && !isEndless) throw signal.reason;
    return code;
  });
}

/** A --timeout that a command has itself is for the other side. */
function readLimit({ options }: Command, { timeout }: Given): number {
  if (typeof timeout !== "string" || options["timeout"] !== onHosts.timeout) return USUAL_LIMIT_MS;
  const ms = readTimeout(timeout) ?? USUAL_LIMIT_MS;
  if (ms < 100) throw new UsageError("--timeout: is too short; at least 100ms");
  return ms;
}

/**
 * @throws {UsageError} where one is none, or is not known
 * @throws {ConfigError} where `[Hosts]` says so
 */
function targetsOf(
  { hosts: text, "remote-command": command }: Given,
  config: string | undefined,
  { hosts, configPath }: ThisSide,
): {
  readonly targets: readonly HostTarget[];
  readonly misspelt: (name: string) => string | undefined;
} {
  if (hosts === undefined && config !== undefined) {
    throw new UsageError(`${configPath}: does not exist`, ExitCode.invalidConfig);
  }
  const chosen = chooseHosts(String(text), hosts);
  if ("problem" in chosen) throw new UsageError(chosen.problem);
  if ("issues" in chosen) throw new ConfigError(chosen.issues, "");
  const targets =
    typeof command === "string"
      ? chosen.targets.map((target) => ({ ...target, command }))
      : chosen.targets;
  return { targets, misspelt: (name) => nearestHost(name, hosts) };
}

/** A progress line with the hosts that have not answered yet. */
class Waiting {
  readonly #left: Set<HostTarget>;
  readonly #screen: Screen;

  constructor(targets: readonly HostTarget[], screen: Screen) {
    this.#left = new Set(targets);
    this.#screen = screen;
  }

  done(target: HostTarget): void {
    this.#left.delete(target);
    this.show();
  }

  show(): void {
    if (this.#left.size === 0) return;
    const names = [...this.#left].map(({ name }) => name).join(", ");
    this.#screen.progress(`waiting for ${names}`);
  }
}
