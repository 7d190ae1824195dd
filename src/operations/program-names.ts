import type { Settings } from "../config/settings.ts";
import { load } from "./configuration.ts";

/**
 * The names of all programs of a configuration, faulty ones and those with instances as well, for who completes a word. Nothing but
 * the files is looked at; none where they cannot be used: no command could act on any.
 */
export function programNamesOf(file: string | undefined): readonly string[] {
  try {
    return namesOf(load(file));
  } catch {
    return []; // whoever presses Tab does not need a complaint
  }
}

/** All that can be named: programs, and those that have instances. */
export function namesOf({
  programs,
  faulty,
}: Pick<Settings, "programs" | "faulty">): readonly string[] {
  const all = [...programs.values(), ...faulty.values()];
  return [
    ...new Set(
      all.flatMap(({ name, instanceOf }) =>
        instanceOf === undefined ? [name] : [instanceOf, name],
      ),
    ),
  ];
}
