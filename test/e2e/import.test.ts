import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Home, lines, waitFor } from "./home.ts";

const fixtures = join(import.meta.dirname, "../fixtures/import");

/** A home with files of other managers in it. */
function withFiles(home: Home): string {
  const folder = home.file("from");
  cpSync(fixtures, folder, { recursive: true });
  return folder;
}

test("what usrsvc import prints passes checkconfig, and has the words of the other manager", async (t) => {
  const home = new Home(t);
  const folder = withFiles(home);
  const files = [
    "supervisord.conf",
    "pm2/ecosystem.config.js",
    "pm2/process.json",
    "Procfile",
    ...readdirSync(join(folder, "units"))
      .filter((name) => !name.endsWith(".d"))
      .map((name) => `units/${name}`),
  ].map((name) => join(folder, name));
  const { code, out, err } = await home.usrsvc("import", ...files);
  assert.equal(code, 0);
  assert.match(
    err,
    /supervisord\.conf:19: user: programs run as the account that runs usrsvc; for nobody/,
  );
  assert.match(err, /ecosystem\.config\.js is a program: it was run with node, as pm2 does/);
  assert.match(err, /site\.service:38,39: ProtectSystem, PrivateTmp: no sandbox/);
  assert.match(
    err,
    /\n\d+ programs translated, \d+ without a counterpart, \d+ refused as it is \(a comment now\)\n$/,
  );
  assert.match(out, /^# Translated by usrsvc import from supervisord\.conf, .*: \d+ programs\.\n/);
  assert.match(out, /#   line 20: priority=10: programs start side by side/);
  // The folder of the unit's pidfile is not here.
  assert.match(out, /#pidfile = \/run\/db\/db\.pid\n/);
  assert.match(out, /autopid=False: the folder "\/run\/db" does not exist/);

  writeFileSync(home.config, out, { mode: 0o600 });
  const checked = await home.usrsvcd("checkconfig", "--json", "--show-secrets");
  const rows = lines(checked.out);
  assert.deepEqual(
    rows.filter(({ severity }) => severity === "error"),
    [],
  );
  assert.equal(checked.code, 0);
  const argv = (name: string): unknown => rows.find(({ program }) => program === name)?.["argv"];
  assert.deepEqual(argv("web"), [
    "/bin/echo",
    "two words",
    "a $HOME",
    "back slash",
    "--fmt=%Y%m",
    'say "hi"',
    "a#b",
    "c;d",
    "--stage=live",
    "--name",
    "web-00",
  ]);
  assert.deepEqual((argv("api") as string[]).slice(-5), [
    "--port",
    "8080",
    "two words",
    "it's",
    "%(x)s",
  ]);
  assert.deepEqual((argv("site") as string[]).slice(1, 4), ["--title", "two words", "single A"]);
  assert.deepEqual(argv("web-2"), ["bundle", "exec", "puma", "-p", "5000", "-C", "config/puma.rb"]);
  const api = rows.find(({ program, section }) => program === "api" && section === "Program");
  const { Env: env } = api as { readonly Env: Readonly<Record<string, string>> };
  assert.equal(env["SECRET_KEY"], 'a "b" #c');
});

test("usrsvc import --write makes a file for each program, and replaces nothing", async (t) => {
  const home = new Home(t);
  const folder = home.file("usrsvc.d");
  mkdirSync(folder, { mode: 0o700 });
  home.main(`config_dir = ${folder}`);
  const show = home.script("show", '#!/bin/sh\nprintf "<%s>\\n" "$@" "$WORDS"\nexec sleep 1000\n');
  const file = home.file("shop.conf");
  writeFileSync(
    file,
    `[program:show]\ncommand=${show} "a b" c\\ d 'e"f' g%%h ; first\nenvironment=WORDS="x, y#z"\nautorestart=true\n` +
      `startsecs=0\nuser=somebody\n[program:old]\ncommand=/bin/true\n`,
  );
  writeFileSync(join(folder, "old.cfg"), "", { mode: 0o600 });
  const written = await home.usrsvc("import", "--write", file);
  assert.equal(written.code, 1);
  assert.match(written.out, new RegExp(`^show: ${folder}/show\\.cfg written\n$`));
  assert.match(
    written.err,
    /shop\.conf:6: user: .*\n[\s\S]*old: not written: .*old\.cfg already exists/,
  );
  assert.equal(statSync(join(folder, "show.cfg")).mode & 0o777, 0o600);
  assert.match(home.read("usrsvc.d/show.cfg"), /#   line 6: user=somebody: /);
  assert.equal((await home.usrsvcd("checkconfig")).code, 0);

  assert.equal((await home.usrsvc("start", "show")).code, 0);
  const log = join("state", "log", "show.log");
  await waitFor("it has shown its words", () => home.read(log).includes("z>"));
  assert.equal(home.read(log), '<a b>\n<c d>\n<e"f>\n<g%h>\n<x, y#z>\n');
  await home.usrsvc("stop", "show");

  const again = await home.usrsvc("import", "--write", "--json", file);
  assert.deepEqual(
    lines(again.out).map(({ program, result }) => `${String(program)} ${String(result)}`),
    ["show refused", "old refused"],
  );
});

test("usrsvc import says what to do about what it cannot read", async (t) => {
  const home = new Home(t).write();
  const put = (name: string, text: string): string => {
    writeFileSync(home.file(name), text);
    return home.file(name);
  };
  const rows: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /say which files: usrsvc import FILE…/],
    [["/nowhere.conf"], /\/nowhere\.conf does not exist/],
    [[home.path], /is a folder; name the files in it/],
    [[put("a.socket", "[Socket]\n")], /a unit of systemd that starts no program/],
    [[put("compose.yaml", "services:\n  x:\n")], /describes containers/],
    [[put("x.txt", "hello\n")], /say whose it is: --from supervisor\|pm2\|systemd\|procfile/],
    [[put("y.txt", "")], /y\.txt is empty/],
    [[put("n.json", "{ apps: [{ script: 'a\0' }] }")], /n\.json is not a text/],
    [[put("own.cfg", "[Main]\n")], /is a file of usrsvc itself/],
    [
      ["--from", "supervisor", put("noise", "[program:]\n" + "?\n".repeat(500))],
      /noise:2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21 and 480 more: \?: not a line/,
    ],
    [["--from", "circus", put("z.ini", "x")], /"circus" is not one of supervisor, pm2/],
    [["--formation", "web", put("Procfile", "web: x\n")], /"web" is not as web=2/],
    [["--write", put("s.conf", "[program:x]\ncommand=/bin/true\n")], /has no config_dir/],
  ];
  for (const [words, expected] of rows) {
    const { code, out, err } = await home.usrsvc("import", ...words);
    assert.match(err, expected);
    assert.equal(out, "");
    assert.equal(code, 1);
  }
  const foreign = put("f.cfg", "[program:x]\ncommand=/bin/true\n");
  const { err } = await home.usrsvcd("-c", foreign, "checkconfig");
  assert.match(
    err,
    /\[program:x\] is one of another manager, whose files usrsvc import translates/,
  );
});

test("usrsvc import --json has the settings and what has no counterpart, and shows no secrets", async (t) => {
  const home = new Home(t);
  const file = home.file("Procfile");
  writeFileSync(file, "web: API_TOKEN=abc LEVEL=3 /bin/sleep 5\nrelease: /bin/true\n");
  const { out } = await home.usrsvc("import", "--json", file);
  const [web, release, note, ...more] = lines(out);
  assert.deepEqual(web, {
    section: "Program",
    program: "web",
    file,
    line: 1,
    settings: { command: "/bin/sleep 5", directory: home.path },
    env: { API_TOKEN: "***", LEVEL: "3", PORT: "5000" },
    monitor: {},
  });
  assert.equal(release?.["program"], "release");
  assert.deepEqual([note?.["section"], note?.["line"], note?.["key"]], ["Note", 2, "release"]);
  assert.deepEqual(more, []);
  const shown = await home.usrsvc("import", "--json", "--show-secrets", file);
  assert.match(shown.out, /"API_TOKEN":"abc"/);
});
