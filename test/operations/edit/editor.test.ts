import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { editorWords, findEditor } from "../../../src/operations/edit/editor.ts";

/** A folder for PATH with these programs, which do nothing; `to`: a link. */
function path(t: TestContext, programs: Readonly<Record<string, string | undefined>>): string {
  const folder = mkdtempSync(join(tmpdir(), "usrsvc-path-"));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "real"));
  for (const [name, to] of Object.entries(programs)) {
    const file = join(folder, to === undefined ? name : `real/${to}`);
    writeFileSync(file, "#!/bin/sh\n");
    chmodSync(file, 0o755);
    if (to !== undefined) symlinkSync(file, join(folder, name));
  }
  return folder;
}

/** Why there is no editor. */
function why(env: NodeJS.ProcessEnv): string {
  const found = findEditor(env);
  assert.ok(typeof found === "string");
  return found;
}

describe("findEditor()", () => {
  test("takes VISUAL before EDITOR, and their quotes as a shell does", () => {
    const found = findEditor({ VISUAL: `emacsclient -t -a ""`, EDITOR: "ed" });
    assert.deepEqual(found, { words: ["emacsclient", "-t", "-a", ""], source: "$VISUAL" });
    assert.deepEqual(findEditor({ VISUAL: " ", EDITOR: "'my editor' -x" }), {
      words: ["my editor", "-x"],
      source: "$EDITOR",
    });
    const shell = findEditor({ EDITOR: "~/bin/vim -u $RC" });
    assert.ok(typeof shell === "object");
    const words = ["/bin/sh", "-c", '~/bin/vim -u $RC "$@"', "EDITOR", "+7", "/f"];
    assert.deepEqual(editorWords(shell, "/f", 7, "/nowhere"), words);
    assert.match(why({ EDITOR: "vi 'x" }), /\$EDITOR cannot be split into words/);
  });

  test("else takes what the machine has, and says so if that is nothing", (t) => {
    const source = "vi";
    assert.deepEqual(findEditor({ PATH: path(t, { vi: undefined, nano: undefined }) }), {
      words: ["vi"],
      source,
    });
    assert.match(why({ PATH: "/nowhere" }), /^there is no editor: neither \$VISUAL nor/);
  });
});

describe("editorWords()", () => {
  const rows: readonly (readonly [editor: string, words: readonly string[]])[] = [
    ["vi", ["vi", "+7", "/f"]],
    ["/usr/bin/vim.basic -u NONE", ["/usr/bin/vim.basic", "-u", "NONE", "+7", "/f"]],
    ["nano", ["nano", "+7", "/f"]],
    ["emacsclient -t", ["emacsclient", "-t", "+7", "/f"]],
    ["micro", ["micro", "+7", "/f"]],
    ["code", ["code", "--wait", "-g", "/f:7"]],
    ["code -w -n", ["code", "-w", "-n", "-g", "/f:7"]],
    ["hx", ["hx", "/f:7"]],
    ["subl", ["subl", "--wait", "/f:7"]],
    ["kate", ["kate", "-b", "-l", "7", "/f"]],
    ["ed", ["ed", "/f"]],
    ["my-editor --x", ["my-editor", "--x", "/f"]],
  ];
  for (const [editor, words] of rows) {
    test(editor, () => {
      assert.deepEqual(
        editorWords({ words: editor.split(" "), source: "" }, "/f", 7, "/nowhere"),
        words,
      );
    });
  }

  test("looks what a common name stands for", (t) => {
    const where = path(t, { editor: "nvim", e: "vim.tiny", other: "strange" });
    const of = (name: string): readonly string[] =>
      editorWords({ words: [name], source: "" }, "/f", 7, where);
    assert.deepEqual(of("editor"), ["editor", "+7", "/f"]);
    assert.deepEqual(of("e"), ["e", "+7", "/f"]);
    assert.deepEqual(of("other"), ["other", "/f"]);
  });
});
