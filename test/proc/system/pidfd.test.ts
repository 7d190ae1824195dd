import assert from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";
import { describe, test, type TestContext } from "node:test";
import type { Exit } from "../../../proc/exit.ts";
import { type Libc, libc } from "../../../proc/system/libc.ts";
import type { Epoll } from "../../../proc/system/epoll.ts";
import { hasPidfd, PidfdWatcher } from "../../../proc/system/pidfd.ts";
import { procReader } from "../../../proc/reader.ts";
import {
  child,
  exitOf,
  firstLine,
  nodeScript,
  orphan,
  refOf,
  sleeper,
  unreaped,
} from "../../support/processes.ts";
import { cleanUp } from "../../support/clean-up.ts";
import { pidfdWatcher } from "../../support/pidfd-watcher.ts";
import { inTime, waitFor } from "../../support/wait.ts";
import { tellsExitOfReaped, watcherClaims } from "../../support/watch-claims.ts";

const reader = procReader();
const c = libc();
const skip = c === undefined || !hasPidfd(c) ? "no pidfd on this machine" : false;

function ready(): Libc {
  assert.ok(c);
  return c;
}

if (skip === false) watcherClaims("PidfdWatcher", () => pidfdWatcher(ready()));

describe("PidfdWatcher, of how a process ended", { skip }, () => {
  const rows: readonly [script: string, want: Exit][] = [
    ["exit 0", { kind: "code", code: 0 }],
    ["exit 3", { kind: "code", code: 3 }],
    ["exit 255", { kind: "code", code: 255 }],
    ["kill -TERM $$", { kind: "signal", signal: "SIGTERM", coreDumped: false }],
    ["kill -KILL $$", { kind: "signal", signal: "SIGKILL", coreDumped: false }],
    ["ulimit -c 0; kill -SEGV $$", { kind: "signal", signal: "SIGSEGV", coreDumped: false }],
  ];
  const waitForWord = (script: string) => `read -r word; ${script}`;

  for (const [script, want] of rows) {
    test(`tells of a child: ${script}`, { skip: !tellsExitOfReaped() }, async (t) => {
      const made = child(t, "sh", ["-c", waitForWord(script)], {
        stdio: ["pipe", "ignore", "ignore"],
      });
      assert.deepEqual(await endOf(t, refOf(made.pid), () => made.stdin?.end("go\n")), want);
    });
  }

  test("tells it at a look, before any notice", { skip: !tellsExitOfReaped() }, async (t) => {
    const ref = await orphan(t, "sleep", "600");
    const deaf = { listen: () => ({ again() {}, stop() {} }) } as unknown as Epoll;
    const watcher = new PidfdWatcher(ready(), deaf, reader);
    cleanUp(t, () => watcher[Symbol.dispose]());
    const handle = watcher.open(ref);
    assert.ok(handle);
    handle.look();
    process.kill(ref.pid, "SIGKILL");
    await waitFor(() => reader.alive(ref.pid) === undefined, "it is gone");
    handle.look();
    const exit = await inTime(handle.exited, "its end");
    assert.deepEqual(exit, { kind: "signal", signal: "SIGKILL", coreDumped: false });
  });

  test("tells of a zombie that nobody reaps", async (t) => {
    const made = await unreaped(t, 5);
    const exit = await endOf(t, made.process, async () => await made.end());
    assert.deepEqual(exit, { kind: "code", code: 5 });
    assert.equal(reader.stat(made.process.pid).state, "Z");
  });

  test(
    "tells of a process that is nobody's child here",
    { skip: !tellsExitOfReaped() },
    async (t) => {
      const ref = await orphan(t, "sleep", "600");
      const exit = await endOf(t, ref, () => process.kill(ref.pid, "SIGTERM"));
      assert.deepEqual(exit, { kind: "signal", signal: "SIGTERM", coreDumped: false });
    },
  );
});

async function endOf(
  t: TestContext,
  ref: ReturnType<typeof refOf>,
  end: () => unknown,
): Promise<Exit> {
  const watcher = pidfdWatcher(ready());
  cleanUp(t, () => watcher[Symbol.dispose]());
  const watch = watcher.open(ref);
  assert.ok(watch);
  await end();
  return await inTime(watch.exited, "its end");
}

describe("PidfdWatcher, of what it holds", { skip }, () => {
  test("goes on waiting after SIGSTOP and SIGCONT, which interrupt epoll_wait", async (t) => {
    const script = nodeScript(t, "watch.ts", ["wait"]);
    const target = refOf(Number(await firstLine(script)));
    const lines = laterLines(script);
    script.kill("SIGSTOP");
    const pid = refOf(script.pid).pid;
    await waitFor(() => reader.stat(pid).state === "T", "it is stopped");
    script.kill("SIGCONT");
    await waitFor(() => reader.stat(pid).state !== "T", "it goes on");
    process.kill(target.pid, "SIGKILL");
    await waitFor(() => lines().includes("ended"), "its end is told");
    assert.equal(await exitOf(script), 0);
  });

  for (const way of ["dispose", "exit", "watch-disposed"] as const) {
    test(`lets the process end: ${way}`, async (t) => {
      assert.equal(await exitOf(nodeScript(t, "watch.ts", [way])), 0);
    });
  }

  test("throws on a signal after its watch was released: the descriptor may be another's", (t) => {
    const watcher = pidfdWatcher(ready());
    cleanUp(t, () => watcher[Symbol.dispose]());
    const watch = watcher.open(sleeper(t).process);
    assert.ok(watch);
    watch[Symbol.dispose]();
    assert.throws(() => watch.signal("SIGTERM"), TypeError);
  });

  test("gives back all descriptors", async (t) => {
    const before = descriptors();
    const watcher = pidfdWatcher(ready());
    cleanUp(t, () => watcher[Symbol.dispose]());
    for (let round = 0; round < 5; round += 1) {
      using kept = watcher.open(sleeper(t).process);
      assert.ok(kept);
    }
    watcher.open(sleeper(t).process); // and one that is never released
    assert.ok(descriptors() > before);
    watcher[Symbol.dispose]();
    watcher[Symbol.dispose]();
    await waitFor(() => descriptors() <= before, "all are closed");
  });
});

/** How many are open of those kinds that the watcher uses; pipes of children come and go. */
function descriptors(): number {
  return readdirSync("/proc/self/fd").filter((fd) => /pidfd|eventpoll|eventfd/.test(linkOf(fd)))
    .length;
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ""; // the descriptor of the listing itself
  }
}

function laterLines(from: ReturnType<typeof nodeScript>): () => string {
  let text = "";
  from.stdout?.on("data", (chunk: Buffer) => {
    text += chunk.toString("utf8");
  });
  return () => text;
}
