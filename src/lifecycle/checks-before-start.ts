import type { Check, ProgramSettings } from "../config/settings.ts";
import { Readiness, type ReadinessFacts } from "./readiness.ts";

/** The checks that a start waits for, by what they are about: each is looked at from when it is first asked for. */
export class ChecksBeforeStart implements Disposable {
  readonly #env: ReadinessFacts["env"];
  readonly #onLook: () => void;
  readonly #all = new Map<string, Readiness>();

  constructor(env: ReadinessFacts["env"], onLook: () => void) {
    this.#env = env;
    this.#onLook = onLook;
  }

  /** `program`: the one that the check is about. */
  of(what: string, check: Check, program: ProgramSettings): Readiness {
    const known = this.#all.get(what);
    if (known !== undefined) return known;
    const one = new Readiness(check, { program, logged: undefined, env: this.#env }, this.#onLook);
    this.#all.set(what, one);
    one.begin();
    return one;
  }

  [Symbol.dispose](): void {
    for (const one of this.#all.values()) one[Symbol.dispose]();
  }
}
