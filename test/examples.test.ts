import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { describe, test, type TestContext } from "node:test";
import { formatIssue } from "../src/config/issue.ts";
import { loadSettings } from "../src/config/load.ts";
import type { Settings } from "../src/config/settings.ts";
import { cleanUp } from "./support/clean-up.ts";

const root = dirname(import.meta.dirname);
const examples = join(root, "examples");
const files = fs.readdirSync(join(examples, "cfg")).filter((name) => name.endsWith(".cfg"));

describe("the examples", () => {
  for (const file of files) {
    test(`cfg/${file} loads beside the main file without any issue`, (t) => {
      const settings = loadExamples(t, [file]);
      assert.deepEqual(settings.issues.map(formatIssue), []);
      assert.ok(settings.programs.size > 1, "it describes a program");
    });
  }

  test("load all together without any issue", (t) => {
    const settings = loadExamples(t, files);
    assert.deepEqual(settings.issues.map(formatIssue), []);
    assert.deepEqual([...settings.faulty.keys()], []);
  });

  test("share DefaultSettings, and what a program sets itself wins", (t) => {
    const shop = loadExamples(t, files).programs.get("shop");
    assert.equal(shop?.successMs, 3000);
    assert.equal(shop?.monitor.monitorAfterMs, 60_000);
    assert.equal(shop?.monitor.rssLimitBytes, 1.5 * 1024 ** 3);
    assert.equal(shop?.env.get("TZ"), "Etc/UTC");
    assert.equal(shop?.env.get("DATABASE_URL"), "postgres:///shop?application_name=shop#1");
  });

  test("web-site loads as it lies in its home, without any issue", (t) => {
    const home = temporaryFolder(t);
    const folder = join(home, "web-site");
    fs.cpSync(join(examples, "web-site"), folder, { recursive: true });
    for (const name of fs.readdirSync(folder)) fs.chmodSync(join(folder, name), 0o644);
    const path = join(folder, "usrsvc.cfg");
    const settings = loadSettings({ home, uid: process.getuid?.() ?? 0, path });
    assert.deepEqual(settings.issues.map(formatIssue), []);
    const names = ["db", "cache", "web:1", "web:2", "web:3", "worker", "proxy", "nightly"];
    assert.deepEqual([...settings.programs.keys()], names);
  });

  // What these programs call themselves once they run
  const titles = [
    ["redis", "/usr/bin/redis-server 127.0.0.1:6379", true],
    ["redis", "/usr/bin/redis-server *:6379", true],
    ["redis", "/usr/bin/redis-server 127.0.0.1:6380", false],
    ["nginx", "nginx: master process /usr/sbin/nginx -c HOME/etc/nginx.conf", true],
    ["nginx", "nginx: worker process", false],
    ["shop", "gunicorn: master [shop]", true],
    ["shop", "gunicorn: worker [shop]", false],
    ["shop", "HOME/shop/venv/bin/python HOME/shop/venv/bin/gunicorn --name shop --workers 3", true],
    ["shop-worker", "[celeryd: shop@box.example.org:MainProcess] -active- (worker)", true],
    ["shop-worker", "[celeryd: shop@box.example.org:ForkPoolWorker-1]", false],
    ["search", "java -Xmx1g -Dservice=search -jar search.jar", true],
    ["search", "/bin/sh HOME/search/bin/start.sh --profile production", false],
  ] as const;
  test("have expressions that find what is meant", (t) => {
    const { programs, main } = loadExamples(t, files);
    const home = dirname(main.pidfile);
    for (const [name, title, expected] of titles) {
      const rule = programs.get(name)?.match;
      assert.ok(rule?.kind === "title", `${name} has a proctitle_re`);
      assert.equal(rule.regex.test(title.replaceAll("HOME", home)), expected, title);
    }
  });
});

/** Loads the main file with some of the others, with a folder of the test for /home/web. */
function loadExamples(t: TestContext, names: readonly string[]): Settings {
  const home = temporaryFolder(t);
  const copy = (from: string, to: string): void => {
    const text = fs.readFileSync(join(examples, from), "utf8").replaceAll("/home/web", home);
    for (const [, folder] of text.matchAll(/^directory = (.+)$/gm)) {
      fs.mkdirSync(folder ?? "", { recursive: true });
    }
    fs.writeFileSync(join(home, to), text, { mode: 0o600 });
  };
  for (const folder of ["usrsvc.d", "logs", "run"]) fs.mkdirSync(join(home, folder));
  copy("usrsvc.cfg", "usrsvc.cfg");
  for (const name of names) copy(join("cfg", name), join("usrsvc.d", name));
  return loadSettings({ home, uid: process.getuid?.() ?? 0 });
}

function temporaryFolder(t: TestContext): string {
  const folder = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "usrsvc-examples-")));
  fs.chmodSync(folder, 0o700);
  cleanUp(t, () => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const isBuilt = fs.existsSync(join(root, "dist", "usrsvcd.cjs"));

describe("npm start", { skip: isBuilt ? false : "dist/ is not built" }, () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    test(`runs three programs, and after ${signal} leaves no process and no file`, async (t) => {
      const folder = temporaryFolder(t);
      const demo = spawn(process.execPath, [join(examples, "demo.mjs")], {
        env: { ...process.env, TMPDIR: folder },
        stdio: ["ignore", "pipe", "inherit"],
      });
      cleanUp(t, () => demo.kill("SIGTERM"));
      const exit = new Promise((resolve) => {
        demo.once("exit", (...how) => resolve(how));
      });
      const text: string[] = [];
      const running = new Map<string, number>();
      for await (const line of createInterface({ input: demo.stdout })) {
        text.push(line);
        const { event, program, pid } = parseLine(line);
        if (event !== "program.started" || program === undefined || pid === undefined) continue;
        running.set(program, pid);
        if (running.size === 3) break;
      }
      assert.deepEqual([...running.keys()].sort(), ["moody", "web", "wrapped"], text.join("\n"));
      const url = /curl (\S+)/.exec(text.join("\n"))?.[1] ?? "";
      const answer = await (await fetch(url)).text();
      assert.match(answer, new RegExp(`^Hello from pid ${running.get("web")},`));

      demo.kill(signal);
      assert.deepEqual(await exit, signal === "SIGHUP" ? [null, signal] : [0, null]);
      assert.deepEqual(fs.readdirSync(folder), []);
      for (const pid of running.values()) assert.ok(!isAlive(pid), `${pid} is gone`);
    });
  }
});

function parseLine(line: string): { event?: string; program?: string; pid?: number } {
  return line.startsWith("{") ? (JSON.parse(line) as ReturnType<typeof parseLine>) : {};
}

/** A zombie is dead: it only waits to be reaped. */
function isAlive(pid: number): boolean {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2, -1).split(" ")[0] !== "Z";
  } catch {
    return false;
  }
}
