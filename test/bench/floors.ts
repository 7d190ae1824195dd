import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Home } from "./home.ts";
import { type CommandLine, type Manager, ManagerProcess } from "./manager.ts";
import { compile } from "./services.ts";
import { waitFor } from "./wait.ts";

/** The name of the floor in Node: what usrsvcd is compared with. */
export const BARE_NODE = "bare supervisor (Node)";
/** The name of the floor in C. */
export const BARE_C = "bare supervisor (C)";

/** A supervisor that does nothing but spawn and wait: the floor of a real one. */
export class BareSupervisor implements Manager {
  readonly name: string;
  readonly #home: Home;
  readonly #process: ManagerProcess;
  readonly #command: CommandLine;
  #ids: readonly string[] = [];

  constructor(home: Home, name: string, command: CommandLine) {
    this.name = name;
    this.#home = home;
    this.#process = new ManagerProcess(home);
    this.#command = command;
  }

  get pid(): number {
    return this.#process.pid;
  }

  configure(ids: readonly string[]): void {
    this.#ids = ids;
  }

  launch(): number {
    const { command, log } = this.#home.services;
    return this.#process.launch(
      [...this.#command, command, log, ...this.#ids],
      ["pipe", "ignore", "inherit"],
    );
  }

  /** A killed service is started again whatever its age; only what is about to run must run. */
  async settled(ids: readonly string[]): Promise<void> {
    const { services, signal } = this.#home;
    const look = (): true | undefined =>
      services.latest(ids).filter(({ pid }) => services.isService(pid)).length === ids.length
        ? true
        : undefined;
    await waitFor(`${ids.length} services run`, look, signal);
  }

  async end(): Promise<void> {
    await this.#process.end("SIGTERM");
  }
}

/** The floors that can be had here: the one in C needs a compiler, or what an earlier call compiled. */
export function bareSupervisors(home: Home): readonly Manager[] {
  const script = join(import.meta.dirname, "floor-supervisor.mjs");
  const compiled = join(home.path, "floor");
  const inC = existsSync(compiled) || compile(join(import.meta.dirname, "floor.c"), compiled);
  return [
    new BareSupervisor(home, BARE_NODE, [process.execPath, script]),
    ...(inC ? [new BareSupervisor(home, BARE_C, [compiled])] : []),
  ];
}
