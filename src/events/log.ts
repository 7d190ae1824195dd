import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import pino from "pino";
import type { SonicBoom } from "sonic-boom";
import { isPrivateFolder, openForAppend } from "../lib/open-log.ts";
import { setMode } from "../lib/private-file.ts";
import { tameJson } from "../lib/tame.ts";
import type { Emitter, UsrsvcEvent } from "./event.ts";
import { shownLine } from "./shown-line.ts";

/** Lines cannot be written: they wait, up to a bound. */
export interface LogTrouble {
  /** ISO time. */
  readonly since: string;
  readonly reason: string;
  /** Number of lines beyond what can wait. */
  readonly lost: number;
}

/** JSON lines for journald or jq. */
export interface Log extends Emitter {
  /** `at`: an ISO time, for what is written later than it happened. */
  emit(event: UsrsvcEvent, at?: string): void;
  /** Opens files again: they may have been moved or deleted. */
  reopen(): void;
  /** Resolves when all is on its way out of the process. */
  close(): Promise<void>;
}

/** A log that was opened. */
export interface OpenLog extends Log {
  /** Tries to write what could not be. To be called now and then; undefined: nothing waits. */
  check(): LogTrouble | undefined;
  /** Lets go of its files: nothing is written to it any more. */
  end(): void;
}

/** Size at which a file is rolled, and number of older ones that are kept. */
const ROLL_SIZE = "10m";
const ROLL_COUNT = 5;
/** What pino-roll takes in no path, since Windows does not. */
const UNROLLABLE = /[:*?|<>"]/;
/** Highest number of bytes that wait for a full disk. */
const WAITING = { sync: true, maxLength: 1024 * 1024 };

/** Where the lines go. */
export interface LogTarget {
  /** A path; undefined: standard output. */
  readonly stdout: string | undefined;
  /** A path for warnings and errors; undefined or "stdout": with all the others. */
  readonly stderr: string | undefined;
  /** Mode of the files. */
  readonly mode: number;
  readonly debug: boolean;
}

/**
 * Opens the log.
 *
 * @throws when a file cannot be opened; the message names it
 */
export async function openLog(target: LogTarget): Promise<OpenLog> {
  const apart = target.stderr !== undefined && target.stderr !== "stdout";
  const out = makeLogger(await openStream(target.stdout, target.mode), target.debug);
  const err = apart ? makeLogger(await openStream(target.stderr, target.mode), target.debug) : out;
  const log: OpenLog = {
    emit(event, at) {
      const { level, msg, fields } = shownLine(event, at);
      const logger = level === "warn" || level === "error" ? err : out;
      logger.pino[level]({ event: event.kind, ...fields }, msg);
    },
    reopen() {
      out.reopen();
      if (err !== out) err.reopen();
    },
    check() {
      const trouble = err === out ? undefined : err.check();
      return out.check() ?? trouble;
    },
    async close() {
      await out.close();
      if (err !== out) await err.close();
    },
    end() {
      out.end();
      if (err !== out) err.end();
    },
  };
  for (const path of [target.stdout, apart ? target.stderr : undefined]) tellUnrolled(path, log);
  return log;
}

/** No disk is to be full one day. */
function tellUnrolled(path: string | undefined, log: Log): void {
  if (path === undefined || !UNROLLABLE.test(path) || !lstatSync(path).isFile()) return;
  const reason = 'a path with one of : * ? | < > " is not rolled';
  log.emit({ kind: "daemon.degraded", what: "log-grows", path, reason });
}

interface Stream {
  write(line: string): unknown;
  on(event: "error" | "drop", call: (what: unknown) => void): unknown;
  flush?(done: (error?: Error) => void): void;
  reopen?(): void;
  end?(): void;
  /** The path that is written to; undefined for a descriptor. */
  readonly file?: string | null;
}

interface Logger extends Pick<OpenLog, "reopen" | "check" | "close" | "end"> {
  readonly pino: pino.Logger;
}

function makeLogger(stream: Stream, debug: boolean): Logger {
  const options = {
    level: debug ? "debug" : "info",
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    hooks: { streamWrite: tameJson }, // `jq -r` shows texts as they are
  };
  // The stream keeps what it could not write, and goes on with it at the next write.
  let trouble: LogTrouble | undefined;
  let hasFailed = false;
  let lost = 0;
  stream.on("error", (error) => {
    hasFailed = true;
    trouble ??= { since: new Date().toISOString(), reason: (error as Error).message, lost };
  });
  stream.on("drop", () => (lost += 1));
  return {
    pino: pino(options, stream),
    check() {
      if (trouble === undefined) return undefined;
      hasFailed = false;
      stream.write("");
      if (hasFailed) return { ...trouble, lost };
      trouble = undefined;
      lost = 0;
      return undefined;
    },
    reopen: () => {
      if (typeof stream.file === "string" && doesNotWait(stream.file)) stream.reopen?.();
    },
    close: async () => await new Promise((resolve) => stream.flush?.(() => resolve()) ?? resolve()),
    end: () => stream.end?.(),
  };
}

async function openStream(path: string | undefined, mode: number): Promise<Stream> {
  if (path === undefined) return tolerant(pino.destination({ dest: 1, ...WAITING }));
  const folder = dirname(path);
  if (path.startsWith("/") && existsSync(folder) && !isPrivateFolder(folder)) {
    // Names that are foreseen are not made where others may make them before: nothing is rolled.
    const fd = openForAppend(path, mode);
    setMode(fd, mode);
    return tolerant(pino.destination({ fd, ...WAITING }));
  }
  // A device, a FIFO or a link to such (/dev/null, /dev/stdout) is written to as it is.
  if (existsSync(path) && !lstatSync(path).isFile() && !isOurLink(path)) {
    probe(path);
    return tolerant(pino.destination({ dest: path, ...WAITING }));
  }
  if (UNROLLABLE.test(path)) return tolerant(openAsItIs(path, mode));
  return tolerant(await openRolling(path, mode));
}

/**
 * A FIFO that nobody reads would keep us waiting.
 *
 * @throws when it cannot be opened at once
 */
function probe(path: string): void {
  const { O_WRONLY, O_APPEND, O_NONBLOCK, O_NOCTTY } = constants;
  closeSync(openSync(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY));
}

/** False for a FIFO whose reader has left: a later reread finds one, perhaps. */
function doesNotWait(path: string): boolean {
  try {
    if (lstatSync(path, { throwIfNoEntry: false })?.isFIFO() === true) probe(path);
    return true;
  } catch {
    return false;
  }
}

/** A log that cannot be written (disk full, reader gone) must not end the supervision. */
function tolerant<S extends Stream & { on(event: "error", call: () => void): unknown }>(
  stream: S,
): S {
  stream.on("error", () => {});
  return stream;
}

/** By its path, so that a reread finds the next one where somebody else rolls it. */
function openAsItIs(path: string, mode: number): SonicBoom {
  const stream = pino.destination({ dest: path, ...WAITING, mode }) as SonicBoom & { fd: number };
  const settle = (): void => void setMode(stream.fd, mode);
  stream.on("ready", settle);
  settle();
  return stream;
}

/**
 * Opens `path` as a log that is rolled. pino-roll numbers its files (`name.1.log`), so `path` itself
 * is made a link to the current one.
 */
async function openRolling(path: string, mode: number): Promise<SonicBoom> {
  if (existsSync(path) && !isOurLink(path)) setOldLogAside(path);
  const { default: roll } = await import("pino-roll"); // 30 ms, and only needed here
  const limit = { count: ROLL_COUNT };
  const stream = await roll({ file: path, size: ROLL_SIZE, limit, ...WAITING, mode });
  const settle = (): void => {
    setMode(stream.fd, mode);
    linkTo(path, stream.file);
  };
  stream.on("ready", settle);
  settle();
  return stream;
}

function isOurLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink() && numbered(path).test(readlinkSync(path));
  } catch {
    return false;
  }
}

function numbered(path: string): RegExp {
  const extension = extname(path);
  const stem = basename(path, extension).replace(/[$()*+.?[\\\]^{|}]/g, "\\$&");
  return new RegExp(`^${stem}\\.\\d+${extension.replace(".", "\\.")}$`);
}

/** A log of 1.x becomes the first of the numbered ones, and is gone on with. */
function setOldLogAside(path: string): void {
  const extension = extname(path);
  const first = join(dirname(path), `${basename(path, extension)}.1${extension}`);
  renameSync(path, existsSync(first) ? `${path}.old` : first);
}

function linkTo(path: string, file: string): void {
  try {
    rmSync(path, { force: true });
    symlinkSync(basename(file), path);
  } catch {
    // the lines are in the numbered file all the same
  }
}
