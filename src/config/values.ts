import type { ConfigValue } from "./configobj/value.ts";

/** A value, or why the text is not one: the end of a sentence that begins with the key. */
export type Reading<T> = { readonly value: T } | { readonly problem: string };

/** What a reader gets: the value after interpolation. */
export type RawValue = Pick<ConfigValue, "text" | "list" | "isBrokenList"> & {
  /** See ConfigValue. */
  readonly isCutAtHash?: boolean;
  /** As written in the file, where that differs: what was inserted may be a secret. */
  readonly written?: string;
};

export function readText(raw: RawValue): Reading<string> {
  const { text } = raw;
  return text.includes("\0") ? wrong(raw, "must not contain a NUL character") : { value: text };
}

/** As in 1.x true and false in any case, and numbers (0 is false); also yes, no, on and off. */
export function readBoolean(raw: RawValue): Reading<boolean> {
  const { text } = raw;
  const digits = asciiDigits(text);
  if (/^\d+$/.test(digits)) return { value: /[1-9]/.test(digits) };
  switch (text.toLowerCase()) {
    case "true":
    case "yes":
    case "on":
      return { value: true };
    case "false":
    case "no":
    case "off":
      return { value: false };
    default:
      return wrong(raw, "is neither true nor false (nor yes, no, on, off, 1 or 0)");
  }
}

/** A number without sign or fraction; what is beyond 2^53 - 1 becomes 2^53 - 1. */
export function readWholeNumber(raw: RawValue): Reading<number> {
  const { text } = raw;
  const digits = asciiDigits(text);
  if (/^\d+$/.test(digits)) return { value: clamp(Number(digits)) };
  return wrong(raw, "is not a whole number such as 0 or 10");
}

/** A time in ms; without a unit it is a whole number of seconds. */
export function readWholeSeconds(raw: RawValue): Reading<number> {
  const { text } = raw;
  const ms = readTime(text, /^\d+$/);
  if (ms !== undefined) return { value: ms };
  return wrong(raw, "is not a whole number of seconds or a time like 90s or 10m");
}

/** A time in ms; without a unit it is a number of seconds, fractions allowed. */
export function readSeconds(raw: RawValue): Reading<number> {
  const { text } = raw;
  const ms = readTime(text, /^(\d+|\d*\.\d+)$/);
  if (ms !== undefined) return { value: ms };
  return wrong(raw, "is not a number of seconds such as 2 or 0.5, or a time like 500ms or 10m");
}

const MS = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["min", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

function readTime(text: string, seconds: RegExp): number | undefined {
  const digits = asciiDigits(text);
  if (seconds.test(digits)) return clamp(Number(digits) * 1000);
  const withUnit = /^(\d+|\d*\.\d+) ?(ms|s|m|min|h|d)$/.exec(digits);
  if (withUnit === null) return undefined;
  return clamp(Number(withUnit[1]) * (MS.get(withUnit[2] ?? "") ?? 0));
}

/** A size in bytes; without a unit it is a number of kB, of 1024 bytes each, as in 1.x. */
export function readSize(raw: RawValue): Reading<number> {
  const { text } = raw;
  const digits = asciiDigits(text);
  if (/^\d+$/.test(digits)) return { value: clamp(Number(digits) * 1024) };
  const withUnit = /^(\d+|\d*\.\d+) ?([kmgt])(i?b)?$/i.exec(digits);
  if (withUnit !== null) {
    const power = "kmgt".indexOf((withUnit[2] ?? "").toLowerCase()) + 1;
    return { value: clamp(Math.round(Number(withUnit[1]) * 1024 ** power)) };
  }
  return wrong(raw, "is neither a whole number of kB nor a size like 200M or 1.5G");
}

export function readPath(raw: RawValue): Reading<string> {
  const { text } = raw;
  if (text.startsWith("/")) return readText(raw);
  if (text.startsWith("~/")) {
    return wrong(raw, "begins with ~/, which this key does not know; write the path in full");
  }
  if (text.startsWith("~") || text.startsWith("$")) {
    return wrong(
      raw,
      "is not an absolute path; only ~/ stands for the home folder, so write the path in full",
    );
  }
  return wrong(raw, "is not an absolute path (it must begin with /)");
}

/** An absolute path, or undefined where nothing is written. */
export function readOptionalPath(raw: RawValue): Reading<string | undefined> {
  return raw.text === "" ? { value: undefined } : readPath(raw);
}

/** A file of variables. */
export interface EnvFilePath {
  readonly path: string;
  /** It may be missing. */
  readonly isOptional: boolean;
}

/** An absolute path, with a - before it if the file may be missing, or nothing. */
export function readEnvFilePath(raw: RawValue): Reading<EnvFilePath | undefined> {
  const { text, written = text } = raw;
  const isOptional = text.startsWith("-");
  const path = readOptionalPath({ ...raw, text: text.slice(Number(isOptional)), written });
  if ("problem" in path) return path;
  return { value: path.value === undefined ? undefined : { path: path.value, isOptional } };
}

/** An absolute path, the word `stdout`, or nothing. */
export function readErrorPath(raw: RawValue): Reading<string | undefined> {
  if (raw.text === "stdout") return { value: "stdout" };
  const path = readOptionalPath(raw);
  return "problem" in path ? { problem: `${path.problem}, or the word stdout` } : path;
}

/** The same, where the word means the same as no value: undefined. */
export function readOwnErrorPath(raw: RawValue): Reading<string | undefined> {
  const reading = readErrorPath(raw);
  return "value" in reading && reading.value === "stdout" ? { value: undefined } : reading;
}

/** The path of a folder, without a slash at its end. */
export function readFolder(raw: RawValue): Reading<string | undefined> {
  const reading = readOptionalPath(raw);
  if ("problem" in reading || reading.value === "/") return reading;
  return { value: reading.value?.replace(/\/$/, "") };
}

/** The path of a program, or undefined for `auto` and for nothing. */
export function readAutoPath(raw: RawValue): Reading<string | undefined> {
  return raw.text === "auto" ? { value: undefined } : readOptionalPath(raw);
}

/** Yes or no; undefined: whatever suits the machine. */
export function readAutoBoolean(raw: RawValue): Reading<boolean | undefined> {
  if (raw.text === "" || raw.text.toLowerCase() === "auto") return { value: undefined };
  const reading = readBoolean(raw);
  return "value" in reading ? reading : wrong(raw, "is neither auto nor yes nor no");
}

/** A file mode mask in octal; empty: that of the caller. */
export function readUmask(raw: RawValue): Reading<number | undefined> {
  const { text } = raw;
  if (text === "") return { value: undefined };
  if (/^0{0,2}[0-7]{1,3}$/.test(text)) return { value: Number.parseInt(text, 8) };
  return wrong(raw, "is not a file mode mask in octal, such as 022 or 077");
}

/** Mode of a file in octal, which lets only its owner write. */
export function readFileMode(raw: RawValue): Reading<number> {
  const { text } = raw;
  if (/^0?6(00|40|44)$/.test(text)) return { value: Number.parseInt(text, 8) };
  return wrong(raw, "is not one of the modes 0600, 0640 and 0644");
}

/** Mail addresses, separated by commas. */
export function readAddresses(raw: RawValue): Reading<readonly string[]> {
  const { text, list, isBrokenList } = raw;
  if (isBrokenList) return wrong(raw, "is not a list of addresses: a@x.org, b@x.org");
  const addresses = (list ?? [text]).filter((address) => address !== "");
  // oxlint-disable-next-line no-control-regex -- a line break would end the mail's header
  const bad = addresses.find((address) => /[\0-\x1f\x7f]/.test(address));
  return bad === undefined ? { value: addresses } : wrong(raw, "contains a control character", bad);
}

const CUT_URL =
  "the URL ends at a #, where a comment begins; quote the value if the # belongs to it (as %23), " +
  "or put a blank before the comment";

/** The URL of a mail server, or nothing. It may hold a password: messages do not quote it. */
export function readSmtpUrl({ text, isCutAtHash }: RawValue): Reading<string | undefined> {
  if (text === "") return { value: undefined };
  const wanted = "must be smtp://[user:password@]host[:port] or smtps://… (the value is not shown)";
  // Otherwise half of a password would be taken for the name of a server, and sent to it.
  if (isCutAtHash === true) return { problem: CUT_URL };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^smtps?:$/.test(url.protocol) || url.hostname === "") {
    return { problem: wanted };
  }
  try {
    decodeURIComponent(url.username + url.password);
  } catch {
    return { problem: "a % in user or password must be written %25 (the value is not shown)" };
  }
  return { value: text };
}

/** Not what was `wanted`, the rest of a sentence that begins with the value. */
export function wrong(
  raw: RawValue,
  wanted: string,
  text = raw.text,
): { readonly problem: string } {
  // As in the files of supervisor.
  const shown = raw.written ?? text;
  const advice = /\s;/.test(shown) ? "; a comment begins with #, not with ;" : "";
  return { problem: `${JSON.stringify(shown)} ${wanted}${advice}` };
}

function clamp(number: number): number {
  return Math.min(number, Number.MAX_SAFE_INTEGER);
}

/** Python's `int` and `float` take the decimal digits of all scripts, and so did 1.x. */
function asciiDigits(text: string): string {
  if (!/[^\0-\x7f]/.test(text)) return text;
  return text.replace(/\p{Nd}/gu, (digit) => String(digitValue(digit.codePointAt(0) ?? 0)));
}

/** Unicode has digits in blocks of ten; adjacent blocks meet at a multiple of ten. */
function digitValue(code: number): number {
  let first = code;
  while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first--;
  return (code - first) % 10;
}
