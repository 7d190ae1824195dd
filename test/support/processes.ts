import assert from "node:assert/strict";
import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { readFileSync } from "node:fs";
import type { TestContext } from "node:test";
import type { Pid, ProcessRef } from "../../proc/pid.ts";
import { parsePid, sameProcess } from "../../proc/pid.ts";
import { procReader } from "../../proc/reader.ts";
import { cleanUp } from "./clean-up.ts";
import { inTime, waitFor } from "./wait.ts";

const proc = procReader();

/** The process that has this pid now, which must live. */
export function refOf(pid: number | undefined): ProcessRef {
  const ref = pid === undefined ? undefined : proc.alive(pid as Pid);
  assert.ok(ref, `process ${pid} does not live`);
  return ref;
}

export function lives(ref: ProcessRef): boolean {
  return sameProcess(proc.alive(ref.pid), ref);
}

/** SIGKILL to this process and no other. */
export function killRef(ref: ProcessRef): void {
  if (lives(ref)) process.kill(ref.pid, "SIGKILL");
}

/** A child of this test; killed after it. */
export function child(
  t: TestContext,
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): ChildProcess {
  const made = spawn(command, args, { stdio: "ignore", ...options });
  cleanUp(t, () => made.kill("SIGKILL"));
  return made;
}

/** A `sleep` that is a child of this test. */
export function sleeper(t: TestContext): { process: ProcessRef; child: ChildProcess } {
  const made = child(t, "sleep", ["600"]);
  return { process: refOf(made.pid), child: made };
}

/** A process that is nobody's child here: forked twice, in a session of its own; killed after. */
export async function orphan(t: TestContext, ...argv: readonly string[]): Promise<ProcessRef> {
  const shell = spawn("sh", ["-c", 'setsid "$@" >/dev/null 2>&1 & echo $!', "sh", ...argv], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const pid = parsePid((await inTime(output(shell), "the pid of an orphan")).trim());
  assert.ok(pid, "no pid");
  const ref = refOf(pid);
  cleanUp(t, () => killRef(ref));
  await waitFor(() => proc.stat(pid).session === pid, "the orphan has its own session");
  await waitFor(() => proc.cmdline(pid)[0] === argv[0], "the orphan runs its command");
  return ref;
}

/** All that a child writes to its standard output, until it closes it. */
export async function output(from: ChildProcess): Promise<string> {
  const { stdout } = from;
  assert.ok(stdout, "no pipe");
  const chunks: Buffer[] = [];
  for await (const chunk of stdout) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** A field of `/proc/<pid>/status`, such as `SigIgn`. */
export function statusField(pid: number, name: string): string {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return new RegExp(`^${name}:\\s*(.*)$`, "m").exec(text)?.[1] ?? assert.fail(`no ${name}`);
}

/** Runs a script of test/support/scripts in a node of its own; killed after the test. */
export function nodeScript(
  t: TestContext,
  name: string,
  args: readonly string[],
  { env = {}, ...options }: SpawnOptions = {},
): ChildProcess {
  const script = new URL(`scripts/${name}`, import.meta.url).pathname;
  return child(t, process.execPath, ["--import", "tsx", script, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
    ...options,
    env: { ...process.env, ...env },
  });
}

/** The first line that a child writes. */
export async function firstLine(from: ChildProcess, ms = 30_000): Promise<string> {
  const { stdout } = from;
  assert.ok(stdout, "no pipe");
  let text = "";
  const line = new Promise<string>((resolve) => {
    stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
      if (text.includes("\n")) resolve(text.slice(0, text.indexOf("\n")));
    });
    stdout.on("end", () => resolve(text));
  });
  return await inTime(line, "a line from the script", ms);
}

/** The exit of a child: its code, or the name of the signal. */
export async function exitOf(from: ChildProcess, ms = 30_000): Promise<number | string | null> {
  const ended = new Promise<number | string | null>((resolve) => {
    if (from.exitCode !== null || from.signalCode !== null) {
      resolve(from.exitCode ?? from.signalCode);
      return;
    }
    from.once("exit", (code, signal) => resolve(code ?? signal));
  });
  return await inTime(ended, "the end of a child", ms);
}

/** A child of a parent that does not reap: it leaves with `code` when it is told to. */
export interface Unreaped {
  readonly process: ProcessRef;
  /** Leads the group of both. */
  readonly parent: ProcessRef;
  /** Resolves when it is a zombie. */
  end(): Promise<void>;
}

/** Not by `sh -c "exit 7" & exec sleep`: a shell may reap before it executes its last command. */
export async function unreaped(t: TestContext, code: number): Promise<Unreaped> {
  const script = `(read -r word; exit ${code}) <&3 & echo $!; exec sleep 600 3<&-`;
  const made = child(t, "sh", ["-c", script], {
    stdio: ["ignore", "pipe", "ignore", "pipe"],
    detached: true,
  });
  const ref = refOf(Number(await firstLine(made)));
  const parent = refOf(made.pid);
  await waitFor(() => proc.cmdline(parent.pid)[0] === "sleep", "the parent does not reap");
  const pipe = made.stdio[3];
  assert.ok(pipe && "end" in pipe, "no pipe");
  return {
    process: ref,
    parent,
    async end() {
      pipe.end("go\n");
      await waitFor(() => proc.stat(ref.pid).state === "Z", "a zombie");
    },
  };
}

/** Its command line; none of one that left meanwhile. */
export function argvOf(pid: ProcessRef["pid"]): readonly string[] {
  try {
    return proc.cmdline(pid);
  } catch {
    return []; // it left meanwhile
  }
}
