import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "node:test";
import { Home, sleeper, waitFor } from "./home.ts";
import { daemonPid } from "./looks.ts";

for (const what of ["FIFO", "link"] as const) {
  test(`a ${what} in the place of usrsvcd.lock starts no second usrsvcd while one runs`, async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    await home.usrsvcd();
    const pid = await daemonPid(home);
    const lock = home.file("state/usrsvcd.lock");
    rmSync(lock);
    if (what === "FIFO") execFileSync("mkfifo", [lock]);
    else symlinkSync("/dev/null", lock);
    const { code, err } = await home.usrsvcd("start");
    assert.equal(code, 135, err);
    assert.match(err, new RegExp(`usrsvcd is already running for \\S+, pid ${pid}`));
  });
}

test("a socket in the place of a log is named as one", async (t) => {
  const home = new Home(t);
  const path = home.file("sock");
  const server = createServer().listen(path);
  await waitFor("the socket", () => server.listening);
  home.program("web", { command: sleeper(), stdout: path, stderr: path });
  const { code, err } = await home.usrsvc("start", "web");
  server.close();
  assert.notEqual(code, 0);
  assert.match(err, /sock is a socket, not a file: write another path/);
});
