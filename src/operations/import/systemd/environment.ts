import { resolve } from "node:path";
import { parseEnvFile } from "../../../config/env-file.ts";
import { readFileHead } from "../../../lib/read-file.ts";
import { homeFolder } from "../../../lib/home.ts";
import type { Variables } from "./exec.ts";
import type { Unit } from "./service.ts";
import { expandSpecifiers } from "./specifiers.ts";
import { unitWords } from "./words.ts";

/** Longer files of variables are not looked into, in bytes. */
const MOST = 1024 * 1024;

/** Puts the variables of a unit into its draft, and yields what is known of them for its commands. */
export function setEnvironment({ draft, entries, name, file }: Unit): Variables {
  for (const { value, source } of entries.all("Service", "Environment")) {
    const words = unitWords(value);
    if (words === undefined) draft.note(source, "Environment", "", "a quote in it is not closed");
    for (const one of words ?? []) {
      const [, variable, text] = /^([^=]+)=([\s\S]*)$/.exec(one) ?? [];
      if (variable === undefined) draft.note(source, "Environment", one, "it is not NAME=value");
      else draft.setVariable(variable, expandSpecifiers(text ?? "", name, file), source);
    }
  }
  const [first, ...more] = entries.all("Service", "EnvironmentFile");
  for (const { source, key, value } of more) {
    draft.note(source, key, value, "one env_file for a program: put the files together");
  }
  let others: ReadonlySet<string> | undefined = new Set();
  if (first !== undefined) {
    const path = expandSpecifiers(first.value, name, file);
    draft.set("env_file", path, first.source);
    others = namesIn(path.replace(/^-/, ""));
    const twice = [...draft.env.keys()].filter((variable) => others?.has(variable));
    // There the file comes last, here [[Env]] does.
    for (const variable of twice) draft.env.delete(variable);
    if (others === undefined && draft.env.size > 0) {
      draft.note(
        first.source,
        first.key,
        first.value,
        "[[Env]] wins over env_file here: delete there what the file sets",
      );
    }
  }
  if (more.length > 0) others = undefined;
  for (const entry of entries.all("Service", "PassEnvironment")) void entry; // all of it is passed on
  for (const { source, key, value } of entries.all("Service", "UnsetEnvironment")) {
    draft.note(
      source,
      key,
      value,
      "inherit_env = False passes on nothing but [[Env]] and env_file",
    );
  }
  return (variable) => {
    if (first !== undefined && (others === undefined || others.has(variable))) return undefined;
    const own = draft.env.get(variable);
    return own?.text ?? (variable === "HOME" ? homeFolder() : undefined);
  };
}

/** The names that a file sets; undefined: it cannot be read now. */
function namesIn(path: string): ReadonlySet<string> | undefined {
  try {
    const { text, isWhole } = readFileHead(resolve(path.replace(/^~(?=\/)/, homeFolder())), {
      most: MOST,
    });
    const read = parseEnvFile(text);
    return isWhole && "env" in read ? new Set(read.env.keys()) : undefined;
  } catch {
    return undefined;
  }
}
