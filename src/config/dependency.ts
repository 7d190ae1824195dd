import { type Check, isCheck, parseCheck } from "./check.ts";
import type { Unit } from "./setting.ts";
import { type RawValue, type Reading, wrong } from "./values.ts";

/** What a program starts after: another program, by its name as it was written, or a check. */
export type Dependency = { readonly kind: "program"; readonly text: string } | Check;

/** Programs and checks, separated by commas; a check that contains commas stands in quotes. */
export function readDependencies(raw: RawValue): Reading<readonly Dependency[]> {
  const items = itemsOf(raw);
  if ("problem" in items) return items;
  const all: Dependency[] = [];
  for (const text of items.value) {
    if (!isCheck(text)) {
      all.push({ kind: "program", text });
      continue;
    }
    const check = parseCheck(text);
    if ("problem" in check) return wrong(raw, check.problem, text);
    if (check.kind === "log") return wrong(raw, OWN_OUTPUT, text);
    all.push(check);
  }
  return { value: all };
}

const OWN_OUTPUT =
  "looks at the output of the program itself; name the program that writes the line, and set its ready to this";

/** Names of programs, separated by commas. */
export function readProgramNames(raw: RawValue): Reading<readonly string[]> {
  const items = itemsOf(raw);
  if ("problem" in items) return items;
  const check = items.value.find(isCheck);
  return check === undefined
    ? items
    : wrong(raw, "is a check, and only a program can stand here; write it as after", check);
}

function itemsOf(raw: RawValue): Reading<readonly string[]> {
  const { text, list = [text], isBrokenList } = raw;
  if (isBrokenList) return wrong(raw, "is not a list: db, cache");
  const items = list.map((item) => item.trim()).filter((item) => item !== "");
  const bad = items.find((item) => item.includes("\0"));
  if (bad !== undefined) return wrong(raw, "contains a NUL character", bad);
  return { value: [...new Set(items)] };
}

/** Programs and checks. */
export const dependencies: Unit<readonly Dependency[]> = {
  name: "",
  parse: readDependencies,
  print: (all) => all.map(({ text }) => text),
};

/** Names of programs. */
export const programNames: Unit<readonly string[]> = {
  name: "",
  parse: readProgramNames,
  print: (value) => value,
};
