import { hooksMs } from "../../lifecycle/hook.ts";
import { untilKillMs } from "../../lifecycle/stop-plan.ts";
import { startWindowMs } from "../../state/start-window.ts";
import { monotonicMs, sleep } from "../../lib/clock.ts";
import type { Settings } from "../../config/settings.ts";
import { ExitCode } from "../../exit-code.ts";
import { workerOn } from "../../state/at-work.ts";
import type { Host } from "../../host/host.ts";
import { applyMoves, namesOf } from "../../lifecycle/move-records.ts";
import { describeMove, findMoves, type Move, recordsOf } from "../../lifecycle/renamed.ts";
import { makeStateDir } from "../../state/state-dir.ts";
import type { Program } from "../../identity/program.ts";
import type { ActionResult, Operation } from "../operation.ts";

/** Interval of checks whether somebody is still at work, in ms. */
const LOOK_EVERY_MS = 250;
/** Time that they may take beyond the settings of the program, in ms. */
const PATIENCE_MS = 10_000;

/** Sections that were renamed while their programs run, for a command that acts on some of them. */
export class Renaming {
  readonly #settings: Settings;
  readonly #host: Host;
  readonly #tell: (text: string) => void;
  /** Somebody is at work on what runs. */
  #left: readonly Move[] = [];

  /** `tell` reports each that gets another name. */
  constructor(settings: Settings, host: Host, tell: (text: string) => void) {
    this.#settings = settings;
    this.#host = host;
    this.#tell = tell;
  }

  /** What runs gets the new name of its section, if nobody is at work on it. */
  async apply(): Promise<void> {
    const host = this.#host;
    const moves = findMoves(this.#settings.programs, recordsOf(this.#settings, host), host);
    if (moves.length === 0) {
      this.#left = [];
      return;
    }
    makeStateDir(host.state);
    const { made, left } = await applyMoves(moves, host);
    for (const move of made) this.#tell(describeMove(move));
    this.#left = left;
  }

  /** Waits for whoever is at work on the program under its old name; yields a result if that takes too long. */
  async settle(
    program: Program,
    action: ActionResult["action"],
    { signal, onProgress }: Pick<Operation, "signal" | "onProgress">,
  ): Promise<ActionResult | undefined> {
    const { name, isRemoved } = program;
    if (isRemoved) return undefined; // by its old name: as if it still had that
    const { settings, ending } = program;
    const longestMs = startWindowMs(settings) + untilKillMs(ending) + hooksMs(settings);
    const end = monotonicMs() + PATIENCE_MS + longestMs;
    for (;;) {
      const move = this.#left.find((one) => namesOf([one]).has(name));
      if (move === undefined) return undefined;
      const worker = workerOn(move.from, this.#host)?.name ?? "another usrsvc";
      const what = `${worker}, which is at work on it as ${move.from}, its former name`;
      if (monotonicMs() > end) {
        const message = `not touched: waited too long for ${what}; try again`;
        return { program: name, action, result: "busy", code: ExitCode.tryAgain, message };
      }
      onProgress(name, `waiting for ${what}`);
      await sleep(LOOK_EVERY_MS, signal);
      await this.apply();
    }
  }
}
