import { readFileSync } from "node:fs";

/** Why this machine does not allow so many services; undefined if it does. */
export function tooMany(count: number): string | undefined {
  const limits = readFileSync("/proc/self/limits", "utf8");
  const hard = (name: string): number => {
    const word = new RegExp(`^${name} +\\S+ +(\\S+)`, "m").exec(limits)?.[1];
    return word === undefined || word === "unlimited" ? Infinity : Number(word);
  };
  const processes = Math.min(
    hard("Max processes"),
    Number(readFileSync("/proc/sys/kernel/pid_max", "utf8")),
  );
  // While they start, programs have a shell and perhaps a fork of it beside them, and two pipes.
  if (processes < 3 * count + 500) return `the limit of processes (ulimit -u) is ${processes}`;
  const files = hard("Max open files");
  return files < 4 * count + 100 ? `the limit of open files (ulimit -H -n) is ${files}` : undefined;
}
