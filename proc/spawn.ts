import { spawn } from "node:child_process";
import { closeSync, readSync, writeSync } from "node:fs";
import { constants, endianness } from "node:os";
import type { Duplex } from "node:stream";
import { sealDescriptors } from "./descriptors.ts";
import type { Epoll } from "./epoll.ts";
import type { Libc } from "./libc.ts";
import type { Pid } from "./pid.ts";
import { Turns } from "./turns.ts";

/** A child of ours that leads a session of its own and talks with us on its descriptor 3. */
export interface Spawned {
  readonly pid: Pid;
  /** Writes to its descriptor 3; into nothing when nobody reads there any more. */
  send(text: string): void;
  /** SIGKILL, and no more talk. */
  end(): void;
}

/** What a child tells. Nothing is told after `end`. */
export interface SpawnListener {
  heard(text: string): void;
  /** It has ended, or nobody holds its descriptor 3 any more; told of each. */
  lost(): void;
}

/**
 * Makes children that are clean: no signal blocked or ignored, descriptors 0, 1 and 2 on /dev/null.
 * Each call rejects when no process or descriptor can be made, or the command cannot be executed.
 */
export type Spawn = (
  argv: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  listener: SpawnListener,
) => Promise<Spawned>;

/** There are few threads to do it, and koffi has no more than 256 calls under way. */
const SPAWNS_AT_ONCE = 16;

/**
 * By posix_spawn(3), in a thread. Node's own spawn copies the page tables of all of Node, on the
 * main thread: 1 ms or more each time, three times the cost of this.
 */
export function nativeSpawn(libc: Libc, epoll: Epoll): Spawn {
  const environ = environments();
  const turns = new Turns(SPAWNS_AT_ONCE);
  return async (argv, env, listener) => {
    sealDescriptors(libc);
    const [ours, theirs] = socketPair(libc);
    try {
      const pid = await inTurn(turns, async () => {
        return await new Promise<number>((resolve) => {
          libc.spawnLater(argv, environ(env), theirs, resolve);
        });
      });
      if (pid < 0) throw systemError(-pid, argv[0]);
      const pidfd = libc.pidfdOpen(pid);
      if (pidfd < 0) throw giveUp(pid, libc);
      return new NativeChild({ pid: pid as Pid, pidfd, channel: ours }, libc, epoll, listener);
    } catch (error) {
      closeSync(ours);
      throw error;
    } finally {
      closeSync(theirs);
    }
  };
}

async function inTurn<T>(turns: Turns, act: () => Promise<T>): Promise<T> {
  const endTurn = await turns.take();
  try {
    return await act();
  } finally {
    endTurn();
  }
}

class NativeChild implements Spawned {
  readonly pid: Pid;
  readonly #listener: SpawnListener;
  readonly #hangUp: () => void;
  readonly #channel: number;
  /** Until then its pid cannot be another's. */
  #isReaped = false;
  #isClosed = false;

  constructor(
    { pid, pidfd, channel }: { pid: Pid; pidfd: number; channel: number },
    libc: Libc,
    epoll: Epoll,
    listener: SpawnListener,
  ) {
    this.pid = pid;
    this.#channel = channel;
    this.#listener = listener;
    const talk = epoll.listen(channel, () => {
      this.#read();
      if (!this.#isClosed) talk.again();
    });
    this.#hangUp = () => {
      talk.stop();
      closeSync(channel);
    };
    const life = epoll.listen(pidfd, () => {
      if (libc.reap(pid) === 0) return life.again();
      this.#isReaped = true;
      life.stop();
      closeSync(pidfd);
      if (!this.#isClosed) listener.lost();
    });
  }

  send(text: string): void {
    if (this.#isClosed) return;
    try {
      writeSync(this.#channel, text);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  end(): void {
    if (!this.#isReaped) process.kill(this.pid, "SIGKILL");
    this.#close();
  }

  #read(): void {
    const text = readText(this.#channel);
    if (text !== "") return this.#listener.heard(text);
    this.#close();
    this.#listener.lost();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#hangUp();
  }
}

/** What there is to read; nothing at the end, which may come before our last line was read. */
function readText(channel: number): string {
  const buffer = Buffer.alloc(256);
  try {
    return buffer.toString("latin1", 0, readSync(channel, buffer));
  } catch (error) {
    if (!isGone(error)) throw error;
    return "";
  }
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EPIPE" || code === "ECONNRESET";
}

/** By Node, where the C library or pidfds are not to be had. */
export const nodeSpawn: Spawn = async ([file, ...words], env, listener) => {
  const child = spawn(file, words, {
    env,
    stdio: ["ignore", "ignore", "ignore", "pipe"],
    detached: true,
  });
  let isEnded = false;
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject).once("spawn", resolve);
  });
  const talk = child.stdio[3] as Duplex;
  talk.on("error", () => {}); // nobody reads there any more: that is told
  talk.on("data", (chunk: Buffer) => {
    if (!isEnded) listener.heard(chunk.toString("latin1"));
  });
  const lost = (): void => {
    if (!isEnded) listener.lost();
  };
  talk.once("close", lost);
  child.once("exit", lost);
  return {
    pid: child.pid as Pid,
    send: (text) => void talk.write(text),
    end() {
      isEnded = true;
      child.kill("SIGKILL"); // our own child, not yet reaped: its pid cannot be another's
      talk.destroy();
      child.unref();
    },
  };
};

function socketPair(libc: Libc): readonly [number, number] {
  const pair = Buffer.alloc(8);
  if (libc.socketPair(pair) !== 0) throw systemError(libc.errno(), "socketpair");
  return endianness() === "LE"
    ? [pair.readInt32LE(0), pair.readInt32LE(4)]
    : [pair.readInt32BE(0), pair.readInt32BE(4)];
}

/** Makes `NAME=value` of each variable; once for many children with the same environment. */
function environments(): (env: Readonly<Record<string, string>>) => readonly string[] {
  let last: Readonly<Record<string, string>> | undefined;
  let text: readonly string[] = [];
  return (env) => {
    if (env !== last) text = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    last = env;
    return text;
  };
}

/** No descriptor is left to wait for a child: it is ended, and taken when it will be gone. */
function giveUp(pid: number, libc: Libc): Error {
  const error = systemError(libc.errno(), "pidfd_open");
  process.kill(pid, "SIGKILL");
  setTimeout(() => libc.reap(pid), 1000).unref();
  return error;
}

function systemError(errno: number, what: string): NodeJS.ErrnoException {
  const [code = `errno ${errno}`] =
    Object.entries(constants.errno).find(([, value]) => value === errno) ?? [];
  return Object.assign(new Error(`${what}: ${code}`), { code });
}
