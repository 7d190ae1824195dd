import { ExitCode } from "../../exit-code.ts";
import type { ActionResult } from "../operation.ts";
import type { PlannedStep } from "../order-plan.ts";

/**
 * A turn of which nothing is told for so long has begun all the same, in ms: what an earlier start has left is being ended, say.
 * Longer than usrsvcd may take until something is to be seen of what it was asked for.
 */
const SILENCE_MS = 2500;

/** How far an action is with one program. */
interface Turn {
  readonly action: ActionResult["action"];
  /** Its turn has come: nothing but what is done for it is waited for. */
  readonly hasCome: boolean;
  /** What is being done for it, as soon as anything is. */
  readonly what?: string;
}

/**
 * How far an action is whose end nobody waits for (`--no-wait`). All that can begin has begun when something is being done for
 * each program whose turn has come; the others come after these.
 */
export class Turns {
  readonly #open = new Map<string, Turn>();
  readonly #onBegun: () => void;
  #isBegun = false;

  /** @param onBegun called once, when all that can begin has begun; never where all has ended before */
  constructor(onBegun: () => void) {
    this.#onBegun = onBegun;
  }

  /** All that is to be done. */
  plan(steps: readonly Pick<PlannedStep, "name" | "action">[]): void {
    for (const { name, action } of steps) this.#open.set(name, { action, hasCome: false });
  }

  /** Now it is that program's turn. */
  come(name: string): void {
    this.#set(name, { hasCome: true });
    const assume = (): void => {
      const turn = this.#open.get(name);
      if (turn !== undefined && turn.what === undefined) this.begin(name, "it is being worked on");
    };
    setTimeout(assume, SILENCE_MS).unref();
  }

  /** This is being done for the program. */
  begin(name: string, what: string): void {
    this.#set(name, { hasCome: true, what });
    this.#look();
  }

  /** There is a result for the program. */
  end(name: string): void {
    this.#open.delete(name);
    this.#look();
  }

  /** Nobody is told any more how it ends. */
  get isUnheard(): boolean {
    return this.#isBegun;
  }

  /** What has no result yet, in order, with what is to be told instead. */
  get results(): readonly ActionResult[] {
    return [...this.#open].map(([program, { action, what }]) => ({
      program,
      action,
      code: ExitCode.ok,
      ...(what === undefined
        ? { result: "waiting", message: `${action} not begun yet: others come first` }
        : { result: "begun", message: `${action} begun: ${what}` }),
    }));
  }

  #set(name: string, change: Partial<Turn>): void {
    const turn = this.#open.get(name);
    if (turn !== undefined) this.#open.set(name, { ...turn, ...change });
  }

  /** A moment later: what follows from what has just happened may begin at once. */
  #look(): void {
    setImmediate(() => {
      const come = [...this.#open.values()].filter(({ hasCome }) => hasCome);
      if (this.#isBegun || come.length === 0) return;
      if (come.some(({ what }) => what === undefined)) return;
      this.#isBegun = true;
      this.#onBegun();
    });
  }
}
