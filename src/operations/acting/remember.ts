import type { Settings } from "../../config/settings.ts";
import { findProgram, lookNow } from "../../identity/program.ts";
import { callerOf } from "../../lib/caller.ts";
import { isAnythingRemembered, changeRemembered, type Remembered } from "../../state/remembered.ts";
import { readHold } from "../../state/hold-file.ts";
import type { Act } from "./act.ts";
import { isToCome } from "../order.ts";
import type { Means } from "./in-order.ts";
import { type ActionResult, type Operation, SHARED_LOOK_MS } from "../operation.ts";

/**
 * How it stands with one that is to be stopped: it runs, or usrsvcd is about to start it, or when it is due; or it
 * does not, because it is held.
 */
function standingOf(
  name: string,
  settings: Settings,
  { host }: Operation,
): "up" | "held" | undefined {
  const program = findProgram(settings, name, host);
  if (program === undefined) return undefined; // in no file any more: nothing could start it again
  const { record, found } = lookNow(program, host, { maxAgeMs: SHARED_LOOK_MS });
  if (found.kind === "running" || isToCome(record, host)) return "up";
  if (record?.desired === "down" || !program.enabled) return undefined;
  if (readHold(host, name, Date.now()) !== undefined) return "held";
  return program.settings?.schedule === undefined ? undefined : "up";
}

/**
 * Before anything is stopped: what runs of these is remembered, besides what is so already.
 *
 * @returns the names of those that run
 * @throws when that cannot be written, or read
 */
async function rememberRunning(
  names: readonly string[],
  settings: Settings,
  operation: Operation,
): Promise<readonly string[]> {
  const { host, signal } = operation;
  const standings = names.map((name) => [name, standingOf(name, settings, operation)] as const);
  const news = new Map(standings.filter(([, how]) => how !== undefined));
  const at = new Date().toISOString();
  const by = callerOf(process.env);
  const { config } = host;
  const add = (before: readonly Remembered[]): readonly Remembered[] =>
    news.size === 0
      ? before
      : [
          ...before.filter(({ program }) => !news.has(program)),
          ...[...news].map(([program, how]) => ({
            program,
            config,
            at,
            by,
            ...(how === "held" && { wasHeld: true as const }),
          })),
        ];
  await changeRemembered(host.state, config, add, signal);
  return [...news].flatMap(([name, how]) => (how === "up" ? [name] : []));
}

/** Results after which a program runs, or is to. */
const BACK: ReadonlySet<string> = new Set(["started", "running", "done", "due", "overtaken"]);
/** After a stop of what ran: an operator who does not have it remembered wants it down. */
const ENDED: ReadonlySet<string> = new Set(["stopped", "killed"]);

/** True where what was remembered of the program counts no more. */
export function isForgotten({ action, result }: Pick<ActionResult, "action" | "result">): boolean {
  return action === "stop" ? ENDED.has(result) : BACK.has(result);
}

/** What a command remembers of the programs on which it acts, and forgets. */
export class Memory {
  readonly #act: Act;
  readonly #means: Means;

  constructor(act: Act, means: Means) {
    this.#act = act;
    this.#means = means;
  }

  /** Of a dry run: what a stop would remember. */
  foretell(names: readonly string[]): void {
    const { action, isRemembered } = this.#act;
    if (action !== "stop" || isRemembered !== true) return;
    const { tell, settings, operation } = this.#means;
    const up = names.filter((name) => standingOf(name, settings, operation) === "up");
    const text =
      up.length === 0
        ? "none of these runs: nothing would be remembered"
        : `would be remembered: ${up.join(", ")}`;
    tell({ kind: "remembered", text });
  }

  /** Before anything is stopped. False: what runs cannot be remembered, and nothing is to be stopped. */
  async note(names: readonly string[]): Promise<boolean> {
    const { action, isRemembered } = this.#act;
    if (action !== "stop" || isRemembered !== true) return true;
    const { tell, settings, operation } = this.#means;
    try {
      const { length } = await rememberRunning(names, settings, operation);
      const [what, them] = length === 1 ? ["1 program", "it"] : [`${length} programs`, "them"];
      const text =
        length === 0
          ? "none of these runs: nothing is remembered"
          : `${what} remembered; usrsvc start --remembered brings ${them} back`;
      tell({ kind: "remembered", text });
      return true;
    } catch (error) {
      operation.signal.throwIfAborted();
      const text = `what runs could not be remembered: ${(error as Error).message}`;
      tell({ kind: "nothing-done", text });
      return false;
    }
  }

  /**
   * What is back, or was stopped for itself, is remembered no more. What could not be brought back is, unless it is
   * disabled by now, or in no configuration file.
   */
  async follow(results: readonly ActionResult[], named: ReadonlySet<string>): Promise<void> {
    const { action, isRemembered } = this.#act;
    const isStart = action === "start" || action === "restart";
    if (!isStart && (action !== "stop" || isRemembered === true)) return;
    const { tell, settings, gone, operation } = this.#means;
    const over = new Set<string>();
    const kept: string[] = [];
    for (const result of results) {
      const { program } = result;
      if (isForgotten(result) || (isRemembered === true && result.result === "disabled")) {
        over.add(program);
      } else if (named.has(program)) kept.push(program);
    }
    // A file that is refused as a whole may have them.
    const isBlind = settings.issues.some(
      ({ severity, program }) => severity === "error" && program === undefined,
    );
    for (const name of gone) {
      if (isBlind) kept.push(name);
      else if (isRemembered === true) over.add(name);
    }
    const failure = await forget(over, operation);
    if (isRemembered !== true) return;
    if (failure !== undefined) {
      tell({ kind: "remembered", text: `all of them are still remembered: ${failure}` });
    } else if (kept.length > 0) {
      const text = `still remembered: ${kept.join(", ")}; usrsvc start --remembered tries again`;
      tell({ kind: "remembered", text });
    }
  }
}

/** These are remembered no more. Yields why that could not be written. */
async function forget(
  names: ReadonlySet<string>,
  { host }: Pick<Operation, "host">,
): Promise<string | undefined> {
  if (names.size === 0 || !isAnythingRemembered(host.state)) return undefined;
  try {
    await changeRemembered(host.state, host.config, (before) => {
      const after = before.filter(({ program }) => !names.has(program));
      return after.length === before.length ? before : after;
    });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
