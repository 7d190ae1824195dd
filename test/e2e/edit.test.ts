import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, test, type TestContext } from "node:test";
import { cleanUp } from "../support/clean-up.ts";
import { Home, lines, type Result, sleeper } from "./home.ts";

/** A home with two programs, and an editor that runs a line of shell on the file, called $f. */
function editing(t: TestContext): Home & { readonly edit: Edit } {
  const home = new Home(t)
    .program("web", { command: sleeper() })
    .program("db", { command: sleeper() });
  home.script("ed", '#!/bin/sh\necho "$@" > "$HOME/words"\nfor f; do :; done\neval "$DO"\n');
  chmodSync(home.config, 0o640);
  const edit: Edit = async (line, ...words) =>
    await home.run("usrsvc.cjs", ["edit", ...words], {
      EDITOR: `${home.file("ed")} 'an option'`,
      VISUAL: "",
      DO: line,
      TMPDIR: home.path,
    });
  return Object.assign(home, { edit });
}

type Edit = (line: string, ...words: readonly string[]) => Promise<Result>;

describe("usrsvc edit", () => {
  test("opens the file of a program, and says what a change means", async (t) => {
    const home = editing(t);
    const before = home.read("usrsvc.cfg");
    const none = await home.edit(":", "web");
    assert.deepEqual(none, { code: 0, out: `${home.config} is unchanged\n`, err: "" });
    assert.match(home.read("words"), /^an option \S+\/usrsvc\.cfg\n$/);

    const changed = await home.edit(
      'sed -i "s/^success_seconds.*/success_seconds = 1/" "$f"',
      "web",
    );
    assert.equal(changed.code, 0, changed.err);
    assert.match(
      changed.out,
      /usrsvc\.cfg saved: changed web, db; usrsvcd is not running, and reads it when it starts\n$/,
    );
    assert.notEqual(home.read("usrsvc.cfg"), before);
    assert.equal(statSync(home.config).mode & 0o7777, 0o640, "its mode is kept");

    assert.equal((await home.usrsvcd()).code, 0);
    const { out } = await home.edit(
      'sed -i "s/^directory.*//;s/^command = .*sleep/&  /" "$f"; echo "directory = /" >> "$f"',
      "--json",
      "db",
    );
    const [said] = lines(out);
    assert.deepEqual(said?.["result"], "saved");
    const section = readFileSync(home.config, "utf8").split("\n").indexOf("[Program:db]") + 1;
    assert.deepEqual([said?.["file"], said?.["line"]], [home.config, section]);
    assert.deepEqual(said?.["atRestart"], ["db"]);
    assert.match(
      String(said?.["message"]),
      /usrsvcd does not know of it yet; \S+ reread has it read$/,
    );
  });

  test("saves no faulty text without being told to, and keeps it", async (t) => {
    const home = editing(t);
    const before = home.read("usrsvc.cfg");
    const { code, out, err } = await home.edit('sed -i "s/^command/comand/" "$f"', "web");
    assert.equal(code, 130);
    assert.equal(out, "");
    assert.match(err, /usrsvc\.cfg:\d+: unknown key "comand"; did you mean command\?/);
    const kept = /the edited text is in (\S+)\n$/.exec(err)?.[1] ?? "";
    assert.match(readFileSync(kept, "utf8"), /^comand = /m);
    assert.equal(statSync(kept).mode & 0o7777, 0o600);
    assert.equal(home.read("usrsvc.cfg"), before);
    const binary = await home.edit('printf "\\377" >> "$f"', "web");
    assert.equal(binary.code, 130);
    assert.match(binary.err, /must be UTF-8 text/);
  });

  test("repairs what makes the configuration useless", async (t) => {
    const home = editing(t);
    writeFileSync(home.config, home.read("usrsvc.cfg").replace("[Main]", "[Main"));
    const { code, out, err } = await home.edit('sed -i "s/^.Main$/[Main]/" "$f"', "web");
    assert.equal(code, 0, err);
    assert.match(out, /saved: added web, db/);
    const named = await home.edit(":", "wep");
    assert.equal(named.code, 133);
    assert.match(named.err, /^wep: no such program; did you mean web\?/);
  });

  test("notices what somebody else has written meanwhile", async (t) => {
    const home = editing(t);
    const { code, err } = await home.edit(
      'echo "# mine" >> "$f"; echo "# theirs" >> "$HOME/usrsvc.cfg"',
      "web",
    );
    assert.equal(code, 11);
    assert.match(err, /was changed by somebody else while it was edited/);
    assert.match(home.read("usrsvc.cfg"), /# theirs\n$/);
    assert.doesNotMatch(home.read("usrsvc.cfg"), /# mine/);
  });

  test("keeps links and other names of the file", async (t) => {
    const home = editing(t);
    mkdirSync(home.file("real"), { mode: 0o700 });
    renameSync(home.config, home.file("real/main"));
    symlinkSync(home.file("real/main"), home.config);
    assert.equal((await home.edit('echo "# one" >> "$f"', "web")).code, 0);
    assert.match(home.read("real/main"), /# one\n$/);
    linkSync(home.file("real/main"), home.file("real/second"));
    assert.equal((await home.edit('echo "# two" >> "$f"', "web")).code, 0);
    assert.match(home.read("real/second"), /# two\n$/);
    assert.equal(statSync(home.file("real/main")).nlink, 2);
    assert.ok(statSync(home.config).isFile());
  });

  test("says that the editor has left no text, or that there is none", async (t) => {
    const home = editing(t);
    const gone = await home.edit('rm "$f"');
    assert.equal(gone.code, 1);
    assert.match(gone.err, /usrsvc\.cfg is unchanged: the editor has removed the copy that it was/);
    const none = await home.run("usrsvc.cjs", ["edit"], { EDITOR: "no-such-editor", VISUAL: "" });
    assert.match(
      none.err,
      /no-such-editor \(\$EDITOR\) cannot be started: there is no such command;/,
    );
  });

  test("says which editor has failed, and changes nothing then", async (t) => {
    const home = editing(t);
    const failed = await home.edit("exit 3", "web");
    assert.equal(failed.code, 1);
    assert.match(failed.err, /is unchanged: the editor \S+\/ed \(\$EDITOR\) exited with code 3\n$/);
    const half = await home.edit('echo x >> "$f"; exit 3', "web");
    const kept = /the edited text is in (\S+)\n$/.exec(half.err)?.[1] ?? "";
    assert.ok(existsSync(kept), half.err);
    const none = await home.run("usrsvc.cjs", ["edit", "web"], {
      EDITOR: "no-such-editor",
      VISUAL: "",
    });
    assert.equal(none.code, 1);
    assert.match(none.err, /the editor no-such-editor \(\$EDITOR\) cannot be started/);
    const nobody = await home.run("usrsvc.cjs", ["edit", "web"], { EDITOR: "", VISUAL: "" });
    assert.match(
      nobody.err,
      /^(there is no terminal|there is no editor).*; the place is \S+usrsvc\.cfg:\d+\n$/,
    );
    for (const words of [["all"], ["web", "db"]]) {
      const { code, err } = await home.edit(":", ...words);
      assert.equal(code, 1);
      assert.match(err, /--help shows more/);
    }
  });
});

/** What a line editor sends to a terminal besides the text. */
const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]|\r`, "g");
const canType = spawnSync("script", ["--version"]).status === 0;

describe(
  "usrsvc edit at a terminal",
  { skip: canType ? false : "script(1) is not installed" },
  () => {
    /** Runs it at a terminal of its own, and types an answer to each of these questions as it comes. */
    async function atTerminal(
      t: TestContext,
      home: Home,
      line: string,
      answers: readonly (readonly [question: RegExp, answer: string])[],
    ): Promise<{ readonly code: number | null; readonly seen: string }> {
      const command = `${home.command("usrsvc.cjs")} edit web`;
      const env = { ...home.env, EDITOR: home.file("ed"), VISUAL: "", DO: line, TMPDIR: home.path };
      const child = spawn("script", ["-qec", command, "/dev/null"], {
        env,
        stdio: ["pipe", "pipe", "inherit"],
      });
      cleanUp(t, () => void child.kill("SIGKILL"));
      let seen = "";
      const left = [...answers];
      child.stdout.on("data", (chunk: Buffer) => {
        seen += chunk.toString().replaceAll(ESCAPES, "");
        const [next] = left;
        if (next?.[0].test(seen.slice(seen.lastIndexOf("\n") + 1)) !== true) return;
        left.shift();
        child.stdin.write(`${next[1]}\n`);
      });
      const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
      assert.deepEqual(left, [], seen);
      return { code, seen };
    }

    const WHAT_NOW = /What now\? \(e\)dit again.*: $/;
    const READ_IT = /Have usrsvcd read it now\? \[Y\/n\] $/;
    /** Breaks the file, and mends it the next time. */
    const TWICE =
      'if grep -q ^comand "$f"; then sed -i "s/^comand/command/; s/^success.*/success_seconds = 2/" "$f"; else sed -i "s/^command/comand/" "$f"; fi';

    test("edits a faulty text again, and has the result read", async (t) => {
      const home = editing(t);
      assert.equal((await home.usrsvcd()).code, 0);
      const { code, seen } = await atTerminal(t, home, TWICE, [
        [WHAT_NOW, "e"],
        [READ_IT, ""],
      ]);
      assert.equal(code, 0, seen);
      assert.match(seen, /unknown key "comand"/);
      assert.match(seen, /usrsvcd: reread; .*changed: web, db/);
      assert.match(home.read("usrsvc.cfg"), /^success_seconds = 2$/m);
    });

    test("discards it, or saves it all the same, as it is told to", async (t) => {
      const home = editing(t);
      const before = home.read("usrsvc.cfg");
      const away = await atTerminal(t, home, TWICE, [[WHAT_NOW, "x"]]);
      assert.match(away.seen, /is unchanged: the edited text was discarded/);
      assert.equal(home.read("usrsvc.cfg"), before);
      const saved = await atTerminal(t, home, TWICE, [[WHAT_NOW, "Q"]]);
      assert.equal(saved.code, 130, saved.seen);
      assert.match(home.read("usrsvc.cfg"), /^comand = /m);
    });
  },
);
