import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { dirtyMb } from "./daemon-figures.ts";
import { type Figure, figure } from "./figures.ts";
import type { Scene } from "./scene.ts";
import { now, waitFor } from "./wait.ts";

/** What Node and the kernel cost by themselves. */
export interface Floors {
  readonly node: Figure;
  readonly spawn: Figure;
  readonly memory: Figure;
}

const script = join(import.meta.dirname, "floor.mjs");

/** The floors that do not depend on the number of programs. */
export async function measureFloors(
  scene: Scene,
  tries: number,
  signal: AbortSignal,
): Promise<Floors> {
  const starts: number[] = [];
  for (let index = 0; index < tries; index++) starts.push(await scene.time("node", ["-e", "0"]));
  const node = figure(0, "node -e 0", "ms", starts);
  const spawns = await bareSpawns(scene, tries);
  return {
    node,
    spawn: figure(0, "bare spawn", "ms", spawns),
    memory: figure(0, "bare node", "MB", [await bareMemory(signal)]),
  };
}

/** What a Node that only spawns needs for `count` services, in ms. */
export interface BulkFloor {
  /** From its launch until all run. */
  readonly launched: Figure;
  /** From the first spawn until all run. */
  readonly warm: Figure;
}

export async function measureBulk(
  scene: Scene,
  count: number,
  tries: number,
  signal: AbortSignal,
): Promise<BulkFloor> {
  const ids = Array.from({ length: count }, (_, index) => `bare-all-${index}`);
  const launched: number[] = [];
  const warm: number[] = [];
  for (let index = 0; index < tries; index++) {
    const since = now();
    const { child, lines } = run(scene, "all", count);
    let first = since;
    for await (const line of lines) {
      first = Number(line.split(" ")[1]);
      break;
    }
    const notes = await scene.services.begunAfter(since, ids, signal);
    const last = Math.max(...notes.map(({ at }) => at));
    launched.push((last - since) / 1e6);
    warm.push((last - first) / 1e6);
    await end(child);
  }
  return {
    launched: figure(count, "node that spawns as many", "ms", launched),
    warm: figure(count, "as many bare spawns", "ms", warm),
  };
}

async function bareSpawns(scene: Scene, tries: number): Promise<number[]> {
  const { child, lines } = run(scene, "one", tries);
  const began = new Map<string, number>();
  for await (const line of lines) {
    const [id = "", at] = line.split(" ");
    if (id === "done") break;
    began.set(id, Number(at));
  }
  await end(child);
  const notes = scene.services.latest([...began.keys()]);
  return [...began.values()].map((at, index) => ((notes[index]?.at ?? Number.NaN) - at) / 1e6);
}

/** The dirty memory of a Node that does nothing. */
async function bareMemory(signal: AbortSignal): Promise<number> {
  const program = "process.stdin.resume(); console.log('up')";
  const child = spawn(process.execPath, ["-e", program], { stdio: ["pipe", "pipe", "inherit"] });
  try {
    await waitFor("a bare node", () => (child.stdout.read() as Buffer | null) ?? undefined, signal);
    return dirtyMb(child.pid ?? 0);
  } finally {
    await end(child);
  }
}

function run(
  scene: Scene,
  mode: "one" | "all",
  number: number,
): { child: ChildProcess; lines: AsyncIterable<string> } {
  const { command, log } = scene.services;
  const child = spawn(process.execPath, [script, command, log, mode, String(number)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  return { child, lines: createInterface({ input: child.stdout }) };
}

async function end(child: ChildProcess): Promise<void> {
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.stdin?.end();
  if (child.exitCode === null && child.signalCode === null) await exit;
}
