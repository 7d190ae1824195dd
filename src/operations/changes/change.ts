import { maskSecrets } from "../../lib/secrets.ts";
import { shorten } from "../../lib/format.ts";
import { recordedProcess } from "../../identity/recorded.ts";
import type { Move } from "../../lifecycle/renamed.ts";
import { ENV } from "../../lib/env-key.ts";
import { olderKeys } from "../../state/launch-parts.ts";
import type { ProgramRecord } from "../../state/record.ts";
import { readRecord } from "../../state/record-file.ts";
import { stateTraits } from "../../state/states.ts";
import type { ProgramStatus } from "../../status/status.ts";
import type { KeyDifference, ProgramDifference } from "./settings-difference.ts";
import type { Site } from "../site.ts";

/**
 * What a changed key waits for: a reread only; a restart of the program (in `[Main]`, of usrsvcd); its next start,
 * because it does not run or was not started by usrsvc; nothing, because its process has this value already.
 */
export type Effect = "now" | "restart" | "start" | "already";

/** A key that differs, and what that comes to. */
export interface KeyChange extends KeyDifference {
  readonly effect: Effect;
}

/** What differs in one section. */
export interface Change {
  /** "unknown": it cannot be compared, because of errors. */
  readonly change: "added" | "removed" | "changed" | "renamed" | "unknown";
  /** Undefined: `[Main]`. */
  readonly program: string | undefined;
  readonly from?: string | undefined;
  /** Of its process. */
  readonly pid?: number | undefined;
  readonly keys: readonly KeyChange[];
  /** What follows, for people: one clause. */
  readonly note?: string | undefined;
}

/** What is known of the programs of which something follows. */
export interface Facts {
  readonly site: Site;
  /** By the new name. */
  readonly moves: ReadonlyMap<string, Move>;
  readonly status: ReadonlyMap<string, ProgramStatus>;
  /** The reread has been made. */
  readonly isDone: boolean;
}

/** What follows from a difference. */
export function follow(difference: ProgramDifference, facts: Facts): Change {
  const { change, program } = difference;
  const { settings } = facts.site;
  switch (change) {
    case "added":
      return { change, program, keys: [], ...describeAdded(program, facts) };
    case "removed":
      return describeRemoved(program, facts);
    case "changed":
    case "renamed": {
      const move = facts.moves.get(program);
      const record = move?.record ?? recordOf(program, facts);
      const pid = move?.record.process?.pid ?? pidOf(program, facts);
      const older = olderKeys(settings.programs.get(program), record);
      const isFound = pid !== undefined && record?.digest === undefined;
      const keys = difference.keys.map((key) => ({
        ...key,
        effect: pid === undefined || isFound ? later(key) : effectOf(key, older),
      }));
      const isDoubtful = isFound && keys.some(({ effect }) => effect === "start");
      const note = isDoubtful ? "usrsvc has not started its process" : undefined;
      if (change === "changed") return { change, program, pid, keys, note };
      return { change, program, from: difference.from, pid, keys, note: goesOn(pid, move) ?? note };
    }
  }
}

/** What becomes of a program whose section was renamed; undefined: nothing that is worth telling. */
export function goesOn(pid: number | undefined, move: Move | undefined): string | undefined {
  if (move?.rest === "stop") return "stays stopped";
  if (move?.rest === "processes") {
    return "processes of its last start live, and end before the next";
  }
  return pid === undefined ? undefined : `goes on with pid ${pid}`;
}

function later({ applies }: KeyDifference): Effect {
  return applies === "now" ? "now" : "start";
}

/** `older`: the keys in which its process was launched with others than the new settings have. */
function effectOf({ key, applies }: KeyDifference, older: readonly string[] | undefined): Effect {
  if (applies === "now") return "now";
  if (older === undefined) return "already";
  const isAll = older.length === 0 || (key.startsWith(ENV) && older.includes("Env"));
  return isAll || older.includes(key) ? "restart" : "already";
}

function describeAdded(name: string, facts: Facts): Pick<Change, "pid" | "note"> {
  const pid = pidOf(name, facts);
  const program = facts.site.settings.programs.get(name);
  if (program === undefined) return { pid };
  const command = maskSecrets(shorten(program.command));
  const { enabled, autostart, schedule } = program;
  const next =
    pid !== undefined
      ? facts.isDone
        ? "runs"
        : `runs already, pid ${pid}`
      : !enabled
        ? "is not started: it is disabled"
        : recordOf(name, facts)?.desired === "down"
          ? "is not started: it was stopped"
          : schedule !== undefined
            ? `is started when it is due (${schedule.text})`
            : autostart
              ? "is started"
              : "is not started: autostart is off";
  return { pid, note: `${command}; ${next}` };
}

/** What became of a program that is in no file: what is in one that has errors may be in it still. */
export function describeRemoved(program: string, facts: Facts): Change {
  const { settings, host } = facts.site;
  const record = recordOf(program, facts);
  const pid = record && recordedProcess(record, host.proc)?.pid;
  const isFaulty = settings.faulty.has(program);
  const isLost = settings.issues.some(
    (one) => one.severity === "error" && one.program === undefined,
  );
  if (isFaulty || isLost) {
    const note = isFaulty ? "errors in its section" : "is in no file that can be read";
    return { change: "unknown", program, pid, keys: [], note };
  }
  const note =
    pid === undefined ? undefined : `keeps running, pid ${pid}, and is no longer managed`;
  return { change: "removed", program, pid, keys: [], note };
}

/** The process of a program; undefined: none runs. */
export function pidOf(name: string, { status }: Facts): number | undefined {
  const one = status.get(name);
  return one !== undefined && stateTraits[one.state].isUp ? one.pid : undefined;
}

/** What is on record of a program. */
export function recordOf(name: string, { site: { host } }: Facts): ProgramRecord | undefined {
  return readRecord(host.state, name, host.proc.bootId()).record;
}

/** True where something of it waits for a restart: of the program, or of usrsvcd. */
export function needsRestart({ keys }: Change): boolean {
  return keys.some(({ effect }) => effect === "restart");
}
