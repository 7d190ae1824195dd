import { literal, PERCENT } from "../value-text.ts";

/** What a name stands for: a text of ours, or a number; undefined where nobody knows. */
export type Expansions = (name: string) => string | number | Instance | undefined;

/** The number of an instance, from 1 to `most`. */
export interface Instance {
  readonly most: number;
}

/** `%(name)s`, `%(name)02d`, and `%%` for a percent sign. */
const REFERENCE = /%%|%\((\w+)\)([-#0 +]*)(\d*)(?:\.\d+)?([sdiruxX])/g;

/**
 * Replaces references as supervisor does, by Python's `%`; what is left is meant as it stands. A name that nobody knows
 * stays a reference, which our own check then refuses.
 */
export function expand(text: string, expansions: Expansions): string {
  let result = "";
  let copied = 0;
  for (const { 0: all, 1: name, 2: flags = "", 3: width = "", index } of text.matchAll(REFERENCE)) {
    result += literal(text.slice(copied, index));
    copied = index + all.length;
    if (name === undefined) {
      // Whatever follows must not become a reference with it.
      result += text[copied] === "(" ? `%(${PERCENT})s` : "%";
      continue;
    }
    const found = expansions(name) ?? `%(${name})s`;
    if (typeof found === "object") {
      result += `${padding(flags + width, found.most) ?? ""}%(instance)s`;
      continue;
    }
    const value = found;
    const pad = typeof value === "number" && flags.includes("0") ? "0" : " ";
    result += flags.includes("-")
      ? String(value).padEnd(Number(width))
      : String(value).padStart(typeof value === "number" ? Number(width) : 0, pad);
  }
  return result + literal(text.slice(copied));
}

/** How each reference to a name is formatted: "02" for `%(name)02d`. */
export function formatsOf(text: string, wanted: string): readonly string[] {
  return [...text.matchAll(REFERENCE)].flatMap(([, name, flags = "", width = ""]) =>
    name === wanted ? [flags + width] : [],
  );
}

/** What stands before each number from 1 to `most`; undefined: not always the same. */
export function padding(format: string, most: number): string | undefined {
  const [, flag = "", width = ""] = /^(0?)(\d*)$/.exec(format) ?? [];
  const digits = String(most).length;
  if (Number(width) <= 1) return "";
  return digits === 1 && flag !== "" ? "0".repeat(Number(width) - digits) : undefined;
}
