import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { Home, isAlive, type Json, type Result, waitFor } from "./home.ts";
import { claimPort, installed, nginx, redis } from "./servers.ts";

const example = join(import.meta.dirname, "../../examples/web-site");
const isThere = redis === "/usr/bin/redis-server" && installed("/usr/bin/python3") !== undefined;
const skip = isThere ? false : "redis-server or python3 is not installed";

test("examples/web-site serves, is broken and mended, and ends in order", { skip }, async (t) => {
  const site = await Site.create(t);
  assert.equal((await site.usrsvcd("checkconfig")).err, "");
  assert.equal((await site.usrsvcd("start")).code, 0);
  for (const instance of [1, 2, 3])
    await site.page(instance, /^Good morning from The example site/);
  await site.page(1, /\(cached\)\nport \d+, visit [1-9]\d*, orders done: [1-9]/);
  await site.state("worker", "running");
  assert.equal((await site.usrsvc("status")).code, 0);

  // A job is done when it has ended; usrsvc waits for that.
  const nightly = await site.usrsvc("start", "nightly");
  assert.equal(nightly.code, 0, nightly.err);
  assert.match(nightly.out, /nightly: done: exited with code 0, after/);
  assert.match(
    (await site.usrsvc("status", "nightly")).out,
    /^nightly +done[^]*usrsvcd starts it at/m,
  );

  // The database dies: it is back with what it knew, and nobody has stopped the application.
  const [web, visits] = [await site.pid("web:1"), site.visits];
  process.kill(await site.pid("db"), "SIGKILL");
  await waitFor("db to be back", async () => (await site.status("db"))["restarts"] === 1);
  await site.page(1, /visit/);
  assert.ok(site.visits > visits, `${site.visits} visits are more than ${visits}`);
  assert.equal(await site.pid("web:1"), web);
  const { out: afterDeath } = await site.usrsvc("status", "db");
  assert.match(afterDeath, /^db +running .* SIGKILL, .* ago\n +its last exit: not by usrsvc/m);

  // An instance dies: it is back, and the worker is restarted after it.
  const [second, worker] = [await site.pid("web:2"), await site.settled("worker")];
  process.kill(second, "SIGKILL");
  const restarted = await waitFor("the worker to be restarted", async () => {
    const one = await site.status("worker");
    return one["state"] === "running" && one["pid"] !== worker && one;
  });
  assert.match(JSON.stringify(restarted["lastExit"]), /web:2 was restarted \(restart_with\)/);
  assert.notEqual(await site.pid("web:2"), second);

  // Without the cache the pages are slower, no more.
  assert.equal((await site.usrsvc("stop", "cache")).code, 0);
  await site.page(3, /\(no cache\)/);
  assert.equal((await site.usrsvc("start", "cache")).code, 0);
  await site.page(3, /\(cached\)/);

  // Without the database there is nothing to do: what needs it is stopped before it, and back with it.
  const stopped = await site.usrsvc("stop", "db");
  assert.equal(stopped.code, 0, stopped.err);
  assert.match(stopped.err, /note: web:1 is stopped first, because it needs db/);
  assertOrder(stopped, ["worker", "web:1"], ["web:1", "db"], ["web:3", "db"]);
  assert.equal(await site.get(1), undefined);
  const back = await site.usrsvc("start", "db");
  assert.equal(back.code, 0, back.err);
  assertOrder(back, ["db", "web:1"], ["web:3", "worker"]);
  await site.page(2, /visit/);

  // A worker that hangs says nothing any more.
  const hung = await site.settled("worker");
  process.kill(hung, "SIGSTOP");
  const revived = await waitFor("the worker to be replaced", async () => {
    const one = await site.status("worker");
    return one["state"] === "running" && one["pid"] !== hung && one;
  });
  assert.match(JSON.stringify(revived["lastExit"]), /silent for .*, longer than watchdog/);

  // A version that does not work gets no further than the first instance.
  const others = [await site.pid("web:2"), await site.pid("web:3")];
  const good = site.read("web.py");
  site.write("web.py", `${good}\nx = (\n`);
  const rolled = await site.usrsvc("restart", "--rolling", "web:*");
  assert.equal(rolled.code, 134);
  assert.match(rolled.err, /web:1: stopped.* not started: exited with code 1[^]*SyntaxError/);
  assert.match(rolled.err, /web:1 failed; left as they are: web:2, web:3/);
  assert.deepEqual([await site.pid("web:2"), await site.pid("web:3")], others);
  await site.page(2, /visit/);
  site.write("web.py", good);
  assert.equal((await site.usrsvc("start", "web:1")).code, 0);

  site.write("greeting.txt", "Good evening\n");
  assert.equal((await site.usrsvc("reload", "web")).code, 0);
  for (const instance of [1, 2, 3]) await site.page(instance, /^Good evening/);

  if (nginx === "/usr/sbin/nginx") {
    site.write("usrsvc.cfg", site.read("usrsvc.cfg").replace("enabled = False", "enabled = True"));
    assert.equal((await site.usrsvcd("reread")).code, 0);
    await site.page(0, /^Good evening/);
  }
  await site.settled("worker");
  const pids = (await site.all()).flatMap(({ pid }) => (pid === undefined ? [] : [Number(pid)]));
  const end = await site.usrsvc("stop", "all");
  assert.equal(end.code, 0, end.err);
  assertOrder(end, ["worker", "web:1"], ["proxy", "web:2"], ["web:3", "db"], ["web:3", "cache"]);
  assert.ok(pids.length >= 6 && !pids.some(isAlive), "nothing of it is left");
  assert.equal((await site.usrsvcd("stop")).code, 0);
});

/** Holds the lines of a command, which begin with the name of a program, to an order: the first of each pair before the second. */
function assertOrder({ out }: Result, ...pairs: readonly (readonly [string, string])[]): void {
  const named = [...out.matchAll(/^(\S+): /gm)].map(([, name]) => name);
  for (const [first, second] of pairs) {
    const [at, then] = [named.indexOf(first), named.indexOf(second)];
    assert.ok(at !== -1 && then !== -1 && at < then, `${first} before ${second} in:\n${out}`);
  }
}

/** The example in a home of its own, with other ports. */
class Site {
  readonly #home: Home;
  readonly #prefix: number;
  /** As the last page has it. */
  visits = 0;

  private constructor(home: Home, prefix: number) {
    this.#home = home;
    this.#prefix = prefix;
  }

  static async create(t: TestContext): Promise<Site> {
    const site = new Site(new Home(t), await freePrefix());
    mkdirSync(site.#file(""));
    for (const name of readdirSync(example)) {
      copyFileSync(join(example, name), site.#file(name));
      chmodSync(site.#file(name), 0o644);
      site.write(name, site.read(name).replaceAll(/271(?=[89])/g, `${site.#prefix}`));
    }
    const config = site.read("usrsvc.cfg");
    const [slow, quick] = [
      "monitor_after = 10s\n    watchdog = 10s",
      "monitor_after = 5s\n    watchdog = 3s",
    ];
    assert.ok(config.includes(slow));
    site.write("usrsvc.cfg", config.replace(slow, quick));
    return site;
  }

  #file(name: string): string {
    return join(this.#home.path, "web-site", name);
  }

  read(name: string): string {
    return readFileSync(this.#file(name), "utf8");
  }

  write(name: string, text: string): void {
    writeFileSync(this.#file(name), text);
  }

  async usrsvc(...words: readonly string[]): Promise<Result> {
    return await this.#home.usrsvc("-c", this.#file("usrsvc.cfg"), ...words);
  }

  async usrsvcd(...words: readonly string[]): Promise<Result> {
    return await this.#home.usrsvcd("-c", this.#file("usrsvc.cfg"), ...words);
  }

  async all(): Promise<readonly Json[]> {
    const { out } = await this.usrsvc("status", "--json");
    return out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Json);
  }

  async status(name: string): Promise<Json> {
    const one = (await this.all()).find(({ program }) => program === name);
    assert.ok(one !== undefined, name);
    return one;
  }

  async state(name: string, state: string): Promise<Json> {
    return await waitFor(`${name} to be ${state}`, async () => {
      const one = await this.status(name);
      return one["state"] === state && one;
    });
  }

  /** The pid of one that runs. */
  async pid(name: string): Promise<number> {
    return Number((await this.state(name, "running"))["pid"]);
  }

  /** Its pid, once it is as old as what it is restarted with is not any more. */
  async settled(name: string): Promise<number> {
    await waitFor("all to run", async () => {
      const wanted = (await this.all()).filter(({ enabled }) => enabled === true);
      return wanted.every(({ state }) => state === "running" || state === "done");
    });
    return await this.pid(name);
  }

  /** What an instance answers (0: the proxy); undefined where it does not, or not with 200. */
  async get(instance: number): Promise<string | undefined> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.#prefix}9${instance}/`);
      return answer.ok ? await answer.text() : undefined;
    } catch {
      return undefined;
    }
  }

  /** Waits until a page says this. */
  async page(instance: number, expected: RegExp): Promise<void> {
    const text = await waitFor(`${expected} from instance ${instance}`, async () => {
      const said = await this.get(instance);
      return said !== undefined && expected.test(said) && said;
    });
    this.visits = Number(/visit (\d+)/.exec(text)?.[1]);
  }
}

/** The first three digits of the ports of the example. */
async function freePrefix(): Promise<number> {
  for (;;) {
    const prefix = randomInt(200, 327);
    const ports = ["80", "81", "90", "91", "92", "93"].map((rest) => Number(`${prefix}${rest}`));
    const claims: boolean[] = [];
    for (const port of ports) claims.push(await claimPort(port));
    if (claims.every(Boolean)) return prefix;
  }
}
