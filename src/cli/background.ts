import { spawn } from "node:child_process";
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import type { Readable } from "node:stream";
import { libc } from "../../proc/system/libc.ts";
import { ExitCode } from "../exit-code.ts";
import { setMode } from "../lib/private-file.ts";
import { READY_FD_VARIABLE, RESTART_VARIABLE } from "../state/startup-report.ts";

/*
 * To the background: usrsvcd is a child of whoever waits for its report, mostly of the shell that its
 * command begins with (build.mjs). Until it supervises it has the terminal of its caller; then it
 * releases it. Where the C library is not available, Node creates one more child for that.
 */

/** True where this process can leave its caller's session and terminal. */
export function canDetach(): boolean {
  return libc() !== undefined || process.env[DETACHED] !== undefined;
}

/** Set for a child that already has a session of its own. */
const DETACHED = "USRSVC_DETACHED";

/** Leaves our caller's session, and so its terminal, and its folder. */
export function detach(): void {
  libc()?.setSession();
  process.chdir("/");
}

/** From now on what is printed (by Node, should it crash) goes to this file, or nowhere. */
export function redirectOutput(path: string): void {
  try {
    redirect(path);
  } catch {
    // No descriptor is left. Then to nowhere, like our input: whoever reads what we print would wait for our end.
    for (const fd of [2, 1]) libc()?.duplicate(0, fd);
  }
}

function redirect(path: string): void {
  const c = libc();
  const file = (): number => openFile(path) ?? openSync("/dev/null", "a"); // it is for crashes only
  for (const fd of [2, 1]) {
    if (c === undefined) {
      closeSync(fd);
      file(); // the lowest number that is free, which is this one
      continue;
    }
    const opened = file();
    c.duplicate(opened, fd);
    closeSync(opened);
  }
}

/** Undefined for what is not a file, belongs to others, has a second name elsewhere, or cannot be opened. */
function openFile(path: string): number | undefined {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK, O_NOFOLLOW } = constants;
  try {
    const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOFOLLOW, 0o600);
    const stat = fstatSync(fd);
    if (stat.isFile() && stat.nlink === 1 && stat.uid === process.getuid?.()) {
      setMode(fd, 0o600);
      return fd;
    }
    closeSync(fd);
  } catch {
    // a FIFO that nobody reads, or no space left
  }
  return undefined;
}

/** Time to wait for an answer, in ms; as in build.mjs, whose shell does the same without us. */
const PATIENCE_MS = 60_000;

/**
 * Runs the same command in a child of its own session; yields the exit code that it reports.
 *
 * A child that is late is left alone: it may be about to begin, and one that waits for a disk cannot be
 * ended anyway.
 */
export async function startDetached(
  script: string,
  argv: readonly string[],
  isRestart: boolean,
  patienceMs = PATIENCE_MS,
): Promise<ExitCode> {
  // The words remain, and what remains of a restart is a start.
  const words = argv.map((word, index) =>
    word === "restart" && !/^(-c|--config)$/.test(argv[index - 1] ?? "") ? "start" : word,
  );
  const child = spawn(process.execPath, [...process.execArgv, script, ...words], {
    detached: true,
    stdio: ["ignore", "inherit", "inherit", "pipe"],
    env: {
      ...process.env,
      [READY_FD_VARIABLE]: "3",
      [DETACHED]: "1",
      ...(isRestart ? { [RESTART_VARIABLE]: "1" } : {}),
    },
  });
  child.unref();
  const answer = child.stdio[3] as Readable;
  let told = "";
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    answer.destroy();
  }, patienceMs);
  try {
    for await (const chunk of answer) told += String(chunk);
  } catch (error) {
    if (!isLate) throw error;
  } finally {
    clearTimeout(timer);
  }
  if (/^\d+\n$/.test(told)) return Number(told) as ExitCode;
  if (isLate) {
    process.stderr.write(`usrsvcd: ${noAnswer(child.pid ?? 0, patienceMs)}\n`);
    return ExitCode.failure;
  }
  process.stderr.write("usrsvcd: ended before it was ready\n");
  return ExitCode.unknown;
}

/** The message after the time to wait is over; as in build.mjs. */
function noAnswer(pid: number, patienceMs: number): string {
  return (
    `no answer within ${patienceMs / 1000} s; process ${pid} is left alone and may still start` +
    ` (check: usrsvcd status). To see what it is waiting for, such as a disk that does not respond (state D): ps -o pid,stat,wchan,args -p ${pid}.` +
    ` To end it: kill ${pid}, and if that does not help, kill -KILL ${pid}`
  );
}
