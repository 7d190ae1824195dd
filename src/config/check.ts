import type { Ways } from "./python-regex/ways.ts";
import { didYouMean, nearest } from "./nearest.ts";
import { translatePythonRegex } from "./python-regex/python-regex.ts";
import { splitWords } from "./shell/words.ts";
import type { Unit } from "./setting.ts";
import { type RawValue, type Reading, wrong } from "./values.ts";

/** A condition that can be looked at, the same wherever something is waited for; `text` is how it was written. */
export type Check = { readonly text: string } & (
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "http"; readonly url: string }
  | { readonly kind: "unix" | "file"; readonly path: string }
  | { readonly kind: "exec"; readonly words: readonly string[] }
  | { readonly kind: "log"; readonly regex: RegExp; readonly ways?: Ways }
);

/** What makes a start a success: a condition, or that the program says so (sd_notify(3)). */
export type ReadyWhen = Check | { readonly kind: "notify"; readonly text: "notify" };

/** Without its text. */
type Condition = Check extends infer C ? (C extends Check ? Omit<C, "text"> : never) : never;

type Rest = (rest: string, text: string) => Condition | { readonly problem: string };

/** By what it begins with. */
const forms: Readonly<Record<string, { readonly form: string; readonly parse: Rest }>> = {
  tcp: { form: "tcp://HOST:80", parse: readTcp },
  unix: { form: "unix:///PATH", parse: (rest) => readLocal("unix", rest) },
  http: { form: "http://…", parse: (_rest, text) => readUrl(text) },
  https: { form: "https://…", parse: (_rest, text) => readUrl(text) },
  file: { form: "file:///PATH", parse: (rest) => readLocal("file", rest) },
  exec: { form: "exec:COMMAND", parse: readExec },
  log: { form: "log:REGEX", parse: readLog },
};

const FORMS = Object.values(forms)
  .map(({ form }) => form)
  .join(", ");

/** True for what begins like a check, also like one that is misspelt; `web:1` is the name of an instance. */
export function isCheck(text: string): boolean {
  const [, scheme = "", slashes = ""] = /^([a-z]+):(\/\/)?/i.exec(text) ?? [];
  return slashes !== "" || Object.hasOwn(forms, scheme);
}

/** `lived`, `notify`, or a check: undefined for the first, and for nothing. */
export function readReady(raw: RawValue): Reading<ReadyWhen | undefined> {
  const { text } = raw;
  if (text === "" || text === "lived") return { value: undefined };
  if (text === "notify") return { value: { kind: "notify", text } };
  const read = parseCheck(text, ["lived", "notify"]);
  return "problem" in read ? wrong(raw, read.problem) : { value: read };
}

/**
 * Reads a check. A problem is the end of a sentence that begins with the text. `words`: what may stand in the place
 * of one.
 */
export function parseCheck(
  text: string,
  words: readonly string[] = [],
): Check | { readonly problem: string } {
  const [, scheme = "", rest = ""] = /^([a-z]+):(.*)$/is.exec(text) ?? [];
  const form = Object.hasOwn(forms, scheme) ? forms[scheme] : undefined;
  if (form === undefined) {
    const near = nearest(scheme === "" ? text : scheme, [...Object.keys(forms), ...words]);
    const meant = near && (forms[near]?.form ?? near);
    const what =
      words.length === 0 ? "is no check" : `is neither ${words.join(" nor ")} nor a check`;
    return { problem: `${what} (${FORMS})${didYouMean(meant)}` };
  }
  const condition = form.parse(rest, text);
  return "problem" in condition ? condition : { text, ...condition };
}

function readTcp(rest: string): ReturnType<Rest> {
  const [, bracketed, plain, digits] =
    /^\/\/(?:\[([0-9a-f:.]+)\]|([^/:[\]]*))(?::([^/:]*))?\/?$/i.exec(rest) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) {
    return {
      problem: "is not a host and a port, such as tcp://127.0.0.1:5432 or tcp://[::1]:80",
    };
  }
  if (host === "") return { problem: "has no host; for this machine write tcp://127.0.0.1:80" };
  if (digits === undefined || digits === "") {
    return { problem: `has no port; write it behind the host, as in tcp://${host}:5432` };
  }
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  if (port < 1 || port > 65_535) return { problem: "has a port that is not from 1 to 65535" };
  return { kind: "tcp", host, port };
}

function readUrl(text: string): ReturnType<Rest> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:\/\//.test(text)) {
    return { problem: "is not a URL such as http://127.0.0.1:8000/health" };
  }
  return { kind: "http", url: url.href };
}

function readLocal(kind: "unix" | "file", rest: string): ReturnType<Rest> {
  if (!/^\/\/\/./.test(rest)) {
    return { problem: `has no absolute path; write it with three slashes: ${kind}:///run/app` };
  }
  const path = rest.slice(2);
  if (path.includes("\0")) return { problem: "must not contain a NUL character" };
  if (kind === "unix" && Buffer.byteLength(path) > LONGEST_SOCKET) {
    return { problem: `has a path of more than ${LONGEST_SOCKET} bytes, which no socket can have` };
  }
  return { kind, path };
}

/** The kernel takes no longer path of a socket, in bytes. */
const LONGEST_SOCKET = 107;

function readExec(rest: string): ReturnType<Rest> {
  const split = splitWords(rest);
  if ("problem" in split) return { problem: `cannot be split into words: ${split.problem}` };
  if ((split.words[0] ?? "") === "")
    return { problem: "names no command, as in exec:pg_isready -q" };
  if (rest.includes("\0")) return { problem: "must not contain a NUL character" };
  return { kind: "exec", words: split.words };
}

function readLog(rest: string): ReturnType<Rest> {
  if (rest === "") return { problem: "names no expression, as in log:ready to accept connections" };
  const translated = translatePythonRegex(rest);
  return "problem" in translated
    ? { problem: `has no valid regular expression: ${translated.problem}` }
    : { kind: "log", ...translated };
}

/** What makes a start a success; undefined: that the program has lived for a while. */
export const ready: Unit<ReadyWhen | undefined> = {
  name: "",
  parse: readReady,
  print: (check) => check?.text ?? "lived",
};
