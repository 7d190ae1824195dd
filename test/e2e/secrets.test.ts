import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join, relative } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { cleanUp } from "../support/clean-up.ts";
import { Home, isAlive, type Result, sleeper, waitFor } from "./home.ts";
import { told } from "./looks.ts";

/*
 * The marker stands in the configuration, and must stand nowhere else: not in what commands print, not in
 * a file, not in the arguments of a process, be it for a moment.
 */

/** Others on this machine may have the like in their arguments. */
const MARK = `S3CRET${process.pid}q`;
/** As a mail server is told it. */
const FORMS = [MARK, ...encoded(MARK), ...encoded(`\0me\0${MARK}`)];

function encoded(text: string): readonly string[] {
  return [Buffer.from(text).toString("base64").replace(/=+$/, "")];
}

function assertClean(text: string, where: string): void {
  for (const form of FORMS) {
    const at = text.indexOf(form);
    assert.ok(at < 0, `${where}: …${text.slice(Math.max(0, at - 300), at + 60)}…`);
  }
}

/** Files below `folder`; links lead to others of them. */
function files(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** All that usrsvc has written. The logs of programs are their own. */
function assertFilesClean(home: Home): void {
  const isOurs = (path: string): boolean =>
    path !== home.config && !path.startsWith(home.file("log/"));
  const written = files(home.path).filter(isOurs);
  assert.ok(written.length > 0);
  // One that usrsvcd has replaced meanwhile is empty.
  for (const path of written) assertClean(home.read(relative(home.path, path)), path);
}

/** Looks at the arguments of all processes, again and again; what it has seen is told when it is asked to end. */
async function watchArguments(t: TestContext, home: Home): Promise<() => Promise<string>> {
  const script = home.script(
    "watch.cjs",
    `const { readdirSync, readFileSync } = require("node:fs");
    const mark = process.env.MARK;
    function look() {
      for (const pid of readdirSync("/proc")) {
        if (!/^[0-9]+$/.test(pid)) continue;
        try {
          const words = readFileSync("/proc/" + pid + "/cmdline", "utf8");
          if (words.includes(mark)) console.log(words.replaceAll("\\0", " "));
        } catch {}
      }
      setImmediate(look);
    }
    look();
    console.log("looks");
    `,
  );
  const child = spawn(process.execPath, [script], {
    env: { MARK },
    stdio: ["ignore", "pipe", "inherit"],
  });
  cleanUp(t, () => void child.kill("SIGKILL"));
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  await waitFor("the watcher", () => out.includes("looks"));
  return async () => {
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("close", resolve));
    return out;
  };
}

/** A mail server that repeats what it is told, and takes nothing. */
async function echoServer(t: TestContext): Promise<number> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.write("220 box\r\n");
    socket.on("data", (chunk: Buffer) => {
      const line = chunk.toString().trim();
      const told = Buffer.from(line.split(" ").at(-1) ?? "", "base64").toString();
      const isLogin = line.startsWith("AUTH");
      socket.write(isLogin ? `535 no: ${line} ${told}\r\n` : "250-box\r\n250 AUTH PLAIN\r\n");
    });
  });
  cleanUp(t, () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

describe("a secret of the configuration is nowhere else", () => {
  test("while programs are started, fail, are mailed about, and are looked at", async (t) => {
    const port = await echoServer(t);
    const home = new Home(t, `smtp_url = smtp://me:${MARK}@127.0.0.1:${port}`);
    const env = [
      "[[Env]]",
      `DB_PASSWORD = ${MARK}`,
      `my.key = ${MARK}`,
      `PWD = /${MARK}`,
      `HASHED = ${MARK}#x`,
      `DB_URL: pg://me:${MARK}@h?ssl = 1`,
      "",
    ].join("\n");
    // It tells its environment, as frameworks do when they fail.
    const dump = home.script(
      "dump.sh",
      `#!/bin/sh\necho "Error: DB_PASSWORD=$DB_PASSWORD postgres://app:$DB_PASSWORD@h/x"; sleep 0.2; exit 3\n`,
    );
    const common = { email_alerts: "root@localhost" };
    home.program("plain", { command: sleeper(), ...common }, env);
    home.program("masked", { command: sleeper(), umask: "027", ...common }, env);
    home.program("dump", { command: dump, maxrestarts: "2", ...common }, env);
    chmodSync(home.config, 0o600);
    const stopWatch = await watchArguments(t, home);
    const said: Result[] = [];
    const say = async (...results: readonly Promise<Result>[]): Promise<void> => {
      said.push(...(await Promise.all(results)));
    };
    await say(home.usrsvc("start", "plain", "masked", "dump", "--debug"));
    await say(home.usrsvc("restart", "all", "--json", "-P"));
    await say(home.usrsvcd("start"));
    const plain = await home.running("plain");
    process.kill(plain, "SIGKILL");
    await home.running("plain", plain);
    await waitFor("a mail that fails", () => told(home, "alert.failed").length > 0);
    await waitFor("dump to be given up", () => told(home, "program.gave-up").length > 0);
    await say(home.usrsvcd("reread"), home.usrsvcd("status"), home.usrsvcd("checkconfig"));
    await say(home.usrsvcd("checkconfig", "--json"), home.usrsvc("status", "--json"));
    await say(home.usrsvc("status"), home.usrsvc("restart", "masked", "--here"));
    const seen = await stopWatch();
    for (const { out, err } of said) assertClean(out + err, "output");
    assertFilesClean(home);
    assertClean(seen, "arguments");
    assert.ok(readFileSync(home.file("log/dump.log"), "utf8").includes(MARK));
    const [mail] = files(home.file("state/mail")).filter((path) => path.endsWith("dump.json"));
    assert.match(readFileSync(mail ?? "", "utf8"), /DB_PASSWORD=\*\*\*/);
    const masked = await home.running("masked");
    assert.ok(readFileSync(`/proc/${masked}/environ`, "utf8").includes(`DB_PASSWORD=${MARK}`));
  });

  const broken: readonly (readonly [what: string, main: string, env: string])[] = [
    ["a colon for =", `smtp_url: smtp://me:${MARK}@h`, `DB_PASSWORD: ${MARK}`],
    ["a blank for =", `smtp_url smtp://me:${MARK}@h`, `DB_PASSWORD ${MARK}`],
    ["two lines for one", `smtp_url = smtp://me:\n${MARK}@h`, `DB_PASSWORD =\n${MARK}`],
    ["an unquoted #", `smtp_url = smtp://me:${MARK}#1@h`, `DB_PASSWORD = ${MARK}#cd`],
    ["an open quote", `smtp_url = "smtp://me:${MARK}@h`, `DB_PASSWORD = '${MARK}`],
    ["a reference", `smtp_url = smtp://me:%(${MARK})s@h`, `DB_PASSWORD = x%(${MARK})sy`],
    ["a misspelt key", `smtpurl = smtp://me:${MARK}@h`, `DB PASSWORD: = ${MARK}`],
    ["another scheme", `smtp_url = http://me:${MARK}@h`, `export DB_PASSWORD: ${MARK}`],
    ["a key twice", `smtp_url =\nsmtp_url = smtp://me:${MARK}@h`, `A = 1\nA = ${MARK}`],
    ["no section", `smtp_url = ${MARK}`, `[Env DB_PASSWORD=${MARK}]`],
    ["a second =", `smtp_url: smtp://me:${MARK}@h/?a=b`, `DB_PASSWORD: ${MARK}==`],
    ["a wrong %", `smtp_url = smtp://me:${MARK}%@h`, `DB_PASSWORD = $HOME/${MARK}`],
  ];
  for (const [index, [what, main, env]] of broken.entries()) {
    test(`where it stands in a line that is wrong: ${what}`, async (t) => {
      const home = new Home(t);
      home.program("web", { command: sleeper() }).program("other", { command: sleeper() });
      await home.usrsvcd("start");
      const all: Result[] = [];
      const ask = async (): Promise<void> => {
        all.push(await home.usrsvcd("reread"), await home.usrsvcd("checkconfig"));
        all.push(await home.usrsvc("status"));
        if (index > 1) return; // the others print the same list of faults
        all.push(await home.usrsvcd("status"), await home.usrsvcd("status", "--json"));
        all.push(await home.usrsvcd("checkconfig", "--json"));
        all.push(await home.usrsvc("status", "--json"));
        all.push(await home.usrsvc("restart", "web", "--debug"));
        all.push(await home.usrsvcd("restart", "--debug"), await home.usrsvcd("start"));
      };
      home.program("web", { command: sleeper() }, `[[Env]]\n${env}\n`);
      await ask();
      home.program("web", { command: sleeper() });
      await home.usrsvcd("start");
      home.main(main);
      await ask();
      for (const { out, err } of all) assertClean(out + err, "output");
      assert.ok(all.some(({ out, err }) => (out + err).includes(`${home.config}:`)));
      assertFilesClean(home);
    });
  }

  test("but is shown by checkconfig --json where that is asked for", async (t) => {
    const home = new Home(t, `smtp_url = smtp://me:${MARK}@h`);
    home.program("web", { command: `x pg://a:${MARK}@h` }, `[[Env]]\nDB_PASSWORD = ${MARK}\n`);
    const { out } = await home.usrsvcd("checkconfig", "--json", "--show-secrets");
    for (const text of [`"smtp://me:${MARK}@h"`, `"x pg://a:${MARK}@h"`, `"DB_PASSWORD":"${MARK}"`])
      assert.ok(out.includes(text), out);
    const without = await home.usrsvcd("checkconfig", "--json");
    for (const text of ['"smtp://me:***@h"', '"x pg://a:***@h"', '"DB_PASSWORD":"***"'])
      assert.ok(without.out.includes(text), without.out);
    const alone = await home.usrsvcd("checkconfig", "--show-secrets");
    assert.match(alone.err, /--show-secrets goes with --json/);
    assert.match((await home.usrsvcd("status", "--show-secrets")).err, /goes with checkconfig/);
  });
});

for (const umask of ["000", "022", "077", "777"]) {
  test(`whoever calls with the umask ${umask}, all that is ours is for us alone`, async (t) => {
    const home = new Home(t).program("web", { command: sleeper() });
    chmodSync(home.config, 0o600);
    const under = async (command: string, ...words: readonly string[]): Promise<void> => {
      const line = `umask ${umask}; exec ${home.command(command)} ${words.join(" ")}`;
      const child = spawn("/bin/sh", ["-c", line], { env: home.env, stdio: "ignore" });
      const code = await new Promise((resolve) => child.once("close", resolve));
      assert.equal(code, 0, line);
    };
    await under("usrsvcd.cjs", "start");
    await waitFor("web", () => home.pid("web") !== undefined && isAlive(home.pid("web") ?? 0));
    await under("usrsvc.cjs", "restart", "web"); // its log can be opened once more
    writeFileSync(home.config, readFileSync(home.config)); // a reread takes it in
    await under("usrsvcd.cjs", "reread");
    await under("usrsvcd.cjs", "init", "-c", home.file("new.cfg"));
    const modes = [...readdirSync(home.path, { recursive: true, withFileTypes: true })]
      .filter((entry) => entry.isFile() || entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => path.startsWith(home.file("state")) || path === home.file("new.cfg"));
    assert.ok(modes.length > 5);
    for (const path of modes) {
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat === undefined) continue; // replaced meanwhile
      const wanted = stat.isDirectory() ? 0o700 : 0o600;
      assert.equal((stat.mode & 0o777).toString(8), wanted.toString(8), path);
    }
    assert.equal((statSync(home.file("run/web.pid")).mode & 0o777).toString(8), "644");
  });
}
