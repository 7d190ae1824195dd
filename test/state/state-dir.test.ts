import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  checkStateDir,
  fileStem,
  foreignState,
  makeStateDir,
  stateDir,
  StateDirError,
} from "../../src/state/state-dir.ts";
import { cleanUp } from "../support/clean-up.ts";
import { tempDir } from "../support/temp-dir.ts";

describe("fileStem", () => {
  const rows: readonly [name: string, want: string][] = [
    ["web", "web"],
    ["web.1", "web.1"],
    ["Web_2-x", "Web_2-x"],
    ["../../x", "%2E.%2F..%2Fx"],
    [".", "%2E"],
    ["..", "%2E."],
    [".hidden", "%2Ehidden"],
    ["a/b", "a%2Fb"],
    ["a b", "a%20b"],
    ["a%2Fb", "a%252Fb"],
    ["a~b!c*d'e(f)", "a%7Eb%21c%2Ad%27e%28f%29"],
    ["ünï", "%C3%BCn%C3%AF"],
    ["a\0b\n", "a%00b%0A"],
  ];
  for (const [name, want] of rows) {
    test(`${JSON.stringify(name)} becomes ${want}`, () => assert.equal(fileStem(name), want));
  }

  const nameOf = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: "grapheme-composite" }),
    fc.string({ unit: fc.constantFrom(".", "/", "~", "%", "2", "E", "ü", "a", "\u{1f600}") }),
    fc.string({ minLength: 150, maxLength: 300 }),
    fc.constantFrom("", ".", "..", "%2E", "constructor", "__proto__", "all"),
  );

  test("of any name, is a plain file name that is short enough", () => {
    fc.assert(
      fc.property(nameOf, (name) => {
        const stem = fileStem(name);
        assert.match(stem, name === "" ? /^$/ : /^[A-Za-z0-9_%-][A-Za-z0-9_%.~-]*$/);
        assert.ok(stem.length <= 240, `${stem.length} bytes`);
      }),
    );
  });

  test("of two names is never the same", () => {
    fc.assert(
      fc.property(nameOf, nameOf, (a, b) => a === b || fileStem(a) !== fileStem(b)),
      { numRuns: 1000 },
    );
  });

  test("keeps long names apart that differ at their end, and from names that look cut", () => {
    const long = "x".repeat(300);
    assert.notEqual(fileStem(`${long}a`), fileStem(`${long}b`));
    assert.notEqual(fileStem(`${long}a`), fileStem(fileStem(`${long}a`)));
    assert.ok(fileStem("ü".repeat(150)).length <= 240);
  });
});

const OTHER = 65_534;
const skip = process.getuid?.() === 0 ? false : "only root can give files to other accounts";

describe("makeStateDir", () => {
  test("makes the folders for this user alone, whatever the umask", (t) => {
    const dir = stateDir(join(tempDir(t), "a", "b", "state"));
    const umask = process.umask(0);
    cleanUp(t, () => process.umask(umask));
    makeStateDir(dir);
    for (const path of [dir.path, dir.programs, dir.locks]) {
      assert.equal(statSync(path).mode & 0o777, 0o700, path);
    }
  });

  test("does no harm to folders that are there", (t) => {
    const dir = stateDir(join(tempDir(t), "state"));
    makeStateDir(dir);
    writeFileSync(join(dir.programs, "web.json"), "{}");
    makeStateDir(dir);
    assert.ok(existsSync(join(dir.programs, "web.json")));
  });

  for (const mode of [0o772, 0o707, 0o777, 0o1777]) {
    test(`refuses a folder of mode ${mode.toString(8)}, and says what to do`, (t) => {
      const dir = stateDir(join(tempDir(t), "state"));
      makeStateDir(dir);
      chmodSync(dir.path, mode);
      assert.throws(() => makeStateDir(dir), {
        name: "StateDirError",
        message: `state_dir ${dir.path} can be written by everybody: chmod go-w ${dir.path}`,
      });
    });
  }

  test("says what to do as a shell takes it", (t) => {
    const dir = stateDir(join(tempDir(t), "my state"));
    makeStateDir(dir);
    chmodSync(dir.locks, 0o777);
    assert.match(foreignState(dir) ?? "", /: chmod go-w '\/\S+\/my state\/locks'$/);
    chmodSync(dir.path, 0o777);
    assert.match(foreignState(dir) ?? "", /: chmod go-w '\/\S+\/my state'$/);
  });

  test("takes one that a private group may write to, and refuses that of a team", { skip }, (t) => {
    const dir = stateDir(join(tempDir(t), "state"));
    makeStateDir(dir);
    for (const path of [dir.path, dir.programs, dir.locks]) chmodSync(path, 0o775);
    makeStateDir(dir);
    assert.equal(foreignState(dir), undefined);
    chownSync(dir.locks, 0, OTHER);
    assert.match(foreignState(dir) ?? "", /locks can be written by its group: chmod go-w/);
    chownSync(dir.locks, 0, 0);
    chownSync(dir.path, 0, OTHER);
    assert.throws(() => makeStateDir(dir), /state can be written by its group: chmod go-w/);
  });

  for (const made of [true, false]) {
    test(`refuses one ${made ? "" : "to be made "}below a folder that all may write to, and names that`, (t) => {
      const up = join(tempDir(t), "up");
      mkdirSync(join(up, "mine"), { recursive: true });
      const dir = stateDir(join(up, "mine", "state"));
      if (made) makeStateDir(dir);
      chmodSync(up, 0o777);
      assert.throws(() => makeStateDir(dir), {
        name: "StateDirError",
        message: new RegExp(
          `^state_dir ${dir.path}: the folder ${up} can be changed by everybody \\(mode 777, of \\S+\\), ` +
            `so that others could put another in its place: chmod go-w ${up}, or set another state_dir in \\[Main\\]$`,
        ),
      });
      assert.equal(existsSync(dir.path), made);
      chmodSync(up, 0o1777); // as /tmp
      makeStateDir(dir);
    });
  }

  for (const [what, mode, gid] of [
    ["a team", 0o2775, OTHER],
    ["our own group", 0o2775, 0],
  ] as const) {
    test(`goes by whether others are in the group of a folder above: ${what}`, { skip }, (t) => {
      const up = join(tempDir(t), "up");
      mkdirSync(up);
      chownSync(up, 0, gid);
      chmodSync(up, mode);
      const make = (): void => makeStateDir(stateDir(join(up, "state")));
      if (gid === OTHER) assert.throws(make, /the folder \S+up can be changed by its group/);
      else make();
    });
  }

  test("follows our own link, and no other's", { skip }, (t) => {
    const base = tempDir(t);
    mkdirSync(join(base, "real"));
    mkdirSync(join(base, "shared"));
    chmodSync(join(base, "shared"), 0o1777);
    const link = join(base, "shared", "home");
    symlinkSync(join(base, "real"), link);
    makeStateDir(stateDir(join(link, "state")));
    lchownSync(link, OTHER, OTHER);
    assert.throws(
      () => makeStateDir(stateDir(join(link, "state"))),
      /shared\/home is a link made by \S+, so that others could/,
    );
  });

  test("names the folder that cannot be made", (t) => {
    const base = tempDir(t);
    writeFileSync(join(base, "file"), "");
    const dir = stateDir(join(base, "file", "state"));
    assert.throws(
      () => makeStateDir(dir),
      (error) => {
        assert.ok(error instanceof StateDirError);
        assert.ok(error.message.startsWith(`state_dir ${dir.path} cannot be made: `));
        return true;
      },
    );
  });

  test("refuses another user's folder", (t) => {
    if (process.getuid?.() === 0) return t.skip("root owns what it likes");
    assert.throws(() => makeStateDir(stateDir("/")), StateDirError);
  });

  test("stateDir touches nothing", (t) => {
    const path = join(tempDir(t), "state");
    assert.equal(stateDir(path).daemonLock, join(path, "usrsvcd.lock"));
    assert.equal(existsSync(path), false);
  });

  test("a folder that is open to others to read is no danger", (t) => {
    const path = join(tempDir(t), "state");
    mkdirSync(path, { mode: 0o755 });
    makeStateDir(stateDir(path));
  });
});

describe("checkStateDir", () => {
  test("asks nothing of a folder that nobody has made", (t) => {
    const dir = stateDir(join(tempDir(t), "state"));
    checkStateDir(dir);
    assert.equal(existsSync(dir.path), false);
  });

  test("leaves it to its caller to make anew what was deleted", (t) => {
    const dir = stateDir(join(tempDir(t), "state"));
    makeStateDir(dir);
    rmSync(dir.path, { recursive: true });
    assert.throws(() => checkStateDir(dir), { code: "ENOENT" });
    assert.equal(existsSync(dir.path), false);
    makeStateDir(dir);
    checkStateDir(dir);
    assert.equal(foreignState(dir), undefined);
  });

  test("refuses another in its place that is open, until the folder is back", (t) => {
    const base = tempDir(t);
    const dir = stateDir(join(base, "state"));
    makeStateDir(dir);
    renameSync(dir.path, join(base, "away"));
    mkdirSync(dir.path);
    chmodSync(dir.path, 0o777);
    for (let again = 0; again < 2; again += 1) {
      assert.throws(
        () => checkStateDir(dir),
        /can be written by (everybody|its group): chmod go-w/,
      );
      assert.match(foreignState(dir) ?? "", /can be written by (everybody|its group): chmod go-w/);
    }
    assert.equal(existsSync(dir.programs), false);
    rmSync(dir.path, { recursive: true });
    renameSync(join(base, "away"), dir.path);
    checkStateDir(dir);
    assert.equal(foreignState(dir), undefined);
  });

  test("refuses what was opened, and what was given to another", { skip }, (t) => {
    const dir = stateDir(join(tempDir(t), "state"));
    makeStateDir(dir);
    chmodSync(dir.path, 0o702);
    assert.throws(() => checkStateDir(dir), /can be written by (everybody|its group): chmod go-w/);
    chmodSync(dir.path, 0o770);
    checkStateDir(dir); // root's group has nobody else in it
    chownSync(dir.path, 0, OTHER);
    assert.throws(() => checkStateDir(dir), /can be written by (everybody|its group): chmod go-w/);
    chownSync(dir.path, 0, 0);
    chmodSync(dir.path, 0o700);
    checkStateDir(dir);
    chownSync(dir.path, OTHER, OTHER);
    assert.throws(() => checkStateDir(dir), /belongs to/);
  });

  for (const part of ["programs", "locks", "mails", "a folder above"] as const) {
    test(`refuses what foreignState has found open until that is mended: ${part}`, (t) => {
      const above = join(tempDir(t), "above");
      const dir = stateDir(join(above, "state"));
      makeStateDir(dir);
      mkdirSync(dir.mails, { mode: 0o700 });
      const path = part === "a folder above" ? above : dir[part];
      chmodSync(path, 0o777);
      checkStateDir(dir); // a look of its own would cost each write
      const reason = foreignState(dir);
      for (let again = 0; again < 2; again += 1) {
        assert.throws(() => checkStateDir(dir), { name: "StateDirError", message: reason });
      }
      chmodSync(path, 0o700);
      checkStateDir(dir);
      chmodSync(path, 0o777);
      checkStateDir(dir); // again by one stat
    });
  }

  for (const part of ["programs", "locks", "mails"] as const) {
    test(`refuses one whose ${part} is a link, and makes nothing behind it`, (t) => {
      const base = tempDir(t);
      const dir = stateDir(join(base, "state"));
      mkdirSync(join(base, "mine"));
      mkdirSync(dir.path);
      symlinkSync(join(base, "mine"), dir[part]);
      const want = new RegExp(`^state_dir: ${dir[part]} is a link, .*: remove it$`);
      assert.throws(() => makeStateDir(dir), { name: "StateDirError", message: want });
      assert.match(foreignState(dir) ?? "", want);
    });
  }

  for (const part of ["pidfiles", "logs"] as const) {
    test(`follows our own link in the place of ${part}, and no other's`, { skip }, (t) => {
      const base = tempDir(t);
      const dir = stateDir(join(base, "state"));
      mkdirSync(join(base, "mine"));
      mkdirSync(dir.path);
      symlinkSync(join(base, "mine"), dir[part]);
      makeStateDir(dir);
      assert.equal(foreignState(dir), undefined);
      lchownSync(dir[part], OTHER, OTHER);
      const want = new RegExp(`^state_dir: ${dir[part]} is a link that \\S+ has made: remove it$`);
      assert.throws(() => makeStateDir(dir), { name: "StateDirError", message: want });
      assert.match(foreignState(dir) ?? "", want);
      rmSync(dir[part]);
      symlinkSync(join(base, "nowhere"), dir[part]);
      lchownSync(dir[part], OTHER, OTHER);
      assert.throws(() => makeStateDir(dir), { message: want });
      assert.equal(existsSync(join(base, "nowhere")), false);
    });
  }

  test("refuses one whose mails are another's, or can be written by others", { skip }, (t) => {
    const dir = stateDir(join(tempDir(t), "state"));
    makeStateDir(dir);
    mkdirSync(dir.mails);
    chmodSync(dir.mails, 0o777);
    assert.throws(() => makeStateDir(dir), /mail can be written by everybody: chmod go-w/);
    chmodSync(dir.mails, 0o700);
    chownSync(dir.mails, OTHER, OTHER);
    assert.throws(() => makeStateDir(dir), /mail belongs to \S+: move it away/);
  });

  test("foreignState only looks", (t) => {
    const dir = stateDir(join(tempDir(t), "state"));
    makeStateDir(dir);
    chmodSync(dir.programs, 0o500);
    assert.equal(foreignState(dir), undefined);
    assert.equal(statSync(dir.programs).mode & 0o777, 0o500);
  });
});

describe("makeStateDir mends or names what is in the way:", () => {
  test("a folder of its own that may not be entered is opened", (t) => {
    const dir = stateDir(join(tempDir(t), "state"));
    makeStateDir(dir);
    chmodSync(dir.programs, 0);
    makeStateDir(dir);
    assert.equal(statSync(dir.programs).mode & 0o777, 0o700);
  });

  test("a file in the place of run or log is left to who needs that", (t) => {
    const dir = stateDir(join(tempDir(t), "state"));
    mkdirSync(dir.path);
    for (const path of [dir.pidfiles, dir.logs]) writeFileSync(path, "");
    makeStateDir(dir);
    assert.ok(existsSync(dir.locks));
  });

  test("a file in the place of a folder is named", (t) => {
    const dir = stateDir(join(tempDir(t), "state"));
    mkdirSync(dir.path);
    writeFileSync(dir.programs, "");
    assert.throws(() => makeStateDir(dir), {
      name: StateDirError.name,
      message: /state_dir \S+state cannot be created: \S+programs is not a folder: move it away$/,
    });
  });
});
