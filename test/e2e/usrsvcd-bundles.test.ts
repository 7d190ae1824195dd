import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { tempDir } from "../support/temp-dir.ts";

const root = join(import.meta.dirname, "../..");

/** A copy of what is shipped, with `text` as one of its bundles. */
function withBundle(t: TestContext, name: string, text: string): string {
  const dir = tempDir(t);
  for (const one of ["dist", "package.json"]) {
    cpSync(join(root, one), join(dir, one), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(dir, "node_modules"));
  writeFileSync(join(dir, `dist/${name}.bundle.cjs`), text);
  for (const file of readdirSync(join(dir, "dist"))) {
    if (file.startsWith(`${name}.v`)) rmSync(join(dir, "dist", file));
  }
  return dir;
}

/** What usrsvcd answers in a home without a configuration, where it never stays. */
function answer(dir: string, home: string, line: string): readonly unknown[] {
  const words = [join(dir, "dist/usrsvcd.cjs"), ...line.split(" ").filter(Boolean)];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    env: { ...process.env, HOME: home },
    encoding: "utf8",
    cwd: home,
  });
  return [status, stdout, stderr.replaceAll(dir, "DIR")];
}

describe("the bundle of what runs for months", () => {
  test("answers as the whole usrsvcd does", (t) => {
    const home = tempDir(t);
    const text = readFileSync(join(root, "dist/usrsvcd.bundle.cjs"), "utf8");
    const whole = withBundle(t, "usrsvcd-runs", text);
    for (const line of [
      "--foreground",
      "-f",
      "start -f",
      "start --json -f -c missing.cfg",
      "-c missing.cfg --foreground",
      "--config=missing.cfg -f start",
      "-f --config missing.cfg --debug",
      "restart -c missing.cfg",
      "restart --json -c missing.cfg",
      "restart --foreground",
      "start restart -f",
      "start -f start",
      "-c -c stop",
      "-f -c",
      "-f --config=",
      "-f -c --json",
      "-c start -f",
      "stop -c missing.cfg",
      "status",
      "startt",
      "start web -f",
      "start --fore",
      "start --help",
      "-h",
      "--version",
    ]) {
      assert.deepEqual(answer(root, home, line), answer(whole, home, line), line);
    }
  });

  test("is the one that runs for months, and only that", (t) => {
    const home = tempDir(t);
    const small = withBundle(t, "usrsvcd", "throw new Error('the whole is loaded')");
    for (const line of ["-f", "start -f -c missing.cfg", "restart --json --config missing.cfg"]) {
      assert.doesNotMatch(String(answer(small, home, line)[2]), /is loaded/, line);
    }
    for (const line of ["status", "reread -c missing.cfg", "-c -c stop", "--help"]) {
      assert.match(String(answer(small, home, line)[2]), /is loaded/, line);
    }
  });
});
