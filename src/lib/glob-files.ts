import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** The files that a pattern with *, ? and […] in the parts of its path names, in order. */
export function globFiles(pattern: string): readonly string[] {
  let found = ["/"];
  for (const part of pattern.split("/").filter((one) => one !== "")) {
    const fits = /[*?[]/.test(part) ? expressionOf(part) : undefined;
    found = found.flatMap((folder) =>
      fits === undefined
        ? [join(folder, part)]
        : namesIn(folder)
            .filter((name) => fits.test(name) && name.startsWith(".") === part.startsWith("."))
            .map((name) => join(folder, name)),
    );
  }
  return found.filter(isFile);
}

function expressionOf(part: string): RegExp {
  const source = part.replaceAll(/\[!?[^\]]+\]|[\s\S]/g, (one) => {
    if (one === "*") return ".*";
    if (one === "?") return ".";
    if (one.length > 1) return one.replace("[!", "[^").replaceAll("\\", "\\\\");
    return one.replaceAll(/[\\^$.|+()[\]{}]/g, String.raw`\$&`);
  });
  return new RegExp(`^${source}$`, "s");
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
