import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { describe, test } from "node:test";
import { manual, manualPages, slug } from "../src/cli/manual.ts";
import { formatIssue } from "../src/config/issue.ts";
import { loadSettings } from "../src/config/load.ts";
import { schemas } from "../src/config/schema.ts";
import type { Schema } from "../src/config/setting.ts";
import { ExitCode } from "../src/exit-code.ts";
import { parseCheck } from "../src/config/check.ts";
import { states } from "../src/state/states.ts";
import { differences } from "./conformance/differences.ts";
import { cleanUp } from "./support/clean-up.ts";
import { eventTable } from "./support/event-table.ts";
import { escaped, manualTable } from "./support/manual-table.ts";
import { commandNames } from "./support/tools.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const readme = read("README.md");

describe("the reference", () => {
  for (const [section, schema] of Object.entries(schemas)) {
    test(`has the table of the settings of ${section}, row by row`, () => {
      const table = manualTable(schema);
      const text = read("docs/configuration.md");
      assert.ok(text.includes(`\n${table}`), `write into docs/configuration.md:\n\n${table}`);
    });
  }

  test("says what a reread does not apply", () => {
    const text = read("docs/configuration.md").replaceAll(/\s+/g, " ");
    const waiting = (schema: Schema): string =>
      Object.entries(schema)
        .filter(([, { applies }]) => applies === "restart")
        .map(([key]) => `\`${key.replace(/^limit_.*/, "limit_…")}\``)
        .filter((key, index, all) => all.indexOf(key) === index)
        .join(", ");
    const main = `Of \`[Main]\` only ${waiting(schemas.Main)} needs \`usrsvcd restart\``;
    assert.ok(text.includes(main), main);
    const all = `${waiting(schemas.Program)}, ${waiting(schemas.Monitor)}`;
    const program = `A changed ${all} or \`[[Env]]\` applies at the next start of the program, everything else`;
    assert.ok(text.includes(program), program);
  });

  test("tells every deliberate difference from 1.x, with its reason", () => {
    const text = read("docs/differences.md");
    for (const { title, reason } of differences) {
      assert.ok(text.includes(`| ${escaped(title)} | ${escaped(reason)} |`), title);
    }
  });

  test("has the table of all events, row by row", () => {
    const table = eventTable();
    assert.ok(read("docs/log.md").includes(`\n${table}\n`), `write into docs/log.md:\n\n${table}`);
  });

  test("has every kind of check in the table of checks", () => {
    const parsed = parseCheck("");
    assert.ok("problem" in parsed);
    const [, forms = ""] = /\(([^)]*)\)/.exec(parsed.problem) ?? [];
    const [, table = ""] =
      /\| check \| true when \|\n([^]*?)\n\n/.exec(read("docs/configuration.md")) ?? [];
    for (const form of forms.split(", ")) {
      const [scheme = ""] = form.split(":");
      assert.ok(table.includes(`${scheme}:`), scheme);
    }
  });

  test("lists every action, exit code and state", () => {
    const commands = read("docs/commands.md");
    for (const action of [...commandNames("usrsvc"), ...commandNames("usrsvcd")]) {
      assert.match(commands, new RegExp(`^\\| (\`\\w+\`, )?\`${action}\\b`, "m"), action);
    }
    const codes = [...commands.matchAll(/^\| (\d+) \| /gm)].map(([, code]) => Number(code));
    assert.deepEqual(codes, Object.values(ExitCode));
    const [, table = ""] = /^### States\n([^]*?)^#/m.exec(commands) ?? [];
    const listed = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, state]) => state);
    assert.deepEqual(listed, states);
  });

  const objects = [
    ["usrsvc status", "src/status/status.ts", "ProgramStatus"],
    ["usrsvc explain", "src/operations/explain/explain.ts", "Explanation extends ProgramStatus"],
    [
      "usrsvc start, stop, restart, reload, signal, wait, hold, release",
      "src/operations/operation.ts",
      "ActionResult",
    ],
  ] as const;
  for (const [heading, file, type] of objects) {
    test(`lists every JSON key of ${heading}, and no other`, () => {
      const [, body = ""] = new RegExp(`interface ${type} \\{([^]*?)\\n\\}`).exec(read(file)) ?? [];
      const keys = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, key]) =>
        key === "code" ? "exitCode" : key,
      );
      const [, text = ""] = read("docs/json.md").split(`## ${heading}\n`);
      const [section = ""] = text.split("\n## ");
      const listed = [...section.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = ""]) =>
        [...cell.matchAll(/`(\w+)`/g)].map(([, key]) => key),
      );
      assert.ok(keys.length > 5);
      assert.deepEqual(listed.toSorted(), keys.toSorted());
    });
  }

  test("quotes the description of the state machine", () => {
    const [, comment = ""] =
      /\/\*\n \* One program,.*\n([^]*?) \*\//.exec(read("src/supervisor/machine.ts")) ?? [];
    const [, quoted = ""] =
      /<!-- as in src\/supervisor\/machine.ts.* -->\n([^]*?)<!-- end -->/.exec(
        read("docs/how-it-works.md"),
      ) ?? [];
    assert.ok(quoted.length > 500);
    assert.equal(quoted.trim(), comment.replaceAll(/^ \* ?/gm, "").trim());
  });

  test("has a row for every folder of the code", () => {
    const layers = read("docs/how-it-works.md");
    for (const { name } of folders("src")) {
      assert.ok(layers.includes(`| \`src/${name}/\` | `), name);
    }
  });
});

describe("what is installed", () => {
  test("is a tarball of this version, by its whole name and from no registry", () => {
    const { version } = JSON.parse(read("package.json")) as { readonly version: string };
    const pages = ["README.md", "examples/container/Dockerfile", ...manualPages.map(page)];
    const text = pages.map(read).join("\n");
    const installed = [...text.matchAll(/npm install (?:-\S+ (?:~\S+ )?)*(\S+)/g)];
    assert.deepEqual([...new Set(installed.map(([, what]) => what))].toSorted(), [
      `./usrsvc-${version}.tgz`,
      "/tmp/usrsvc.tgz",
    ]);
    for (const [name] of text.matchAll(/usrsvc-[\w.*]*tgz/g)) {
      assert.equal(name, `usrsvc-${version}.tgz`);
    }
  });
});

describe("the README", () => {
  test("is a front page: short, and with every action", () => {
    assert.ok(readme.split("\n").length <= 180);
    for (const action of new Set([...commandNames("usrsvc"), ...commandNames("usrsvcd")])) {
      assert.match(readme, new RegExp(`^\\| .*\`.*\\b${action}\\b.*\`.* \\|`, "m"), action);
    }
  });

  test("has a configuration that is valid, without any warning", (t) => {
    const home = realpathSync(mkdtempSync(join(tmpdir(), "usrsvc-readme-")));
    cleanUp(t, () => rmSync(home, { recursive: true, force: true }));
    for (const folder of ["usrsvc.d", "logs", "shop"]) mkdirSync(join(home, folder));
    const [, block = ""] = /```ini\n([^]*?)```/.exec(readme) ?? [];
    const path = join(home, "usrsvc.cfg");
    writeFileSync(path, block.replaceAll("/home/alice", home), { mode: 0o600 });
    const settings = loadSettings({ home, uid: process.getuid?.() ?? 0, path });
    assert.deepEqual(settings.issues.map(formatIssue), []);
    assert.deepEqual([...settings.programs.keys()], ["shop", "cache"]);
    assert.equal(settings.programs.get("shop")?.env.get("DB_PASSWORD"), "quote a # in a value");
  });

  test("has nothing beside it but what belongs at the top", () => {
    const here = readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
      .map(({ name }) => name);
    const pages = here.filter((name) => /^[A-Z]+(\.md)?$/.test(name));
    assert.deepEqual(pages.toSorted(), [
      "CHANGELOG.md",
      "CONTRIBUTING.md",
      "LICENSE",
      "README.md",
      "SECURITY.md",
    ]);
  });
});

describe("in the documents", () => {
  const documents = markdown(root);

  for (const path of documents) {
    test(`${path}: links and anchors lead somewhere`, () => {
      for (const link of linksOf(read(path))) {
        const [file = "", anchor] = link.split("#");
        const target = file === "" ? path : relative(root, join(root, dirname(path), file));
        assert.ok(existsSync(join(root, target)), link);
        if (anchor === undefined) continue;
        assert.ok(headingsOf(read(target)).map(slug).includes(anchor), link);
      }
    });
  }

  test("all pages of docs/ are linked from the README, the chapters of the manual as such", () => {
    const [, chapters = "", background = ""] =
      /\nFor operators;([^]*)\nBackground:([^]*)/.exec(readme) ?? [];
    const linked = (text: string): readonly string[] =>
      linksOf(text).filter((link) => link.startsWith("docs/"));
    assert.deepEqual(linked(chapters).toSorted(), manualPages.map(page).toSorted());
    const all = readdirSync(join(root, "docs")).map((name) => `docs/${name}`);
    assert.deepEqual([...linked(chapters), ...linked(background)].toSorted(), all.toSorted());
  });

  test("files of ours that are named are there", () => {
    const name = /(?<![\w/.*-])(?:src|proc|test|contrib|examples|systemd)\/[\w./-]*\w/g;
    const named = documents.flatMap((path) =>
      [...read(path).matchAll(name)].map(([file]) => ({ path, file })),
    );
    assert.ok(named.length > 40);
    const missing = named.filter(({ file }) => !existsSync(join(root, file)));
    assert.deepEqual(missing, []);
  });
});

describe("usrsvc --readme", () => {
  const text = manual();

  test("prints the README and all pages for operators, once", () => {
    const headings = headingsOf(text);
    for (const path of ["README.md", ...manualPages.map(page)]) {
      for (const heading of headingsOf(read(path))) assert.ok(headings.includes(heading), heading);
    }
    const anchors = headings.map(slug);
    assert.deepEqual(anchors, [...new Set(anchors)]);
    assert.ok(headings.includes("Configuration"), "which `usrsvcd init` names");
    assert.equal(text.match(/^# (?!usrsvc$)[A-Z].*$/m), null, "one title, the rest are chapters");
  });

  test("stands alone: links lead to its chapters, or to files that are installed", () => {
    const { files } = JSON.parse(read("package.json")) as { readonly files: readonly string[] };
    const anchors = headingsOf(text).map(slug);
    const links = linksOf(text);
    assert.ok(links.length > 30);
    for (const link of links) {
      if (link.startsWith("#")) assert.ok(anchors.includes(link.slice(1)), link);
      else {
        assert.ok(files.includes(link.split("/")[0] ?? "") && existsSync(join(root, link)), link);
        assert.ok(!manualPages.map(page).includes(link), `${link} is a chapter`);
      }
    }
  });

  test("has code blocks as they are in the pages", () => {
    for (const path of ["README.md", ...manualPages.map(page)]) {
      for (const [block] of read(path).matchAll(/^```[^]*?^```$/gm))
        assert.ok(text.includes(block));
    }
  });
});

function page(name: string): string {
  return `docs/${name}.md`;
}

function folders(path: string): readonly { readonly name: string }[] {
  return readdirSync(join(root, path), { withFileTypes: true }).filter((one) => one.isDirectory());
}

/** All Markdown files of ours. */
function markdown(folder: string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    if (name.startsWith(".") || name === "node_modules" || name === "dist") return [];
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return markdown(path);
    return name.endsWith(".md") ? [relative(root, path)] : [];
  });
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[^]*?^```$/gm, "").replaceAll(/^ {4}.*$/gm, "");
}

function headingsOf(text: string): readonly string[] {
  return [...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading);
}

/** Those to files and anchors; not those to other sites. */
function linksOf(text: string): readonly string[] {
  return [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = ""]) => link)
    .filter((link) => !/^[a-z]+:/.test(link));
}
