import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../package-root.ts";

/** The pages of docs/ that an operator needs, in the order in which `--readme` prints them. */
export const manualPages = [
  "install",
  "commands",
  "configuration",
  "processes",
  "hosts",
  "json",
  "log",
  "mail",
  "metrics",
  "systemd",
  "containers",
  "state",
  "security",
  "migration",
  "differences",
] as const;

/** The manual in one text: the README, then the pages as chapters, with links between them. */
export function manual(read = readPackageFile): string {
  const pages = manualPages.map((name) => ({ name, text: read(`docs/${name}.md`) }));
  const anchors = new Map(pages.map(({ name, text }) => [name as string, slug(titleOf(text))]));
  const chapters = pages.map(({ text }) => deeper(relink(text, "docs/", anchors)));
  return [relink(read("README.md"), "", anchors), ...chapters]
    .map((text) => text.trim())
    .join("\n\n");
}

/** The anchor of a heading, as GitHub makes it. */
export function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}

function readPackageFile(path: string): string {
  return readFileSync(join(packageRoot, path), "utf8");
}

function titleOf(page: string): string {
  return /^# (.*)/.exec(page)?.[1] ?? "";
}

/** A link to a page leads to its chapter; one to another file, to that file in the package. */
function relink(text: string, folder: string, anchors: ReadonlyMap<string, string>): string {
  return text.replaceAll(
    /\]\((?![a-z]+:|#)([^)#]+)(#[^)]*)?\)/g,
    (_, path: string, anchor = "") => {
      const target = `${folder}${path}`.replaceAll(/[^/]+\/\.\.\//g, "");
      const chapter = anchors.get(/^docs\/(.*)\.md$/.exec(target)?.[1] ?? "");
      return `](${chapter === undefined ? `${target}${anchor}` : anchor || `#${chapter}`})`;
    },
  );
}

/** Headings one level deeper. A line of a code block may begin with `#`, too. */
function deeper(page: string): string {
  let isCode = false;
  return page
    .split("\n")
    .map((line) => {
      if (line.startsWith("```")) isCode = !isCode;
      return !isCode && line.startsWith("#") ? `#${line}` : line;
    })
    .join("\n");
}
