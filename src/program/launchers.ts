import type { Spawn } from "../../proc/spawn.ts";
import { shellEnvironment } from "./launch-line.ts";
import { Launcher, type LauncherPorts } from "./launcher.ts";

/** Where launchers come from. */
export interface Launchers extends Disposable {
  /**
   * Yields a launcher, a warm one only where `mayBeWarm`.
   *
   * @throws {LaunchError} when none can be made
   */
  take(mayBeWarm: boolean): Promise<Launcher>;
}

/** So long after the last start a launcher is made ready for the next one: many in a row come first. */
const PREPARE_AFTER_MS = 50;

/** Makes each launcher when it is asked for: for the tool, which leaves after its starts. */
export class ColdLaunchers implements Launchers {
  readonly #needs: Omit<LauncherPorts, "spawn"> & { spawn: () => Spawn };
  /** Made at the first use: `status` never needs them, and is there all the sooner. */
  #ports: LauncherPorts | undefined;

  /** `spawn` is called at the first use. `env`: what programs inherit. */
  constructor(needs: Omit<LauncherPorts, "spawn"> & { spawn: () => Spawn }) {
    this.#needs = needs;
  }

  async take(): Promise<Launcher> {
    const { spawn, env } = this.#needs;
    this.#ports ??= { ...this.#needs, spawn: spawn(), env: shellEnvironment(env) };
    return await Launcher.open(this.#ports);
  }

  [Symbol.dispose](): void {}
}

/**
 * Keeps one launcher warm while nothing happens, for the next death: what it costs to make one is
 * paid before it counts. One that dies meanwhile is not replaced until a start asks for it.
 */
export class WarmLaunchers implements Launchers {
  readonly #cold: ColdLaunchers;
  readonly #timer: NodeJS.Timeout;
  #ready: Launcher | undefined;
  #isClosed = false;

  constructor(cold: ColdLaunchers) {
    this.#cold = cold;
    this.#timer = setTimeout(() => void this.#prepare(), PREPARE_AFTER_MS);
  }

  async take(mayBeWarm: boolean): Promise<Launcher> {
    this.#timer.refresh();
    const ready = this.#ready;
    if (!mayBeWarm || ready?.isUsable() !== true) return await this.#cold.take();
    this.#ready = undefined;
    return ready;
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#ready?.release();
    this.#ready = undefined;
  }

  async #prepare(): Promise<void> {
    if (this.#ready?.isUsable() === true) return;
    try {
      const launcher = await this.#cold.take();
      launcher.warm();
      if (this.#isClosed || this.#ready?.isUsable() === true) launcher.release();
      else {
        this.#ready?.release();
        this.#ready = launcher;
      }
    } catch {
      // no process is to be had just now: the next start will tell
    }
  }
}
