/** Units of systemd.time(7), in ms. */
const UNITS: readonly (readonly [names: string, ms: number])[] = [
  ["usec us µs μs", 0.001],
  ["msec ms", 1],
  ["seconds second sec s", 1000],
  ["minutes minute min m", 60_000],
  ["hours hour hr h", 3_600_000],
  ["days day d", 86_400_000],
  ["weeks week w", 604_800_000],
  ["months month M", 2_629_800_000],
  ["years year y", 31_557_600_000],
];
const MS = new Map(
  UNITS.flatMap(([names, ms]) => names.split(" ").map((name) => [name, ms] as const)),
);

/** A time span such as `1min 30s` in ms, Infinity included; undefined for what is none. */
export function readSpan(text: string): number | undefined {
  if (text === "infinity") return Infinity;
  let sum = 0;
  let rest = text.trim();
  if (rest === "") return undefined;
  while (rest !== "") {
    const [all, number, unit] =
      /^(\d+(?:\.\d+)?|\.\d+)\s*([A-Za-z\u00b5\u03bc]*)\s*/.exec(rest) ?? [];
    const ms = unit === "" ? 1000 : MS.get(unit ?? "");
    if (all === undefined || ms === undefined) return undefined;
    sum += Number(number) * ms;
    rest = rest.slice(all.length);
  }
  return sum;
}

/** Yes or no, as systemd has it. */
export function readYes(text: string): boolean | undefined {
  if (/^(1|yes|y|true|t|on)$/i.test(text)) return true;
  return /^(0|no|n|false|f|off)$/i.test(text) ? false : undefined;
}

/** Names of exit codes in SuccessExitStatus= and its like, systemd.exec(5). */
const CODES: ReadonlyMap<string, number> = new Map(
  [
    "SUCCESS:0 FAILURE:1 INVALIDARGUMENT:2 NOTIMPLEMENTED:3 NOPERMISSION:4 NOTINSTALLED:5 NOTCONFIGURED:6 NOTRUNNING:7",
    "USAGE:64 DATAERR:65 NOINPUT:66 NOUSER:67 NOHOST:68 UNAVAILABLE:69 SOFTWARE:70 OSERR:71 OSFILE:72 CANTCREAT:73",
    "IOERR:74 TEMPFAIL:75 PROTOCOL:76 NOPERM:77 CONFIG:78",
  ]
    .join(" ")
    .split(" ")
    .map((one) => [one.split(":")[0] ?? "", Number(one.split(":")[1])]),
);

/** Exit codes and signals, as success_exit has them. */
export function readExits(text: string): readonly string[] {
  return text
    .split(/\s+/)
    .filter((one) => one !== "")
    .map((one) => String(CODES.get(one) ?? one));
}

/** A limit of LimitX= for limit_x; undefined where it is none. Limits of time are spans there. */
export function readLimit(resource: string, text: string): string | undefined {
  const parts = text.split(":").map((part) => {
    const one = part.trim();
    if (one === "infinity") return "unlimited";
    if (resource === "CPU" || resource === "RTTIME") {
      const ms = resource === "RTTIME" && /^\d+$/.test(one) ? Number(one) / 1000 : readSpan(one);
      if (ms === undefined) return undefined;
      return String(resource === "CPU" ? Math.ceil(ms / 1000) : Math.round(ms * 1000));
    }
    if (resource === "NICE" && /^[+-]\d+$/.test(one)) return String(20 - Number(one));
    const [, digits, letter = ""] = /^(\d+)([KMGTPE]?)B?$/.exec(one) ?? [];
    if (digits === undefined) return undefined;
    return BYTES.has(resource) && !/[PE]/.test(letter)
      ? `${digits}${letter}`
      : String(Number(digits) * 1024 ** " KMGTPE".indexOf(letter || " "));
  });
  return parts.includes(undefined) ? undefined : parts.join(":");
}

const BYTES = new Set(["AS", "CORE", "DATA", "FSIZE", "MEMLOCK", "MSGQUEUE", "RSS", "STACK"]);
