import assert from "node:assert/strict";
import { test } from "node:test";
import { manual, manualPages, slug } from "../../src/cli/manual.ts";

/** The manual, with these texts below the titles of the pages. */
function manualOf(texts: Readonly<Record<string, string>>): string {
  return manual((path) => {
    const name = path.replace(/^docs\//, "").replace(/\.md$/, "");
    const heading = path === "README.md" ? "# usrsvc" : `# The ${name}`;
    return `${heading}\n\n${texts[path] ?? ""}\n`;
  });
}

test("manual() has the README first, and each page as a chapter below it", () => {
  const headings = manualOf({}).match(/^#.*/gm);
  assert.deepEqual(headings, ["# usrsvc", ...manualPages.map((name) => `## The ${name}`)]);
});

test("manual() makes headings one level deeper, but no comment in a code block", () => {
  const text = manualOf({ "docs/log.md": "## Events\n\n```sh\n# a comment\n```\n\n## Rolling\n" });
  assert.match(text, /^### Events\n\n```sh\n# a comment\n```\n\n### Rolling$/m);
});

test("manual() links its chapters with each other, and files by their path in the package", () => {
  const links = [
    ["README.md", "docs/log.md", "#the-log"],
    ["README.md", "docs/log.md#events", "#events"],
    ["README.md", "docs/promises.md#figures", "docs/promises.md#figures"],
    ["README.md", "CHANGELOG.md", "CHANGELOG.md"],
    ["docs/log.md", "json.md", "#the-json"],
    ["docs/log.md", "#events", "#events"],
    ["docs/log.md", "promises.md", "docs/promises.md"],
    ["docs/log.md", "../CHANGELOG.md", "CHANGELOG.md"],
    ["docs/log.md", "https://example.org/log.md", "https://example.org/log.md"],
  ] as const;
  for (const [page, link, expected] of links) {
    const text = manualOf({ [page]: `See [this](${link}).` });
    assert.ok(text.includes(`See [this](${expected}).`), `${link} in ${page}`);
  }
});

test("slug() makes the anchors that GitHub makes", () => {
  assert.equal(slug("[Program:NAME] and [[Env]]"), "programname-and-env");
  assert.equal(slug("Which process is mine, in detail"), "which-process-is-mine-in-detail");
  assert.equal(slug("npm 11 warns about `a-b_c`"), "npm-11-warns-about-a-b_c");
});
