import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import type { TestContext } from "node:test";
import { cleanUp } from "../support/clean-up.ts";
import { TerminalScreen } from "../support/terminal-screen.ts";
import { type Home, waitFor } from "./home.ts";
import { installed } from "./servers.ts";

const python = installed("/usr/bin/python3", "/usr/local/bin/python3");

/** Why there is no terminal for a test; false: there is one. */
export const noTerminal = python === undefined && "no python3";

/** How a command on a terminal has ended. */
export interface Left {
  readonly code: number | null;
  /** Number of the signal that has ended it. */
  readonly signal: number | null;
  /** The terminal was set as before. */
  readonly isAsBefore: boolean;
}

/** A command on a terminal of its own. */
export class Terminal {
  readonly screen: TerminalScreen;
  /** All that was written, as it came. */
  written = "";
  readonly #child: ChildProcess;
  readonly left: Promise<Left>;

  constructor(
    t: TestContext,
    home: Home,
    words: readonly string[],
    {
      columns = 80,
      rows = 24,
      env = {},
    }: { columns?: number; rows?: number; env?: NodeJS.ProcessEnv } = {},
  ) {
    this.screen = new TerminalScreen(columns, rows);
    const script = join(import.meta.dirname, "terminal.py");
    const { NO_COLOR: _, FORCE_COLOR: _forced, COLORTERM: _term, ...inherited } = home.env;
    this.#child = spawn(python ?? "", [script, String(columns), String(rows), ...words], {
      env: { ...inherited, TERM: "xterm-256color", ...env },
      cwd: home.path,
      stdio: ["pipe", "pipe", "inherit", "pipe"],
    });
    cleanUp(t, () => void this.#child.kill("SIGKILL"));
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.written += text;
      this.screen.write(text);
    });
    let told = "";
    this.#control.setEncoding("utf8").on("data", (text: string) => (told += text));
    this.left = new Promise((resolve) => {
      // It tells nothing where the test was over before.
      this.#child.once("close", () => {
        resolve(JSON.parse(told || '{"code":null,"signal":null,"isAsBefore":false}') as Left);
      });
    });
  }

  get #control(): Duplex {
    return this.#child.stdio[3] as Duplex;
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  resize(columns: number, rows: number): void {
    this.screen.resize(columns, rows);
    this.#control.write(`${columns} ${rows}\n`);
  }

  /** The terminal is closed, as by a line that breaks. */
  hangUp(): void {
    this.#child.stdin?.end();
  }

  /** Waits until the screen shows it. */
  async shows(what: RegExp): Promise<RegExpExecArray> {
    try {
      return await waitFor(String(what), () => what.exec(this.screen.text) ?? undefined);
    } catch (error) {
      throw new Error(`${(error as Error).message}; it shows:\n${this.screen.text}`, {
        cause: error,
      });
    }
  }
}
