import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { Home, isAlive, sleeper, waitFor } from "./home.ts";
import { kill, settled } from "./looks.ts";

/*
 * A part of the state folder, or a folder above it, is opened to others while usrsvcd runs. That is seen by its
 * slow look, every 10 s; what it has found then holds for all that it does, though the folder itself is as ever.
 */

describe("usrsvcd writes and starts nothing while others can change", { concurrency: true }, () => {
  const rows: readonly [part: string, path: (state: string) => string][] = [
    ["the records", (state) => join(state, "programs")],
    ["the locks", (state) => join(state, "locks")],
    ["the mails", (state) => join(state, "mail")],
    ["a folder above", (state) => dirname(state)],
  ];
  for (const [part, pathOf] of rows) {
    test(part, async (t) => {
      const home = new Home(t);
      home.program("web", { command: sleeper() }).program("other", { command: sleeper() });
      const state = home.file("state");
      mkdirSync(join(state, "mail"), { recursive: true, mode: 0o700 });
      const log = (): string => home.read("state/usrsvcd.log");
      await home.usrsvcd();
      const [pid, other] = [await home.running("web"), await home.running("other")];
      await settled(home, "web");
      await settled(home, "other");
      const path = pathOf(state);
      const { mode } = statSync(path);
      chmodSync(path, 0o777);
      const isTold = (): boolean => log().includes("is not ours alone");
      await waitFor("the folder to be told of", isTold);
      const files = ["programs", "locks"].map((name) => join(state, name));
      const written = (): string =>
        files
          .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
          .map((file) => `${file} ${statSync(file).mtimeMs} ${readFileSync(file, "utf8")}`)
          .join("\n");
      const before = written();
      await kill(pid);
      const isKnown = (): boolean =>
        log().includes("web: killed by SIGKILL, and stays down: state_dir");
      await waitFor("the death to be told", isKnown);
      assert.equal(written(), before);
      assert.ok(isAlive(other));
      chmodSync(path, mode);
      const isBack = (): boolean => ![undefined, pid].includes(home.pid("web"));
      await waitFor("web to run again", isBack);
      assert.equal(await home.running("other"), other);
    });
  }
});

test("usrsvcd status, reread and checkconfig say at once that others can change the state folder", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  await home.usrsvcd();
  await settled(home, "web");
  const state = home.file("state");
  for (const path of [state, join(state, "locks"), home.path]) {
    const { mode } = statSync(path);
    chmodSync(path, 0o777);
    const why = new RegExp(
      `${path} can be (written|changed) by everybody.*: chmod go-w ${path}\\b`,
    );
    const { code, out } = await home.usrsvcd("status");
    assert.equal(code, 0);
    const [first, note = ""] = out.trim().split("\n");
    assert.match(first ?? "", /^usrsvcd \S+ is running, pid \d+/);
    assert.match(note, why);
    assert.match(
      note,
      /^note: state_dir.*; until that is fixed, nothing can be started or stopped$/,
    );
    const json = JSON.parse((await home.usrsvcd("status", "--json")).out) as object;
    assert.deepEqual(json, { ...json, notes: [note.replace("note: ", "")] });
    if (path !== home.path) {
      const reread = await home.usrsvcd("reread");
      assert.equal(reread.code, 136);
      assert.match(reread.err, /not reread: state_dir.*; when that is fixed, run usrsvcd reread/);
      assert.match(reread.err, why);
      const { err } = await home.usrsvcd("checkconfig");
      assert.match(
        err,
        new RegExp(`warning: state_dir: ${path} can be written by everybody: chmod`),
      );
    }
    chmodSync(path, mode);
  }
  assert.doesNotMatch((await home.usrsvcd("status")).out, /note/);
  assert.equal((await home.usrsvcd("reread")).code, 0);
  chmodSync(state, 0o777);
  await home.usrsvcd("stop");
  const down = await home.usrsvcd("status");
  assert.equal(down.code, 1);
  assert.match(down.out, /note: state_dir.*, and whether usrsvcd is running is not known$/m);
  chmodSync(state, 0o700);
});
