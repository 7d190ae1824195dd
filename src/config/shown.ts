import { isSecretName } from "../secrets.ts";
import type { Section } from "./configobj.ts";

/*
 * How a part of a configuration gets into a message. What stands on a line that cannot be read, or before
 * a wrong `=`, may be a password: of such a line, no more is shown than a key that it surely begins with.
 */

/** A key or the name of a variable; what is no such name may hold a part of a value. */
export function shownName(name: string): string {
  if (NAME.test(name)) return name;
  const begin = keyBefore(name);
  return begin === undefined ? "(a name that is not shown)" : `${begin}…`;
}

/** A key in quotes, which nobody knows: also the end of a value that was broken across lines looks like one. */
export function shownKey(name: string, value: string): string {
  // `c2VjcmV0==`, and what is not closed.
  if (/^=*$/.test(value) && !/^[a-z_]+$/.test(name))
    return "(not shown: is it the end of a value?)";
  return JSON.stringify(shownName(name));
}

/**
 * The key that a line begins with which is no `key = value`: one of `known`, or what has a colon and looks
 * as variables do. Else it may be the second half of a password.
 */
export function keyBefore(line: string, known: ReadonlySet<string> = NONE): string | undefined {
  const [, key = "", colon] = KEY.exec(line) ?? [];
  if (known.has(key)) return key;
  return colon !== undefined && VARIABLE.test(key) ? key : undefined;
}

/** A section; what has an = was meant to be something else. */
export function shownSection(name: string): string {
  return name.replace(/=.*$/s, "=…");
}

/** True where the value is a secret, whatever it looks like. */
export function isSecretKey(section: Section, key: string): boolean {
  return section.name === "Env" || key === "smtp_url" || isSecretName(key);
}

const NONE: ReadonlySet<string> = new Set();
const NAME = /^(?:export )?[A-Za-z_][\w.-]{0,99}$/;
const KEY = /^(?:export\s+)?([A-Za-z_][\w.-]{0,99})(?:(\s*:)(?=\s|$)|(?=\s|:|$))/;
const VARIABLE = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/;
