import { execFileSync } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandLine } from "./processes.ts";
import { Tail } from "./tail.ts";
import { waitFor } from "./wait.ts";

/** One start of a service, as it told itself. */
export interface Note {
  /** CLOCK_MONOTONIC, in ns. */
  readonly at: number;
  readonly pid: number;
}

/** The services that are measured, and what they note of their starts. */
export class Services {
  /** The home. */
  readonly folder: string;
  readonly command: string;
  readonly log: string;
  readonly kind: "C" | "sh";
  readonly #latest = new Map<string, Note>();
  readonly #tail: Tail;

  /** Makes the service in `folder`: compiled, or a script where there is no compiler. */
  constructor(folder: string) {
    this.folder = folder;
    this.command = join(folder, "service");
    this.log = join(folder, "starts");
    writeFileSync(this.log, "");
    this.kind = compile(join(import.meta.dirname, "service.c"), this.command) ? "C" : "sh";
    if (this.kind === "sh") {
      copyFileSync(join(import.meta.dirname, "service.sh"), this.command);
      execFileSync("mkfifo", [`${this.log}.never`]);
    }
    // From the wall clock of date(1) to CLOCK_MONOTONIC
    const shift = this.kind === "C" ? 0 : performance.timeOrigin * 1e6 - clockShift();
    this.#tail = new Tail(this.log, (line) => {
      const [at, pid, id = ""] = line.split(" ");
      this.#latest.set(id, { at: Number(at) - shift, pid: Number(pid) });
    });
  }

  /** The latest start of each of `ids` once all have begun after `since`. */
  async begunAfter(
    since: number,
    ids: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Note[]> {
    const look = (): readonly Note[] | undefined => {
      const notes = this.latest(ids).filter(({ at }) => at > since);
      return notes.length === ids.length ? notes : undefined;
    };
    return await waitFor(`${ids.length} starts`, look, signal);
  }

  latest(ids: readonly string[]): readonly Note[] {
    this.#tail.read();
    return ids.map((id) => this.#latest.get(id)).filter((note) => note !== undefined);
  }

  /** Kills a service, if `pid` still is one. */
  kill(pid: number): void {
    if (this.isService(pid)) process.kill(pid, "SIGKILL");
  }

  /** True for a service itself, not for a launcher that has it among its arguments. */
  isService(pid: number): boolean {
    const [first, second] = commandLine(pid);
    return this.kind === "C" ? first === this.command : second === this.command;
  }

  [Symbol.dispose](): void {
    this.#tail[Symbol.dispose]();
  }
}

/** Compiles a program of one file; false where there is no compiler. */
export function compile(source: string, target: string): boolean {
  // Static, where the machine has what it takes: the loader would add half a millisecond.
  return [["-static"], []].some((options) => {
    try {
      execFileSync("cc", ["-O2", ...options, "-o", target, source], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
}

/** How far `performance.now()` is behind CLOCK_MONOTONIC, in ns. */
function clockShift(): number {
  return Number(process.hrtime.bigint()) - performance.now() * 1e6;
}
