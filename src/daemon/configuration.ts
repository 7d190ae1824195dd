import { loadSettings } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import type { Emitter } from "../events/event.ts";
import type { DaemonInfo } from "../state/daemon-info.ts";
import type { DaemonOptions } from "./options.ts";

/** The settings that usrsvcd works with: those of the last reread that was accepted. */
export class Configuration {
  readonly #options: Pick<DaemonOptions, "config" | "home" | "uid">;
  /** As of now. */
  settings: Settings;

  /** @throws {ConfigError} */
  constructor(options: Pick<DaemonOptions, "config" | "home" | "uid">) {
    this.#options = options;
    this.settings = this.load();
  }

  /** Path of the main file. */
  get path(): string {
    return this.#options.config;
  }

  /**
   * What the files say now.
   *
   * @throws {ConfigError}
   */
  load(): Settings {
    const { config, home, uid } = this.#options;
    return loadSettings({ path: config, home, uid });
  }

  /** What `status` may know of it. */
  known(): Pick<DaemonInfo, "setAside" | "programs"> {
    return { setAside: this.setAside(), programs: [...this.settings.programs.keys()] };
  }

  /** Names of programs with errors. */
  setAside(): readonly string[] {
    return [...this.settings.faulty.keys()];
  }
}

/** Reports what is wrong in a configuration. */
export function emitIssues({ issues }: Pick<Settings, "issues">, events: Emitter): void {
  for (const { place, program, severity: what, message } of issues) {
    events.emit({ kind: "config.problem", what, program, ...place, message });
  }
}
