import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  lchownSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { lastLines, type LogEnd, logEnds, NO_LOG, openOutput } from "../../src/launch/output.ts";
import { cleanUp } from "../support/clean-up.ts";
import { tempDir } from "../support/temp-dir.ts";

describe("openOutput", () => {
  test("makes a missing file, and leaves one that is there as it is", (t) => {
    const path = join(tempDir(t), "log");
    for (const text of ["", "one\n"]) {
      const output = openOutput(path);
      assert.equal(output.end.size, text.length);
      output.close();
      assert.equal(readFileSync(path, "utf8"), text);
      writeFileSync(path, "one\n");
    }
  });

  test("is closed once only: the number may be another's by then", (t) => {
    const output = openOutput(join(tempDir(t), "log"));
    output.close();
    const fd = openSync("/dev/null", "r");
    output.close();
    closeSync(fd); // EBADF, had it been closed before
  });

  test("has no size where it is no file, such as a terminal", () => {
    const output = openOutput("/dev/ptmx"); // the other side of a new one is a terminal as well
    output.close();
    assert.equal(output.end.size, 0);
  });

  test("appends, and lets whoever inherits it wait, as programs expect", (t) => {
    const output = openOutput(join(tempDir(t), "log"));
    cleanUp(t, () => output.close());
    const text = readFileSync(`/proc/self/fdinfo/${output.fd}`, "utf8");
    const flags = Number.parseInt(/^flags:\s+(\d+)/m.exec(text)?.[1] ?? "", 8);
    const { O_APPEND, O_NONBLOCK } = constants;
    assert.deepEqual([flags & O_APPEND, flags & O_NONBLOCK], [O_APPEND, 0]);
  });

  test("of a FIFO that nobody reads is an error, and does not hang", (t) => {
    const path = join(tempDir(t), "fifo");
    assert.equal(spawnSync("mkfifo", [path]).status, 0);
    assert.throws(() => openOutput(path), { code: "ENXIO" });
  });

  test("of a FIFO that somebody reads works", (t) => {
    const path = join(tempDir(t), "fifo");
    assert.equal(spawnSync("mkfifo", [path]).status, 0);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    cleanUp(t, () => closeSync(reader));
    openOutput(path).close();
  });

  test("of /dev/null works", () => openOutput("/dev/null").close());

  test("of a folder, or in one that is not there, is an error", (t) => {
    const dir = tempDir(t);
    assert.throws(() => openOutput(dir), { code: "EISDIR" });
    assert.throws(() => openOutput(join(dir, "none", "log")), { code: "ENOENT" });
  });
});

const skip = process.getuid?.() === 0 ? false : "only root can make links of another account";

describe("lastLines", () => {
  const write = (dir: string, text: string | Buffer): string => {
    const path = join(dir, "log");
    writeFileSync(path, text);
    return path;
  };

  const at = (size: number): LogEnd => ({ ...NO_LOG, size });

  test("yields the last lines since then", (t) => {
    const path = write(tempDir(t), "old\none\ntwo\n\nthree\n");
    assert.deepEqual(lastLines(path, at(4), 2), ["two", "three"]);
    assert.deepEqual(lastLines(path, at(4), 9), ["one", "two", "three"]);
    assert.deepEqual(lastLines(path, at(19), 9), []);
  });

  test("reads only the end of a big file", (t) => {
    const path = write(tempDir(t), `${"x".repeat(5_000_000)}\nlast\n`);
    const lines = lastLines(path, NO_LOG, 5);
    assert.equal(lines.at(-1), "last");
    assert.ok(lines.every((line) => line.length <= 500));
  });

  test("begins anew when the file was cut since then", (t) => {
    const path = write(tempDir(t), "x".repeat(1000));
    const since = 1000;
    truncateSync(path);
    writeFileSync(path, "new\n");
    assert.deepEqual(lastLines(path, at(since), 5), ["new"]);
  });

  test("strips colours and control characters, which would act on a terminal", (t) => {
    const path = write(
      tempDir(t),
      "\u001b[31mred\u001b[0m\n\u001b]0;title\u0007x\ta\r\n\u0000\u0008b\u009b31mc\u007f\n",
    );
    const lines = lastLines(path, NO_LOG, 5);
    assert.deepEqual(lines.slice(0, 2), ["red", "x a"]);
    assert.doesNotMatch(lines.join(""), /\p{Cc}/u);
  });

  test("takes bytes that are no UTF-8", (t) => {
    const path = write(tempDir(t), Buffer.from([0xff, 0xfe, 0x61, 0x0a]));
    assert.deepEqual(lastLines(path, NO_LOG, 5), ["\ufffd\ufffda"]);
  });

  test("yields nothing of what cannot be read back", (t) => {
    const dir = tempDir(t);
    spawnSync("mkfifo", [join(dir, "fifo")]);
    for (const path of [join(dir, "none"), join(dir, "fifo"), dir, "/dev/null"]) {
      assert.deepEqual(lastLines(path, NO_LOG, 5), []);
    }
  });

  /** A log with the word "first", and how far it went before that. */
  const begun = (dir: string): { path: string; since: LogEnd } => {
    const path = write(dir, "old\n");
    const output = openOutput(path);
    output.close();
    const { stdout } = logEnds({ stdout: path, stderr: path });
    assert.deepEqual(stdout, output.end);
    writeFileSync(path, "first\n", { flag: "a" });
    return { path, since: stdout };
  };

  test("yields nothing of another file that others may have put there meanwhile", (t) => {
    const dir = tempDir(t);
    const secret = join(dir, "secret");
    writeFileSync(secret, "key\n");
    chmodSync(dir, 0o777);
    for (const put of [symlinkSync, linkSync, copyFileSync]) {
      const { path, since } = begun(dir);
      assert.deepEqual(lastLines(path, since, 5), ["first"]);
      renameSync(path, join(dir, "away"));
      put(secret, path);
      assert.deepEqual(lastLines(path, since, 5), []);
      rmSync(path);
    }
  });

  test("yields what a program wrote into the log that it has made anew since that was rotated", (t) => {
    const { path, since } = begun(tempDir(t));
    renameSync(path, `${path}.1`);
    writeFileSync(path, "last\n");
    assert.deepEqual(lastLines(path, since, 5), ["last"]);
    assert.deepEqual(lastLines(path, since, 5, since), ["last"], "until: of the old one");
  });

  test("yields what it wrote into the old one where it goes on with that", (t) => {
    const dir = tempDir(t);
    for (const mode of [0o700, 0o777]) {
      chmodSync(dir, mode);
      const { path, since } = begun(dir);
      renameSync(path, `${path}-20261127`);
      assert.deepEqual(lastLines(path, since, 5), ["first"], "the new one is not there yet");
      writeFileSync(path, "");
      assert.deepEqual(lastLines(path, since, 5), ["first"]);
      rmSync(`${path}-20261127`);
      assert.deepEqual(lastLines(path, since, 5), [], "compressed, or removed");
    }
  });

  test("follows no link that another account has made", { skip }, (t) => {
    const dir = tempDir(t);
    const secret = join(dir, "secret");
    writeFileSync(secret, "key\n");
    const path = join(dir, "log");
    symlinkSync(secret, path);
    assert.deepEqual(lastLines(path, NO_LOG, 5), ["key"]); // our own
    lchownSync(path, 65_534, 65_534);
    assert.deepEqual(lastLines(path, NO_LOG, 5), []);
  });
});
