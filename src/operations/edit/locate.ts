import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseConfigobj, type Section } from "../../config/configobj/configobj.ts";
import { ConfigError } from "../../config/issue.ts";
import { ExitCode } from "../../exit-code.ts";
import { choose } from "../choose.ts";
import { configPath } from "../configuration.ts";
import { openSite } from "../site.ts";

/** A place in a file, for an editor. */
export interface Location {
  readonly file: string;
  readonly line: number;
}

/** Nothing that can be edited. */
export interface NotFound {
  readonly code: ExitCode;
  readonly message: string;
}

/** Where the section of a program begins; without a name, the main file. */
export function locate(name: string | undefined, config: string | undefined): Location | NotFound {
  const main = configPath(config);
  if (name === undefined) return { file: main, line: firstError(config, main) ?? 1 };
  try {
    using site = openSite(config);
    const { settings } = site;
    const place = settings.programs.get(name)?.place ?? settings.faulty.get(name)?.place;
    if (place !== undefined) return { file: place.file, line: place.line ?? 1 };
    const { programs, unknown } = choose(site, [name], { onlyConfigured: true });
    const places = programs.flatMap(({ settings: one, name: full }) => {
      const found = one?.place ?? settings.faulty.get(full)?.place;
      return found === undefined ? [] : [`${found.file}:${found.line}`];
    });
    const [first] = places;
    if (first !== undefined && new Set(places).size === 1) {
      const at = first.lastIndexOf(":");
      return { file: first.slice(0, at), line: Number(first.slice(at + 1)) };
    }
    if (first !== undefined) {
      const names = programs.map((one) => one.name).join(", ");
      return {
        code: ExitCode.failure,
        message: `"${name}" means several programs: ${names}; name one`,
      };
    }
    const message = unknown[0]?.message ?? "is in no configuration file";
    return { code: ExitCode.undefinedProgram, message: `${name}: ${message}` };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const found = searchFiles(name, main);
    if (found !== undefined) return found;
    const message = `${name}: not found, because the configuration cannot be read: ${error.message}`;
    return { code: ExitCode.invalidConfig, message };
  }
}

/** Of a file that cannot be used at all: where the fault is. */
function firstError(config: string | undefined, main: string): number | undefined {
  try {
    openSite(config)[Symbol.dispose]();
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigError)) return undefined;
    return error.issues.find(({ place, severity }) => severity === "error" && place.file === main)
      ?.place.line;
  }
}

/** The files one by one, since what makes the configuration useless may be anywhere. */
function searchFiles(name: string, main: string): Location | undefined {
  const root = rootOf(main);
  const folder = root?.sections.get("Main")?.entries.get("config_dir")?.text;
  const files = folder === undefined ? [] : [join(folder, `${name}.cfg`)];
  for (const [file, section] of [
    [main, root] as const,
    ...files.map((one) => [one, rootOf(one)] as const),
  ]) {
    const line = section?.sections.get(`Program:${name}`)?.line;
    if (line !== undefined) return { file, line };
  }
  return undefined;
}

function rootOf(file: string): Section | undefined {
  try {
    return parseConfigobj(readFileSync(file, "utf8")).root;
  } catch {
    return undefined; // not there, or not ours to read
  }
}
