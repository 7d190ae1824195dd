import { isSecretName, shownName } from "../lib/secrets.ts";
import type { Section } from "./configobj/configobj.ts";

/*
 * How a part of a configuration is shown in a message. What is on a line that cannot be read, or before
 * a wrong `=`, may be a password: only a key with which such a line certainly begins is shown.
 */

/** An unknown key, in quotes: the end of a value that was broken across lines also looks like one. */
export function shownKey(name: string, value: string): string {
  // `c2VjcmV0==`, and what has no closing quote.
  if (/^=*$/.test(value) && !/^[a-z_]+$/.test(name))
    return "(not shown: is it the end of a value?)";
  return JSON.stringify(shownName(name));
}

/** A section; what has an = was meant to be something else. */
export function shownSection(name: string): string {
  return name.replace(/=.*$/s, "=…");
}

/** True where the value is a secret, whatever it looks like. */
export function isSecretKey(section: Section, key: string): boolean {
  return section.name === "Env" || key === "smtp_url" || isSecretName(key);
}
