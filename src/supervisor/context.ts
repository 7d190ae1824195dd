import type { Emitter } from "../events/event.ts";
import type { ProgramSettings } from "../config/settings.ts";
import type { Monitor } from "../monitors/monitors.ts";
import type { Host } from "../host/host.ts";
import type { Marked } from "../lifecycle/stragglers.ts";
import type { LookOptions, Program } from "../identity/program.ts";
import type { StartOrder } from "./start-order.ts";
import type { History, ProgramState } from "./program-state.ts";

/** What the programs under supervision share. */
export interface SupervisorContext {
  readonly host: Host;
  readonly events: Emitter;
  /** They watch the limits of all. */
  readonly monitors: readonly Monitor[];
  /** True where another program writes to the same files: nobody can tell whose words are there. */
  readonly isSharedLog: (settings: Pick<ProgramSettings, "stdout" | "stderr">) => boolean;
  /** What bears marks of this usrsvc, as it was a moment ago, or `mostMs` at most. */
  readonly marked: (mostMs?: number) => Marked;
  /** True while the state folder is somewhere else, and is not to be made anew. */
  readonly isMovedAway: () => boolean;
  /** True while what an operator asked for is done to the program from here: a look follows when that is done. */
  readonly isActedOn: (name: string) => boolean;
  /** Called when a program may have got another state. */
  readonly onState: (name: string) => void;
  /** Who waits for whom. */
  readonly order: StartOrder;
}

/** One program as of now, for what looks after it. */
export interface Supervised {
  readonly settings: ProgramSettings;
  /** The same, made ready to be looked for. */
  readonly program: Program;
  readonly state: ProgramState;
  readonly history: History;
}

/** The same, for who decides. */
export type MutableSupervised = { -readonly [K in keyof Supervised]: Supervised[K] };

/** A look through all processes may be 100 ms old, for many programs that ask at once. */
export const LOOK: LookOptions = { maxAgeMs: 100, trusting: true };
