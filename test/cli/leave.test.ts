import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { cleanUp } from "../support/clean-up.ts";
import { tempDir } from "../support/temp-dir.ts";

test("leaveSoon ends the process with its code though a thread reads of what never answers", async (t) => {
  const pipe = join(tempDir(t), "pipe");
  execFileSync("mkfifo", [pipe]);
  const leave = join(import.meta.dirname, "../../src/cli/leave.ts");
  const script = `
    import { open } from "node:fs";
    import { leaveSoon } from ${JSON.stringify(leave)};
    open(${JSON.stringify(pipe)}, "r", () => {}); // waits for a writer
    leaveSoon(3);
  `;
  const words = ["--import", "tsx", "--input-type=module", "--eval", script];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "inherit", "inherit"] });
  cleanUp(t, () => child.kill("SIGKILL"));
  const [code] = (await once(child, "exit")) as [number | null];
  assert.equal(code, 3);
});
