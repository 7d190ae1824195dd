import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { LoadMeter } from "./load.ts";
import { allProcesses, belongsTo, killExactly } from "./processes.ts";
import { Services } from "./services.ts";
import { waitFor } from "./wait.ts";

const root = dirname(dirname(import.meta.dirname));

/** A throw-away home with a copy of dist/; whatever is measured lives in it. */
export class Home implements AsyncDisposable {
  readonly path: string;
  /** The copy of dist/. */
  readonly dist: string;
  readonly services: Services;
  readonly meter: LoadMeter;
  readonly signal: AbortSignal;
  #setAside = 0;

  constructor(signal: AbortSignal) {
    this.signal = signal;
    const base = /^[\w/.+-]+$/.test(tmpdir()) ? tmpdir() : "/tmp";
    this.path = fs.realpathSync(fs.mkdtempSync(join(base, "usrsvc-bench-")));
    // A copy: somebody may build while we measure.
    const app = join(this.path, "app");
    this.dist = join(app, "dist");
    fs.cpSync(join(root, "dist"), this.dist, { recursive: true });
    fs.cpSync(join(root, "package.json"), join(app, "package.json"));
    fs.symlinkSync(join(root, "node_modules"), join(app, "node_modules"));
    this.services = new Services(this.path);
    this.meter = new LoadMeter(this.path);
  }

  get env(): NodeJS.ProcessEnv {
    return { ...process.env, HOME: this.path, NODE_OPTIONS: "" };
  }

  /**
   * Makes a folder in the home. One that was there is set aside, and deleted in the end: for five
   * seconds ext4 passes over the inodes of what was deleted, one by one, whenever it makes a file.
   */
  freshFolder(name: string): string {
    const path = join(this.path, name);
    if (fs.existsSync(path)) {
      const aside = join(this.path, "aside");
      fs.mkdirSync(aside, { recursive: true });
      this.#setAside += 1;
      fs.renameSync(path, join(aside, String(this.#setAside)));
    }
    fs.mkdirSync(path, { mode: 0o700 });
    return path;
  }

  /** Makes a folder in the home, or empties it. */
  folder(name: string): string {
    const path = join(this.path, name);
    fs.mkdirSync(path, { recursive: true, mode: 0o700 });
    // Node's own rm is slow with thousands of files.
    execFileSync("find", [path, "-mindepth", "1", "-delete"]);
    return path;
  }

  /** Runs a command to its end; yields the wall time in ms. Any exit code in `codes` will do. */
  async time([file, ...words]: readonly [string, ...string[]], codes = [0]): Promise<number> {
    const began = performance.now();
    const child = spawn(file, words, {
      env: this.env,
      stdio: "ignore",
      signal: this.signal,
      killSignal: "SIGKILL",
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject).once("exit", resolve);
    });
    const tookMs = performance.now() - began;
    this.signal.throwIfAborted();
    if (code === null || !codes.includes(code)) {
      const line = [file, ...words].join(" ").slice(0, 120);
      throw new Error(`${line}: exit code ${String(code)}`);
    }
    return tookMs;
  }

  /** What a bare `node -e 0` takes now. */
  async timeNode(): Promise<number> {
    return await this.time([process.execPath, "-e", "0"]);
  }

  /** Kills what belongs to our home, which nobody else knows, until nothing is left. */
  async killRest(): Promise<void> {
    const patience = new AbortController().signal; // also after Ctrl-C
    const look = (): true | undefined => {
      const rest = [...allProcesses().values()].filter(
        ({ pid, kernel }) => !kernel && pid !== process.pid && belongsTo(this.path, pid),
      );
      return killExactly(rest) === 0 ? true : undefined;
    };
    await waitFor("the end of all", look, patience, 30);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.killRest();
    this.services[Symbol.dispose]();
    fs.rmSync(this.path, { recursive: true, force: true });
  }
}
