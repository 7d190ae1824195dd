import { readFileSync } from "node:fs";

/** Inits of containers that run one command, and end (and the container with them) when it does. */
const TINY_INITS = [
  "tini",
  "tini-static",
  "docker-init",
  "podman-init",
  "catatonit",
  "dumb-init",
] as const;

/**
 * What a container ends with: its process 1, or what its tiny init runs (`docker run --init`). The
 * kernel kills all others then.
 */
export type ContainerRole = "init" | "command";

/** What the container that we are in has us for; undefined: it does not end with us, or there is none. */
export function containerRole(
  { pid, ppid }: Pick<NodeJS.Process, "pid" | "ppid"> = process,
  initName: () => string = nameOfInit,
): ContainerRole | undefined {
  if (pid === 1) return "init";
  if (ppid !== 1) return undefined;
  return (TINY_INITS as readonly string[]).includes(initName()) ? "command" : undefined;
}

/** As `ps -o comm` shows it: 15 bytes at most. */
function nameOfInit(): string {
  try {
    return readFileSync("/proc/1/comm", "utf8").trim();
  } catch {
    return ""; // hidden from us
  }
}
