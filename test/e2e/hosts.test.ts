import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { displayWidth } from "../../src/cli/terminal/width.ts";
import { followersIn } from "./followers.ts";
import { noTerminal, Terminal } from "./terminal.ts";
import { finished, Home, lines, type Result, sleeper, waitFor } from "./home.ts";

/*
 * -H with an ssh that is a script: each host is a home of this machine, and the shell there is sh. (Real ones:
 * hosts-sshd.test.ts.)
 */

/** What is said of a connection that fails, and how it is otherwise not as it should be; `$line`: what is to be run. */
const odd: Readonly<Record<string, string>> = {
  refused: 'echo "ssh: connect to host refused port 22: Connection refused" >&2; exit 255',
  silent: "exec sleep 1000",
  stubborn: 'trap "" TERM; sleep 1000; sleep 1000',
  bare: 'PATH=/nowhere:/bin HOME=/nowhere exec sh -c "$line"',
  noisy: `echo "Last login: today"; echo '{"program":"forged","state":"running"}'; printf "no end of line: "
    echo "Welcome to noisy" >&2; exec sh -c "$line"`,
  lost: 'sh -c "$line" | { head -n 2; }; echo "client_loop: send disconnect: Broken pipe" >&2; exit 255',
  left: "echo 'This account is currently not available.'; exit 1",
  // As a connection that is kept open for later calls may do.
  kept: 'sh -c "$line"; code=$?; sleep 1000 >&2 & exit $code',
  slow: `exec sh -c "$line; sleep 1000"`,
};

/** An operator's home, and hosts by their names. */
class Site {
  readonly home: Home;
  readonly env: NodeJS.ProcessEnv;
  readonly #t: TestContext;

  constructor(t: TestContext, main = "") {
    this.#t = t;
    this.home = new Home(t, main).write();
    for (const folder of ["bin", "hosts", "there"]) mkdirSync(this.home.file(folder));
    symlinkSync(this.home.command("usrsvc.cjs"), this.home.file("there/usrsvc"));
    const cases = Object.entries(odd).map(([name, lines]) => `  ${name}) ${lines} ;;`);
    this.home.script(
      "bin/ssh",
      `#!/bin/sh
echo "$*" >>${this.home.file("calls")}
while [ $# -gt 2 ]; do shift; done
host=\${1#*@} line=$2
HOME=${this.home.file("hosts")}/$host PATH=${this.home.file("there")}:$PATH
export HOME PATH
case $host in
${cases.join("\n")}
esac
[ -d "$HOME" ] || { echo "ssh: Could not resolve hostname $host: Name or service not known" >&2; exit 255; }
exec sh -c "$line"
`,
    );
    this.env = { PATH: `${this.home.file("bin")}:${process.env["PATH"]}` };
  }

  /** A host; what was started on it is ended with the test. */
  host(name: string): Home {
    const home = new Home(this.#t).write();
    symlinkSync(home.path, join(this.home.file("hosts"), name));
    return home;
  }

  async usrsvc(...words: readonly string[]): Promise<Result> {
    return await this.home.run("usrsvc.cjs", words, this.env);
  }

  spawn(...words: readonly string[]): ReturnType<Home["spawn"]> {
    return this.home.spawn("usrsvc.cjs", words, this.env);
  }

  /** How ssh was called, host by host. */
  get calls(): readonly string[] {
    return this.home.read("calls").split("\n").slice(0, -1);
  }
}

test("usrsvc -H acts on hosts and shows one table, one stream and one exit code", async (t) => {
  const site = new Site(t);
  const one = site.host("web1").program("shop", { command: sleeper() });
  const two = site.host("web2").program("shop", { command: sleeper() });
  two.program("cache", { command: sleeper() });

  const started = await site.usrsvc("-H", "web1,web2", "start", "shop");
  assert.equal(started.code, 0, started.err);
  const [first, second] = started.out.split("\n").slice(0, -1).toSorted();
  assert.match(first ?? "", /^web1: shop: started, pid \d+ /);
  assert.match(second ?? "", /^web2: shop: started, pid \d+ /);

  const status = await site.usrsvc("-H", "web1", "status", "-H", "web2");
  assert.equal(status.code, 1, "cache does not run");
  const rows = status.out.split("\n").map((row) => row.split(/ {2,}/).slice(0, 3));
  assert.deepEqual(rows[0], ["HOST", "PROGRAM", "STATE"]);
  assert.deepEqual(rows[1], ["web1", "shop", "running"]);
  assert.deepEqual(rows[2], ["web2", "shop", "running"]);
  assert.deepEqual(rows[3], ["web2", "cache", "stopped"]);
  assert.match(status.out, /^note: web1, web2: usrsvcd does not run/m);
  const named = await site.usrsvc("-H", "web1,web2", "status", "shop");
  assert.equal(named.code, 0, named.out);

  const json = await site.usrsvc("-H", "web2,web1", "status", "--json");
  assert.deepEqual(
    lines(json.out).map(({ host, program }) => `${host as string} ${program as string}`),
    ["web2 shop", "web2 cache", "web1 shop"],
  );
  assert.equal(Object.keys(lines(json.out)[0] ?? {})[0], "host");

  const unknown = await site.usrsvc("-H", "web1,web2", "restart", "cache");
  assert.equal(unknown.code, 133);
  assert.match(unknown.err, /^web1: cache: no such program; /m);
  assert.equal(unknown.err.match(/no such program/g)?.length, 1);
  assert.match(unknown.out, /^web2: cache: /m);

  const stopped = await site.usrsvc("-H", "web1,web2", "stop", "shop", "--json");
  assert.deepEqual(
    lines(stopped.out)
      .map(({ host, program, result }) => [host, program, result].join(" "))
      .toSorted(),
    ["web1 shop stopped", "web2 shop stopped"],
  );
  assert.equal(one.pid("shop"), undefined);

  const events = await site.usrsvc("-H", "web2,web1", "events", "-n", "3");
  assert.equal(events.code, 0);
  const told = events.out.split("\n").filter((line) => !/^(web\d {6}|$)/.test(line));
  assert.equal(told.length, 3);
  for (const line of told)
    assert.match(line, /^web[12] {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}\w+: /);
  const times = told.map((line) => line.slice(6, 25));
  assert.deepEqual(times, times.toSorted());
});

test("usrsvc -H says in a row of the table why a host has not answered", async (t) => {
  const site = new Site(t);
  site.host("web1").program("shop", { command: sleeper() });
  site.host("empty");
  const names = [...Object.keys(odd).filter((name) => name !== "slow"), "web1", "empty", "gone"];
  for (const name of ["noisy", "lost", "kept"]) {
    const home = site.host(name);
    for (const program of ["a", "b", "c"]) home.program(program, { command: sleeper() });
  }
  const begin = performance.now();
  const { code, out, err } = await site.usrsvc("-H", names.join(","), "--timeout", "15s", "status");
  assert.ok(performance.now() - begin < 60_000);
  assert.equal(code, 1);
  assert.equal(err, "");
  const stateOf = (name: string): string =>
    [...out.matchAll(/^(\w+) +(\S+) +(\w+|-) +-.*\n {4}why: (.*)\n/gm)]
      .filter(([, host, program]) => host === name && program === "-")
      .map(([, , , state, why]) => `${state}: ${why}`)
      .join();
  assert.equal(
    stateOf("refused"),
    "unreachable: connect to host refused port 22: Connection refused",
  );
  assert.equal(stateOf("silent"), "silent: no answer within 15 s");
  assert.equal(stateOf("stubborn"), "silent: no answer within 15 s");
  assert.match(stateOf("bare"), /^missing: command not found there: usrsvc \(/);
  assert.match(
    out,
    /\n {4}next: say where it is, by --remote-command or in \[Hosts\]: bare = bare /,
  );
  assert.match(stateOf("lost"), /^lost: the connection was lost: client_loop/);
  assert.match(out, /^lost +a +stopped/m, "what has come is shown");
  assert.equal(stateOf("left"), "failed: This account is currently not available.");
  assert.equal(stateOf("empty"), "-: the configuration has no programs yet");
  assert.match(stateOf("gone"), /^unreachable: Could not resolve hostname gone/);
  assert.match(out, /^noisy +c +stopped/m);
  assert.match(out, /^kept +c +stopped/m);
  assert.equal(stateOf("kept"), "");
  assert.doesNotMatch(out, /forged|Welcome|Last login/);

  const json = await site.usrsvc("-H", "refused,web1", "status", "--json");
  const [problem, shop] = lines(json.out);
  assert.deepEqual(problem, {
    host: "refused",
    action: "status",
    result: "unreachable",
    exitCode: 1,
    message: "connect to host refused port 22: Connection refused",
    next: "no sshd on that port: is it another port, or still booting? ssh -v refused",
  });
  assert.deepEqual([shop?.["host"], shop?.["program"]], ["web1", "shop"]);
});

test("usrsvc -H tames what a host says", async (t) => {
  const site = new Site(t);
  site.host("evil");
  const text = JSON.stringify({
    program: "x\nweb1  shop  running\u001b[2J",
    state: "running",
    restarts: { a: 1 },
    lastExit: [],
    problems: "y",
    notes: ["\u001b]0;title\u0007"],
  });
  const command = site.home.script(
    "evil",
    `#!/bin/sh\nprintf '%s\\n' '${text}' 'not json' '{"program":' '[]' 'null'\nhead -c 9000000 /dev/zero\n`,
  );
  const { code, out, err } = await site.usrsvc("-H", "evil", "--remote-command", command, "status");
  assert.equal(code, 1);
  // oxlint-disable-next-line no-control-regex -- that is what must not come through
  assert.doesNotMatch(out + err, /[\0-\t\v-\u001f]/);
  assert.match(out, /^evil {2}x\\nweb1 {2}shop {2}running\\x1b\[2J {2}running/m);
  assert.match(
    out,
    /^note: evil: usrsvc there is of another version, and does not tell restarts$/m,
  );
  assert.match(err, /^evil: \d+ lines of its answer could not be understood: "not json"$/m);
  assert.ok(out.split("\n").length < 8);

  const flood = 'yes "$(printf %09999d 0)" #';
  const most = ["--remote-command", flood, "--timeout", "60s"];
  const endless = await site.usrsvc("-H", "evil", ...most, "status");
  assert.equal(endless.code, 1);
  assert.match(
    endless.out,
    /^evil +- +lost .*\n {4}why: the connection was lost: it says more than 64\.0 MB/m,
  );

  const strange = await site.usrsvc(
    "-H",
    "evil",
    "--remote-command",
    "echo hello; true",
    "stop",
    "x",
  );
  assert.equal(strange.code, 1);
  assert.match(
    strange.err,
    /^evil: what it says is not what usrsvc says: "hello"\n {4}is it usrsvc 2\.0/,
  );
});

test("usrsvc -H knows the names and groups of [Hosts], which only it and checkconfig read", async (t) => {
  const site = new Site(t);
  const there = site.host("web.example").program("shop", { command: sleeper() });
  const command = `HOME=${there.path} ${site.home.command("usrsvc.cjs")}`;
  const text = `[Hosts]\nweb1 = me@web.example:2222 ${command}\nodd = -G\nweb = web1,\nsick = @web, odd\n`;
  site.home.text("hosts", text);
  const status = await site.usrsvc("-H", "@web", "status", "--timeout", "30");
  assert.match(status.out, /^web1 {2}shop +stopped/m, status.err);
  assert.match(site.calls.at(-1) ?? "", / -p 2222 -- me@web\.example sh -c /);

  const sick = await site.usrsvc("-H", "@sick", "status");
  assert.equal(sick.code, 130);
  assert.match(sick.err, /usrsvc\.cfg:\d+: odd: "-G" begins with -, which ssh takes for an option/);
  const near = await site.usrsvc("-H", "@wep", "status");
  assert.match(near.err, /there is no group "wep" in \[Hosts\]; did you mean @web\?/);

  const check = await site.home.usrsvcd("checkconfig");
  assert.equal(check.code, 130);
  assert.match(check.err, /usrsvc\.cfg:\d+: odd: "-G" begins with -/);
  const local = await site.home.usrsvc("status");
  assert.doesNotMatch(local.out + local.err, /Hosts|odd/);
  assert.equal(local.code, 0);

  // An operator's own machine may run nothing.
  site.home.script("only.cfg", text);
  const alone = await site.usrsvc("-c", site.home.file("only.cfg"), "-H", "web1", "status");
  assert.match(alone.out, /^web1 {2}shop +stopped/m, alone.err);
  const missing = await site.usrsvc("-c", site.home.file("no.cfg"), "-H", "web1", "status");
  assert.equal(missing.code, 130);
});

test("usrsvc -H restart --rolling goes from host to host, and stops at the first that fails", async (t) => {
  const site = new Site(t);
  for (const name of ["web1", "web2", "web3"]) {
    const command = name === "web2" ? "/bin/false" : sleeper();
    site.host(name).program("shop", { command, success_seconds: "0.2" });
  }
  const { code, out, err } = await site.usrsvc(
    "-H",
    "web1,web2,web3",
    "restart",
    "--rolling",
    "shop",
  );
  assert.equal(code, 134, err);
  assert.match(out, /^web1: shop: was not running; started/);
  assert.match(err, /^web2: shop: /m);
  assert.match(err, /^nothing was done on web3: left as it is$/m);
  assert.equal(site.calls.length, 2);
});

test("usrsvc -H events -f follows hosts, and what it runs there ends with it", async (t) => {
  const site = new Site(t);
  for (const name of ["web1", "web2"]) site.host(name).program("shop", { command: sleeper() });
  const child = site.spawn("-H", "web1,web2", "events", "-f");
  let seen = "";
  child.stdout?.on("data", (chunk: Buffer) => (seen += chunk.toString()));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  await site.usrsvc("-H", "web1,web2", "start", "shop");
  await waitFor("both", () => /^web1 .*started/m.test(seen) && /^web2 .*started/m.test(seen));
  const followers = (): readonly number[] => followersIn(`${site.home.file("hosts")}/`);
  assert.ok(followers().length >= 2);
  child.kill("SIGINT");
  assert.equal(await ended, 0);
  await waitFor("those there to end", () => followers().length === 0);
});

test("usrsvc -H that is interrupted says whose action may go on", async (t) => {
  const site = new Site(t);
  const go = site.home.file("go");
  const command = site.home.script("slow", `#!/bin/sh\n: >"${go}.$1.$2"\nexec sleep 1000\n`);
  site.host("web1");
  const looking = site.spawn("-H", "silent,web1", "status");
  const looked = finished(looking);
  await waitFor("both to be asked", () => site.calls.length === 2);
  looking.kill("SIGINT");
  assert.deepEqual(await looked, { code: 1, out: "", err: "usrsvc: interrupted by SIGINT\n" });
  const child = site.spawn("-H", "web1,silent", "--remote-command", command, "start", "shop");
  const done = finished(child);
  await waitFor("it to begin there", () => site.calls.length === 4);
  await waitFor("it to be at work", () => existsSync(`${go}.--json.start`));
  child.kill("SIGINT");
  const { code, err } = await done;
  assert.equal(code, 1);
  assert.match(
    err,
    /^web1: interrupted\n {4}its start may go on there; see: usrsvc -H web1 status$/m,
  );
  assert.match(err, /^silent: interrupted before the connection was up$/m);
  assert.match(err, /^usrsvc: interrupted by SIGINT$/m);
});

test("an action takes as long as it takes, once the connection is up", async (t) => {
  const site = new Site(t);
  site.host("web1").program("shop", { command: sleeper(), reload: "/bin/sleep 6" });
  assert.equal((await site.usrsvc("-H", "web1", "start", "shop")).code, 0);
  const reloaded = await site.usrsvc("-H", "web1", "reload", "shop", "--timeout", "5s");
  assert.equal(reloaded.code, 0, reloaded.err);
  // A --timeout that the command has itself is for the other side.
  const wait = await site.usrsvc("-H", "web1", "wait", "shop", "--for", "exit", "--timeout", "0.3");
  assert.equal(wait.code, 141);
  assert.match(wait.err, /^web1: shop: not ended within 300 ms \(--timeout\): running$/m);
  // A status has an end, whatever has come.
  site.host("slow").program("shop", { command: sleeper() });
  const slow = await site.usrsvc("-H", "slow", "status", "--timeout", "10s");
  assert.equal(slow.code, 1);
  assert.match(slow.out, /^slow {2}shop +stopped/m);
  assert.match(slow.out, /^slow {2}- +silent .*\n {4}why: not answered within 10 s$/m);
});

test("usrsvc -H asks twenty hosts at once", async (t) => {
  const site = new Site(t);
  const names = Array.from({ length: 20 }, (_, index) => `h${index}`);
  const home = site.host("h0").program("shop", { command: sleeper() });
  for (const name of names.slice(1)) symlinkSync(home.path, site.home.file(`hosts/${name}`));
  const { out, err } = await site.usrsvc(
    "-H",
    names.join(),
    "--timeout",
    "60s",
    "status",
    "--json",
  );
  assert.equal(err, "");
  assert.deepEqual(
    lines(out).map(({ host }) => host),
    names,
  );
});

test("usrsvc -H refuses what makes no sense, with the next step", async (t) => {
  const site = new Site(t);
  const completion = await site.usrsvc("-H", "web1", "completion", "bash");
  assert.match(completion.err, /ssh -t HOST usrsvc completion$/m);
  const since = await site.usrsvc("-H", "web1", "events", "--since", "soon");
  assert.match(since.err, /--since: "soon" is no time/);
  const option = await site.usrsvc("--hosts=-oProxyCommand=x", "status");
  assert.match(option.err, /begins with -, which ssh takes for an option/);
  const timeout = await site.usrsvc("status", "--timeout", "3");
  assert.match(timeout.err, /--timeout goes with --hosts/);
  assert.deepEqual(site.calls, []);

  mkdirSync(site.home.file("only-node"));
  symlinkSync(process.execPath, site.home.file("only-node/node"));
  const PATH = site.home.file("only-node");
  const none = await site.home.run("usrsvc.cjs", ["-H", "web1", "stop", "shop"], { PATH });
  assert.equal(none.code, 1);
  assert.match(none.err, /^web1: ssh is not installed here, or not on PATH/);
});

test(
  "usrsvc -H fits the terminal, with names of any script and length, and so do complaints",
  { skip: noTerminal },
  async (t) => {
    const site = new Site(t);
    const long = "customer-notification-frontend-17.europe-west.example.com";
    for (const name of ["web1", "注文処理サーバー", long]) {
      const home = site.host(name).program("shop", { command: sleeper() });
      home.program("a-program-with-a-name-that-takes-its-room", { command: "false" });
      await home.usrsvc("start", "all", "-P");
    }
    const hosts = `web1,注文処理サーバー,${long},gone`;
    const shown = async (...words: readonly string[]): Promise<readonly string[]> => {
      const all = [site.home.command("usrsvc.cjs"), "-H", hosts, ...words];
      const terminal = new Terminal(t, site.home, all, { columns: 80, env: site.env });
      await terminal.left;
      // A progress line is erased in its place.
      const lines = stripVTControlCharacters(terminal.written.replaceAll(/[^\n]*\r(?!\n)/g, ""));
      return lines.split("\n").map((line) => line.replace("\r", ""));
    };
    const isPath = (line: string): boolean => /^ +\S+$/.test(line); // which stays whole, to be copied
    const status = await shown("status");
    for (const line of status) assert.ok(displayWidth(line) <= 80 || isPath(line), line);
    assert.ok(
      status.some((line) => /^注文処理\S* +shop +running/.test(line)),
      status.join("\n"),
    );
    assert.ok(
      status.some((line) => /^customer-\S*… *\S*com +shop +running/.test(line)),
      status.join("\n"),
    );
    const failed = await shown("restart", "a-program-with-a-name-that-takes-its-room");
    for (const line of failed) assert.ok(displayWidth(line) <= 80 || isPath(line), line);
    assert.ok(
      failed.some((line) => line.startsWith("web1: a-program-with")),
      failed.join("\n"),
    );
    const logs = await shown("explain", "shop");
    for (const line of logs) assert.ok(displayWidth(line) <= 80, line);
  },
);

/** What a command prints, and a way to wait for it. */
function heard(child: ReturnType<Site["spawn"]>): {
  readonly out: () => string;
  readonly err: () => string;
} {
  let [out, err] = ["", ""];
  child.stdout?.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (err += chunk.toString()));
  return { out: () => out, err: () => err };
}

/** Cuts the connections of a command, whose ssh is a child of it. */
function cut(child: ReturnType<Site["spawn"]>): void {
  const children = `/proc/${child.pid}/task/${child.pid}/children`;
  for (const pid of readFileSync(children, "utf8").trim().split(" "))
    process.kill(Number(pid), "SIGKILL");
}

test("a host that is lost while its logs are followed is followed again, and nothing is shown twice", async (t) => {
  const site = new Site(t);
  const log = site.host("web1").program("shop", { command: sleeper() }).file("log/shop.log");
  appendFileSync(log, "first\nsame\nsame\n");
  const child = site.spawn("-H", "web1", "logs", "shop", "-f");
  const { out, err } = heard(child);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  await waitFor("what was there", () => out().includes("same\nweb1: same"));
  appendFileSync(log, "live\n");
  await waitFor("what comes", () => out().includes("live"));
  cut(child);
  await waitFor("the loss to be told", () => err().includes("lost"));
  assert.match(
    err(),
    /^web1: the connection was lost\n {4}trying again in 1 s, then with pauses that grow to 1 min; Ctrl-C ends it$/m,
  );
  appendFileSync(log, "same\nmissed\n");
  renameSync(log, `${log}.1`); // as a rotation does meanwhile
  writeFileSync(log, "after the rotation\n");
  await waitFor("it to be back", () => out().includes("after the rotation"));
  assert.match(err(), /^web1: connected again, after [\d.]+ m?s$/m);
  appendFileSync(log, "and on\n");
  await waitFor("it to go on", () => out().includes("and on"));
  const lines = ["first", "same", "same", "live", "same", "missed", "after the rotation", "and on"];
  assert.equal(out(), lines.map((line) => `web1: ${line}\n`).join(""));
  child.kill("SIGINT");
  assert.equal(await ended, 0);
});

test("a host that is lost while its events are followed comes back in the stream of JSON, too", async (t) => {
  const site = new Site(t);
  const home = site.host("web1").program("shop", { command: sleeper() });
  await home.usrsvc("start", "shop");
  const child = site.spawn("-H", "web1", "events", "-f", "--json");
  const { out } = heard(child);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  await waitFor("what was there", () => out().includes("started"));
  const before = lines(out()).length;
  cut(child);
  await waitFor("the loss", () => out().includes('"result":"lost"'));
  await home.usrsvc("stop", "shop");
  await waitFor("what was missed", () =>
    lines(out()).some(({ event }) => event === "program.stopped"),
  );
  child.kill("SIGTERM");
  await ended;
  const all = lines(out());
  const results = all.flatMap(({ result }) => (result === undefined ? [] : [result]));
  assert.deepEqual(results, ["lost", "back"]);
  const events = all.filter(({ result }) => result === undefined).map((one) => JSON.stringify(one));
  assert.equal(new Set(events).size, events.length, "none is there twice");
  assert.ok(events.length > before);
});

test("what a host refuses at first is not tried again", async (t) => {
  const site = new Site(t);
  site.host("web1").program("shop", { command: sleeper() });
  const { code, err } = await site.usrsvc("-H", "web1,refused", "logs", "shpo", "-f");
  assert.equal(code, 133);
  assert.match(err, /^web1: shpo: no such program; did you mean shop\?/m);
  assert.match(err, /^refused: connect to host refused port 22/m);
});
