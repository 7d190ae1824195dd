import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { tempDir } from "../support/temp-dir.ts";
import { Home, sleeper } from "./home.ts";

const root = join(import.meta.dirname, "../..");
const EVERYDAY = "dist/usrsvc-everyday.bundle.cjs";

/** A copy of what is shipped, with `text` as one of its bundles. */
function withBundle(t: TestContext, path: string, text: string): string {
  const dir = tempDir(t);
  for (const name of ["dist", "package.json"]) {
    cpSync(join(root, name), join(dir, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(dir, "node_modules"));
  writeFileSync(join(dir, path), text);
  const stem = path.replace(".bundle.cjs", ".v");
  for (const name of readdirSync(join(dir, "dist"))) {
    if (`dist/${name}`.startsWith(stem)) rmSync(join(dir, "dist", name));
  }
  return dir;
}

function answer(dir: string, home: Home, line: string): readonly unknown[] {
  const words = [join(dir, "dist/usrsvc.cjs"), ...line.split(" ").filter(Boolean)];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    env: home.env,
    encoding: "utf8",
    cwd: home.path,
  });
  return [status, stdout, stderr];
}

describe("a command line of everyday commands", () => {
  test("has the answer of the whole tool, where it is right and where it is not", (t) => {
    const home = new Home(t)
      .program("web", { command: sleeper() })
      .program("start", { command: sleeper() });
    const whole = withBundle(t, EVERYDAY, "(function () {})");
    answer(root, home, "stop web"); // the first is answered at more length
    for (const line of [
      "status",
      "status --json",
      "status nobody",
      "-c missing.cfg status",
      "--config usrsvc.cfg status web",
      "events",
      "events start -n 2",
      "__programs",
      "stop web",
      "start --dry-run web",
      "start",
      "start web --al",
      "start web --fore",
      "start --remembered --all",
      "start web --rolling -P",
      "status --wacth",
      "status --watch",
      "status -w --json",
      "status --help",
      "-h",
      "stauts",
      "web start",
      "status --interval 3",
      "status --write",
      "signal web",
      "signal web NIX",
      "wait --for redy web",
      "wait web --timeout",
      "hold web --for 2h --until 18:30",
      "hold web --until never",
      "logs --grep ( web",
      "start web -H",
      "status -H @nobody",
      "stop --debug nobody",
      "status --version",
      "status --json=1",
      "explain nobody",
      "",
    ]) {
      assert.deepEqual(answer(root, home, line), answer(whole, home, line), line);
    }
  });

  test("does not load the whole tool", (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    const small = withBundle(t, "dist/usrsvc.bundle.cjs", "throw new Error('is loaded')");
    assert.deepEqual(answer(small, home, "__programs"), [0, "web\n", ""]);
    assert.match(String(answer(small, home, "-c usrsvc.cfg status --json")[1]), /"program":"web"/);
    assert.match(String(answer(small, home, "top")[2]), /is loaded/);
    assert.match(String(answer(small, home, "status --watch")[2]), /is loaded/);
  });
});
