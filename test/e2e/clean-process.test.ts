import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { openSync, readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { finished, Home, type Json, sleeper, waitFor } from "./home.ts";

interface Facts {
  readonly sigIgn: string;
  readonly sigBlk: string;
  readonly ppid: number;
  readonly ppidName: string;
  readonly isSessionLeader: boolean;
  readonly isGroupLeader: boolean;
  readonly descriptors: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
  readonly openFiles: string;
  readonly cwd: string;
  readonly umask: string;
}

function factsOf(pid: number): Facts {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name: string): string =>
    new RegExp(`^${name}:\\s*(\\S+)`, "m").exec(status)?.[1] ?? "";
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [, , pgrp, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ppid = field("PPid");
  return {
    sigIgn: field("SigIgn"),
    sigBlk: field("SigBlk"),
    umask: field("Umask"),
    ppid: Number(ppid),
    ppidName: ppid === "1" ? "init" : readFileSync(`/proc/${ppid}/comm`, "utf8").trim(),
    isSessionLeader: session === String(pid),
    isGroupLeader: pgrp === String(pid),
    descriptors: readdirSync(`/proc/${pid}/fd`)
      .sort()
      .map((fd) => `${fd} ${readlinkSync(`/proc/${pid}/fd/${fd}`)}`),
    environment: new Map(
      readFileSync(`/proc/${pid}/environ`, "utf8")
        .split("\0")
        .filter((line) => line !== "")
        .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    ),
    openFiles:
      /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, "utf8"))?.[1] ?? "",
    cwd: readlinkSync(`/proc/${pid}/cwd`),
  };
}

function assertClean(facts: Facts, home: Home, name: string): void {
  const log = realpathSync(home.file(`log/${name}.log`));
  assert.match(facts.sigIgn, /^0+$/);
  assert.match(facts.sigBlk, /^0+$/);
  assert.ok(facts.isSessionLeader);
  assert.ok(facts.isGroupLeader);
  assert.deepEqual(facts.descriptors, ["0 /dev/null", `1 ${log}`, `2 ${log}`]);
  for (const variable of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "INVOCATION_ID", "NODE_OPTIONS"]) {
    assert.ok(!facts.environment.has(variable), variable);
  }
  assert.deepEqual(
    [...facts.environment.keys()].filter((key) => key.startsWith("USRSVC_")).sort(),
    ["USRSVC_LAUNCH", "USRSVC_PROGRAM"],
  );
  assert.equal(facts.environment.get("USRSVC_PROGRAM"), name);
  assert.equal(facts.environment.get("USRSVC_LAUNCH"), launchOf(home, name));
}

/** The mark of its launch, as it is on record. */
function launchOf(home: Home, name: string): unknown {
  return (JSON.parse(home.read(`state/programs/${name}.json`)) as Json)["launch"];
}

/** Init, or the user's systemd. */
const INIT = /init|systemd/;

const loud = {
  NOTIFY_SOCKET: "/run/nonesuch",
  WATCHDOG_USEC: "1000000",
  INVOCATION_ID: "x",
  FOR_THE_PROGRAM: "kept",
};

test("what usrsvc starts is clean, whatever its caller ignores, holds open and exports", async (t) => {
  const home = new Home(t).program("web", { command: sleeper() });
  // A caller as bad as can be: signals ignored, a descriptor open, a low limit of open files.
  const script = `trap "" HUP INT QUIT TERM PIPE USR1; ulimit -S -n 333; exec ${join(import.meta.dirname, "../../dist/usrsvc.cjs")} start web`;
  const stray = openSync(home.config, "r");
  const caller = spawn("/bin/sh", ["-c", script], {
    env: { ...home.env, ...loud },
    stdio: ["ignore", "pipe", "pipe", stray],
  });
  const { code, err } = await finished(caller);
  assert.equal(code, 0, err);
  const facts = factsOf(await home.running("web"));
  assertClean(facts, home, "web");
  assert.match(facts.ppidName, INIT, "usrsvc has left");
  assert.equal(facts.openFiles, "333", "the caller's limit, not the one that node raised");
  assert.equal(facts.environment.get("FOR_THE_PROGRAM"), "kept");
  assert.equal(facts.cwd, realpathSync(home.path), "$HOME");
});

test("what usrsvcd starts is as clean, and its child, then init's", async (t) => {
  const home = new Home(t).program(
    "web",
    { command: sleeper(), directory: "/usr", umask: "027", inherit_env: "no" },
    "[[Env]]\nA = 1, 2\nB = x=y\n",
  );
  const stray = openSync(home.config, "r");
  const command = join(import.meta.dirname, "../../dist/usrsvcd.cjs");
  const starter = spawn("/bin/sh", ["-c", `ulimit -S -n 333; exec ${command}`], {
    env: { ...home.env, ...loud },
    stdio: ["ignore", "pipe", "pipe", stray],
  });
  const { code, err } = await finished(starter);
  assert.equal(code, 0, err);
  const pid = await home.running("web");
  await waitFor("the start window to close", () =>
    home.log().some((line) => line.event === "program.started"),
  );
  const facts = factsOf(pid);
  const daemon = home.log().find(({ event }) => event === "daemon.started")?.pid;
  assert.equal(facts.ppid, daemon);
  assertClean(facts, home, "web");
  assert.equal(facts.openFiles, "333");
  assert.equal(facts.cwd, "/usr");
  assert.equal(facts.umask, "0027");
  assert.deepEqual(
    [...facts.environment].sort(([a], [b]) => (a < b ? -1 : 1)),
    [
      ["A", "1, 2"],
      ["B", "x=y"],
      ["PWD", "/usr"],
      ["USRSVC_LAUNCH", launchOf(home, "web")],
      ["USRSVC_PROGRAM", "web"],
    ],
  );
  assert.equal((await home.usrsvcd("stop")).code, 0);
  await waitFor("init to be its parent", () => INIT.test(factsOf(pid).ppidName));
  assertClean(factsOf(pid), home, "web");
});

test("one program's Env does not leak into the next, with all", async (t) => {
  const home = new Home(t)
    .program("a", { command: sleeper() }, "[[Env]]\nONLY_A = 1\n")
    .program("b", { command: sleeper() });
  await home.usrsvc("start", "all");
  assert.equal(factsOf(await home.running("a")).environment.get("ONLY_A"), "1");
  assert.equal(factsOf(await home.running("b")).environment.has("ONLY_A"), false);
});
