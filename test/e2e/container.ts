import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { cleanUp } from "../support/clean-up.ts";
import { finished, type Home, isAlive, lines, type LogLine, type Result, waitFor } from "./home.ts";

const isRoot = process.getuid?.() === 0;
const user = isRoot ? [] : ["--user", "--map-current-user"];
const namespace = [...user, "--pid", "--fork", "--mount-proc", "--kill-child"];

/** Why there can be no container here; false where there can. */
export const noContainers: string | false = (() => {
  const { status, stderr, error } = spawnSync("unshare", [...namespace, "true"]);
  if (status === 0) return false;
  return `no pid namespaces here: ${error?.message ?? String(stderr).trim()}`;
})();

let containers = 0;

/** A pid namespace with /proc, as a container has it; the rest is of this machine. */
export class Container {
  readonly #child: ChildProcess;
  readonly #env: NodeJS.ProcessEnv;
  readonly #ended: Promise<Result>;
  /** What is printed. Not a pipe of Node's, which is a socket and cannot be opened by its path. */
  readonly #out: string;

  /** Runs `argv` as process 1. */
  constructor(t: TestContext, home: Home, argv: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.#env = { ...home.env, ...env };
    containers += 1;
    this.#out = home.file(`container.${containers}.out`);
    const out = openSync(this.#out, "a");
    this.#child = spawn("unshare", [...namespace, ...argv], {
      env: this.#env,
      cwd: home.path,
      stdio: ["ignore", out, out],
    });
    closeSync(out);
    this.#ended = finished(this.#child);
    cleanUp(t, () => this.#child.kill("SIGKILL"));
  }

  /** The exit code of process 1. */
  async ended(): Promise<number | null> {
    return (await this.#ended).code;
  }

  /** What was printed so far. */
  get out(): string {
    return readFileSync(this.#out, "utf8");
  }

  /** The log of usrsvcd so far; what programs print is left out. */
  log(): readonly LogLine[] {
    const text = this.out.split("\n").filter((line) => line.startsWith("{"));
    return lines(`${text.join("\n")}\n`) as unknown as readonly LogLine[];
  }

  /** The first line with this event (and program). */
  async logged(event: string, program?: string): Promise<LogLine> {
    return await waitFor(`${event} of ${program ?? "usrsvcd"} in the log`, () =>
      this.log().find((line) => line.event === event && line.program === program),
    );
  }

  /** Process 1 of the container, as it is called out here. */
  async init(): Promise<number> {
    const { pid } = this.#child;
    return await waitFor("process 1", () => {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
      return children === "" ? undefined : Number.parseInt(children, 10);
    });
  }

  /** Runs a command inside, as `docker exec` does. */
  async exec(...argv: readonly string[]): Promise<Result> {
    const how = isRoot ? [] : ["--user", "--preserve-credentials"];
    const into = ["--target", String(await this.init()), ...how, "--pid", "--mount"];
    return await finished(
      spawn("nsenter", [...into, ...argv], {
        env: this.#env,
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
  }

  /** As `docker stop`: to process 1, from outside. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    const pid = await this.init();
    if (isAlive(pid)) process.kill(pid, signal);
  }

  /** All processes, as `ps` shows them inside. */
  async processes(): Promise<readonly { pid: number; ppid: number; stat: string; args: string }[]> {
    const { out } = await this.exec("ps", "-eo", "pid=,ppid=,stat=,args=");
    return out
      .trim()
      .split("\n")
      .map((line) => {
        const [pid, ppid, stat = "", ...args] = line.trim().split(/\s+/);
        return { pid: Number(pid), ppid: Number(ppid), stat, args: args.join(" ") };
      });
  }
}
