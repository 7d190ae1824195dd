import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { Home, sleeper, waitFor } from "./home.ts";
import { kill, pids, settled, told, up } from "./looks.ts";

/** Wrappers whose child has a process group of its own, in the session of the program. */
const wrappers: readonly [what: string, line: string][] = [
  ["timeout", "timeout 1000 sleep 7700\necho ended"],
  ["set -m", "set -m\nsleep 7700 & wait"],
  ["set -m, deaf to SIGTERM", "set -m\n(trap '' TERM; sleep 7700; :) & wait"],
];
/** The work alone: its wrapper has these words too, but not only them. */
const work = /^sleep 7700$/;

describe("what has a process group of its own in the session of the program", () => {
  for (const [what, line] of wrappers) {
    const begin = (t: TestContext): Home => {
      const home = new Home(t);
      const command = home.script("wrap.sh", `#!/bin/bash\n${line}\n`);
      return home.program("web", { command, term_to_kill_seconds: "1" });
    };

    test(`ends with it: ${what}, by usrsvc alone`, async (t) => {
      const home = begin(t);
      await home.usrsvc("start", "web");
      await waitFor("its work", () => leaves(home).length === 1);
      const { code, out } = await home.usrsvc("stop", "web");
      assert.equal(code, 0, out);
      assert.match(out, /left-over process(es)? ended/);
      assert.doesNotMatch(out, /keeps running/);
      assert.deepEqual(leaves(home), []);
    });

    test(`ends with it: ${what}, when it is restarted, or killed, under usrsvcd`, async (t) => {
      const home = begin(t);
      await home.usrsvcd();
      await up(home, "web");
      const first = await otherLeaf(home, 0);
      await home.usrsvc("restart", "web");
      const [pid] = await up(home, "web");
      await settled(home, "web", 1);
      const second = await otherLeaf(home, first);
      await kill(pid);
      await otherLeaf(home, second);
      const line = await waitFor("its line", () =>
        told(home, "program.warning", "web").find(({ leftBehind }) => leftBehind),
      );
      assert.match(line.msg, /^web: \d+ left-over process(es)? of its session ended$/);
    });
  }
});

/** Waits until one process does the work, and another than `before`: one look decides, since a second may see none. */
async function otherLeaf(home: Home, before: number): Promise<number> {
  return await waitFor("its work", () => {
    const [leaf, ...others] = leaves(home);
    return leaf !== before && others.length === 0 && leaf;
  });
}

function leaves(home: Home): readonly number[] {
  return pids(home, work);
}

test("a restart names the process that it leaves behind, here and by usrsvcd", async (t) => {
  const home = new Home(t);
  const child = sleeper();
  const left = new RegExp(`^${child}$`);
  const server = sleeper();
  const command = home.script("leaves.sh", `#!/bin/sh\nsetsid ${child} &\nexec ${server}\n`);
  home.program("web", { command, proctitle_re: `^${server}$` });
  for (const withDaemon of [false, true]) {
    if (withDaemon) await home.usrsvcd();
    else await home.usrsvc("start", "web");
    await waitFor("its child", () => pids(home, left).length > 0);
    if (withDaemon) await settled(home, "web");
    const before = pids(home, left);
    const { out } = await home.usrsvc("restart", "web");
    assert.match(
      out,
      new RegExp(`process (${before.join("|")}) \\(${child}\\) stems from it.* keeps running`),
    );
  }
});
