import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Home, isAlive, sleeper, waitFor } from "./home.ts";
import { cleanUp } from "../support/clean-up.ts";

const root = join(import.meta.dirname, "../..");

function npm(words: readonly string[], cwd: string): string {
  return execFileSync("npm", [...words], {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
}

test("the packed tarball installs with npm i -g, and works with no TypeScript tooling present", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "usrsvc-pack-"));
  cleanUp(t, () => rmSync(folder, { recursive: true, force: true }));
  // Without its scripts: dist/ is built already, and other tests run it at this moment.
  npm(["pack", "--ignore-scripts", "--pack-destination", folder], root);
  const [tarball = ""] = readdirSync(folder);
  const prefix = join(folder, "prefix");
  npm(
    [
      "install",
      "-g",
      "--prefix",
      prefix,
      "--prefer-offline",
      "--no-audit",
      "--no-fund",
      join(folder, tarball),
    ],
    folder,
  );
  const modules = join(prefix, "lib/node_modules");
  assert.ok(existsSync(join(modules, "usrsvc/dist/usrsvc.cjs")));
  for (const tool of ["tsx", "typescript", "esbuild"]) {
    assert.ok(
      !existsSync(join(modules, tool)) && !existsSync(join(modules, "usrsvc/node_modules", tool)),
      tool,
    );
  }
  assert.ok(!existsSync(join(modules, "usrsvc/src")), "sources are not shipped");
  for (const bundled of ["pino", "pino-roll", "date-fns", "ini"]) {
    assert.ok(!existsSync(join(modules, "usrsvc/node_modules", bundled)), bundled);
  }
  const licences = readFileSync(join(modules, "usrsvc/dist/LICENSES.txt"), "utf8");
  for (const one of [/^pino-roll \d/m, /Copyright \(c\) Isaac Z. Schlueter/]) {
    assert.match(licences, one);
  }
  for (const page of ["man1/usrsvc.1", "man5/usrsvc.cfg.5", "man8/usrsvcd.8"]) {
    assert.ok(existsSync(join(prefix, "share/man", page)), page);
  }

  const home = new Home(t).program("web", { command: sleeper() });
  const bin = (name: string, words: readonly string[]): string =>
    execFileSync(join(prefix, "bin", name), [...words], {
      env: home.env,
      encoding: "utf8",
      cwd: "/",
    });
  assert.match(bin("usrsvc", ["--version"]), /^usrsvc 2\./);
  assert.match(bin("usrsvcd", ["--readme"]), /^# usrsvc\n[^]*^## Configuration$/m);
  assert.match(bin("usrsvcd", []), /usrsvcd runs, pid \d+/);
  const pid = await home.running("web");
  await waitFor("its start", () => home.log().some(({ event }) => event === "program.started"));
  process.kill(pid, "SIGKILL");
  const second = await home.running("web", pid);
  assert.match(bin("usrsvc", ["status"]), new RegExp(`web +\\w+ +${second} `));
  assert.match(bin("usrsvc", ["stop", "web"]), /stopped/);
  assert.match(bin("usrsvcd", ["stop"]), /usrsvcd stopped/);
  assert.ok(!isAlive(second));
});
