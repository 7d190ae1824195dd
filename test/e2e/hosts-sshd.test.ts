import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { test, type TestContext } from "node:test";
import { cleanUp } from "../support/clean-up.ts";
import { followersIn } from "./followers.ts";
import { Home, lines, type Result, sleeper, waitFor } from "./home.ts";
import { freePort } from "./servers.ts";
import { lacksSshd, Sshd } from "./sshd.ts";

const skip = lacksSshd();

/** Hosts of one sshd by their names, as [Hosts] has them. */
function hosts(sshd: Sshd, homes: Readonly<Record<string, Home>>, port = 0): string {
  const rows = Object.entries(homes).map(([name, home]) => {
    const command = `HOME=${home.path} ${home.command("usrsvc.cjs")}`;
    return `${name} = ${sshd.user}@127.0.0.1:${sshd.ports[port]} ${command}`;
  });
  return `[Hosts]\n${rows.join("\n")}\n`;
}

function runner(home: Home, sshd: Sshd): (...words: readonly string[]) => Promise<Result> {
  const env = { PATH: `${sshd.bin}:${process.env["PATH"]}` };
  return async (...words) => await home.run("usrsvc.cjs", words, env);
}

function shop(t: TestContext): Home {
  return new Home(t).program("it's a shop!", { command: sleeper() });
}

test("usrsvc -H works over a real ssh and sshd", { skip }, async (t) => {
  const home = new Home(t).write();
  const sshd = await Sshd.begin(t, home.file("ssh"), [undefined]);
  const homes = { web1: shop(t), web2: shop(t) };
  home.text("hosts", `${hosts(sshd, homes)}web = web1, web2\n`);
  const usrsvc = runner(home, sshd);

  const started = await usrsvc("-H", "@web", "start", "it's a shop!");
  assert.equal(started.code, 0, started.err);
  assert.match(started.out, /^web1: it's a shop!: started, pid \d+ /m);
  assert.match(started.out, /^web2: it's a shop!: started, pid \d+ /m);
  const status = await usrsvc("-H", "@web", "status", "--json");
  assert.deepEqual(
    lines(status.out).map(({ host, state }) => [host, state]),
    [
      ["web1", "running"],
      ["web2", "running"],
    ],
  );
  assert.equal((await usrsvc("-H", "@web", "stop", "all")).code, 0);

  // What an interrupted -f ran there goes with its connection.
  const PATH = `${sshd.bin}:${process.env["PATH"]}`;
  const child = home.spawn("usrsvc.cjs", ["-H", "@web", "events", "-f"], { PATH });
  let seen = "";
  child.stdout?.on("data", (chunk: Buffer) => (seen += chunk.toString()));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  await waitFor("what was", () => /^web1 .*stopped/m.test(seen) && /^web2 .*stopped/m.test(seen));
  const followers = (): readonly number[] =>
    [homes.web1, homes.web2].flatMap(({ path }) => followersIn(path));
  assert.ok(followers().length >= 2);
  child.kill("SIGKILL"); // nobody is left to say anything to anybody
  await ended;
  await waitFor("those there to end", () => followers().length === 0);
});

test("usrsvc -H takes the shell of an account as it is", { skip }, async (t) => {
  const home = new Home(t).write();
  const shells = ["bash", "dash", "zsh", "fish", "tcsh"].filter(
    (shell) => spawnSync(shell, ["-c", "true"]).status === 0,
  );
  const noisy = `sh -c 'echo Welcome; echo Welcome >&2; printf "no end of line: "; exec sh -c "$SSH_ORIGINAL_COMMAND"'`;
  // sshd itself runs it by the shell of the account.
  const forced = [
    noisy,
    ...shells.map((shell) => `sh -c 'exec ${shell} -c "$SSH_ORIGINAL_COMMAND"'`),
  ];
  const sshd = await Sshd.begin(t, home.file("ssh"), forced);
  const there = shop(t);
  const names = ["noisy", ...shells];
  const command = `HOME=${there.path} ${there.command("usrsvc.cjs")}`;
  const rows = names.map(
    (name, index) => `${name} = ${sshd.user}@127.0.0.1:${sshd.ports[index]} ${command}\n`,
  );
  home.text("hosts", `[Hosts]\n${rows.join("")}`);
  const usrsvc = runner(home, sshd);
  const { out, err } = await usrsvc("-H", "@all", "status", "it's a shop!");
  assert.equal(err, "");
  for (const name of names) {
    assert.match(out, new RegExp(`^${name} +it's a shop! +stopped `, "m"), name);
  }
  assert.doesNotMatch(out, /Welcome/);
});

test("usrsvc -H says what ssh says, and what to do", { skip }, async (t) => {
  const home = new Home(t).write();
  const sshd = await Sshd.begin(t, home.file("ssh"), [undefined]);
  const [port] = sshd.ports;
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  cleanUp(t, () => void silent.close());
  const refusing = await freePort();
  const { port: hanging } = silent.address() as AddressInfo;
  const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGkxdW5rbm93bmtleW9mbm9ib2R5YXRhbGxpbmhlcmUx";
  writeFileSync(sshd.file("wrong_hosts"), `[127.0.0.1]:${port} ${key}\n`);
  writeFileSync(sshd.file("no_hosts"), "");
  const alias = (name: string, ...more: readonly string[]): readonly string[] => [
    `Host ${name}`,
    "  HostName 127.0.0.1",
    `  Port ${port}`,
    ...more.map((line) => `  ${line}`),
  ];
  sshd.configure([
    ...alias("changed", `UserKnownHostsFile ${sshd.file("wrong_hosts")}`),
    ...alias("new", `UserKnownHostsFile ${sshd.file("no_hosts")}`, "StrictHostKeyChecking yes"),
    ...alias("keyless", `IdentityFile ${sshd.file("host")}`),
    ...alias("bare"),
    "Host *",
  ]);
  // The first that is set counts: nothing else is offered.
  sshd.configure(["Host keyless", "  PubkeyAuthentication no"]);
  const names = [
    "changed",
    "new",
    "keyless",
    "bare",
    `127.0.0.1:${refusing}`,
    `127.0.0.1:${hanging}`,
  ];
  const all = [...names, "no.such.host.invalid"].join();
  const more = ["--timeout", "15s", "--remote-command", "/nowhere/usrsvc"];
  const { out, code } = await runner(home, sshd)("-H", all, "status", ...more);
  assert.equal(code, 1);
  const rows = [...out.matchAll(/^(\S+) +- +(\w+) .*\n {4}why: (.*)\n {4}next: (.*)$/gm)];
  const found = Object.fromEntries(
    rows.map(([, host, state, why, next]) => [host, `${state}: ${why}; ${next}`]),
  );
  assert.match(
    found["changed"] ?? "",
    /^denied: WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!; .*ssh-keygen -R/,
  );
  assert.match(found["new"] ?? "", /^denied: No .* host key is known for .*; connect once by hand/);
  assert.match(
    found["keyless"] ?? "",
    /^denied: .*Permission denied \(publickey\)\.; ssh must get there/,
  );
  assert.match(found["bare"] ?? "", /^missing: command not found there: \/nowhere\/usrsvc \(/);
  assert.match(found[`127.0.0.1:${refusing}`] ?? "", /^unreachable: .*Connection refused; no sshd/);
  assert.match(found[`127.0.0.1:${hanging}`] ?? "", /^silent: no answer within 15 s; is it up/);
  assert.match(found["no.such.host.invalid"] ?? "", /^unreachable: Could not resolve hostname/);
});

test("usrsvc -H status understands an account that can run nothing else", { skip }, async (t) => {
  const home = new Home(t).write();
  const there = shop(t);
  const command = `env HOME=${there.path} ${there.command("usrsvc.cjs")} --json status`;
  const sshd = await Sshd.begin(t, home.file("ssh"), [command]);
  const { out, err } = await runner(home, sshd)("-H", `127.0.0.1:${sshd.ports[0]}`, "status");
  assert.match(out, /^127\.0\.0\.1:\d+ {2}it's a shop! +stopped/m);
  assert.equal(err, "");
});

test("usrsvc -H uses a connection that ssh keeps open", { skip }, async (t) => {
  const home = new Home(t).write();
  const sshd = await Sshd.begin(t, home.file("ssh"), [undefined]);
  home.text("hosts", hosts(sshd, { web1: shop(t) }));
  const socket = sshd.file("cm");
  sshd.configure([
    "ControlMaster auto",
    `ControlPath ${socket}`,
    "ControlPersist 60",
    // What people have for their own sessions.
    "RemoteCommand exec bash -l",
    "RequestTTY force",
    `LocalForward ${sshd.ports[0]} localhost:1`,
  ]);
  const usrsvc = runner(home, sshd);
  cleanUp(t, () => void spawnSync(`${sshd.bin}/ssh`, ["-O", "exit", "-S", socket, "web1"]));
  for (const _ of [1, 2]) {
    const { out, err } = await usrsvc("-H", "web1", "status");
    assert.match(out, /^web1 {2}it's a shop! +stopped/m, err);
    assert.equal(err, "");
  }
  assert.ok(existsSync(socket));
});
