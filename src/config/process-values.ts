import type { Unit } from "./setting.ts";
import { type RawValue, type Reading, wrong } from "./values.ts";

/*
 * What a process gets besides its words: priorities, CPUs, limits.
 */

/** A limit of a process, undefined: as it is; Infinity: none. */
export interface Limit {
  readonly soft: number | undefined;
  readonly hard: number | undefined;
}

/** A reader of whole numbers in a range, with a sign where there is one. */
export function wholeNumberIn(
  low: number,
  high: number,
): (raw: RawValue) => Reading<number | undefined> {
  return (raw) => {
    const { text } = raw;
    if (text === "") return { value: undefined };
    const value = /^[+-]?\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= low && value <= high) return { value };
    return wrong(raw, `is not a whole number from ${low} to ${high}`);
  };
}

/** Classes of ioprio_set(2). */
const CLASSES: ReadonlyMap<string, number> = new Map([
  ["realtime", 1],
  ["best-effort", 2],
  ["idle", 3],
]);
const CLASS_SHIFT = 13;
const NORMAL_LEVEL = 4;

/** `class` or `class:level`, as ioprio_set(2) takes it. */
export function readIoPriority(raw: RawValue): Reading<number | undefined> {
  const { text } = raw;
  if (text === "") return { value: undefined };
  const [, name = "", level] = /^([a-z-]+|[123])(?::([0-7]))?$/.exec(text) ?? [];
  const kind = CLASSES.get(name) ?? (/^[123]$/.test(name) ? Number(name) : undefined);
  if (kind === undefined || (kind === 3 && level !== undefined)) {
    return wrong(
      raw,
      "is no class and level, such as idle, best-effort:7 or realtime:0 (0 is the highest level, 7 the lowest; idle has none)",
    );
  }
  const number = kind === 3 ? 0 : level === undefined ? NORMAL_LEVEL : Number(level);
  return { value: (kind << CLASS_SHIFT) | number };
}

/** The same, as a file has it. */
export function showIoPriority(value: number): string {
  const kind = value >> CLASS_SHIFT;
  const name = [...CLASSES].find(([, number]) => number === kind)?.[0] ?? String(kind);
  return kind === 3 ? name : `${name}:${value & 7}`;
}

/** The kernel knows no more (CONFIG_NR_CPUS). */
const MOST_CPUS = 8192;

/** Numbers and ranges of them, with commas between; in ascending order, each once. */
export function readCpus(raw: RawValue): Reading<readonly number[] | undefined> {
  const { text, list } = raw;
  const words = (list ?? text.split(",")).map((word) => word.trim()).filter((word) => word !== "");
  if (words.length === 0) return { value: undefined };
  const cpus = new Set<number>();
  for (const word of words) {
    const [, from = "", to = from] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(word) ?? [];
    const [low, high] = [Number(from), Number(to)];
    if (from === "" || low > high || high >= MOST_CPUS) {
      return wrong(raw, "is no list of CPUs, such as 0 or 0,2-3", list?.join(", "));
    }
    for (let cpu = low; cpu <= high; cpu += 1) cpus.add(cpu);
  }
  return { value: [...cpus].toSorted((a, b) => a - b) };
}

/** The same, as a file has it: what follows one another as a range. */
export function showCpus(cpus: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const cpu of cpus) {
    const last = ranges.at(-1);
    if (last?.[1] === cpu - 1) last[1] = cpu;
    else ranges.push([cpu, cpu]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}

const SIZES: ReadonlyMap<string, number> = new Map(
  ["", "K", "M", "G", "T"].map((letter, index) => [letter, 1024 ** index]),
);

/** `soft`, `soft:hard` or `:hard`; of bytes where `inBytes`, else a count. */
export function limitReader(inBytes: boolean): (raw: RawValue) => Reading<Limit | undefined> {
  const example = inBytes ? "unlimited, 512M or 1G:2G" : "unlimited, 1024 or 1024:4096";
  return (raw) => {
    const { text } = raw;
    if (text === "") return { value: undefined };
    const words = text.split(":");
    const [soft, hard] = words.map((word) => readAmount(word.trim(), inBytes));
    const isBroken = words.length > 2 || soft === null || hard === null;
    if (isBroken || (soft === undefined && hard === undefined)) {
      return wrong(raw, `is no limit, such as ${example} (soft:hard)`);
    }
    if (soft !== undefined && hard !== undefined && (soft ?? 0) > (hard ?? 0)) {
      return wrong(raw, "has a soft limit above the hard one");
    }
    return { value: { soft: soft ?? undefined, hard: hard ?? undefined } };
  };
}

/** Undefined: nothing is said; null: no amount. */
function readAmount(word: string, inBytes: boolean): number | undefined | null {
  if (word === "") return undefined;
  if (/^(unlimited|infinity)$/i.test(word)) return Infinity;
  const [, digits, letter = ""] = /^(\d{1,15})(?:([KMGT])(?:i?B)?)?$/i.exec(word) ?? [];
  if (digits === undefined || (letter !== "" && !inBytes)) return null;
  const amount = Number(digits) * (SIZES.get(letter.toUpperCase()) ?? 1);
  return Number.isSafeInteger(amount) ? amount : null;
}

/** The same, as a file has it. */
export function showLimit({ soft, hard }: Limit): string {
  const [first, ...more] = [soft, ...(hard === undefined ? [] : [hard])].map((one) =>
    one === undefined ? "" : one === Infinity ? "unlimited" : String(one),
  );
  return [first, ...more].join(":");
}

/** How many of a program run. */
export const instances: Unit<number | undefined> = {
  name: "",
  parse: wholeNumberIn(1, 1000),
  print: (value) => value ?? null,
};

/** A scheduling priority, nice(2). */
export const nice: Unit<number | undefined> = {
  name: "",
  parse: wholeNumberIn(-20, 19),
  print: (value) => value ?? null,
};

/** How ready the kernel is to end it when memory is short. */
export const oomScore: Unit<number | undefined> = {
  name: "",
  parse: wholeNumberIn(-1000, 1000),
  print: (value) => value ?? null,
};

/** Class and level of ioprio_set(2). */
export const ioPriority: Unit<number | undefined> = {
  name: "",
  parse: readIoPriority,
  print: (value) => (value === undefined ? null : showIoPriority(value)),
};

/** Numbers of CPUs. */
export const cpus: Unit<readonly number[] | undefined> = {
  name: "",
  parse: readCpus,
  print: (value) => (value === undefined ? null : showCpus(value)),
};

/** A limit of setrlimit(2) that counts something. */
export const countLimit: Unit<Limit | undefined> = limit(false, "");

/** One of bytes. */
export const byteLimit: Unit<Limit | undefined> = limit(true, "bytes");

function limit(inBytes: boolean, name: string): Unit<Limit | undefined> {
  return {
    name,
    parse: limitReader(inBytes),
    print: (value) => (value === undefined ? null : showLimit(value)),
  };
}
