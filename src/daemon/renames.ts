import { describe } from "../events/describe.ts";
import type { Emitter } from "../events/event.ts";
import type { Host } from "../host/host.ts";
import { applyMoves } from "../lifecycle/move-records.ts";
import { asBefore, describeMove, findMoves, type Move, recordsOf } from "../lifecycle/renamed.ts";
import { workerOn } from "../state/at-work.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import type { Configuration } from "./configuration.ts";
import { isPassing } from "./passing.ts";
import type { WaitingMoves } from "./waiting-moves.ts";
import { without } from "./without.ts";

/** What came of sections that were renamed. */
export interface Renamed {
  readonly made: readonly Move[];
  /** Those that somebody is at work on: they have to wait. */
  readonly left: readonly Move[];
  /** What is to be told. */
  readonly notes: readonly string[];
}

/** Sections that were renamed: their records follow, at once or when nobody is at work on them any more. */
export class Renames {
  readonly waiting: WaitingMoves;
  readonly #configuration: Configuration;
  readonly #host: Host;
  readonly #events: Emitter;

  constructor(configuration: Configuration, waiting: WaitingMoves, host: Host, events: Emitter) {
    this.#configuration = configuration;
    this.waiting = waiting;
    this.#host = host;
    this.#events = events;
  }

  /**
   * Records follow sections that were renamed. Yields what is to be told, and those that somebody is at
   * work on: they have to wait. `told`: of these it was told already.
   */
  async make(moves: readonly Move[], told: ReadonlySet<string> = new Set()): Promise<Renamed> {
    const host = this.#host;
    if (moves.length === 0) return { made: [], left: [], notes: [] };
    const { made, left } = await applyMoves(moves, host);
    const notes = made.map((move) => {
      const { from, to, record } = move;
      const pid = record.process?.pid;
      const text = describeMove(move);
      this.#events.emit({ kind: "program.renamed", program: to, from, pid, text });
      return text;
    });
    const news = left.filter(({ to }) => !told.has(to));
    return { made, left, notes: [...notes, ...news.map((move) => this.#tellWait(move, host))] };
  }

  #tellWait({ from, to }: Move, host: Host): string {
    const worker = workerOn(from, host)?.name ?? "somebody";
    const event = { kind: "program.busy", program: to, from, worker } as const;
    this.#events.emit(event);
    return describe(event).sentence;
  }

  /** Whoever was at work on what was renamed is done with some of it. */
  async takeIn(supervisor: Supervisor): Promise<void> {
    const waiting = this.waiting;
    const host = this.#host;
    const { programs } = this.#configuration.settings;
    const held = waiting.names;
    try {
      const before = asBefore(without(programs, held));
      const moves = findMoves(
        programs,
        recordsOf(this.#configuration.settings, host),
        host,
        before,
      );
      const ours = moves.filter(({ to }) => held.has(to));
      waiting.wait((await this.make(ours, held)).left);
    } catch (error) {
      if (!isPassing(error)) throw error;
      return waiting.again();
    }
    const left = waiting.names;
    supervisor.add([...held].flatMap((name) => (left.has(name) ? [] : (programs.get(name) ?? []))));
  }
}
