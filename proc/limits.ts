/** A soft and a hard limit; Infinity: none. */
export interface LimitPair {
  readonly soft: number;
  readonly hard: number;
}

/** Names of `/proc/<pid>/limits` by resource of setrlimit(2), as fs/proc/base.c writes them. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ["Max cpu time", "cpu"],
  ["Max file size", "fsize"],
  ["Max data size", "data"],
  ["Max stack size", "stack"],
  ["Max core file size", "core"],
  ["Max resident set", "rss"],
  ["Max processes", "nproc"],
  ["Max open files", "nofile"],
  ["Max locked memory", "memlock"],
  ["Max address space", "as"],
  ["Max file locks", "locks"],
  ["Max pending signals", "sigpending"],
  ["Max msgqueue size", "msgqueue"],
  ["Max nice priority", "nice"],
  ["Max realtime priority", "rtprio"],
  ["Max realtime timeout", "rttime"],
]);

/** The limits of `/proc/<pid>/limits` (proc_pid_limits(5)) by resource; lines that are none are left out. */
export function parseLimits(text: string): ReadonlyMap<string, LimitPair> {
  const limits = new Map<string, LimitPair>();
  for (const line of text.split("\n")) {
    const [, name = "", soft = "", hard = ""] =
      /^(Max [a-z ]*[a-z])\s+(\d+|unlimited)\s+(\d+|unlimited)\b/.exec(line) ?? [];
    const resource = NAMES.get(name);
    if (resource !== undefined) limits.set(resource, { soft: amount(soft), hard: amount(hard) });
  }
  return limits;
}

function amount(word: string): number {
  return word === "unlimited" ? Infinity : Number(word);
}

/** The soft limit of open files among them; undefined when unlimited or not there. */
export function parseSoftOpenFiles(text: string): number | undefined {
  const soft = parseLimits(text).get("nofile")?.soft;
  return soft === Infinity ? undefined : soft;
}
