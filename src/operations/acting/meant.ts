import { ExitCode } from "../../exit-code.ts";
import { removedProgram } from "../../identity/program.ts";
import { heldName, heldStems, readHold } from "../../state/hold-file.ts";
import { emptyRecord } from "../../state/record.ts";
import { readRemembered } from "../../state/remembered.ts";
import { fileStem } from "../../state/state-dir.ts";
import { type Choice, choose } from "../choose.ts";
import type { Site } from "../site.ts";
import type { Act } from "./act.ts";

/** With the names that are meant; or why there is nothing to do. */
export function meant(
  act: Act,
  site: Site,
): Act | { readonly text: string; readonly code: ExitCode } {
  if (act.action === "release" && act.names.length === 0) {
    const names = heldNames(site);
    const text = "no program is held";
    return names.length > 0 ? { ...act, names } : { text, code: ExitCode.ok };
  }
  if (act.action !== "start" || act.isRemembered !== true) return act;
  const { host } = site;
  try {
    const names = readRemembered(host.state, host.config).map(({ program }) => program);
    const text =
      "nothing is remembered; usrsvc stop --remember NAME… (or --all) remembers what it stops";
    return names.length > 0 ? { ...act, names } : { text, code: ExitCode.ok };
  } catch (error) {
    return { text: (error as Error).message, code: ExitCode.failure };
  }
}

/** The programs, those as well that are only known by what an operator has said of them. */
export function chosen(act: Act, site: Site): Choice {
  const { host } = site;
  const { action, names } = act;
  const found = choose(site, names, { onlyConfigured: action !== "stop" && action !== "signal" });
  if (action === "release") {
    const held = found.unknown.filter(({ program }) => readHold(host, program, Date.now()));
    const rest = held.map(({ program }) => removedProgram(emptyRecord(program, "")));
    const unknown = found.unknown.filter((one) => !held.includes(one));
    return { programs: [...found.programs, ...rest], unknown };
  }
  if (act.isRemembered !== true || action !== "start") return found;
  const message = "was stopped with --remember, and is in no configuration file any more";
  return { ...found, unknown: found.unknown.map(({ program }) => ({ program, message })) };
}

/** All that is held, configured or not. */
function heldNames({ settings, host }: Site): readonly string[] {
  const configured = [...settings.programs.keys(), ...settings.faulty.keys()];
  const known = new Map(configured.map((name) => [fileStem(name), name]));
  const names = [...heldStems(host.state)].flatMap(
    (stem) => known.get(stem) ?? heldName(host.state, stem) ?? [],
  );
  return names.filter((name) => readHold(host, name, Date.now()) !== undefined);
}
