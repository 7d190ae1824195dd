import assert from "node:assert/strict";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Pid } from "../../proc/pid.ts";
import { readPidfile, removePidfile, writePidfile } from "../../src/state/pidfile.ts";
import { makeHugeFile, noFiles } from "../support/strange-files.ts";
import { tempDir } from "../support/temp-dir.ts";

const pid = (value: number): Pid => value as Pid;

describe("readPidfile", () => {
  const good = ["123", "123\n", "123\r\n", "  123  \n", "\t123", "123\nmore\nlines\n", "123\n\n"];
  for (const text of good) {
    test(`reads ${JSON.stringify(text)}`, (t) => {
      const path = join(tempDir(t), "pid");
      writeFileSync(path, text);
      assert.deepEqual(readPidfile(path), { kind: "pid", pid: 123 });
    });
  }

  const bad = [
    "",
    "\n",
    "\n123\n",
    "0",
    "-123",
    "+5",
    "12 34",
    "123abc",
    "1.5",
    "0x7b",
    "12345678901",
    "١٢",
  ];
  for (const text of bad) {
    test(`takes ${JSON.stringify(text)} for garbage`, (t) => {
      const path = join(tempDir(t), "pid");
      writeFileSync(path, text);
      assert.deepEqual(readPidfile(path), { kind: "garbage", text });
    });
  }

  test("tells little of what a power failure has left", (t) => {
    const path = join(tempDir(t), "pid");
    writeFileSync(path, "\0".repeat(40));
    assert.deepEqual(readPidfile(path), { kind: "garbage", text: "\0" });
  });

  test("tells little of a huge file", (t) => {
    const path = join(tempDir(t), "pid");
    writeFileSync(path, "x".repeat(1_000_000));
    const found = readPidfile(path);
    assert.ok(found.kind === "garbage" && found.text.length <= 80);
  });

  test("knows a missing file from one that cannot be read", (t) => {
    const dir = tempDir(t);
    assert.deepEqual(readPidfile(join(dir, "none")), { kind: "none" });
    assert.deepEqual(readPidfile(""), { kind: "none" });
    const path = join(dir, "file", "pid");
    writeFileSync(join(dir, "file"), "");
    const found = readPidfile(path);
    assert.ok(found.kind === "unreadable" && found.message.startsWith(`${path} cannot be read: `));
  });

  for (const { kind, make, says } of noFiles) {
    test(`says of ${kind} what it is`, (t) => {
      const path = join(tempDir(t), "pid");
      make(path);
      const found = readPidfile(path);
      assert.ok(found.kind === "unreadable" && says.test(found.message), JSON.stringify(found));
    });
  }

  test("reads a link to a file", (t) => {
    const dir = tempDir(t);
    writeFileSync(join(dir, "real"), "123\n");
    symlinkSync("real", join(dir, "pid"));
    assert.deepEqual(readPidfile(join(dir, "pid")), { kind: "pid", pid: 123 });
  });

  test("reads the first line of a file of 10 GB, and no part of a number", (t) => {
    const path = join(tempDir(t), "pid");
    makeHugeFile(path, "123\n");
    assert.deepEqual(readPidfile(path), { kind: "pid", pid: 123 });
    makeHugeFile(path, `${" ".repeat(254)}123\n`);
    assert.equal(readPidfile(path).kind, "garbage");
  });

  test("takes no text for a pid that is not one", (t) => {
    const path = join(tempDir(t), "pid");
    fc.assert(
      fc.property(fc.string(), (text) => {
        writeFileSync(path, text);
        const found = readPidfile(path);
        assert.equal(found.kind === "pid", /^\s*[1-9]\d{0,9}\s*$/.test(text.split("\n")[0] ?? ""));
      }),
    );
  });
});

describe("writePidfile", () => {
  test("writes what readPidfile reads, readable for all, and leaves nothing else", (t) => {
    const dir = tempDir(t);
    const path = join(dir, "pid");
    writePidfile(path, pid(42));
    assert.equal(readFileSync(path, "utf8"), "42\n");
    assert.equal(statSync(path).mode & 0o777, 0o644 & ~process.umask());
    assert.deepEqual(readdirSync(dir), ["pid"]);
  });

  test("replaces by rename, so that nobody reads half a number", (t) => {
    const path = join(tempDir(t), "pid");
    writePidfile(path, pid(1));
    const { ino } = statSync(path);
    writePidfile(path, pid(2));
    assert.notEqual(statSync(path).ino, ino);
  });

  test("with a spare file changes places with it, and leaves nothing else", (t) => {
    const dir = tempDir(t);
    const [path, spare] = [join(dir, "run.pid"), join(dir, "spare")];
    for (const number of [1234567, 1, 22, 333]) {
      writePidfile(path, pid(number), spare);
      assert.equal(readFileSync(path, "utf8"), `${number}\n`);
      assert.equal(statSync(path).mode & 0o777, 0o644);
    }
    assert.deepEqual(
      readdirSync(dir).filter((name) => !/^(run\.pid|spare)$/.test(name)),
      [],
    );
  });

  test("with a spare file never writes through a link that was at its place", (t) => {
    const dir = tempDir(t);
    const [path, spare, other] = [join(dir, "run.pid"), join(dir, "spare"), join(dir, "other")];
    writeFileSync(other, "mine\n");
    for (const link of [symlinkSync, linkSync]) {
      link(other, path);
      for (const number of [1, 2, 3]) writePidfile(path, pid(number), spare);
      assert.equal(readFileSync(path, "utf8"), "3\n");
      assert.equal(readFileSync(other, "utf8"), "mine\n");
      rmSync(path);
    }
  });

  test("with a spare file does not move a folder away", (t) => {
    const dir = tempDir(t);
    const [path, spare] = [join(dir, "run.pid"), join(dir, "spare")];
    mkdirSync(path);
    assert.throws(() => writePidfile(path, pid(1), spare));
    assert.ok(statSync(path).isDirectory());
  });

  test("fails and leaves nothing where it cannot write", (t) => {
    const dir = tempDir(t);
    mkdirSync(join(dir, "pid"));
    assert.throws(() => writePidfile(join(dir, "pid"), pid(1)));
    assert.throws(() => writePidfile(join(dir, "none", "pid"), pid(1)), { code: "ENOENT" });
    assert.deepEqual(readdirSync(dir), ["pid"]);
  });
});

describe("removePidfile", () => {
  test("removes a file that names the process, and no other", (t) => {
    const path = join(tempDir(t), "pid");
    writePidfile(path, pid(42));
    removePidfile(path, pid(43));
    assert.ok(existsSync(path));
    removePidfile(path, pid(42));
    assert.equal(existsSync(path), false);
    removePidfile(path, pid(42));
  });

  test("leaves garbage alone", (t) => {
    const path = join(tempDir(t), "pid");
    writeFileSync(path, "42 is not alone");
    removePidfile(path, pid(42));
    assert.ok(existsSync(path));
  });
});
