import type { Host } from "../../host/host.ts";
import type { Program } from "../../identity/program.ts";
import { describeHold } from "../../state/hold.ts";
import { heldName, heldStems, readHold } from "../../state/hold-file.ts";
import { isAnythingRemembered, type Remembered, readRemembered } from "../../state/remembered.ts";
import { fileStem } from "../../state/state-dir.ts";
import type { StatusContext } from "../../status/status-context.ts";

/** What operators have said of programs, besides what is on record. */
export function heldAndRemembered(
  programs: readonly Program[],
  host: Host,
): Pick<StatusContext, "holds" | "remembered"> {
  const stems = heldStems(host.state);
  const held = programs.filter(({ name }) => stems.has(fileStem(name)));
  const holds = held.flatMap(({ name }) => {
    const hold = readHold(host, name, Date.now());
    return hold === undefined ? [] : [[name, hold] as const];
  });
  return {
    holds: new Map(holds),
    remembered: new Map(rememberedOf(host).map((one) => [one.program, one])),
  };
}

/** Who cannot read it can do nothing about it here: `usrsvc start --remembered` says so. */
function rememberedOf({ state, config }: Host): readonly Remembered[] {
  try {
    return isAnythingRemembered(state) ? readRemembered(state, config) : [];
  } catch {
    return [];
  }
}

/** A hold on what is in no file any more is easily forgotten. */
export function heldNotes(programs: readonly Program[], host: Host): readonly string[] {
  const known = new Set(programs.map(({ name }) => fileStem(name)));
  return [...heldStems(host.state)].flatMap((stem) => {
    const name = known.has(stem) ? undefined : heldName(host.state, stem);
    const hold = name === undefined ? undefined : readHold(host, name, Date.now());
    if (name === undefined || hold === undefined) return [];
    const who = describeHold(hold, Date.now());
    return [`${name} is ${who}, but is in no configuration file; usrsvc release ${name} ends that`];
  });
}
