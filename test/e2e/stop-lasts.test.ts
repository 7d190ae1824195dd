import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Home, sleeper, waitFor } from "./home.ts";

/** As if the machine had been booted since: what was written has another boot's id. */
function boot(home: Home): void {
  const file = "state/programs/web.json";
  const text = home.read(file);
  const [, id = ""] = /"boot":"([^"]+)"/.exec(text) ?? [];
  assert.notEqual(id, "");
  const earlier = `e${id.slice(1)}`;
  writeFileSync(home.file(file), text.replace(id, earlier));
  const lock = home.read("state/locks/web");
  writeFileSync(home.file("state/locks/web"), lock.replace(id, earlier));
}

const UNTIL_BOOT = 'stays down until "usrsvc start" or the next boot';
const FOREVER = 'stays down until "usrsvc start"';

async function isNext(home: Home, next: string): Promise<void> {
  await waitFor(next, async () => (await home.statusOf("web"))["next"] === next);
}

test("a stop ends with the boot, as ever", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  await home.usrsvc("start", "web");
  await home.usrsvc("stop", "web");
  await isNext(home, UNTIL_BOOT);
  boot(home);
  await home.usrsvcd();
  await home.running("web");
});

test("with stop_lasts = forever it does not: status and log say so, until usrsvc start", async (t) => {
  const home = new Home(t).program("web", { command: sleeper(), stop_lasts: "forever" });
  await home.usrsvcd();
  const first = await home.running("web");
  await home.usrsvc("stop", "web");
  await isNext(home, FOREVER);
  await home.usrsvcd("stop");
  for (let boots = 0; boots < 2; boots += 1) {
    boot(home);
    const before = await home.statusOf("web");
    assert.equal(before["reason"], "stopped by usrsvc, before the machine was booted");
    assert.equal(before["next"], FOREVER);
    await home.usrsvcd();
    await waitFor("usrsvcd to say so", () =>
      home
        .log()
        .some(({ event, msg }) => event === "program.stopped" && /stopped by usrsvc/.test(msg)),
    );
    await isNext(home, FOREVER);
    await home.usrsvcd("stop");
    rmSync(home.file("state/usrsvcd.log"), { force: true });
  }
  // Where the record is lost, the note at the lock says the same.
  rmSync(home.file("state/programs/web.json"));
  await isNext(home, FOREVER);
  await home.usrsvcd();
  await isNext(home, FOREVER);
  assert.equal((await home.usrsvc("start", "web")).code, 0);
  await home.running("web", first);
  await home.usrsvcd("stop");
  const { pid } = (await home.statusOf("web")) as { pid: number };
  process.kill(pid, "SIGKILL");
  boot(home);
  await home.usrsvcd();
  await home.running("web", pid);
});

test("a stop that was made before is no longer one for ever, and is made again", async (t) => {
  const command = sleeper();
  const home = new Home(t).program("web", { command });
  await home.usrsvc("start", "web");
  await home.usrsvc("stop", "web");
  home.program("web", { command, stop_lasts: "forever" });
  await isNext(home, UNTIL_BOOT);
  await home.usrsvc("stop", "web");
  await isNext(home, FOREVER);
  home.program("web", { command });
  await isNext(home, FOREVER);
  await home.usrsvc("stop", "web");
  await isNext(home, UNTIL_BOOT);
});
