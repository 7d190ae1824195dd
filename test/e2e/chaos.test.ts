import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { cleanUp } from "../support/clean-up.ts";
import { waitFor } from "./home.ts";

const root = dirname(dirname(import.meta.dirname));

interface Chaos {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly said: () => string;
  readonly exit: Promise<number | null>;
}

/** A run in a folder of its own. */
function chaos(t: TestContext, ...words: readonly string[]): Chaos {
  const folder = mkdtempSync(join(tmpdir(), "usrsvc-chaos-test-"));
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "test/chaos/chaos.ts", "--shrink", "0", ...words],
    { cwd: root, env: { ...env, TMPDIR: folder }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  }
  const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
  cleanUp(t, async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await exit;
    rmSync(folder, { recursive: true, force: true });
  });
  return { child, folder, said: () => text, exit };
}

/** Processes that name `folder`, in their command line or environment. */
function processesOf(folder: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      const words = ["cmdline", "environ"].map((file) =>
        readFileSync(`/proc/${pid}/${file}`, "utf8"),
      );
      return words.some((text) => text.includes(folder));
    } catch {
      return false;
    }
  });
}

test("a short chaos, the same each time: the machine is what was ordered", async (t) => {
  const run = chaos(t, "--seed", "11", "--ops", "30", "--worlds", "2", "--minutes", "0.15");
  assert.equal(await run.exit, 0, run.said());
  assert.match(run.said(), /\b0 violations; seed 11\n$/);
  assert.deepEqual(processesOf(run.folder), []);
});

test("a short chaos by chance", async (t) => {
  const run = chaos(t, "--ops", "30", "--worlds", "2", "--minutes", "0.15");
  assert.equal(await run.exit, 0, run.said());
  t.diagnostic(run.said().trim().split("\n").at(-1) ?? "");
});

test("a chaos that is interrupted leaves nothing behind", async (t) => {
  const run = chaos(t, "--seed", "5", "--worlds", "2");
  await waitFor("programs to run", () => processesOf(run.folder).length > 6, 60_000);
  run.child.kill("SIGINT");
  assert.equal(await run.exit, 1, run.said());
  assert.match(run.said(), /ended by SIGINT/);
  assert.deepEqual(processesOf(run.folder), []);
  assert.deepEqual(
    readdirSync(run.folder).filter((name) => name.startsWith("usrsvc-chaos-")),
    [],
  );
});
