import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { allOptions, shownCommands } from "../../src/cli/args.ts";
import { completionScripts } from "../../src/cli/completion/scripts.ts";
import { HOSTS_COMMAND, PROGRAMS_COMMAND } from "../../src/cli/completion/hidden-commands.ts";
import { tempDir } from "../support/temp-dir.ts";
import { commandNames, parseFor, tools } from "../support/tools.ts";

type Name = keyof typeof tools;
const shells = ["bash", "zsh", "fish"] as const;

function script(shell: string, name: Name): string {
  return completionScripts().get(`${name}.${shell}`) ?? assert.fail(`none of ${name} for ${shell}`);
}

function lacks(shell: string): string | false {
  return spawnSync(shell, ["--version"]).status === 0 ? false : `${shell} is not installed`;
}

/** A home with commands of our names, which note how they are called, and know programs. */
function home(t: TestContext): string {
  const dir = tempDir(t);
  mkdirSync(join(dir, "bin"));
  for (const name of Object.keys(tools)) {
    const path = join(dir, "bin", name);
    const names = String.raw`web\nweb-old\na:b\nmy prog\n`;
    const hosts = String.raw`@web\n@all\nweb1\nweb2.example\ndb:2222\n`;
    writeFileSync(
      path,
      `#!/bin/sh\necho "$*" >>${dir}/calls\n[ "$1" = ${HOSTS_COMMAND} ] && exec printf '${hosts}'\nprintf '${names}'\n`,
    );
    chmodSync(path, 0o755);
  }
  writeFileSync(join(dir, "other.cfg"), "");
  return dir;
}

function run(dir: string, shell: string, words: readonly string[]): readonly string[] {
  const env = { HOME: dir, PATH: `${dir}/bin:${process.env["PATH"]}`, LC_ALL: "C.UTF-8" };
  const { stdout, stderr } = spawnSync(shell, words, { cwd: dir, env, encoding: "utf8" });
  assert.equal(stderr, "");
  return stdout.split("\n").filter((line) => line !== "");
}

/** What is offered for the last word of a line, without what describes it. */
type Offer = (dir: string, name: Name, line: string) => readonly string[];

const inBash: Offer = (dir, name, line) => {
  writeFileSync(join(dir, "completion"), script("bash", name));
  // As bash does it: a word ends at a blank, and at what is in COMP_WORDBREAKS.
  const words = line.match(/"[^"]*"?|@?(\\.|[^\s=:@"])+|[=:@]|(?<= )$/g) ?? [];
  const lines = `. ./completion; line=$1; shift; COMP_LINE=$line COMP_POINT=\${#line}
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_WORDBREAKS=$' \\t\\n"@><=;|&(:\\''
    _${name}; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return run(dir, "bash", ["--norc", "-c", lines, "bash", line, ...words]);
};

const inFish: Offer = (dir, name, line) => {
  writeFileSync(join(dir, "completion"), script("fish", name));
  const lines = `source completion; complete -C '${line}'`;
  return run(dir, "fish", ["--no-config", "-c", lines]).map((row) => row.split("\t")[0] ?? "");
};

describe("completion for bash", { skip: lacks("bash") }, () =>
  offersWords(inBash, String.raw`my\ prog`),
);
describe("completion for fish", { skip: lacks("fish") }, () => offersWords(inFish, "my prog"));

function offersWords(offer: Offer, withBlank: string): void {
  const programs = ["all", "web", "web-old", "a:b", withBlank];
  const lines: readonly (readonly [string, readonly string[]])[] = [
    ["usrsvc st", ["start", "stop", "status"]],
    ["usrsvc si", ["signal"]],
    ["usrsvc ", commandNames("usrsvc")],
    ["usrsvcd ", commandNames("usrsvcd")],
    ["usrsvcd re", ["restart", "reread"]],
    ["usrsvc stop ", programs],
    ["usrsvc signal ", programs],
    ["usrsvc signal web U", ["USR1", "USR2"]],
    ["usrsvc signal web web-old H", ["HUP"]],
    ["usrsvc signal H", []],
    ["usrsvc signal web --gr", ["--group"]],
    ["usrsvc stop web H", []],
    ["usrsvc -P stop we", ["web", "web-old"]],
    ["usrsvc stop web ", programs.filter((name) => name !== "web")],
    ["usrsvc start web --he", ["--help", "--here"]],
    ["usrsvc stop --here", []],
    ["usrsvc completion ", [...shells]],
    ["usrsvcd reread ", []],
    ["usrsvc -c oth", ["other.cfg"]],
    ["usrsvcd -c other.cfg che", ["checkconfig"]],
    ["usrsvc -H we", ["web1", "web2.example"]],
    ["usrsvc status --hosts we", ["web1", "web2.example"]],
    ["usrsvc -H @", ["@web", "@all"]],
    ["usrsvc -H web1,we", ["web1,web2.example"]],
    ["usrsvc logs -H d", ["db:2222"]],
    ["usrsvc -H web1 sto", ["stop"]],
    ["usrsvcd -H we", []],
  ];
  for (const [line, expected] of lines) {
    test(`knows what follows "${line}"`, (t) => {
      const [name] = line.split(" ");
      const found = offer(home(t), name as Name, line);
      assert.deepEqual(found.toSorted(), [...expected].toSorted());
    });
  }

  test("knows all options of each command, and only those", (t) => {
    const dir = home(t);
    for (const [name, tool] of Object.entries(tools)) {
      const seen = new Set(offer(dir, name as Name, `${name} --`));
      assert.deepEqual([...seen].toSorted(), longOptions(allOptions(tool)));
      for (const { name: command, options } of shownCommands(tool)) {
        const found = offer(dir, name as Name, `${name} ${command} --`);
        const missing = longOptions(options).filter((one) => !found.includes(one));
        assert.deepEqual(missing, [], command);
      }
    }
  });

  test("asks the command on the line, for the file on the line", (t) => {
    const dir = home(t);
    const asked = (line: string): string | undefined => {
      writeFileSync(join(dir, "calls"), "");
      offer(dir, "usrsvc", line);
      return readFileSync(join(dir, "calls"), "utf8").split("\n")[0];
    };
    assert.equal(asked("usrsvc stop w"), PROGRAMS_COMMAND);
    assert.equal(asked("usrsvc -c other.cfg stop w"), `${PROGRAMS_COMMAND} -c other.cfg`);
    assert.equal(
      asked("usrsvc stop --config=~/other.cfg w"),
      `${PROGRAMS_COMMAND} -c ${dir}/other.cfg`,
    );
    assert.equal(asked("~/bin/usrsvc stop --config ~/a w"), `${PROGRAMS_COMMAND} -c ${dir}/a`);
    assert.equal(asked("usrsvc sto"), "");
  });

  test("runs nothing that stands on the line", (t) => {
    const dir = home(t);
    for (const word of ["$(touch ran)", "`touch ran`", "$(touch${IFS}ran)"]) {
      for (const line of [`usrsvc stop ${word}`, `usrsvc -c ${word} stop w`])
        offer(dir, "usrsvc", line);
    }
    assert.throws(() => readFileSync(join(dir, "ran")), /ENOENT/);
  });
}

function longOptions(options: object): readonly string[] {
  return Object.keys(options)
    .map((one) => `--${one}`)
    .toSorted();
}

describe("completion for bash", { skip: lacks("bash") }, () => {
  test("gives back only what follows the last = or :, where bash splits words", (t) => {
    const dir = home(t);
    assert.deepEqual(inBash(dir, "usrsvc", "usrsvc -H db:"), ["2222"]);
    assert.deepEqual(inBash(dir, "usrsvc", "usrsvc -H web1,@a"), ["@all"]);
    assert.deepEqual(inBash(dir, "usrsvc", "usrsvc --hosts=web1,w"), ["web1,web2.example"]);
    assert.deepEqual(inBash(dir, "usrsvc", "usrsvc stop a:"), ["b"]);
    assert.deepEqual(inBash(dir, "usrsvc", "usrsvc --config=oth"), ["other.cfg"]);
  });

  test("quotes a name but where a quote has begun", (t) => {
    const dir = home(t);
    assert.deepEqual(inBash(dir, "usrsvc", String.raw`usrsvc stop my\ p`), [String.raw`my\ prog`]);
    assert.deepEqual(inBash(dir, "usrsvc", 'usrsvc stop "my p'), ["my prog"]);
  });
});

describe("completion for zsh", { skip: lacks("zsh") }, () => {
  for (const name of Object.keys(tools)) {
    test(`of ${name} is taken in after compinit`, (t) => {
      const dir = home(t);
      writeFileSync(join(dir, "completion"), script("zsh", name as Name));
      const lines = `autoload -U compinit; compinit -u -d ${dir}/dump; source ./completion; print $_comps[${name}]`;
      assert.deepEqual(run(dir, "zsh", ["-f", "-c", lines]), [`_${name}`]);
    });
  }
});

for (const shell of shells) {
  test(`completion for ${shell} is plain text, and asks for programs where a command takes some`, () => {
    const tool = script(shell, "usrsvc");
    const daemon = script(shell, "usrsvcd");
    assert.match(`${tool}${daemon}`, /^[\n -~]*$/);
    for (const asked of [PROGRAMS_COMMAND, HOSTS_COMMAND]) {
      assert.ok(tool.includes(asked));
      assert.ok(!daemon.includes(asked));
    }
  });
}

test("what completion asks is hidden, and takes -c", () => {
  for (const name of [PROGRAMS_COMMAND, HOSTS_COMMAND]) {
    const asked = parseFor("usrsvc", [name, "-c", "a.cfg"]);
    assert.ok(asked.kind === "run");
    assert.equal(asked.command.isHidden, true);
    assert.equal(asked.options.config, "a.cfg");
  }
});
