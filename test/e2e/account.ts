import { execFileSync, spawnSync, type SpawnSyncReturns } from "node:child_process";
import { cleanUp } from "../support/clean-up.ts";
import type { TestContext } from "node:test";
import { type Home, type Json, lines, type Result } from "./home.ts";

/** An ordinary account that has a home: one of its own where the tests run as root, else that of the tests. */
export class Account {
  readonly uid: number;
  readonly #home: Home;

  /** `uid`: by default of nobody's, which has no processes but those of the test. */
  constructor(home: Home, uid = 60_000 + (process.pid % 5000)) {
    this.#home = home;
    const own = process.getuid?.() ?? 0;
    this.uid = own === 0 ? uid : own;
  }

  /** False where the account cannot read the built commands: in a checkout below /root, say. */
  get canRun(): boolean {
    return this.usrsvc("--version") !== "";
  }

  /** Gives it the home, and ends with the test all that is described there. */
  take(t: TestContext): void {
    execFileSync("chown", ["-R", `${this.uid}:${this.uid}`, this.#home.path]);
    cleanUp(t, () => {
      this.usrsvcd("stop");
      this.usrsvc("stop", "all");
    });
  }

  /** Runs a command as the account; what it prints, whatever its exit code. */
  run(file: string, ...words: readonly string[]): string {
    return this.#spawn(file, words).stdout.toString();
  }

  #spawn(file: string, words: readonly string[]): SpawnSyncReturns<Buffer> {
    const ids = [`--reuid=${this.uid}`, `--regid=${this.uid}`, "--clear-groups"];
    const [command, argv] =
      process.getuid?.() === 0 ? ["setpriv", [...ids, file, ...words]] : [file, [...words]];
    const { env, path: cwd } = this.#home;
    return spawnSync(command, argv, { env, cwd, timeout: 60_000 });
  }

  /** Runs `usrsvc WORDS`. */
  result(...words: readonly string[]): Result {
    const { status, stdout, stderr } = this.#spawn(this.#home.command("usrsvc.cjs"), words);
    return { code: status, out: stdout.toString(), err: stderr.toString() };
  }

  usrsvc(...words: readonly string[]): string {
    return this.run(this.#home.command("usrsvc.cjs"), ...words);
  }

  usrsvcd(...words: readonly string[]): string {
    return this.run(this.#home.command("usrsvcd.cjs"), ...words);
  }

  statusOf(name: string): Json {
    return lines(this.usrsvc("status", "--json", name))[0] ?? {};
  }
}
