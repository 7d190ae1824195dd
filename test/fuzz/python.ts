import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { createInterface, type Interface } from "node:readline";

const SCRIPT = `
import json, re, shlex, sys, warnings
warnings.simplefilter("ignore")
def answer(what, text, other):
    if what == "split":
        return shlex.split(text)
    return re.search(text, other) is not None
for line in sys.stdin:
    try:
        reply = {"value": answer(*json.loads(line))}
    except (ValueError, re.error, OverflowError, RecursionError) as error:
        reply = {"error": str(error)}
    print(json.dumps(reply), flush=True)
`;

/** What Python, in which 1.x was written, makes of a text; asked one after the other. */
export class Python implements Disposable {
  readonly #child: ChildProcessWithoutNullStreams = spawn("python3", ["-c", SCRIPT]);
  readonly #lines: Interface = createInterface(this.#child.stdout);
  readonly #waiting: ((line: string) => void)[] = [];

  constructor() {
    this.#lines.on("line", (line) => this.#waiting.shift()?.(line));
  }

  async ask(
    what: "split" | "search",
    text: string,
    other = "",
  ): Promise<{ readonly value?: unknown; readonly error?: string }> {
    const line = new Promise<string>((resolve) => this.#waiting.push(resolve));
    this.#child.stdin.write(`${JSON.stringify([what, text, other])}\n`);
    return JSON.parse(await line) as { value?: unknown; error?: string };
  }

  [Symbol.dispose](): void {
    this.#lines.close();
    this.#child.kill();
  }
}

/** True where there is a Python whose expressions are those of 1.x, or of later. */
export function hasPython(): boolean {
  const { status } = spawnSync("python3", [
    "-c",
    "import sys; sys.exit(sys.version_info < (3, 11))",
  ]);
  return status === 0;
}
