import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { splitWords } from "../../../src/config/shell/words.ts";
import type { ProgramDraft } from "../../../src/operations/import/draft.ts";
import { Names } from "../../../src/operations/import/names.ts";
import { readLine } from "../../../src/operations/import/procfile/line.ts";
import { importProcfile } from "../../../src/operations/import/procfile/procfile.ts";

const folder = join(import.meta.dirname, "../../fixtures/import");
const file = join(folder, "Procfile");

function imported(formation: ReadonlyMap<string, number> = new Map()) {
  const read = (path: string): string => readFileSync(path, "utf8");
  return importProcfile(read(file), file, new Names(), read, { formation, isPipe: false });
}

function settings({ keys }: ProgramDraft): Readonly<Record<string, string>> {
  const { directory: _, ...rest } = Object.fromEntries(
    [...keys].map(([key, { text }]) => [key, text]),
  );
  return rest;
}

function env({ env: all }: ProgramDraft): Readonly<Record<string, string>> {
  return Object.fromEntries([...all].map(([key, { text }]) => [key, text]));
}

describe("a Procfile", () => {
  test("has a shell only where it takes one, and the ports of foreman", () => {
    const { programs, notes } = imported();
    const all = Object.fromEntries(
      programs.map((one) => [one.name, { ...settings(one), ...env(one) }]),
    );
    assert.deepEqual(all, {
      web: { command: "bundle exec puma -p 5000 -C config/puma.rb", PORT: "5000" },
      worker: {
        command: "bundle exec sidekiq -c 5",
        QUEUES: "mail,slow",
        RAILS_ENV: "production",
        PORT: "5100",
      },
      clock: { command: 'node clock.js --title "two words"', TZ: "UTC", PORT: "5200" },
      js: { command: "cd web && npm start -- --port 5300 2>&1", useshell: "True", PORT: "5300" },
      mailer: { command: "exec bin/mailer --to $MAIL_TO '$PORT'", useshell: "True", PORT: "5400" },
      release: { command: "bin/rails db:migrate", type: "job", autostart: "False" },
    });
    assert.deepEqual(
      notes.map(({ source, key }) => `${source.line} ${key}`),
      ["9 this line is no process"],
    );
    assert.equal(programs[0]?.keys.get("directory")?.text, folder);
  });

  test("runs as many of each as the formation says", () => {
    const { programs, notes } = imported(
      new Map([
        ["web", 3],
        ["worker", 0],
        ["wbe", 1],
      ]),
    );
    const [web = assert.fail(), worker = assert.fail()] = programs;
    assert.equal(settings(web)["instances"], "3");
    assert.equal(settings(web)["command"], "bundle exec puma -p 500%(instance)s -C config/puma.rb");
    assert.deepEqual(env(web), { PORT: "500%(instance)s" });
    assert.match(web.notes[0]?.why ?? "", /5001 to 5003/);
    assert.equal(settings(worker)["enabled"], "False");
    assert.match(notes.at(-1)?.key ?? "", /--formation wbe/);
  });
});

test("foreman's name of a process is one of its variables where the line asks for it", () => {
  const read = (): string => "";
  const options = { formation: new Map([["b", 2]]), isPipe: true };
  const text = "a: x --name $PS\nb: x ${PS}\nc: x $PSA\n";
  const { programs } = importProcfile(text, "-", new Names(), read, options);
  assert.deepEqual(
    programs.map((one) => env(one)["PS"]),
    ["a.1", "b.%(instance)s", undefined],
  );
});

test("a line runs the words that a shell would run", () => {
  const show = `/usr/bin/printf '<%s>'`;
  const lines = [
    `${show} a "b c" 'd  e' f=g x,y`,
    `exec ${show} $PORT "$PORT/x" '$PORT' \\$PORT \${PORT} $PORTS`,
    `A="1 2" ${show} "$A" $HOME *.none`,
    `cd / && ${show} "$PWD"`,
    `${show} 'a'\\''b' "it's $PORT"`,
    `env B=2 ${show} '%(x)s' 100%`,
    `${show} "a\\"b" | cat`,
  ];
  for (const line of lines) {
    const { command, useshell, variables } = readLine(line, "5000");
    const text = command.replaceAll("%(percent)s", "%");
    const split = splitWords(text);
    const [program = "", ...words] = "words" in split ? split.words : assert.fail(split.problem);
    const options = {
      encoding: "utf8" as const,
      env: {
        HOME: "/home/x",
        PATH: "/usr/bin:/bin",
        PORT: "5000",
        ...Object.fromEntries(variables),
      },
    };
    const there = spawnSync("/bin/sh", ["-c", line], {
      ...options,
      env: { HOME: "/home/x", PATH: "/usr/bin:/bin", PORT: "5000" },
    });
    const here = useshell
      ? spawnSync("/bin/sh", ["-c", text], options)
      : spawnSync(program, words, options);
    assert.equal(here.stdout, there.stdout, line);
    assert.notEqual(here.stdout, "");
  }
});
