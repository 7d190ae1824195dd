import { spawn } from "node:child_process";
import type { Writable } from "node:stream";
import { setAttributes } from "./attributes.ts";
import { Calls } from "./calls.ts";
import type { Exit } from "../exit.ts";
import type { Pid } from "../pid.ts";
import type { PollingWatcher } from "./polling.ts";
import type { ProcessHandle } from "./process-handle.ts";
import type { ProcReader } from "../reader.ts";
import { HELD_FD, type Spawner, type SpawnOrder } from "./spawner.ts";

/** By Node, where the C library or pidfds are not available. */
export class NodeSpawner implements Spawner {
  readonly entersFolders = true;
  readonly #watcher: PollingWatcher;
  readonly #calls: Calls;

  constructor(watcher: PollingWatcher, reader: ProcReader) {
    this.#watcher = watcher;
    this.#calls = new Calls(reader);
  }

  limitsOpenFiles(): boolean {
    return false;
  }

  underway(pid: Pid): Promise<void> | undefined {
    return this.#calls.behind(pid);
  }

  async spawn(order: SpawnOrder): Promise<ProcessHandle> {
    return await this.#calls.make(async () => await this.#spawn(order));
  }

  async #spawn({
    file,
    argv,
    env,
    directory,
    stdout,
    stderr,
    held,
  }: SpawnOrder): Promise<ProcessHandle> {
    const child = spawn(file, argv.slice(1), {
      argv0: argv[0],
      cwd: directory,
      env: Object.fromEntries(env.map((line) => splitVariable(line))),
      stdio: ["ignore", stdout, stderr, ...(held === undefined ? [] : ["pipe" as const])],
      detached: true,
    });
    const exited = new Promise<Exit>((resolve) => {
      child.once("exit", (code, signal) => {
        const coreDumped = false; // Node does not report it
        if (code !== null) resolve({ kind: "code", code });
        else
          resolve(signal === null ? { kind: "unknown" } : { kind: "signal", signal, coreDumped });
      });
    });
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject).once("spawn", resolve);
    });
    child.unref();
    if (held !== undefined) {
      const gate = child.stdio[HELD_FD] as Writable;
      try {
        setAttributes(child.pid ?? 0, held, undefined);
      } catch (error) {
        gate.destroy(); // it ends
        throw error;
      }
      gate.end("\n");
    }
    return this.#watcher.adopt(child.pid as Pid, exited);
  }
}

function splitVariable(line: string): readonly [string, string] {
  const at = line.indexOf("=");
  return [line.slice(0, at), line.slice(at + 1)];
}
