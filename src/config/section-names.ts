import type { Section } from "./configobj/configobj.ts";

/** What the names of the sections of programs begin with. */
export const PROGRAM = "Program:";
/** What the names of the sections of defaults begin with. */
export const DEFAULTS = "DefaultSettings:";

/** The section of the hosts that `usrsvc -H` reaches: config/hosts.ts. */
export const HOSTS = "Hosts";

/** What follows `prefix` in the name of a section; undefined if it begins with anything else. */
export function nameAfter(prefix: string, section: Section): string | undefined {
  return section.name.startsWith(prefix) ? section.name.slice(prefix.length) : undefined;
}

/** The section of depth 1 that contains a section; undefined for the top of the file. */
export function topOf(section: Section | undefined): Section | undefined {
  let top = section;
  while (top && top.depth > 1) top = top.parent;
  return top?.depth === 1 ? top : undefined;
}
