import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import { MissingFolders } from "../../src/daemon/missing-folders.ts";
import { compare, recovered } from "../../src/daemon/apply-reread.ts";
import { tempDir } from "../support/temp-dir.ts";

/** A home with a configuration of these programs, each in a folder of its name (in `data`). */
class Scene {
  readonly dir: string;
  readonly #texts = new Map<string, string>();
  main = "";

  constructor(t: TestContext, ...names: readonly string[]) {
    this.dir = tempDir(t);
    for (const name of names) this.program(name);
  }

  program(name: string, more = ""): void {
    const lines = [
      `[Program:${name}]`,
      "command = /bin/sleep 1000",
      `pidfile = ${this.dir}/${name}.pid`,
      `stdout = ${this.dir}/${name}.log`,
      `directory = ${this.dir}/data/${name}`,
      more,
    ];
    this.#texts.set(name, lines.join("\n"));
  }

  remove(name: string): void {
    this.#texts.delete(name);
  }

  make(name: string): void {
    mkdirSync(join(this.dir, "data", name), { recursive: true });
  }

  load(): Settings {
    const text = [`[Main]\n${this.main}`, ...this.#texts.values()].join("\n");
    writeFileSync(join(this.dir, "usrsvc.cfg"), text);
    return loadSettings({ home: this.dir, uid: process.getuid?.() ?? 0 });
  }
}

const namesOf = (found: ReturnType<typeof recovered>): readonly string[] | undefined =>
  found?.map(({ name }) => name);

describe("MissingFolders", () => {
  test("tells once of each that is there by now", (t) => {
    const scene = new Scene(t, "a", "b");
    const settings = scene.load();
    assert.deepEqual([...settings.faulty.keys()], ["a", "b"]);
    const missing = new MissingFolders(settings);
    assert.deepEqual(missing.appeared(settings), []);
    scene.make("b");
    assert.deepEqual(missing.appeared(settings), [join(scene.dir, "data/b")]);
    assert.deepEqual(missing.appeared(settings), []);
    rmSync(join(scene.dir, "data/b"), { recursive: true });
    assert.deepEqual(missing.appeared(settings), []);
    scene.make("b");
    scene.make("a");
    assert.equal(missing.appeared(settings).length, 2);
  });

  test("takes a file for no folder, and has nothing to look at where nothing is set aside", (t) => {
    const scene = new Scene(t, "a");
    mkdirSync(join(scene.dir, "data"));
    writeFileSync(join(scene.dir, "data/a"), "");
    const settings = scene.load();
    const missing = new MissingFolders(settings);
    assert.deepEqual(missing.appeared(settings), []);
    rmSync(join(scene.dir, "data/a"));
    scene.make("a");
    assert.deepEqual(missing.appeared({ faulty: new Map() }), []);
    assert.deepEqual(missing.appeared(settings), []);
  });
});

describe("recovered", () => {
  test("is what was set aside for a folder, and is right by now", (t) => {
    const scene = new Scene(t, "a", "b", "c");
    scene.make("c");
    const before = scene.load();
    scene.make("a");
    assert.deepEqual(namesOf(recovered(before, scene.load())), ["a"]);
    scene.make("b");
    assert.deepEqual(namesOf(recovered(before, scene.load())), ["a", "b"]);
  });

  test("is nothing where the program has another fault", (t) => {
    const scene = new Scene(t);
    scene.program("a", "umask = 999");
    const before = scene.load();
    scene.make("a");
    assert.deepEqual(recovered(before, scene.load()), []);
  });

  const changes: readonly [what: string, change: (scene: Scene) => void][] = [
    ["a key of the program itself", (scene) => scene.program("a", "autorestart = no")],
    ["its environment", (scene) => scene.program("a", "[[Env]]\nX = 1")],
    ["another program", (scene) => scene.program("c", "umask = 022")],
    ["another program, which is faulty now", (scene) => scene.program("c", "umask = 999")],
    ["a program more", (scene) => scene.program("d")],
    ["a program less", (scene) => scene.remove("c")],
    ["one less of those that were set aside", (scene) => scene.remove("b")],
    ["[Main]", (scene) => void (scene.main = "alert_interval = 7")],
  ];
  for (const [what, change] of changes) {
    test(`is for a reread where the file has changed in ${what}`, (t) => {
      const scene = new Scene(t, "a", "b", "c");
      scene.make("c");
      const before = scene.load();
      scene.make("a");
      change(scene);
      assert.equal(recovered(before, scene.load()), undefined);
    });
  }
});

describe("compare", () => {
  test("tells what only a launch applies from what applies at once", (t) => {
    const scene = new Scene(t, "a", "b", "c", "d");
    for (const name of ["a", "b", "c", "d"]) scene.make(name);
    const before = scene.load();
    scene.program("a", "umask = 022");
    scene.program("b", "autorestart = no\n[[Monitor]]\nrss_limit = 1G");
    scene.program("c", "[[Env]]\nX = 1");
    const { changed, launched, main } = compare(before, scene.load());
    assert.deepEqual(
      changed.map(({ name }) => name),
      ["a", "b", "c"],
    );
    assert.deepEqual([...launched], ["a", "c"]);
    assert.deepEqual(main, []);
  });

  test("names of [Main] only what needs a restart of usrsvcd, as it is written", (t) => {
    const scene = new Scene(t);
    const before = scene.load();
    scene.main = [
      `usrsvcd_stdout = ${scene.dir}/d.log`,
      `usrsvcd_stderr = ${scene.dir}/d.err`,
      `pidfile = ${scene.dir}/d.pid`,
      "smtp_url = smtp://localhost",
      "alert_interval = 7",
      "sendmail_path = /bin/true",
      `config_dir = ${scene.dir}`,
    ].join("\n");
    assert.deepEqual(compare(before, scene.load()).main, []);
    scene.main = `state_dir = ${scene.dir}/state`;
    assert.deepEqual(compare(before, scene.load()).main, ["state_dir"]);
  });
});
