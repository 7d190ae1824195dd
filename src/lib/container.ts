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

/** Process 1 as it shows itself. */
export interface Init {
  /** As `ps -o comm` has it: 15 bytes at most. */
  readonly name: string;
  /** Its children: its own first, then those that it has adopted. */
  readonly children: readonly number[];
}

/** Our role in the container that we are in; undefined: it does not end with us, or there is none. */
export function containerRole(
  { pid, ppid }: Pick<NodeJS.Process, "pid" | "ppid"> = process,
  look: () => Init | undefined = lookAtInit,
): ContainerRole | undefined {
  if (pid === 1) return "init";
  const init = ppid === 1 ? look() : undefined;
  if (init === undefined || !(TINY_INITS as readonly string[]).includes(init.name))
    return undefined;
  // What it has adopted (a usrsvcd in the background) is not what it waits for.
  return init.children[0] === pid ? "command" : undefined;
}

function lookAtInit(): Init | undefined {
  try {
    const name = readFileSync("/proc/1/comm", "utf8").trim();
    const children = readFileSync("/proc/1/task/1/children", "utf8").trim().split(" ").map(Number);
    return { name, children };
  } catch {
    return undefined; // hidden from us, or a kernel that does not tell
  }
}
