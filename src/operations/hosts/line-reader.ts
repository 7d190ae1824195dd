import type { Readable } from "node:stream";

/** Maximum length of a line, in characters: a host that sends no end of it does not fill our memory. */
const LONGEST_LINE = 4 * 1024 * 1024;

/** Calls `onLine` with each line of a stream; what is too long is cut. `onEnd`: at the end of what it sends. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = "";
  let isTooLong = false;
  const take = (line: string): void => {
    if (!isTooLong) onLine(line.endsWith("\r") ? line.slice(0, -1) : line);
    isTooLong = false;
  };
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
    if (rest.length <= LONGEST_LINE) return;
    take(rest.slice(0, LONGEST_LINE));
    rest = "";
    isTooLong = true;
  });
  stream.on("end", () => {
    if (rest !== "") take(rest);
  });
  stream.on("error", () => stream.destroy()); // its end is told by the process
}
