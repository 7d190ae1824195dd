import { basename, dirname } from "node:path";
import { listShellCommands } from "../../config/shell/commands.ts";
import { isShellName } from "./words.ts";

/** Names of interpreters, and of what only starts something else. */
const INTERPRETERS =
  /^(python[\d.]*|pypy[\d.]*|node(js)?|deno|bun|ruby|perl[\d.]*|php[\d.]*|java|lua[\d.]*|Rscript|uv|npm|npx|yarn|pnpm|env|nohup|setsid|timeout|flock|nice|ionice|bundle|poetry|pipenv)$/;
/** Names of scripts that say nothing; the folder says more. */
const COMMON =
  /^(app|main|index|server|start|run|serve|manage|wsgi|asgi|bot|worker|cli|__main__|dist|src|bin|build|current)$/;

/** A name for a program with this command, which `isFree` accepts. */
export function chooseName(
  words: readonly string[],
  directory: string,
  isFree: (name: string) => boolean,
): string {
  const plain = clean(stemOf(words, directory)) || "program";
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? plain : `${plain}-${number}`;
    if (isFree(name)) return name;
  }
}

function stemOf(words: readonly string[], directory: string): string {
  const [first = "", ...rest] = words;
  const program = basename(first.split(" ", 1)[0] ?? "").replace(/:$/, "");
  const folder = basename(directory);
  if (!INTERPRETERS.test(program) && !isShellName(program)) return program;
  const isServer = program.startsWith("php") && rest.includes("-S");
  if (/^(npm|npx|yarn|pnpm)$/.test(program) || isServer) return folder || program;
  const module = after(rest, "-m");
  if (module !== undefined) return module;
  const jar = after(rest, "-jar");
  const line = rest[0] === "-c" && isShellName(program) ? rest[1] : undefined;
  const [last] = line === undefined ? [] : listShellCommands(line);
  if (last !== undefined) return stemOf(last, directory);
  const script = jar ?? rest.find((word) => !word.startsWith("-") && !word.includes(" "));
  if (script === undefined || rest[0] === "-c" || rest[0] === "-e") return folder || program;
  const stem = basename(script).replace(/\.(py|[cm]?js|ts|rb|pl|php|sh|jar|java|lua|R)$/, "");
  const above = script.includes("/") ? basename(dirname(script)) : "";
  return [stem, above, folder].find((one) => !/^\.*$/.test(one) && !COMMON.test(one)) ?? stem;
}

function after(words: readonly string[], option: string): string | undefined {
  const at = words.indexOf(option);
  return at === -1 ? undefined : words[at + 1];
}

/** What can be the name of a section, of a file, and a word in any shell. */
function clean(name: string): string {
  return name
    .replaceAll(/[^\w.-]+/g, "-")
    .replaceAll(/^[-.]+|[-.]+$/g, "")
    .slice(0, 60);
}
