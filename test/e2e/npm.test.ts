import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { Home, isAlive, waitFor } from "./home.ts";
import { endAfter, folderOf, pids, titledPid } from "./looks.ts";
import { installed } from "./servers.ts";

/*
 * npm starts a shell that starts the program, and writes a title over its own command line: one word. It
 * is known by that in the program's folder; elsewhere it is another project.
 */

const npm = installed(join(dirname(process.execPath), "npm"), "/usr/bin/npm");
const TITLE = /^npm start/;

describe("npm start", { skip: npm === undefined && "npm is not installed" }, () => {
  test("by hand, in the program's folder: it is the program", async (t) => {
    const home = new Home(t);
    const folder = project(home, "web");
    home.program("web", { command: `${npm} --silent start`, directory: folder });
    endAfter(t, home, TITLE);
    byHand(home, folder);
    const hand = await titledPid(home, TITLE);
    await waitFor("its server", () => pids(home, /^node server\.js/).length === 1);
    const start = await home.usrsvc("start", "web");
    assert.match(start.out, new RegExp(`already running, pid ${hand}`));
    assert.equal((await home.usrsvc("stop", "web")).code, 0);
    assert.deepEqual(pids(home, /^npm|^node server\.js/), []);
  });

  test("by hand, in another folder: that is another, and is left alone", async (t) => {
    const home = new Home(t);
    const [folder, other] = [project(home, "web"), project(home, "other")];
    home.program("web", { command: `${npm} start`, directory: folder, success_seconds: "1.5" });
    endAfter(t, home, TITLE);
    byHand(home, other);
    const hand = await titledPid(home, TITLE);
    const start = await home.usrsvc("start", "web");
    assert.match(start.out, /: started, pid/);
    assert.doesNotMatch(start.out, /does not match/, "its title is known");
    const own = await waitFor("its title", () => {
      const [one, ...more] = pids(home, TITLE).filter((pid) => pid !== hand);
      return more.length === 0 && one;
    });
    assert.equal(folderOf(own), folder);
    assert.equal((await home.usrsvc("stop", "web")).code, 0);
    assert.ok(isAlive(hand));
    assert.deepEqual(pids(home, TITLE), [hand]);
  });

  /** A folder with a package.json, whose start runs a server that does nothing. */
  function project(home: Home, name: string): string {
    const folder = home.file(name);
    mkdirSync(folder);
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ name, scripts: { start: "node server.js" } }),
    );
    writeFileSync(join(folder, "server.js"), "setInterval(() => {}, 1e6);\n");
    return folder;
  }

  function byHand(home: Home, folder: string): void {
    spawn(String(npm), ["start"], {
      cwd: folder,
      env: { ...home.env, PATH: process.env["PATH"] },
      stdio: "ignore",
      detached: true,
    }).unref();
  }
});
