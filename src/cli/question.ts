import { createInterface } from "node:readline";

/** True where a person sits at a terminal, and can be asked. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/**
 * Asks a person at the terminal for a line, on standard error. Undefined: the answer was Ctrl-C or Ctrl-D, or the
 * terminal is gone.
 */
export async function ask(question: string): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await new Promise<string | undefined>((resolve) => {
      const leave = (): void => resolve(undefined);
      lines.once("close", leave);
      lines.once("SIGINT", leave);
      lines.question(question, (line) => resolve(line.trim()));
    });
    if (answer === undefined) process.stderr.write("\n"); // what follows begins a line of its own
    return answer;
  } finally {
    lines.close();
    process.stdin.pause();
  }
}
