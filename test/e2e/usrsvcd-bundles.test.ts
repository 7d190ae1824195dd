import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { tempDir } from "../support/temp-dir.ts";
import { answerOf, root, withBundle } from "./bundles.ts";

/** What usrsvcd answers in a home without a configuration, where it never stays. */
function answer(dir: string, home: string, line: string): readonly unknown[] {
  const env = { ...process.env, HOME: home };
  const [status, out, err] = answerOf(dir, "usrsvcd", line, { env, cwd: home });
  return [status, out, err.replaceAll(dir, "DIR")];
}

describe("the bundle of what runs for months", () => {
  test("answers as the whole usrsvcd does", (t) => {
    const home = tempDir(t);
    const text = readFileSync(join(root, "dist/usrsvcd.bundle.cjs"), "utf8");
    const whole = withBundle(t, { "usrsvcd-runs": text });
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
    const small = withBundle(t, { usrsvcd: "throw new Error('the whole is loaded')" });
    for (const line of ["-f", "start -f -c missing.cfg", "restart --json --config missing.cfg"]) {
      assert.doesNotMatch(String(answer(small, home, line)[2]), /is loaded/, line);
    }
    for (const line of ["status", "reread -c missing.cfg", "-c -c stop", "--help"]) {
      assert.match(String(answer(small, home, line)[2]), /is loaded/, line);
    }
  });
});
