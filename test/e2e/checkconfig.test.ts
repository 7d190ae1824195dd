import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import { Home, lines } from "./home.ts";

const examples = join(import.meta.dirname, "../../examples");
const HINT = /There is no \/home\/\S+ on this machine/;

describe("the hint at somebody else's home", () => {
  test("is about values, not about what the messages say by way of example", async (t) => {
    const home = new Home(t);
    home.text("none", "[Program:none]\n");
    home.text(
      "relative",
      "[Program:rel]\ncommand = sleep 1 # as in /home/nobody-has/x\nautopid = no\n",
    );
    home.text("fine", "[Program:fine]\ncommand = true\n[[Env]]\nDOCS = /home/nobody-has/docs\n");
    const { err, code } = await home.usrsvcd("checkconfig");
    assert.equal(code, 130);
    assert.match(err, /as in command = \/home\/me/);
    assert.match(err, /as in pidfile = \/home\/me/);
    assert.doesNotMatch(err, HINT);
  });

  test("is given for what is wrong, directly, by defaults, or by another value", async (t) => {
    for (const text of [
      "[Program:a]\ncommand = sleep 1\nstdout = /home/nobody-has/log/a.log\n",
      "[DefaultSettings:d]\nstdout = /home/nobody-has/a.log\n[Program:a]\ncommand = x\ndefaults = d\n",
      "[Program:a]\nbase = /home/nobody-has\ncommand = sleep 1\nstdout = %(base)s/a.log\n",
    ]) {
      const home = new Home(t).text("a", text);
      const { err } = await home.usrsvcd("checkconfig");
      assert.match(err, HINT, text);
      const command = /: (sed [^\n]+) >/.exec(err)?.[1] ?? "";
      assert.equal(command, `sed 's|/home/nobody-has|${home.path}|g' ${home.config}`);
    }
  });

  test("of a part is about that file", async (t) => {
    const home = new Home(t);
    mkdirSync(home.file("parts"));
    home.main(`config_dir = ${home.file("parts")}`);
    const part = home.file("parts/a.cfg");
    writeFileSync(part, "[Program:a]\ncommand = sleep 1\nstdout = /home/nobody-has/a.log\n");
    const { err } = await home.usrsvcd("checkconfig");
    assert.match(err, new RegExp(`: sed -i 's\\S+' ${part}$`, "m"));
  });
});

/** The examples are of such an account. */
const skip = existsSync("/home/web") ? "this machine has an account web" : false;

test(
  "a part of the examples says that it is one, and how it is made one's own",
  { skip },
  async (t) => {
    const home = new Home(t);
    for (const name of ["redis.cfg", "django.cfg"]) {
      const path = join(examples, "cfg", name);
      assert.match(readFileSync(path, "utf8"), /^# A part: .* config_dir /);
      const { code, err } = await home.usrsvcd("checkconfig", "-c", path);
      assert.equal(code, 130);
      assert.match(
        err,
        /begin the file with it, or, if it is one part of a configuration, move it to the config_dir/,
      );
      assert.match(
        err,
        new RegExp(
          `mkdir -p ${home.path}/usrsvc\\.d && sed .* > ${home.path}/usrsvc\\.d/${basename(path)}$`,
          "m",
        ),
      );
    }
    writeFileSync(home.config, "# nothing yet\n");
    assert.match((await home.usrsvcd("checkconfig")).err, /begin the file with it$/m);
  },
);

test("what concerns many programs is one line, one object and one error", async (t) => {
  const home = new Home(t);
  home.text("d", "[DefaultSettings:d]\nsuccess_seconds = soon\nmaxrestarts = often\n");
  for (const name of ["a", "b", "c"]) home.program(name, { command: "sleep 1", defaults: "d" });
  home.text("e", "[Program:e]\ncommand = sleep 1\numask = 999\n");
  const { err, code } = await home.usrsvcd("checkconfig");
  assert.equal(code, 130);
  const told = err.trimEnd().split("\n");
  const summary = told.pop() ?? "";
  assert.match(summary, new RegExp(`: ${told.length} errors; `), err);
  const { out } = await home.usrsvcd("checkconfig", "--json");
  const objects = lines(out);
  const issues = objects.filter(({ section }) => section === "Issue");
  assert.equal(issues.length, told.length);
  assert.equal(objects.at(-1)?.["errors"], told.length);
  const shared = issues.find(({ message }) => /maxrestarts/.test(String(message)));
  assert.deepEqual([shared?.["program"], shared?.["programs"]], ["a", ["a", "b", "c"]]);
  assert.equal((await home.usrsvc("status")).err.match(/maxrestarts: /g)?.length, 1);
});
