import { rmSync, statSync } from "node:fs";
import type { ProcessRef } from "../../proc/pid.ts";
import type { Settings } from "../config/settings.ts";
import { randomHex } from "../lib/random-hex.ts";
import { writeByRename } from "../lib/write-file.ts";
import { keepSettings, keptText } from "../state/kept-settings.ts";
import { checkStateDir, type StateDir } from "../state/state-dir.ts";

/**
 * The file in which usrsvcd says which settings it has (state/kept-settings.ts). On a disk that is full it is not written,
 * which who reads it sees by its number; all else goes on.
 */
export class SettingsFile {
  readonly #state: StateDir;
  readonly #process: ProcessRef;
  readonly #salt = randomHex(16);
  #number = 0;
  #at = "";
  /** Of the file as it was written last; undefined: it could not be. */
  #stamp: string | undefined;

  constructor(state: StateDir, process: ProcessRef) {
    this.#state = state;
    this.#process = process;
  }

  /** Writes settings that were read just now, and yields which reading it is. */
  write(settings: Settings): number {
    this.#number += 1;
    this.#at = new Date().toISOString();
    this.#write(settings);
    return this.#number;
  }

  /** To be called now and then, while the lock is ours: writes what is not there as we wrote it. */
  check(settings: Settings): void {
    if (this.#stamp === undefined || this.#stampNow() !== this.#stamp) this.#write(settings);
  }

  /** Unless it is another's by now. */
  remove(): void {
    if (this.#stamp === undefined || this.#stampNow() !== this.#stamp) return;
    try {
      rmSync(this.#state.settingsFile, { force: true });
    } catch {
      // a disk that is read-only: whoever reads it sees that it is not of the usrsvcd that runs
    }
  }

  #write(settings: Settings): void {
    const facts = { at: this.#at, number: this.#number, salt: this.#salt };
    this.#stamp = undefined;
    try {
      checkStateDir(this.#state);
      const text = keptText(keepSettings(settings, facts), this.#process);
      writeByRename(this.#state.settingsFile, text);
      this.#stamp = this.#stampNow();
    } catch {
      // tried again at the next check; the self-description, beside it, tells what is wrong
    }
  }

  #stampNow(): string | undefined {
    const stat = statSync(this.#state.settingsFile, { throwIfNoEntry: false });
    return stat && `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeMs}`;
  }
}
