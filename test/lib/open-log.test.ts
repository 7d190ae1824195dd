import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  lchownSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { ForeignFile, isPrivateFolder, openForAppend } from "../../src/lib/open-log.ts";
import { tempDir } from "../support/temp-dir.ts";

const OTHER = 65_534;
const skip = process.getuid?.() === 0 ? false : "only root can make files of another account";

/** A folder like /tmp, and a secret of ours elsewhere. */
function scene(t: TestContext, mode = 0o1777): { shared: string; log: string; secret: string } {
  const dir = tempDir(t);
  const shared = join(dir, "shared");
  mkdirSync(shared);
  chmodSync(shared, mode);
  const secret = join(dir, "authorized_keys");
  writeFileSync(secret, "key\n");
  return { shared, log: join(shared, "web.log"), secret };
}

function reading(fifo: string): number {
  return openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
}

function append(path: string): void {
  const fd = openForAppend(path);
  writeSync(fd, "line\n");
  closeSync(fd);
}

test("isPrivateFolder() goes by who is in the group of a folder", { skip }, (t) => {
  const { shared } = scene(t, 0o775);
  assert.ok(isPrivateFolder(shared), "root's group has no other member");
  chownSync(shared, 0, OTHER);
  assert.ok(!isPrivateFolder(shared));
  chmodSync(shared, 0o755);
  assert.ok(isPrivateFolder(shared));
});

describe("openForAppend() in a folder that others may write to", () => {
  test("follows no link of another account", { skip }, (t) => {
    const { log, secret } = scene(t);
    symlinkSync(secret, log);
    lchownSync(log, OTHER, OTHER);
    assert.throws(() => append(log), ForeignFile);
    assert.equal(readFileSync(secret, "utf8"), "key\n");
  });

  test(
    "writes into no FIFO and no file of another account, and waits for neither",
    { skip },
    (t) => {
      const { log } = scene(t);
      execFileSync("mkfifo", ["-m", "666", log]);
      chownSync(log, OTHER, OTHER);
      const reader = reading(log);
      assert.throws(() => append(log), ForeignFile);
      closeSync(reader);
      const file = `${log}.2`;
      writeFileSync(file, "");
      chownSync(file, OTHER, OTHER);
      chmodSync(file, 0o666);
      assert.throws(() => append(file), /web\.log\.2 belongs to/);
    },
  );

  test("writes into no second name of a file", (t) => {
    const { log, secret } = scene(t);
    linkSync(secret, log);
    assert.throws(() => append(log), /second name/);
  });

  test("follows no link where others can exchange it", (t) => {
    const { log, secret } = scene(t, 0o777);
    symlinkSync(secret, log);
    assert.throws(() => append(log), /link in a folder that others can write to/);
  });
});

describe("openForAppend() goes on taking", () => {
  test("a link of one's own, in one's own folder and in /tmp", (t) => {
    for (const mode of [0o700, 0o755, 0o1777]) {
      const { log, secret } = scene(t, mode);
      symlinkSync(secret, log);
      append(log);
      assert.equal(readFileSync(secret, "utf8"), "key\nline\n");
    }
  });

  test("a new file, a FIFO of one's own that is read, and /dev/null", (t) => {
    const { log } = scene(t);
    append(log);
    assert.equal(readFileSync(log, "utf8"), "line\n");
    const fifo = `${log}.fifo`;
    execFileSync("mkfifo", [fifo]);
    const reader = reading(fifo);
    append(fifo);
    closeSync(reader);
    append("/dev/null");
  });

  test("a file that was given to us in the folder of another account", { skip }, (t) => {
    const { shared, log } = scene(t, 0o755);
    writeFileSync(log, "");
    chownSync(log, OTHER, OTHER);
    chownSync(shared, OTHER, OTHER);
    append(log);
    assert.equal(readFileSync(log, "utf8"), "line\n");
  });
});

test("isPrivateFolder() knows who may write", { skip }, (t) => {
  for (const [mode, owner, is] of [
    [0o700, 0, true],
    [0o755, 0, true],
    [0o777, 0, false],
    [0o1777, 0, false],
    [0o755, OTHER, false],
  ] as const) {
    const { shared } = scene(t, mode);
    chownSync(shared, owner, 0);
    assert.equal(isPrivateFolder(shared), is, `${mode.toString(8)} ${owner}`);
  }
});
