import { AsyncLocalStorage } from "node:async_hooks";
import { constants as system } from "node:os";
import { failure, type OpenFile, statOf } from "./files.ts";
import type { World } from "./world.ts";

const { SIGKILL } = system.signals;

/** Thrown out of whatever an actor was doing when it was killed. */
export class Crashed extends Error {}

const acting = new AsyncLocalStorage<Actor>();

/** Who acts just now; undefined outside of simulations. */
export function actor(): Actor | undefined {
  return acting.getStore();
}

/** What a caller may set of a call that makes or writes something. */
interface FileOptions {
  readonly throwIfNoEntry?: boolean;
  readonly mode?: number;
  readonly force?: boolean;
}

/** A run of usrsvc or usrsvcd in a simulated world: it has a pid and descriptors, and can be killed at each step. */
export class Actor {
  readonly world: World;
  readonly pid: number;
  readonly role: "usrsvc" | "usrsvcd";
  lives = true;
  /** When it was killed, or done. */
  diedAt = Number.POSITIVE_INFINITY;
  /** It is killed when it has made so many steps more. */
  stepsLeft = Number.POSITIVE_INFINITY;
  /** The same, from the moment on when it has launched something. */
  #stepsAfterLaunch: number | undefined;
  /** The machine gives it no time until then. */
  frozenUntil = 0;
  errno = 0;
  readonly #files = new Map<number, OpenFile>();
  #nextFd = 3;

  constructor(world: World, pid: number, role: Actor["role"]) {
    this.world = world;
    this.pid = pid;
    this.role = role;
  }

  /** Everything that `act` leads to, now and later, is this actor's doing. */
  run<T>(act: () => T): T {
    return acting.run(this, act);
  }

  /** A call of the kernel: one step, before which the world may have changed, or the actor be dead. */
  call(name: string, args: readonly unknown[]): unknown {
    this.world.step(this);
    const call = this.#calls[name];
    if (call === undefined) throw new Error(`not simulated: ${name}`);
    return call(...(args as never[]));
  }

  /** It is to be killed then. */
  dooms(
    crash: { readonly since: "beginning" | "launch"; readonly steps: number } | undefined,
  ): void {
    if (crash?.since === "beginning") this.stepsLeft = crash.steps;
    else this.#stepsAfterLaunch = crash?.steps;
  }

  /** It is not to be killed any more. */
  spare(): void {
    this.stepsLeft = Number.POSITIVE_INFINITY;
    this.#stepsAfterLaunch = undefined;
  }

  /** It has launched something just now. */
  noteLaunch(): void {
    this.stepsLeft = this.#stepsAfterLaunch ?? this.stepsLeft;
    this.#stepsAfterLaunch = undefined;
  }

  /** What its child has until its exec. */
  inherit(): () => void {
    const copies = [...this.#files.values()];
    for (const file of copies) file.holders += 1;
    return () => {
      for (const file of copies) this.world.files.close(file);
    };
  }

  /** Killed, or at its end. */
  closeAll(): void {
    for (const file of this.#files.values()) this.world.files.close(file);
    this.#files.clear();
  }

  /** Writes, unless that is what is broken; true for who writes, in any case. */
  #written(path: string, text: () => string | undefined, write: () => unknown): true {
    const fate = this.world.faults.written?.(path, text() ?? "") ?? "kept";
    if (fate === "kept") write();
    else if (fate !== "lost") {
      this.world.schedule(undefined, fate, () => {
        try {
          write();
        } catch {
          // another has it by now
        }
      });
    }
    return true;
  }

  #file(fd: number): OpenFile {
    const file = this.#files.get(fd);
    if (file === undefined) throw failure("EBADF", "descriptor", String(fd));
    return file;
  }

  /** By the names of node:fs, and of proc/system/libc.ts. */
  get #calls(): Readonly<Record<string, (...args: never[]) => unknown>> {
    return (this.#table ??= this.#makeCalls());
  }
  #table: Readonly<Record<string, (...args: never[]) => unknown>> | undefined;

  #makeCalls(): Readonly<Record<string, (...args: never[]) => unknown>> {
    const { files } = this.world;
    const ifThere = (path: string, call: string, options?: FileOptions): unknown =>
      options?.throwIfNoEntry === false && !files.exists(path) ? undefined : files.stat(path, call);
    return {
      accessSync: (path: string) => void files.stat(path, "access"),
      chmodSync: (path: string, mode: number) => files.chmod(path, mode),
      closeSync: (fd: number) => {
        files.close(this.#file(fd));
        this.#files.delete(fd);
      },
      exchange: (a: string, b: string) =>
        files.exists(b) &&
        this.#written(
          b,
          () => files.text(a),
          () => files.exchange(a, b),
        ),
      existsSync: (path: string) => files.exists(path),
      fchmodSync: (fd: number, mode: number) => files.chmodOf(this.#file(fd).inode, mode),
      flock: (fd: number, operation: number) => {
        const file = this.#file(fd);
        if (operation === LOCK_UN) files.unlock(file);
        return operation === LOCK_UN || this.world.faults.lock === true || files.lock(file);
      },
      fstatSync: (fd: number) => statOf(this.#file(fd).inode),
      fsyncSync: () => {},
      ftruncateSync: (fd: number, length: number) => files.truncate(this.#file(fd), length),
      kill: (pid: number, signal: number) => this.world.kill(pid, signal, this),
      lstatSync: (path: string, options?: FileOptions) => ifThere(path, "lstat", options),
      mkdirSync: (path: string, options?: FileOptions) => files.mkdir(path, options?.mode),
      openSync: (path: string, flags: number | string, mode?: number) => {
        const file = files.open(path, flags === "r+" ? 2 : Number(flags), mode);
        const fd = this.#nextFd;
        this.#nextFd += 1;
        this.#files.set(fd, file);
        return fd;
      },
      readdirSync: (path: string) => files.list(path),
      readFileSync: (path: string) => {
        files.stat(path, "open");
        return files.text(path);
      },
      readlinkSync: (path: string) => {
        throw failure("EINVAL", "readlink", path);
      },
      readSync: (fd: number, buffer: Buffer, offset: number, length: number, at: number | null) =>
        files.read(this.#file(fd), buffer, offset, length, at),
      realpathSync: (path: string) => {
        files.stat(path, "realpath");
        return path;
      },
      renameSync: (from: string, to: string) =>
        void this.#written(
          to,
          () => files.text(from),
          () => files.rename(from, to),
        ),
      rmSync: (path: string, options?: FileOptions) => {
        if (options?.force !== true || files.exists(path)) files.remove(path);
      },
      statfsSync: () => ({ type: 0 }),
      statSync: (path: string, options?: FileOptions) => ifThere(path, "stat", options),
      unlinkSync: (path: string) => files.remove(path),
      watch: (folder: string, tell: (event: string, file: string) => void) =>
        this.world.watchFolder(this, folder, tell),
      writeFileSync: (path: string, text: string) => files.put(path, text),
      writeSync: (fd: number, data: Uint8Array | string, ...rest: readonly number[]) => {
        const file = this.#file(fd);
        const isText = typeof data === "string";
        const bytes = isText ? Buffer.from(data) : data.subarray(rest[0] ?? 0).subarray(0, rest[1]);
        const at = (isText ? rest[0] : rest[2]) ?? null;
        this.#written(
          file.path,
          () => bytes.toString(),
          () => files.write(file, bytes, at),
        );
        return bytes.length;
      },
    };
  }

  /** SIGKILL, at whatever it is doing. */
  crash(): void {
    this.world.kill(this.pid, SIGKILL, undefined);
  }
}

const LOCK_UN = 8;
