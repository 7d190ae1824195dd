import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { waitFor } from "./home.ts";
import { cleanUp } from "../support/clean-up.ts";

const root = dirname(dirname(import.meta.dirname));

/** Processes that name `folder` in their command line. */
function processesOf(folder: string): readonly string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(folder);
    } catch {
      return false;
    }
  });
}

test("the bench measures, and leaves nothing behind when it is interrupted", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "usrsvc-bench-test-"));
  const words = ["test/bench/bench.ts", "--quick", "--counts", "3"];
  const bench = spawn(process.execPath, ["--import", "tsx", ...words], {
    cwd: root,
    env: { ...process.env, TMPDIR: folder },
    stdio: ["ignore", "pipe", "inherit"],
  });
  cleanUp(t, () => {
    bench.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  let text = "";
  bench.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const exit = new Promise((resolve) => bench.once("close", resolve));
  const runs = (): boolean => {
    const home = readdirSync(folder).find((name) => name.startsWith("usrsvc-bench-"));
    // The log of usrsvcd: the floors have been measured, and usrsvcd runs its programs.
    const isMeasured = home !== undefined && existsSync(join(folder, home, "usrsvcd.log"));
    return isMeasured && processesOf(folder).length > 0;
  };
  await waitFor("usrsvcd to be measured", runs, 60_000);
  bench.kill("SIGINT");
  assert.equal(await exit, 1);
  assert.match(text, /ended by SIGINT/);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith("usrsvc-bench-")),
    [],
  );
  assert.deepEqual(processesOf(folder), []);
});
