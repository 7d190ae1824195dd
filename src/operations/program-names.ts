import { load } from "./configuration.ts";

/**
 * The names of all programs of a configuration, including faulty ones, for completion. Only the
 * files are read; none if they cannot be used: no command could act on any.
 */
export function programNamesOf(file: string | undefined): readonly string[] {
  try {
    const { programs, faulty } = load(file);
    return [...programs.keys(), ...faulty.keys()];
  } catch {
    return []; // whoever presses Tab does not need a complaint
  }
}
