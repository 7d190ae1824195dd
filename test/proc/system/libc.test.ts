import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { libc, libcFailure } from "../../../proc/system/libc.ts";
import { cleanUp } from "../../support/clean-up.ts";
import { exitOf, nodeScript, output } from "../../support/processes.ts";
import { tempDir } from "../../support/temp-dir.ts";

describe("libc", () => {
  test("is loaded once", () => {
    assert.ok(libc());
    assert.equal(libc(), libc());
    assert.equal(libcFailure(), undefined);
  });

  test("locks a file, for one descriptor at a time", (t) => {
    const c = libc();
    assert.ok(c);
    const path = join(tempDir(t), "lock");
    const [first, second] = [openSync(path, "a"), openSync(path, "a")];
    cleanUp(t, () => closeSync(second));
    assert.equal(c.flock(first, 6), 0);
    assert.equal(c.flock(second, 6), -1);
    assert.equal(c.errno(), constants.errno.EWOULDBLOCK);
    closeSync(first);
    assert.equal(c.flock(second, 6), 0);
  });

  test("returns -1 and tells why", () => {
    const c = libc();
    assert.ok(c);
    assert.equal(c.pidfdOpen(4_194_303), -1);
    assert.equal(c.errno(), constants.errno.ESRCH);
    assert.equal(c.closeOnExec(1_000_000), -1);
    assert.equal(c.errno(), constants.errno.EBADF);
  });

  test("is absent with USRSVC_NO_LIBC=1, and processes are watched all the same", async (t) => {
    const script = nodeScript(t, "no-libc.ts", [], { env: { USRSVC_NO_LIBC: "1" } });
    const text = await output(script);
    assert.deepEqual(JSON.parse(text), {
      libc: false,
      failure: "USRSVC_NO_LIBC=1",
      kind: "polling",
      ended: true,
    });
    assert.equal(await exitOf(script), 0);
  });
});
