import { type ChildProcess, spawn } from "node:child_process";
import type { HostTarget } from "../../config/hosts.ts";
import { randomHex } from "../../lib/random-hex.ts";
import { callAt, monotonicMs, within } from "../../lib/clock.ts";
import { formatBytes } from "../../lib/format.ts";
import { readLines } from "./line-reader.ts";
import { sshArguments } from "./ssh-command.ts";

/** What a host is asked. */
export interface HostQuestion {
  /** The words after `usrsvc`. */
  readonly words: readonly string[];
  /**
   * What `limitMs` is for: `answer`: all of it; `silence`: the beginning, and each pause; `connection`: the
   * beginning only, since an action takes as long as it takes. `endless` is that, of what goes on until it is ended.
   */
  readonly limitIsFor: "answer" | "silence" | "connection" | "endless";
  readonly limitMs: number;
  /** One that says more than this is given up; undefined: as much as it likes. */
  readonly mostBytes: number | undefined;
  /** The connection is up, and usrsvc there about to begin. */
  readonly onConnected?: (() => void) | undefined;
  /** A line that usrsvc there has printed. */
  readonly onLine: (line: string) => void;
  /** A complaint or note of usrsvc there. */
  readonly onComplaint: (line: string) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly debug: (text: string) => void;
}

/** How it came out. `said`: what was said on standard error, by ssh before the connection, by usrsvc after. */
export type HostEnd =
  | { readonly kind: "ended"; readonly code: number; readonly said: readonly string[] }
  /** ssh has ended, or could not begin. */
  | { readonly kind: "cut-off"; readonly isConnected: boolean; readonly said: readonly string[] }
  /** It was given up after `limitMs`. */
  | { readonly kind: "silent"; readonly isConnected: boolean }
  /** `signal` was aborted. */
  | { readonly kind: "interrupted"; readonly isConnected: boolean };

/** ssh itself has failed. (usrsvc has no such code.) */
const SSH_FAILED = 255;
/** A copy of what was said is kept up to this, in lines. */
const MOST_SAID = 200;
/** Of what comes without our mark as well, which may be the answer of an account that can run but one command. */
const MOST_BEFORE = 20_000;
/** A connection that ssh keeps open for later calls (ControlPersist) may hold our pipes: they are read for this long, in ms. */
const AFTER_END_MS = 1000;
/** Time for ssh to end after SIGTERM, in ms. */
const TO_KILL_MS = 1000;

/** Runs `usrsvc WORDS` on a host, by the user's own ssh. Its results are told as they come. */
export async function askHost(target: HostTarget, question: HostQuestion): Promise<HostEnd> {
  const { words, limitIsFor, limitMs, mostBytes = Infinity, signal, debug } = question;
  const mark = `usrsvc-${randomHex(8)}`;
  const isEndless = limitIsFor === "endless";
  const argv = sshArguments(target, limitMs, { words, mark, isEndless });
  debug(`${target.name}: ssh ${argv.map((word) => JSON.stringify(word)).join(" ")}`);
  // In a session of its own: Ctrl-C is for us to hear, who know what was under way.
  const child = spawn("ssh", argv, {
    stdio: [isEndless ? "pipe" : "ignore", "pipe", "pipe"],
    detached: true,
  });
  child.stdin?.on("error", () => {}); // it has ended
  const ended = endOf(child);
  const talk = new Talk(mark, question);
  const closed = talk.listen(child);
  let stopped: "silent" | "interrupted" | "too-much" | undefined;
  let bytes = 0;
  let cancel = (): void => {};
  const stop = (why: typeof stopped): void => {
    stopped ??= why;
    cancel();
    end(child);
  };
  const arm = (): void => {
    cancel();
    cancel = callAt(monotonicMs() + limitMs, () => stop("silent"));
  };
  const interrupt = (): void => stop("interrupted");
  talk.onData = (more) => {
    bytes += more;
    if (bytes > mostBytes) stop("too-much");
    if (limitIsFor === "silence") arm();
    else if (limitIsFor !== "answer") cancel();
  };
  arm();
  signal.addEventListener("abort", interrupt, { once: true });
  if (signal.aborted) interrupt();
  try {
    const { code, error } = await ended;
    await within(closed, AFTER_END_MS);
    talk.finish();
    const { isConnected, said } = talk;
    if (stopped === "too-much") {
      const message = `it says more than ${formatBytes(mostBytes)}, and was not listened to any longer`;
      return { kind: "cut-off", isConnected: true, said: [message] };
    }
    if (stopped !== undefined) return { kind: stopped, isConnected };
    if (error !== undefined) return { kind: "cut-off", isConnected: false, said: [error] };
    if (code === undefined || code === SSH_FAILED) return { kind: "cut-off", isConnected, said };
    return { kind: "ended", code, said };
  } finally {
    cancel();
    signal.removeEventListener("abort", interrupt);
    for (const stream of child.stdio) stream?.destroy();
  }
}

/** What comes from a host, on its two streams. */
class Talk {
  /** Called with the length of what has come, about in bytes. */
  onData = (_length: number): void => {};
  readonly said: string[] = [];
  readonly #mark: string;
  readonly #question: Pick<HostQuestion, "onConnected" | "onLine" | "onComplaint">;
  /** What stood before the mark; undefined: it has come. */
  #before: string[] | undefined = [];
  #isPastMark = false;

  constructor(
    mark: string,
    question: Pick<HostQuestion, "onConnected" | "onLine" | "onComplaint">,
  ) {
    this.#mark = mark;
    this.#question = question;
  }

  get isConnected(): boolean {
    return this.#before === undefined || this.#before.length > 0;
  }

  async listen({ stdout, stderr }: ChildProcess): Promise<void> {
    if (stdout === null || stderr === null) throw new TypeError("its output is a pipe");
    stdout.on("data", (chunk: string | Buffer) => this.onData(chunk.length));
    const closed = [stdout, stderr].map(
      async (stream) => await new Promise((resolve) => stream.once("close", resolve)),
    );
    readLines(stdout, (line) => this.#hear(line));
    readLines(stderr, (line) => this.#note(line));
    await Promise.all(closed);
  }

  #hear(line: string): void {
    if (this.#before === undefined) this.#question.onLine(line);
    // What a shell prints when it begins may have no end of line.
    else if (line.endsWith(this.#mark)) {
      this.#before = undefined;
      this.#question.onConnected?.();
    } else if (this.#before.length < MOST_BEFORE) this.#before.push(line);
  }

  #note(line: string): void {
    if (!this.#isPastMark && line.endsWith(this.#mark)) {
      this.#isPastMark = true;
      this.said.length = 0; // a greeting, or ssh's note about a new host
      return;
    }
    if (this.said.length < MOST_SAID) this.said.push(line);
    if (this.#isPastMark) this.#question.onComplaint(line);
  }

  /** Where the account can run but one command, which prints no mark, all is its answer. */
  finish(): void {
    for (const line of this.#before ?? []) this.#question.onLine(line);
  }
}

interface SshEnd {
  /** Undefined: it was ended by a signal, or could not begin. */
  readonly code: number | undefined;
  readonly error?: string;
}

async function endOf(child: ChildProcess): Promise<SshEnd> {
  return await new Promise<SshEnd>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      const missing =
        "ssh is not installed here, or not on PATH (Debian: apt install openssh-client)";
      const why = error.code === "ENOENT" ? missing : `ssh cannot be run: ${error.message}`;
      resolve({ code: undefined, error: why });
    });
    child.once("exit", (code) => resolve({ code: code ?? undefined }));
  });
}

function end(child: ChildProcess): void {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), TO_KILL_MS);
  child.once("exit", () => clearTimeout(timer));
}
