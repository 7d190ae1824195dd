import { existsSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import type { ConfigIssue } from "../../config/issue.ts";
import { settingsOfText } from "../../config/load.ts";
import { enumerate } from "../../lib/format.ts";
import { homeFolder } from "../../lib/home.ts";
import { readFileHead } from "../../lib/read-file.ts";
import { configPath } from "../configuration.ts";
import { machineFacts } from "../checkconfig/machine-facts.ts";
import type { Draft, Format, Note, ProgramDraft } from "./draft.ts";
import { formatOf } from "./format.ts";
import { Names } from "./names.ts";
import { importPm2 } from "./pm2/pm2.ts";
import { importProcfile } from "./procfile/procfile.ts";
import { refusalsOf, render } from "./render.ts";
import { settle } from "./settle.ts";
import { importSupervisor } from "./supervisor/supervisor.ts";
import { importSystemd, type UnitText } from "./systemd/systemd.ts";

/** What is asked for. */
export interface ImportOptions {
  /** Paths; `-` is standard input. */
  readonly files: readonly string[];
  /** Undefined: by the names and contents of the files. */
  readonly from: Format | undefined;
  readonly config: string | undefined;
  /** Of pm2: which env_NAME counts as well. */
  readonly environment: string | undefined;
  /** Of a Procfile: how many of each type. */
  readonly formation: ReadonlyMap<string, number>;
}

/** What files of other managers come to. */
export interface Imported {
  readonly programs: readonly ProgramDraft[];
  /** All that has no counterpart, of programs or of none. */
  readonly notes: readonly Note[];
  /** Those of no program. */
  readonly general: readonly Note[];
  /** What our own check refuses. */
  readonly refusals: readonly Note[];
  /** Files that cannot be read, a sentence each. */
  readonly problems: readonly string[];
  /** What is to be known about how they were read. */
  readonly hints: readonly string[];
  readonly managers: readonly Format[];
}

/** No file of this kind is larger, in bytes. */
const MOST = 4 * 1024 * 1024;

/** Translates files of other managers; what comes out passes our own check. Nothing is written. */
export function importFiles({
  files,
  from,
  config,
  environment,
  formation,
}: ImportOptions): Imported {
  const names = new Names();
  const problems: string[] = [];
  const hints: string[] = [];
  const drafts: Draft[] = [];
  const units: UnitText[] = [];
  for (const given of files) {
    const isPipe = given === "-";
    const shown = isPipe ? "standard input" : given;
    const read = readText(isPipe ? undefined : unitPath(given), shown);
    if ("problem" in read) {
      problems.push(read.problem);
      continue;
    }
    const { text } = read;
    if (text.trim() === "") {
      problems.push(`${shown} is empty`);
      continue;
    }
    if (text.includes("\0")) {
      problems.push(`${shown} is not a text: it contains NUL characters`);
      continue;
    }
    const found = from ?? formatOf(isPipe ? "" : given, text);
    if (typeof found === "object") {
      problems.push(`${shown} ${found.problem}`);
      continue;
    }
    const file = isPipe ? "-" : given;
    switch (found) {
      case "supervisor":
        drafts.push(importSupervisor(text, file, names, readWhole));
        break;
      case "procfile":
        drafts.push(importProcfile(text, file, names, readWhole, { formation, isPipe }));
        break;
      case "systemd":
        units.push({ text, file });
        break;
      case "pm2": {
        const draft = importPm2(text, file, names, { environment, isPipe });
        if ("problem" in draft) problems.push(`${shown} ${draft.problem}`);
        else {
          drafts.push(draft);
          if (draft.wasRun)
            hints.push(
              `${shown} is a program: it was run with node, as pm2 does, and what it says now is below`,
            );
        }
      }
    }
  }
  // Units name one another.
  if (units.length > 0) drafts.push(importSystemd(units, names, readWhole));
  const programs = drafts.flatMap((one) => one.programs);
  for (const draft of drafts) {
    if (draft.programs.length === 0) problems.push(`no program was found for ${draft.from}`);
  }
  for (const program of programs) {
    if (program.keys.has("command")) continue;
    program.refused = "it has no command, and so nothing to run";
  }
  settle(programs, checker(config));
  const general = drafts.flatMap((one) => one.notes);
  return {
    programs,
    general,
    notes: [...programs.flatMap((one) => one.notes), ...general],
    refusals: programs.flatMap(refusalsOf),
    problems,
    hints,
    managers: [...new Set(drafts.map((one) => one.from))],
  };
}

/** The configuration that they come to, as one file. */
export function importedText(
  { programs, general, managers, notes }: Imported,
  files: readonly string[],
): string {
  const count = programs.filter(({ refused }) => refused === undefined).length;
  const head = [
    `Translated by usrsvc import from ${files.map((file) => (file === "-" ? "standard input" : basename(file))).join(", ")}: ${count} ${count === 1 ? "program" : "programs"}.`,
    notes.length === 0
      ? "All that is written there has a counterpart."
      : "What has no counterpart is below each program, with the line where it stands there.",
    `Take the programs out of ${enumerate(managers.map((one) => MANAGERS[one]))} before usrsvcd runs them: two managers would both start them.`,
  ];
  return render(programs, { head, hasMain: true, notes: general }).text;
}

/** Who runs what is in such a file. */
const MANAGERS: Readonly<Record<Format, string>> = {
  supervisor: "supervisor",
  pm2: "pm2",
  systemd: "systemd",
  procfile: "foreman",
};

/** Our own check, with what this machine has to say. */
function checker(config: string | undefined): (text: string) => readonly ConfigIssue[] {
  const path = configPath(config);
  const advice = machineFacts(path);
  const home = homeFolder();
  return (text) =>
    settingsOfText(text, { path, home, uid: process.getuid?.() ?? 0, advice }).issues;
}

/** `x@blue.service` is the file `x@.service`, where it has none of its own. */
function unitPath(given: string): string {
  const template = given.replace(/@[^@/]+(\.service)$/, "@$1");
  return !existsSync(given) && existsSync(template) ? template : given;
}

function readText(
  path: string | undefined,
  shown: string,
): { readonly text: string } | { readonly problem: string } {
  try {
    if (path === undefined) return { text: readFileSync(0, "utf8") };
    return { text: readWhole(path) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return { problem: `${shown} does not exist` };
    if (code === "EACCES") return { problem: `${shown} cannot be read by this account` };
    return {
      problem: /is a folder/.test(message)
        ? `${shown} is a folder; name the files in it: ${shown.replace(/\/$/, "")}/*`
        : message,
    };
  }
}

/** @throws what Node throws, and for what is no file, or too long */
function readWhole(path: string): string {
  const { text, isWhole } = readFileHead(resolve(path), { most: MOST });
  if (!isWhole) throw new Error(`${path} is larger than ${MOST / 1024 / 1024} MB`);
  return text;
}
