import type { Host } from "../host/host.ts";
import { otherConfig } from "../identity/other-config.ts";
import type { Ledger } from "./ledger.ts";

/** Watches whether a program of the same name in another configuration file runs: that is another program. */
export class Elsewhere {
  readonly #ledger: Ledger;
  readonly #host: Host;
  /** The configuration file whose program of this name runs. */
  #config: string | undefined;

  constructor(ledger: Ledger, host: Host) {
    this.#ledger = ledger;
    this.#host = host;
  }

  /** True while it does, which is told once: the program is left alone. */
  isTaken(): boolean {
    const { name, record } = this.#ledger;
    const other = otherConfig(name, record, this.#host);
    if (other === undefined) {
      this.#config = undefined;
      this.#ledger.disown();
      return false;
    }
    const { config, how } = other;
    if (this.#config !== config) {
      this.#ledger.emit({ kind: "program.error", what: "elsewhere", config, how });
    }
    this.#config = config;
    return true;
  }
}
