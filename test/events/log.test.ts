import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type LogLine, lines } from "../e2e/home.ts";
import { openLog } from "../../src/events/log.ts";
import { tempDir } from "../support/temp-dir.ts";

function linesOf(path: string): readonly LogLine[] {
  return lines(readFileSync(path, "utf8")) as unknown as readonly LogLine[];
}

describe("openLog()", () => {
  for (const letter of ':*?|<>"') {
    test(`writes to a path with a ${letter}, and says that it is not rolled`, async (t) => {
      const folder = join(tempDir(t), `a${letter}b`);
      mkdirSync(folder, { mode: 0o700 });
      const path = join(folder, "usrsvcd.log");
      const log = await openLog({ stdout: path, stderr: "stdout", mode: 0o640, debug: false });
      log.emit({ kind: "daemon.ready", programs: 1 });
      const [told, line] = linesOf(path);
      assert.match(told?.msg ?? "", /usrsvcd\.log grows without end: .* rotate it with logrotate/);
      assert.equal(line?.msg, "supervises 1 program");
      renameSync(path, `${path}.1`);
      log.reopen();
      log.emit({ kind: "daemon.ready", programs: 2 });
      assert.deepEqual(
        linesOf(path).map(({ msg }) => msg),
        ["supervises 2 programs"],
      );
      assert.equal(statSync(path).mode & 0o777, 0o640);
      await log.close();
      log.end();
    });
  }

  test("rolls all other paths, and says nothing", async (t) => {
    const folder = join(tempDir(t), "a b's&%20\\é");
    mkdirSync(folder, { mode: 0o700 });
    const path = join(folder, "usrsvcd.log");
    const log = await openLog({ stdout: path, stderr: "stdout", mode: 0o600, debug: false });
    log.emit({ kind: "daemon.ready", programs: 1 });
    assert.deepEqual(
      linesOf(path).map(({ msg }) => msg),
      ["supervises 1 program"],
    );
    assert.deepEqual(readdirSync(folder).toSorted(), ["usrsvcd.1.log", "usrsvcd.log"]);
    await log.close();
    log.end();
  });

  test("fails where the log cannot be opened", async (t) => {
    const path = join(tempDir(t), "a:b", "usrsvcd.log");
    const target = { stdout: path, stderr: "stdout", mode: 0o600, debug: false };
    await assert.rejects(async () => await openLog(target), { code: "ENOENT" });
  });
});
