import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { answerOf, root, withBundle } from "./bundles.ts";
import { Home, sleeper } from "./home.ts";

function answer(dir: string, { env, path: cwd }: Home, line: string): readonly unknown[] {
  return answerOf(dir, "usrsvc", line, { env, cwd });
}

describe("a command line of everyday commands", () => {
  test("has the answer of the whole tool, where it is right and where it is not", (t) => {
    const home = new Home(t)
      .program("web", { command: sleeper() })
      .program("start", { command: sleeper() });
    const nothing = "(function () {})";
    const whole = withBundle(t, { "usrsvc-looks": nothing, "usrsvc-acts": nothing });
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
    const small = withBundle(t, { usrsvc: "throw new Error('is loaded')" });
    assert.deepEqual(answer(small, home, "__programs"), [0, "web\n", ""]);
    assert.match(String(answer(small, home, "-c usrsvc.cfg status --json")[1]), /"program":"web"/);
    assert.match(String(answer(small, home, "top")[2]), /is loaded/);
    assert.match(String(answer(small, home, "status --watch")[2]), /is loaded/);
  });
});
