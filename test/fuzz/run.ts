import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Figures } from "./target.ts";

/** What one target came to. */
export interface Report extends Figures {
  readonly name: string;
  readonly ms: number;
  /** What was found, with the smallest input that shows it; undefined: nothing. */
  readonly fault: string | undefined;
}

/** What a child is told to do. */
export interface Task {
  readonly name: string;
  readonly runs: number;
  readonly seed: number;
  readonly folder: string;
  readonly forMs: number;
}

/** What it tells: that it goes on, what came of it, or what was found. */
export type Said =
  | { readonly kind: "ready" }
  | { readonly kind: "goes on"; readonly inputs: number }
  | { readonly kind: "done"; readonly figures: Figures }
  | { readonly kind: "fault"; readonly fault: string };

/** An input that keeps a child for so long keeps it for ever. */
const HANGS_MS = 60_000;
/** So long each has in any case. */
const LEAST_MS = 300;

/** Fuzzes these targets one after the other, each lane in a process of its own: one that hangs is told of. */
export async function fuzz(
  names: readonly string[],
  { runs, seed, end, lanes }: { runs: number; seed: number; end: number; lanes: number },
  onReport: (report: Report) => void = () => {},
): Promise<readonly Report[]> {
  const folder = mkdtempSync(join(tmpdir(), "usrsvc-fuzz-"));
  const reports: Report[] = [];
  const work = names.values();
  let left = names.length;
  const lane = async (): Promise<void> => {
    let child: ChildProcess | undefined;
    for (const name of work) {
      child ??= await begin();
      // Each has its share of the time that is left: some are a hundred times as slow as others.
      const forMs = Math.max(LEAST_MS, ((end - performance.now()) * lanes) / left);
      left -= 1;
      const own = mkdtempSync(join(folder, "target-"));
      const report = await runIn(child, { name, runs, seed, folder: own, forMs });
      reports.push(report);
      onReport(report);
      if (child.killed || !child.connected) child = undefined;
    }
    child?.kill();
  };
  try {
    await Promise.all(Array.from({ length: lanes }, lane));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return reports;
}

/** What it takes to load all that is fuzzed is not held against any of it. */
async function begin(): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, "child.ts"), { execArgv: ["--import", "tsx"] });
  await new Promise<void>((resolve, reject) => {
    child.once("message", () => resolve());
    child.once("exit", (code) => reject(new Error(`a process to fuzz in ended with ${code}`)));
  });
  return child;
}

/** A child that hangs, or has gone wrong, is ended. */
async function runIn(child: ChildProcess, task: Task): Promise<Report> {
  const began = performance.now();
  let inputs = 0;
  let timer: NodeJS.Timeout | undefined;
  const said = await new Promise<Said & { kind: "done" | "fault" }>((resolve) => {
    const fail = (fault: string): void => resolve({ kind: "fault", fault });
    const wait = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        child.kill("SIGKILL");
        fail(`after input ${inputs} it hung for more than ${HANGS_MS / 1000} s`);
      }, HANGS_MS);
    };
    child.removeAllListeners();
    child.on("exit", (code, signal) => fail(`its process ended: ${code ?? signal}`));
    child.on("message", (message) => {
      const one = message as Said;
      wait();
      if (one.kind === "goes on") ({ inputs } = one);
      else if (one.kind !== "ready") resolve(one);
    });
    wait();
    child.send(task);
  });
  clearTimeout(timer);
  const ms = performance.now() - began;
  const { name } = task;
  if (said.kind === "done") return { name, ...said.figures, ms, fault: undefined };
  return { name, inputs, slowestMs: 0, ms, fault: said.fault };
}
