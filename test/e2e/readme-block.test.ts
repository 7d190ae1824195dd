import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { finished, Home, type Result, waitFor } from "./home.ts";
import { freePort, installed } from "./servers.ts";

const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
const python = installed("/usr/bin/python3");

/** The commands of the README's first block, without those that install. */
function firstBlock(port: number): readonly string[] {
  const [, block = ""] = /```sh\n(.*?)```/s.exec(readme) ?? [];
  const text = block.slice(block.indexOf("usrsvcd init")).replace(" 8080 ", ` ${port} `);
  return text.match(/^\S.*<<'END'\n[^]*?\nEND$|^\S.*$/gm) ?? [];
}

test(
  "the first block of the README does what it says, and says what init does",
  { skip: python === undefined && "no python3" },
  async (t) => {
    const home = new Home(t);
    rmSync(home.config, { force: true });
    mkdirSync(home.file("bin"));
    for (const name of ["usrsvc", "usrsvcd"]) {
      symlinkSync(home.command(`${name}.cjs`), home.file(`bin/${name}`));
    }
    const shell = async (line: string): Promise<Result> => {
      const env = { ...home.env, PATH: `${home.file("bin")}:${process.env["PATH"]}` };
      const stdio = ["ignore", "pipe", "pipe"] as const;
      return await finished(
        spawn("/bin/sh", ["-c", line], { env, cwd: home.path, stdio: [...stdio] }),
      );
    };
    const done: string[] = [];
    for (const line of firstBlock(await freePort())) {
      const [command = ""] = line.split(/ +#/);
      const { code, out, err } = await shell(line);
      // As who pastes all of it does: nothing is waited for.
      assert.equal(code, 0, `${line}\n${out}${err}`);
      if (command === "usrsvcd init") {
        const next = [...out.matchAll(/^ {2}(.*?) +# /gm)].map(([, words]) => words);
        assert.deepEqual(next, ["usrsvc start example", "usrsvc status", "usrsvcd"]);
        assert.equal((await shell("usrsvc status")).code, 1, "as it says");
      }
      if (done.at(-1)?.startsWith("kill") === true) assert.match(out, / 1 +SIGKILL, /);
      done.push(command);
    }
    assert.deepEqual(done.slice(0, 4), [
      "usrsvcd init",
      "usrsvc start example",
      "usrsvc status",
      "usrsvcd",
    ]);
    assert.equal(done.at(-1), "usrsvc stop web");
    const web = await waitFor("web to be down", async () => {
      const status = await home.statusOf("web");
      return status["state"] === "stopped" && status;
    });
    assert.match(String(web["next"]), /stays down until/);
  },
);
