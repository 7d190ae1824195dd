import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { formatIssue } from "../../src/config/issue.ts";
import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import { cleanUp } from "../support/clean-up.ts";

/*
 * Whose files are read as configuration. Root makes those of two accounts here; so the tests are skipped
 * elsewhere.
 */

/** Two users that no machine has. */
const ME = 3_000_000_001;
const OTHER = 3_000_000_002;
const skip = process.getuid?.() === 0 ? false : "only root can make files of another account";

const program = (name: string): string => `[Program:${name}]\ncommand = /bin/sleep 9\n`;

/** Folders and files of mine, below one like /tmp. */
class Scene {
  readonly path = mkdtempSync("/tmp/usrsvc-accounts-");

  constructor(t: TestContext) {
    chmodSync(this.path, 0o755);
    cleanUp(t, () => rmSync(this.path, { recursive: true, force: true }));
    this.folder("home", 0o755);
  }

  /** The path of what is called so. */
  at(name: string): string {
    return join(this.path, name);
  }

  folder(name: string, mode: number, uid = ME, gid = uid): string {
    mkdirSync(this.at(name), { recursive: true });
    chownSync(this.at(name), uid, gid);
    chmodSync(this.at(name), mode);
    return this.at(name);
  }

  file(name: string, text: string, uid = ME, mode = 0o644, gid = uid): string {
    writeFileSync(this.at(name), text);
    chownSync(this.at(name), uid, gid);
    chmodSync(this.at(name), mode);
    return this.at(name);
  }

  link(name: string, target: string, uid = ME): string {
    symlinkSync(target, this.at(name));
    lchownSync(this.at(name), uid, uid);
    return this.at(name);
  }

  /** A main file in a folder of mine, which names `folder`. */
  main(folder: string): string {
    return this.file("home/usrsvc.cfg", `[Main]\nconfig_dir = ${folder}\n${program("main")}`);
  }

  load(path = this.at("home/usrsvc.cfg"), uid = ME): Settings {
    return loadSettings({ path, home: this.at("home"), uid });
  }

  refusal(path?: string, uid?: number): string {
    try {
      this.load(path, uid);
    } catch (error) {
      return (error as Error).message;
    }
    return "none";
  }
}

const names = ({ programs }: Settings): readonly string[] => [...programs.keys()];
const errors = ({ issues }: Settings): readonly string[] =>
  issues.filter(({ severity }) => severity === "error").map(formatIssue);
const warnings = ({ issues }: Settings): readonly string[] =>
  issues.filter(({ severity }) => severity === "warning").map(formatIssue);

describe("another account", { skip }, () => {
  for (const [what, mode, uid] of [
    ["one that all may write to, like /tmp", 0o1777, 0],
    ["one of mine that all may write to", 0o1777, ME],
    ["one of a team", 0o3775, ME],
    ["one of root's, with files of several accounts", 0o755, 0],
  ] as const) {
    describe(`with files of its own in config_dir, ${what}`, () => {
      const scene = (t: TestContext): Scene => {
        const made = new Scene(t);
        made.main(made.folder("d", mode, uid, OTHER));
        made.file("d/mine.cfg", program("mine"));
        return made;
      };

      for (const [kind, text] of [
        ["good", program("evil")],
        ["broken", "[Program:evil\nhello"],
        ["of the name of one of mine", program("mine")],
      ] as const) {
        test(`has them passed over: ${kind}`, (t) => {
          const made = scene(t);
          const file = made.file("d/a.cfg", text, OTHER, 0o600);
          const settings = made.load();
          assert.deepEqual(names(settings), ["main", "mine"]);
          assert.deepEqual(errors(settings), []);
          const [warning, ...more] = warnings(settings);
          assert.match(
            warning ?? "",
            /a\.cfg: warning: belongs to user 3000000002; it is ignored.*: remove it, or /,
          );
          assert.ok(warning?.startsWith(file));
          assert.deepEqual(more, []);
        });
      }

      test("has its links, FIFOs and folders passed over", (t) => {
        const made = scene(t);
        made.file("home/text", program("evil"));
        made.link("d/link.cfg", made.at("home/text"), OTHER);
        made.link("d/proc.cfg", "/proc/1/cmdline", OTHER);
        made.link("d/away.cfg", "/nowhere", OTHER);
        made.folder("d/folder.cfg", 0o700, OTHER);
        const settings = made.load();
        assert.deepEqual(names(settings), ["main", "mine"]);
        assert.deepEqual(errors(settings), []);
        assert.equal(warnings(settings).length, 4);
      });

      test("fills no screen by many of them", (t) => {
        const made = scene(t);
        for (let n = 0; n < 50; n += 1) made.file(`d/${n}.cfg`, "x", OTHER);
        const said = warnings(made.load());
        assert.equal(said.length, 11);
        assert.match(said.join("\n"), /\/d: warning: 40 more files of other accounts are ignored/);
      });
    });
  }

  test("gets no second name of a file of mine read, where it may make one", (t) => {
    const made = new Scene(t);
    made.main(made.folder("d", 0o1777));
    linkSync(made.file("home/text", program("evil")), made.at("d/a.cfg"));
    const settings = made.load();
    assert.deepEqual([names(settings), errors(settings)], [["main"], []]);
    assert.match(warnings(settings)[0] ?? "", /has a second name elsewhere .* it is ignored/);
    const shared = made.folder("shared", 0o1777);
    linkSync(made.at("home/text"), join(shared, "usrsvc.cfg"));
    assert.match(made.refusal(join(shared, "usrsvc.cfg")), /has a second name/);
  });

  test("does not keep mine from being read where only I may write", (t) => {
    const made = new Scene(t);
    made.main(made.folder("d", 0o700));
    made.file("d/given.cfg", program("given"), OTHER);
    made.file("d/mine.cfg", program("mine"));
    const settings = made.load();
    assert.deepEqual(names(settings), ["main", "mine"]);
    assert.match(errors(settings)[0] ?? "", /belongs to user 3000000002, .*chown 3000000001/);
  });

  for (const mode of [0o666, 0o1666, 0o664, 0o1664, 0o2664]) {
    test(`could change a file of mode ${mode.toString(8)}`, (t) => {
      const made = new Scene(t);
      made.file("home/usrsvc.cfg", `[Main]\n${program("main")}`, ME, mode, OTHER);
      assert.match(made.refusal(), /can be changed by (everybody|its group), .*chmod go-w/);
    });
  }

  test("says nothing through a file of /proc, not even by a link of mine", (t) => {
    const made = new Scene(t);
    made.main(made.folder("d", 0o700));
    made.link("d/a.cfg", "/proc/self/cmdline");
    assert.match(errors(made.load()).join(), /a\.cfg: is a file in \/proc/);
    made.link("home/other.cfg", "/proc/self/environ");
    assert.match(made.refusal(made.at("home/other.cfg")), /is a file in \/proc/);
  });

  for (const [what, mode, uid, wanted] of [
    ["that all may write to", 0o777, ME, /the folder \S+\/up can be changed by everybody, .*go-w/],
    ["that a team may write to", 0o2775, ME, /the folder \S+\/up can be changed by its group/],
    ["of another account", 0o755, OTHER, /the folder \S+\/up belongs to user 3000000002, .*su - /],
    ["of another account, like /tmp", 0o1777, OTHER, /the folder \S+\/up belongs to user/],
  ] as const) {
    test(`cannot exchange a good config_dir: its parent is one ${what}`, (t) => {
      const made = new Scene(t);
      made.folder("up", mode, uid, OTHER);
      made.main(made.folder("up/d", 0o755));
      made.file("up/d/a.cfg", program("a"));
      const said = made.refusal();
      assert.match(said, wanted);
      assert.match(said, /usrsvc\.cfg:2: config_dir: /);
    });

    test(`cannot exchange the main file by a folder above: ${what}`, (t) => {
      const made = new Scene(t);
      made.folder("up", mode, uid, OTHER);
      made.folder("up/mine/conf", 0o755);
      chownSync(made.at("up/mine"), ME, ME);
      const file = made.file("up/mine/conf/x.cfg", `[Main]\n${program("main")}`);
      assert.match(made.refusal(file), wanted);
      // Nor where a link leads there.
      assert.match(made.refusal(made.link("home/usrsvc.cfg", file)), wanted);
      assert.match(made.refusal(join(made.link("home/conf", dirname(file)), "x.cfg")), wanted);
    });
  }

  test("has no link of its own followed in a folder like /tmp, and has mine left alone", (t) => {
    const made = new Scene(t);
    made.folder("tmp", 0o1777, 0);
    const file = made.file("home/usrsvc.cfg", `[Main]\n${program("main")}`);
    const theirs = made.link("tmp/theirs.cfg", file, OTHER);
    assert.match(made.refusal(theirs), /tmp\/theirs\.cfg is a link made by user 3000000002/);
    made.link("tmp/way", made.at("home"), OTHER);
    assert.match(made.refusal(made.at("tmp/way/usrsvc.cfg")), /tmp\/way is a link made by user/);
    const planted = made.file("tmp/planted.cfg", "[Main]\n", OTHER);
    assert.match(made.refusal(planted), /belongs to user 3000000002, and .*; remove it, and/);
    assert.deepEqual(names(made.load(made.link("tmp/mine.cfg", file))), ["main"]);
    assert.deepEqual(names(made.load(made.file("tmp/a.cfg", `[Main]\n${program("a")}`))), ["a"]);
    made.folder("tmp/mine", 0o700);
    assert.deepEqual(names(made.load(made.file("tmp/mine/a.cfg", "[Main]\n"))), []);
  });

  test("lets a private group, and root's, have their folders above", (t) => {
    const made = new Scene(t);
    for (const [name, gid] of Object.entries({ own: ME, root: 0 })) {
      made.folder(name, 0o775, ME, gid);
      made.folder(`${name}/conf`, 0o755);
      const file = made.file(`${name}/conf/x.cfg`, `[Main]\n${program("main")}`);
      assert.deepEqual(names(made.load(file)), ["main"], name);
    }
  });

  test("is not who is in a private group: a umask of 002 makes what is taken", (t) => {
    const made = new Scene(t);
    made.folder("home", 0o775);
    made.folder("home/d", 0o775);
    made.file("home/d/a.cfg", program("a"), ME, 0o664);
    const main = `[Main]\nconfig_dir = ${made.at("home/d")}\n`;
    made.file("home/usrsvc.cfg", main, ME, 0o664);
    assert.deepEqual(names(made.load()), ["a"]);
    made.file("home/d/a.cfg", program("a"), ME, 0o664, OTHER);
    assert.match(errors(made.load()).join(), /d\/a\.cfg: can be changed by its group/);
    made.folder("home/d", 0o2775, ME, OTHER);
    assert.match(made.refusal(), /config_dir: the folder \S+\/d can be changed by its group/);
    made.folder("home/d", 0o775);
    made.folder("home", 0o775, ME, OTHER);
    assert.match(made.refusal(), /the folder \S+\/home can be changed by its group/);
  });

  test("is told to root, who is to be that account", (t) => {
    const made = new Scene(t);
    const file = made.file("home/usrsvc.cfg", `[Main]\n${program("main")}`);
    const wanted = /belongs to user 3000000001, and you are root; run it as user 3000000001: su - /;
    assert.match(made.refusal(file, 0), wanted);
    chownSync(file, 0, 0);
    assert.match(made.refusal(file, 0), wanted, "the folder is that account's");
    // Nor does root note anything in that home.
    const own = made.file("r.cfg", `[Main]\n${program("main")}`, 0);
    chownSync(made.path, 0, 0);
    assert.match(
      made.refusal(own, 0),
      /HOME is \S+\/home, which belongs to user 3000000001, and you/,
    );
    made.file("r.cfg", `[Main]\nstate_dir = ${made.at("state")}\n${program("main")}`, 0);
    assert.deepEqual(names(made.load(own, 0)), ["main"]);
  });
});
