import type { Unit } from "./service.ts";
import { readLimit } from "./values.ts";

/** Keys whose values need no translation, or little. */
const PLAIN: Readonly<Record<string, string>> = {
  UMask: "umask",
  Nice: "nice",
  OOMScoreAdjust: "oom_score_adj",
};

/** Puts into a draft what the process gets: priorities, limits, memory. */
export function setAttributes({ draft, entries }: Unit): void {
  for (const [theirs, ours] of Object.entries(PLAIN)) {
    const entry = entries.one("Service", theirs);
    if (entry !== undefined) draft.set(ours, entry.value, entry.source);
  }
  const [scheduling, level] = [
    entries.one("Service", "IOSchedulingClass"),
    entries.one("Service", "IOSchedulingPriority"),
  ];
  if (scheduling !== undefined || level !== undefined) {
    const kind = scheduling?.value.replace(/^none$|^0$/, "best-effort") ?? "best-effort";
    const isIdle = kind === "idle" || kind === "3";
    draft.set(
      "ionice",
      isIdle || level === undefined ? kind : `${kind}:${level.value}`,
      (scheduling ?? level)?.source,
    );
  }
  const cpus = entries.one("Service", "CPUAffinity");
  if (cpus !== undefined)
    draft.set("cpu_affinity", cpus.value.split(/[\s,]+/).join(","), cpus.source);
  for (const resource of "AS CORE CPU DATA FSIZE MEMLOCK MSGQUEUE NICE NOFILE NPROC RTPRIO RTTIME SIGPENDING STACK".split(
    " ",
  )) {
    const entry = entries.one("Service", `Limit${resource}`);
    if (entry === undefined) continue;
    const limit = readLimit(resource, entry.value);
    if (limit !== undefined) draft.set(`limit_${resource.toLowerCase()}`, limit, entry.source);
    else
      draft.note(
        entry.source,
        `Limit${resource}`,
        entry.value,
        "not a limit that is understood here",
      );
  }
  const memory = entries.one("Service", "MemoryMax") ?? entries.one("Service", "MemoryLimit");
  if (memory !== undefined && memory.value !== "infinity") {
    if (/^\d+[KMGT]?$/.test(memory.value)) {
      const isBytes = /^\d+$/.test(memory.value);
      const size = isBytes ? `${Math.ceil(Number(memory.value) / 1024)}K` : memory.value;
      draft.watch("rss_limit", size, memory.source);
    } else
      draft.note(
        memory.source,
        memory.key,
        memory.value,
        "rss_limit in [[Monitor]] takes a size, such as 500M",
      );
  }
}
