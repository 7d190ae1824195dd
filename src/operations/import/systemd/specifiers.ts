import { hostname, userInfo } from "node:os";
import { basename, dirname } from "node:path";
import { homeFolder } from "../../../lib/home.ts";
import { literal, PERCENT } from "../value-text.ts";

/** The name of a unit in its parts: `app@blue.service` is app, blue. */
export interface UnitName {
  readonly whole: string;
  readonly prefix: string;
  /** Undefined: it is no template. Empty: one without an instance, as in `app@.service`. */
  readonly instance: string | undefined;
}

/** Takes the name of a file apart. */
export function unitName(file: string): UnitName {
  const whole = basename(file);
  const [, prefix = whole, instance] = /^([^@]+)(?:@(.*))?\.[a-z]+$/.exec(whole) ?? [];
  return { whole, prefix, instance };
}

/** What a specifier stands for, as a text of ours; undefined: nothing here. */
export function specifier(
  letter: string,
  { whole, prefix, instance }: UnitName,
  file: string,
): string | undefined {
  const bare = whole.replace(/\.[a-z]+$/, "");
  const own = instance === "" ? "%(instance)s" : literal(instance ?? "");
  const home = homeFolder();
  const uid = String(process.getuid?.() ?? 0);
  const known: Readonly<Record<string, string>> = {
    "%": "%",
    n: literal(whole),
    N: literal(bare),
    p: literal(prefix),
    P: literal(unescape(prefix)),
    j: literal(prefix.split("-").at(-1) ?? ""),
    i: own,
    I: instance === "" ? own : literal(unescape(instance ?? "")),
    f: instance === undefined ? `/${unescape(prefix)}` : `/${unescape(instance)}`,
    h: home,
    u: userInfo().username,
    U: uid,
    g: uid,
    G: String(process.getgid?.() ?? 0),
    s: userInfo().shell ?? "/bin/sh",
    H: hostname(),
    l: hostname().split(".")[0] ?? "",
    t: `/run/user/${uid}`,
    T: "/tmp",
    V: "/var/tmp",
    S: `${home}/.local/state`,
    C: `${home}/.cache`,
    L: `${home}/.local/state/log`,
    E: `${home}/.config`,
    y: file,
    Y: dirname(file),
  };
  return known[letter];
}

/** The specifiers of a text that stand for nothing here. */
export function unknownSpecifiers(text: string, name: UnitName, file: string): readonly string[] {
  return [...text.matchAll(/%([A-Za-z%])/g)].flatMap(([all, letter = ""]) =>
    specifier(letter, name, file) === undefined ? [all] : [],
  );
}

/** A text of a unit as one of ours: what its specifiers stand for is inserted. */
export function expandSpecifiers(text: string, name: UnitName, file: string): string {
  let result = "";
  let copied = 0;
  for (const { 0: all, 1: letter = "", index } of text.matchAll(/%([A-Za-z%])/g)) {
    // A % that was written %% may stand before what would be a reference then.
    const percent = text[index + all.length] === "(" ? `%(${PERCENT})s` : "%";
    const value = letter === "%" ? percent : specifier(letter, name, file);
    result += literal(text.slice(copied, index)) + (value ?? all);
    copied = index + all.length;
  }
  return result + literal(text.slice(copied));
}

function unescape(text: string): string {
  return text
    .replaceAll("-", "/")
    .replaceAll(/\\x([\dA-Fa-f]{2})/g, (_all, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
}
