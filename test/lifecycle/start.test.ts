import { isLaunchShell } from "../../src/identity/launch-shell.ts";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import koffi from "koffi";
import type { Pid, ProcessRef } from "../../proc/pid.ts";
import { PollingWatcher } from "../../proc/system/polling.ts";
import { procReader } from "../../proc/reader.ts";
import { NodeSpawner } from "../../proc/system/node-spawner.ts";
import type { SpawnOrder, Spawner } from "../../proc/system/spawner.ts";
import { ExitCode } from "../../src/exit-code.ts";
import type { Host } from "../../src/host/host.ts";
import { programLock } from "../../src/state/lock.ts";
import { lockNote } from "../../src/state/lock-text.ts";
import { unfinishedLaunch } from "../../src/identity/mark.ts";
import { completeLaunch } from "../../src/identity/unfinished-launch.ts";
import { readPidfile } from "../../src/state/pidfile.ts";
import { emptyRecord } from "../../src/state/record.ts";
import type { StartFailure, StartOutcome } from "../../src/lifecycle/start-outcome.ts";
import { cleanUp } from "../support/clean-up.ts";
import { inheritableDescriptor } from "../support/inheritable.ts";
import { type Lab, LAB_MARK, makeLab, startedProcess } from "../support/lab.ts";
import {
  exitOf,
  killRef,
  lives,
  nodeScript,
  output,
  refOf,
  statusField,
} from "../support/processes.ts";
import { softOpenFiles } from "../support/open-files.ts";
import { writeScript } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait.ts";
import { tellsExitOfReaped } from "../support/watch-claims.ts";
import { marks } from "../support/marks.ts";

const proc = procReader();
const REDIS = "/usr/bin/redis-server";
const { O_APPEND, O_NONBLOCK } = constants;

/** A program that has nothing to do: word for word its own, so that no other test's is meant. */
function idle(lab: Lab, name = "app"): readonly string[] {
  return [lab.script(name, "#!/bin/sh", "sleep 600", ":")];
}

function failed(outcome: StartOutcome): StartFailure {
  assert.equal(outcome.kind, "failed");
  assert.ok(outcome.kind === "failed");
  return outcome;
}

/** Of a process that was executed just now, not all is there to be seen: for so many looks here. */
function hidingImage(looks: number): Host["proc"] {
  let left = looks;
  return new Proxy(procReader(), {
    get(target, name) {
      if (name !== "stat") return Reflect.get(target, name) as unknown;
      return (pid: Pid) => {
        const stat = target.stat(pid);
        left -= 1;
        return left >= 0 ? { ...stat, image: 0 } : stat;
      };
    },
  });
}

describe("start, of what the program gets", () => {
  test("all signals are at their defaults, and none is blocked", async (t) => {
    const lab = makeLab(t);
    const { pid } = startedProcess(
      await lab.start(lab.settings(["/bin/sleep", `600.${process.pid}1`])),
    );
    for (const field of ["SigIgn", "SigBlk", "SigCgt"]) {
      assert.match(statusField(pid, field), /^0+$/, field);
    }
  });

  test("a session and a process group of its own, and us as parent while we live", async (t) => {
    const lab = makeLab(t);
    const ref = startedProcess(await lab.start(lab.settings(idle(lab))));
    const { pgrp, ppid, session } = proc.stat(ref.pid);
    assert.deepEqual([pgrp, session, ppid], [ref.pid, ref.pid, process.pid]);
  });

  test("descriptors 0, 1 and 2 alone, whatever ours are", async (t) => {
    const lab = makeLab(t);
    inheritableDescriptor(t);
    inheritableDescriptor(t);
    const { pid } = startedProcess(
      await lab.start(lab.settings(["/bin/sleep", `600.${process.pid}2`])),
    );
    assert.deepEqual(readdirSync(`/proc/${pid}/fd`), ["0", "1", "2"]);
  });

  test("standard input from /dev/null, output and errors by append", async (t) => {
    const lab = makeLab(t);
    const stderr = join(lab.dir, "errors");
    writeFileSync(join(lab.dir, "web.log"), "before\n");
    const argv = [lab.script("app", "#!/bin/sh", "cat; echo out; echo err >&2", "sleep 600", ":")];
    const { pid } = startedProcess(await lab.start(lab.settings(argv, { stderr })));
    assert.equal(readlinkSync(`/proc/${pid}/fd/0`), "/dev/null");
    assert.equal(readFileSync(join(lab.dir, "web.log"), "utf8"), "before\nout\n");
    assert.equal(readFileSync(stderr, "utf8"), "err\n");
    for (const fd of [1, 2]) {
      const flags = /^flags:\s+0(\d+)/m.exec(
        readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8"),
      )?.[1];
      const value = Number.parseInt(flags ?? "", 8);
      assert.equal(value & O_APPEND, O_APPEND, `fd ${fd}`);
      assert.equal(value & O_NONBLOCK, 0, `fd ${fd}`);
    }
  });

  test("output and errors in one file, in order", async (t) => {
    const lab = makeLab(t);
    const argv = [lab.script("app", "#!/bin/sh", "echo 1; echo 2 >&2; echo 3", "sleep 600", ":")];
    startedProcess(await lab.start(lab.settings(argv)));
    assert.equal(readFileSync(join(lab.dir, "web.log"), "utf8"), "1\n2\n3\n");
  });

  test("the soft limit of open files that we had before node raised it", async (t) => {
    const lab = makeLab(t, (host) => ({ ...host, openFiles: 777 }));
    const { pid } = startedProcess(await lab.start(lab.settings(idle(lab))));
    assert.equal(softOpenFiles(pid), 777);
  });

  test("its umask and directory", async (t) => {
    const lab = makeLab(t);
    const argv = [lab.script("app", "#!/bin/sh", "umask; pwd; echo $PWD; >made", "sleep 600", ":")];
    const directory = join(lab.dir, "files");
    startedProcess(await lab.start(lab.settings(argv, { umask: 0o027, directory })));
    const said = readFileSync(join(lab.dir, "web.log"), "utf8");
    assert.equal(said, `0027\n${directory}\n${directory}\n`);
    assert.equal(statSync(join(directory, "made")).mode & 0o777, 0o640);
  });

  test("our umask where none is set", async (t) => {
    const lab = makeLab(t);
    const { pid } = startedProcess(await lab.start(lab.settings(idle(lab))));
    assert.equal(Number.parseInt(statusField(pid, "Umask"), 8), process.umask());
  });

  test("its environment to the letter and its mark, without ours where inherit_env = False", async (t) => {
    const lab = makeLab(t);
    const argv = ["/bin/sleep", `600.${process.pid}3`];
    const env = new Map([
      ["VALUE", "a 'b' \"c\" $d\n"],
      ["NODE_OPTIONS", "--set-by-the-section"],
      ["my.key", "1"],
      ["my-key", "2"],
    ]);
    const { pid } = startedProcess(await lab.start(lab.settings(argv, { env, inheritEnv: false })));
    assert.deepEqual(environmentOf(pid), {
      ...Object.fromEntries(env),
      ...marks("web", lab.record().record?.launch ?? "none"),
      [LAB_MARK]: lab.dir,
      PWD: lab.dir,
    });
  });

  test("a mark of its own for each launch, which no section can set", async (t) => {
    const lab = makeLab(t);
    const env = new Map(Object.entries(marks("liar", "of old")));
    const pidfile = join(lab.dir, "odd.pid");
    const stdout = join(lab.dir, "odd.log");
    const program = lab.settings(idle(lab), { env, name: "a b/c", pidfile, stdout });
    const ids: string[] = [];
    for (let round = 0; round < 2; round += 1) {
      const ref = startedProcess(await lab.start(program));
      const { launch = "none" } = lab.record("a b/c").record ?? {};
      const found = environmentOf(ref.pid);
      assert.deepEqual({ ...found, ...marks("a b/c", launch) }, found);
      killRef(ref);
      ids.push(launch);
    }
    assert.equal(new Set([...ids, "none", "of old"]).size, 4);
  });

  test("arguments as they are, whatever the shell could make of them", async (t) => {
    const lab = makeLab(t);
    const args = ["", " ", "$HOME", "*", "a'b\"c", "x\ny", "-", "--", "`id`", "\\", ";", "ünï"];
    const argv = [
      lab.script("app", "#!/bin/sh", 'printf "%s|" "$@"; echo', "sleep 600", ":"),
      ...args,
    ];
    startedProcess(await lab.start(lab.settings(argv)));
    assert.equal(readFileSync(join(lab.dir, "web.log"), "utf8"), `${args.join("|")}|\n`);
  });
});

function environmentOf(pid: number): Readonly<Record<string, string>> {
  return Object.fromEntries(proc.environ(pid as Pid));
}

/** What is noted at the lock of the lab's program. */
function noteOf({ host }: Lab): string {
  return lockNote(programLock(host.state, "web"));
}

function valueOf(env: readonly string[], name: string): string | undefined {
  return env.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** The lab's host, which tells of each order before it is carried out. */
function spying(host: Host, onOrder: (order: SpawnOrder) => void): Host {
  const real = host.spawner();
  const spy: Spawner = {
    entersFolders: real.entersFolders,
    limitsOpenFiles: (count, fd) => real.limitsOpenFiles(count, fd),
    underway: (pid) => real.underway(pid),
    spawn: async (order) => {
      onOrder(order);
      return await real.spawn(order);
    },
  };
  return { ...host, spawner: () => spy };
}

describe("start, of how the program is made", () => {
  test("it is executed as it is: there is no process before it, and none beside it", async (t) => {
    const orders: SpawnOrder[] = [];
    const lab = makeLab(t, (host) => spying(host, (order) => void orders.push(order)));
    const argv = ["sleep", `600.${process.pid}4`];
    let living: readonly ProcessRef[] = [];
    const outcome = await lab.start(lab.settings(argv), {
      onLaunched: (ref) => {
        living = lab.living();
        assert.deepEqual(proc.cmdline(ref.pid), argv);
      },
    });
    const ref = startedProcess(outcome);
    assert.deepEqual(living, [ref]);
    assert.deepEqual(lab.living(), [ref]);
    assert.deepEqual(
      orders.map(({ file, argv: words }) => [file, words]),
      [[proc.exe(ref.pid), argv]],
    );
  });

  test("its launch is noted before it exists, with the mark that it gets", async (t) => {
    const seen: (string | undefined)[] = [];
    const lab: Lab = makeLab(t, (host) =>
      spying(host, ({ env }) => {
        seen.push(noteOf(lab), valueOf(env, "USRSVC_LAUNCH"));
      }),
    );
    const ref = startedProcess(await lab.start(lab.settings(idle(lab))));
    const [note = "", mark = ""] = seen;
    assert.equal(unfinishedLaunch(note, undefined, lab.host)?.id, mark);
    assert.equal(unfinishedLaunch(noteOf(lab), lab.record().record, lab.host), undefined);
    assert.equal(environmentOf(ref.pid)["USRSVC_LAUNCH"], mark);
    assert.equal(lab.record().record?.launch, mark);
    assert.equal(seen.length, 2);
  });

  test("what was launched is found by that note, were its writer killed just then", async (t) => {
    const lab = makeLab(t);
    const ref = startedProcess(await lab.start(lab.settings(idle(lab))));
    const before = emptyRecord("web", proc.bootId()); // the record that was there before
    const lock = { note: noteOf(lab), writeNote: () => {} };
    const { process: found, launched } = await completeLaunch(before, lock, undefined, lab.host);
    assert.deepEqual([found, launched], [ref, ref]);
  });

  test("a shell sets its umask, and becomes it: the same process", async (t) => {
    const orders: SpawnOrder[] = [];
    const lab = makeLab(t, (host) => spying(host, (order) => void orders.push(order)));
    const argv = [lab.script("app", "#!/bin/sh", "umask; echo $$", "sleep 600", ":"), "a 'b' $c"];
    const program = lab.settings(argv, { umask: 0o027 });
    const ref = startedProcess(await lab.start(program));
    assert.equal(readFileSync(program.stdout, "utf8"), `0027\n${ref.pid}\n`);
    assert.deepEqual(proc.cmdline(ref.pid), ["/bin/sh", ...argv]);
    assert.deepEqual(
      orders.map(({ file, argv: words }) => [file, isLaunchShell(words)]),
      [["/bin/sh", true]],
    );
  });

  test("its environment is the same with a umask, but for odd names, of which it is told", async (t) => {
    const lab = makeLab(t);
    const env = new Map([
      ["VALUE", "a 'b' \"c\" $d\n"],
      ["OLDPWD", "/before"],
    ]);
    const odd: readonly [string, string][] = [
      ["my.key", "1"],
      ["my-key", "2"],
    ];
    const argv = ["/bin/sleep", `600.${process.pid}3`];
    const outcome = await lab.start(
      lab.settings(argv, { umask: 0o022, inheritEnv: false, env: new Map([...env, ...odd]) }),
    );
    const { pid } = startedProcess(outcome);
    const { _, ...found } = environmentOf(pid); // that is bash's own
    const want = {
      ...Object.fromEntries(env),
      ...marks("web", lab.record().record?.launch ?? "none"),
      [LAB_MARK]: lab.dir,
      PWD: lab.dir,
    };
    const told = outcome.kind === "started" ? outcome.notes.join() : "";
    // Some shells do hand them on.
    for (const [name, value] of odd)
      if (found[name] === value) Object.assign(want, { [name]: value });
    assert.deepEqual(found, want);
    assert.match(told, /^my\.key, my-key of \[\[Env\]\] are not passed on: a shell sets umask/);
  });

  for (const umask of [undefined, 0o022]) {
    test(`no variable of it stands among words${umask === undefined ? "" : ", with a umask"}`, async (t) => {
      const orders: SpawnOrder[] = [];
      const lab = makeLab(t, (host) => spying(host, (order) => void orders.push(order)));
      const names = [
        "DB_PASSWORD",
        "my.key",
        "my key",
        "1ST",
        "PWD",
        "IFS",
        "OLDPWD",
        "DB_URL: x?y",
      ];
      const env = new Map(names.map((name) => [name, `S3CRET of '${name}'`]));
      const program = lab.settings(["/bin/sleep", `600.${process.pid}3`], { umask, env });
      const { pid } = startedProcess(await lab.start(program));
      assert.ok(orders.length > 0);
      for (const { file, argv } of orders) assert.doesNotMatch([file, ...argv].join(" "), /S3CRET/);
      assert.equal(environmentOf(pid)["DB_PASSWORD"], "S3CRET of 'DB_PASSWORD'");
      const { PWD, USRSVC_PWD } = environmentOf(pid);
      assert.deepEqual([PWD, USRSVC_PWD], ["S3CRET of 'PWD'", undefined]);
    });
  }

  const shells: readonly [name: string, value: string][] = [
    ["OPTIND", "none"],
    ["IFS", ","],
    ["PPID", "5"],
    ["PWD", "/else"],
  ];
  for (const [name, value] of shells) {
    test(`with a umask ${name} is handed on as well, or told of: it means something to a shell`, async (t) => {
      const lab = makeLab(t);
      const argv = ["/bin/sleep", `600.${process.pid}3`];
      const program = lab.settings(argv, { umask: 0o022, env: new Map([[name, value]]) });
      const outcome = await lab.start(program);
      const { pid } = startedProcess(outcome);
      const told = outcome.kind === "started" ? outcome.notes.join() : "";
      if (!told.includes(name)) assert.equal(environmentOf(pid)[name], value);
    });
  }

  test("a limit that we cannot lower for a moment is set by a shell", async (t) => {
    const orders: SpawnOrder[] = [];
    const lab = makeLab(t, (host) =>
      spying({ ...host, openFiles: 64 }, (order) => void orders.push(order)),
    );
    const { pid } = startedProcess(await lab.start(lab.settings(idle(lab))));
    assert.equal(softOpenFiles(pid), 64);
    assert.deepEqual(
      orders.map(({ openFiles: asked, argv }) => [asked, isLaunchShell(argv)]),
      [[undefined, true]],
    );
  });

  test("a folder that cannot be asked for is entered by a shell", async (t) => {
    const lab = makeLab(t, (host) => {
      const real = host.spawner();
      const spawner: Spawner = {
        entersFolders: false,
        limitsOpenFiles: (count, fd) => real.limitsOpenFiles(count, fd),
        underway: (pid) => real.underway(pid),
        spawn: async (order) => {
          assert.equal(order.directory, undefined);
          return await real.spawn(order);
        },
      };
      return { ...host, spawner: () => spawner };
    });
    const directory = join(lab.dir, "it's");
    mkdirSync(directory);
    writeScript(directory, "app", "#!/bin/sh\nsleep 600\n:\n");
    const ref = startedProcess(await lab.start(lab.settings(["./app"], { directory })));
    assert.equal(readlinkSync(`/proc/${ref.pid}/cwd`), directory);
  });

  test("a text without #! is run by the shell, with a umask and without", async (t) => {
    const lab = makeLab(t);
    for (const umask of [undefined, 0o022]) {
      const argv = [lab.script("text", 'echo "$0 $1"', "sleep 600", ":"), "word"];
      const name = `text${umask}`;
      const program = lab.settings(argv, { name, umask });
      const ref = startedProcess(await lab.start(program));
      assert.deepEqual(proc.cmdline(ref.pid), ["/bin/sh", ...argv]);
      assert.equal(readFileSync(program.stdout, "utf8"), `${argv.join(" ")}\n`);
    }
  });

  test("by Node, too, where there are no pidfds", async (t) => {
    const lab = makeLab(t, (host) => {
      const watcher = new PollingWatcher(host.proc, 10);
      const spawner = new NodeSpawner(watcher, host.proc);
      return { ...host, watcher: () => watcher, spawner: () => spawner, openFiles: 777 };
    });
    const sleep = ["/bin/sleep", `600.${process.pid}5`];
    const ref = startedProcess(await lab.start(lab.settings(sleep)));
    const { pgrp, ppid, session } = proc.stat(ref.pid);
    assert.deepEqual([pgrp, session, ppid], [ref.pid, ref.pid, process.pid]);
    assert.equal(softOpenFiles(ref.pid), 777);
    assert.deepEqual(readdirSync(`/proc/${ref.pid}/fd`), ["0", "1", "2"]);
    const argv = [lab.script("ends", "#!/bin/sh", "exit 3")];
    const outcome = failed(await lab.start(lab.settings(argv, { name: "ends" })));
    assert.deepEqual(outcome.exit, { kind: "code", code: 3 });
  });
});

describe("start, of its success", () => {
  test("is a process that lived for success_seconds, in record and pidfile", async (t) => {
    const lab = makeLab(t);
    const program = lab.settings(idle(lab));
    const began = performance.now();
    const outcome = await lab.start(program);
    assert.ok(performance.now() - began >= program.successMs);
    const ref = startedProcess(outcome);
    assert.ok(outcome.kind === "started");
    assert.equal(outcome.via, "launch");
    assert.deepEqual(outcome.notes, []);
    assert.deepEqual(readPidfile(program.pidfile), { kind: "pid", pid: ref.pid });
    const { record } = lab.record();
    assert.deepEqual({ ...record, at: "" }, { ...outcome.record, at: "" });
    assert.equal(record?.state, "running");
    assert.deepEqual(record.process, ref);
    assert.deepEqual(record.launched, ref);
  });

  test("with success_seconds 0 is a process that has become the program", async (t) => {
    const lab = makeLab(t);
    const argv = idle(lab);
    const ref = startedProcess(await lab.start(lab.settings(argv, { successMs: 0 })));
    // It is executed, and yet its arguments show some µs later.
    await waitFor(() => proc.cmdline(ref.pid).length > 0, "its arguments");
    assert.deepEqual(proc.cmdline(ref.pid), ["/bin/sh", ...argv]);
  });

  test("does not touch the pidfile with autopid = False", async (t) => {
    const lab = makeLab(t);
    const program = lab.settings(idle(lab), { autopid: false });
    writeFileSync(program.pidfile, "12345678\n");
    startedProcess(await lab.start(program));
    assert.equal(readFileSync(program.pidfile, "utf8"), "12345678\n");
  });

  test("keeps `desired` and counters of the record, but for the failures", async (t) => {
    const lab = makeLab(t);
    const before = emptyRecord("web", proc.bootId());
    const record = { ...before, desired: "up", restarts: 4, failures: 3, reason: "old" } as const;
    startedProcess(await lab.start(lab.settings(idle(lab)), { record }));
    const after = lab.record().record;
    assert.equal(after?.desired, "up");
    assert.equal(after.restarts, 4);
    assert.equal(after.failures, 0);
    assert.equal(after.reason, undefined);
  });

  test("of a program that sets its title stays the process that was launched, and says so", async (t) => {
    const lab = makeLab(t);
    const argv = ["/bin/bash", "-c", `exec -a "my title" sleep 600`];
    if (!existsSync("/bin/bash")) return t.skip("no bash");
    const outcome = await lab.start(lab.settings(argv));
    const ref = startedProcess(outcome);
    assert.deepEqual(proc.cmdline(ref.pid), ["my title", "600"]);
    assert.ok(outcome.kind === "started");
    assert.match(outcome.notes.join(), /its command line is now "my title 600".*set proctitle_re/);
  });

  test("takes the child of a wrapper that matches", async (t) => {
    const lab = makeLab(t);
    const seconds = `600.${process.pid}5`;
    const argv = [lab.script("wrapper", "#!/bin/sh", `sleep ${seconds}`, ":")];
    const regex = new RegExp(`^sleep ${seconds}`);
    const match = { kind: "title", source: regex.source, regex } as const;
    const ref = startedProcess(await lab.start(lab.settings(argv, { match })));
    assert.deepEqual(proc.cmdline(ref.pid), ["sleep", seconds]);
    assert.notDeepEqual(lab.record().record?.launched, ref);
    assert.deepEqual(lab.record().record?.process, ref);
  });

  test("with useshell the shell is the program, and what it runs does its work", async (t) => {
    const lab = makeLab(t);
    const seconds = `600.${process.pid}6`;
    const program = lab.shell(`cd / && sleep ${seconds}; :`, new RegExp(`sleep ${seconds}`));
    const outcome = await lab.start(program);
    assert.deepEqual(startedProcess(outcome), lab.record().record?.launched);
    assert.ok(outcome.kind === "started" && outcome.main !== undefined);
    assert.deepEqual(proc.cmdline(outcome.main.pid), ["sleep", seconds]);
    assert.deepEqual(readPidfile(program.pidfile), { kind: "pid", pid: outcome.main.pid });
  });

  test("with useshell takes the program that the shell itself became", async (t) => {
    const lab = makeLab(t);
    const seconds = `600.${process.pid}7`;
    const program = lab.shell(`exec sleep ${seconds}`, new RegExp(`sleep ${seconds}`));
    const outcome = await lab.start(program);
    assert.deepEqual(startedProcess(outcome), lab.record().record?.launched);
  });

  test("takes a daemon that forks and leaves, found in the session that was launched", async (t) => {
    const lab = makeLab(t);
    const argv = [lab.script("app", "#!/bin/sh", `${idle(lab, "daemon")[0]} &`, "exit 0")];
    const outcome = await lab.start(lab.settings(argv, titled(lab, "daemon")));
    const ref = startedProcess(outcome);
    assert.match(proc.cmdline(ref.pid).join(" "), /daemon$/);
    assert.deepEqual(readPidfile(join(lab.dir, "web.pid")), { kind: "pid", pid: ref.pid });
  });

  test("takes a daemon with a session of its own, known by its mark", async (t) => {
    const lab = makeLab(t);
    const argv = [lab.script("app", "#!/bin/sh", `setsid -f ${idle(lab, "daemon")[0]}`, "exit 0")];
    const outcome = await lab.start(lab.settings(argv, titled(lab, "daemon")));
    startedProcess(outcome);
    assert.ok(outcome.kind === "started");
    assert.equal(outcome.via, "launch");
  });

  test("takes a daemon with a session of its own where orphans become ours, as in a container", async (t) => {
    const lab = makeLab(t);
    becomeReaper(t);
    const argv = [lab.script("app", "#!/bin/sh", `setsid -f ${idle(lab, "daemon")[0]}`, "exit 0")];
    const program = lab.settings(argv, { ...titled(lab, "daemon"), successMs: 1000 });
    const ref = startedProcess(await lab.start(program));
    assert.equal(proc.stat(ref.pid).ppid, process.pid);
  });

  test("takes a daemon that writes its pidfile, without scan_for_process", async (t) => {
    const lab = makeLab(t);
    const pidfile = join(lab.dir, "web.pid");
    const daemon = lab.script("daemon", "#!/bin/sh", `echo $$ >${pidfile}`, "sleep 600", ":");
    const argv = [lab.script("app", "#!/bin/sh", `setsid -f ${daemon}`, "exit 0")];
    const more = { ...titled(lab, "daemon"), autopid: false, scanForProcess: false };
    const outcome = await lab.start(lab.settings(argv, more));
    const { pid } = startedProcess(outcome);
    assert.deepEqual(readPidfile(pidfile), { kind: "pid", pid });
  });

  test("a stale pidfile is gone before the program exists", async (t) => {
    const lab = makeLab(t);
    const pidfile = join(lab.dir, "web.pid");
    const argv = [lab.script("app", "#!/bin/sh", `cat ${pidfile} || echo gone`, "sleep 600", ":")];
    writeFileSync(pidfile, "4194303\n");
    startedProcess(await lab.start(lab.settings(argv)));
    assert.doesNotMatch(readFileSync(join(lab.dir, "web.log"), "utf8"), /4194303/);
  });
});

/** As process 1 of a container is: whose parent ends becomes our child. Until the end of the test. */
function becomeReaper(t: TestContext): void {
  const PR_SET_CHILD_SUBREAPER = 36;
  const prctl = koffi.load(null).func("int prctl(int option, ulong a, ulong b, ulong c, ulong d)");
  assert.equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
  cleanUp(t, () => prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0));
}

function titled(
  lab: Lab,
  name: string,
): { match: { kind: "title"; source: string; regex: RegExp } } {
  const source = `${join(lab.dir, name)}$`;
  return { match: { kind: "title", source, regex: new RegExp(source) } };
}

describe("start, of its failure", () => {
  test("an exit within success_seconds is told with its code and the last lines", async (t) => {
    const lab = makeLab(t);
    const argv = [lab.script("app", "#!/bin/sh", "echo first", "echo why >&2", "exit 3")];
    const program = lab.settings(argv, { successMs: 60_000, stderr: join(lab.dir, "errors") });
    writeFileSync(program.stderr, "an old line\n");
    const began = performance.now();
    const outcome = failed(await lab.start(program));
    assert.ok(performance.now() - began < 30_000, "at once");
    assert.deepEqual(outcome.exit, { kind: "code", code: 3 });
    assert.equal(outcome.code, ExitCode.exitedUnexpectedly);
    assert.equal(outcome.reason, "exited with code 3 within success_seconds (60)");
    assert.deepEqual(outcome.output, ["why"]);
  });

  const ends: readonly [line: string, want: StartFailure["exit"]][] = [
    ["exit 255", { kind: "code", code: 255 }],
    ["exit 0", { kind: "code", code: 0 }],
    ["kill -TERM $$", { kind: "signal", signal: "SIGTERM", coreDumped: false }],
    ["kill -KILL $$", { kind: "signal", signal: "SIGKILL", coreDumped: false }],
    ["kill -ABRT $$", { kind: "signal", signal: "SIGABRT", coreDumped: false }],
  ];
  for (const [line, want] of ends) {
    test(`${line} is told as such`, async (t) => {
      const lab = makeLab(t);
      const argv = [lab.script("app", "#!/bin/sh", "ulimit -c 0", line)];
      const outcome = failed(await lab.start(lab.settings(argv)));
      assert.deepEqual(outcome.exit, want);
      assert.equal(outcome.code, ExitCode.exitedUnexpectedly);
      assert.deepEqual(outcome.output, []);
    });
  }

  test("an exit late in the window is a failure, too", async (t) => {
    const lab = makeLab(t);
    const argv = [lab.script("app", "#!/bin/sh", "sleep 0.3", "exit 4")];
    const outcome = failed(await lab.start(lab.settings(argv, { successMs: 5000 })));
    assert.deepEqual(outcome.exit, { kind: "code", code: 4 });
  });

  test("an exit within success_seconds 0 is not looked for", async (t) => {
    const lab = makeLab(t);
    const argv = [lab.script("app", "#!/bin/sh", "sleep 0.3", "exit 4")];
    startedProcess(await lab.start(lab.settings(argv, { successMs: 0 })));
  });

  test("127: a command that is not there, in the line of a shell", async (t) => {
    const lab = makeLab(t);
    const program = lab.shell(`${lab.dir}/none`, titled(lab, "none").match.regex);
    const outcome = failed(await lab.start({ ...program, successMs: 5000 }));
    assert.equal(outcome.code, ExitCode.failedToLaunch);
    assert.deepEqual(outcome.exit, { kind: "code", code: 127 });
    assert.match(outcome.reason, /127 usually means/);
  });

  test("nothing is launched for a script whose interpreter is not there", async (t) => {
    const lab = makeLab(t);
    const outcome = failed(await lab.start(lab.settings([lab.script("app", "#!/no/such/sh -e")])));
    assert.equal(outcome.code, ExitCode.failedToLaunch);
    assert.equal(outcome.pid, undefined);
    assert.match(outcome.reason, /\/no\/such\/sh/);
  });

  test("126: a file that cannot be executed, in the line of a shell", async (t) => {
    const lab = makeLab(t);
    writeFileSync(join(lab.dir, "app"), "no program");
    const program = lab.shell(`${lab.dir}/app`, titled(lab, "app").match.regex);
    const outcome = failed(await lab.start({ ...program, successMs: 5000 }));
    assert.equal(outcome.code, ExitCode.failedToLaunch);
    assert.deepEqual(outcome.exit, { kind: "code", code: 126 });
    assert.match(outcome.output.join(), /denied/i);
  });

  test("nothing is launched for a command that is not there", async (t) => {
    const lab = makeLab(t);
    const outcome = failed(await lab.start(lab.settings([join(lab.dir, "none")])));
    assert.equal(outcome.code, ExitCode.failedToLaunch);
    assert.equal(outcome.pid, undefined);
    assert.match(outcome.reason, /no such command: .*none/);
    assert.equal(lab.record().record?.process, undefined);
    assert.deepEqual(lab.living(), []);
  });

  test("what runs but does not match is ended again, with a hint at what was there", async (t) => {
    const lab = makeLab(t);
    const argv = [lab.script("app", "#!/bin/sh", "sleep 600 &", "sleep 600", ":")];
    const program = lab.settings(argv, titled(lab, "something-else"));
    const outcome = failed(await lab.start(program));
    assert.equal(outcome.code, ExitCode.failedToLaunch);
    assert.equal(outcome.exit, undefined);
    assert.match(outcome.reason, /no process matches program web; it was ended again$/);
    assert.match(
      outcome.details.join("\n"),
      /looked for proctitle_re .*\nfound process \d+: .*app/,
    );
    await waitFor(() => lab.living().length === 0, "nothing of it lives");
  });

  test("children of a program that failed are ended", async (t) => {
    const lab = makeLab(t);
    const argv = [lab.script("app", "#!/bin/sh", "sleep 600 &", "exit 3")];
    // Its end closes the window, however late a machine at work comes to that.
    const { exit } = failed(await lab.start(lab.settings(argv, { successMs: 20_000 })));
    assert.deepEqual(exit, { kind: "code", code: 3 });
    await waitFor(() => lab.living().length === 0, "nothing of it lives");
  });

  test("workers that go on when their master has failed are no success, seen in mid-exec or not", async (t) => {
    for (const looks of [0, 3]) {
      const lab = makeLab(t, (host) => ({ ...host, proc: hidingImage(looks) }));
      const worker = "(sleep 600; :) &";
      const argv = [lab.script("app", "#!/bin/sh", worker, worker, "sleep 0.1", "exit 1")];
      const { exit } = failed(await lab.start(lab.settings(argv, { successMs: 20_000 })));
      assert.deepEqual(exit, { kind: "code", code: 1 });
      await waitFor(() => lab.living().length === 0, "nothing of it lives");
    }
  });

  for (const others of [0, 1]) {
    test(
      `a daemon that wrote over its environment is found, although its first process left unseen; ${others} of its kind`,
      { skip: !existsSync(REDIS) && "redis-server is not installed" },
      async (t) => {
        const lab = makeLab(t, (host) => ({
          ...host,
          proc: hidingImage(Number.POSITIVE_INFINITY),
        }));
        const argvOf = (name: string): readonly string[] => {
          const folder = join(lab.dir, name);
          mkdirSync(folder);
          const words = `--daemonize yes --port 0 --unixsocket ${folder}/s --save  --dir ${folder}`;
          return [REDIS, ...words.split(" ")];
        };
        const started: ProcessRef[] = [];
        cleanUp(t, () => {
          for (const ref of started) killRef(ref);
        });
        const names = Array.from({ length: others + 1 }, (_, number) => `d${number}`);
        await Promise.all(
          names.map(async (name) => {
            const program = lab.settings(argvOf(name), { name, successMs: 1000 });
            const ref = startedProcess(await lab.start(program));
            started.push(ref);
            assert.match(proc.cmdline(ref.pid).join(" "), new RegExp(`redis-server .*${name}/s`));
          }),
        );
      },
    );
  }

  test("a daemon that forks, leaves with 0 and does not match is a failure, and is ended", async (t) => {
    const lab = makeLab(t);
    const argv = [lab.script("app", "#!/bin/sh", "sleep 600 &", "exit 0")];
    const outcome = failed(await lab.start(lab.settings(argv, titled(lab, "daemon"))));
    assert.deepEqual(outcome.exit, { kind: "code", code: 0 });
    await waitFor(() => lab.living().length === 0, "nothing of it lives");
  });

  test(
    "a daemon that ends within success_seconds is told of with its own exit",
    { skip: !tellsExitOfReaped() },
    async (t) => {
      const lab = makeLab(t);
      const daemon = lab.script("daemon", "#!/bin/sh", "sleep 0.5", "exit 7");
      const argv = [lab.script("app", "#!/bin/sh", `setsid -f ${daemon}`, "exit 0")];
      const settings = lab.settings(argv, { ...titled(lab, "daemon"), successMs: 1500 });
      const outcome = failed(await lab.start(settings));
      assert.deepEqual(outcome.exit, { kind: "code", code: 7 });
      assert.match(outcome.reason, /^went to the background, and exited with code 7 within/);
      assert.notEqual(outcome.pid, lab.record().record?.launched?.pid);
    },
  );

  test("a FIFO that nobody reads as stdout is a failure, not a hang, and costs no descriptor", async (t) => {
    const lab = makeLab(t);
    const fifo = join(lab.dir, "fifo");
    assert.equal(spawnSync("mkfifo", [fifo]).status, 0);
    const program = lab.settings(idle(lab), { stderr: fifo });
    failed(await lab.start(program));
    const before = openFiles();
    for (let round = 0; round < 3; round += 1) {
      assert.match(failed(await lab.start(program)).reason, /is a FIFO that nobody reads$/);
    }
    assert.deepEqual(openFiles(), before);
  });

  test("descriptors that run out are a failure that says so, and costs none", async (t) => {
    const lab = makeLab(t);
    const script = nodeScript(t, "starve.ts", [lab.dir]);
    const text = await output(script);
    assert.equal(await exitOf(script), 0, "our process lives on");
    const lines = text.trim().split("\n");
    assert.ok(lines.length > 3, text);
    for (const line of lines)
      assert.match(
        line,
        /^\d+ free: (started|(failed|threw): .*(EMFILE|too many open files in usrsvc))/,
      );
  });
});

/** Files that this process has open; its sockets and pipes come and go. */
function openFiles(): readonly string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.includes("usrsvc-test-") ? [path] : [];
    } catch {
      return [];
    }
  });
}

describe("start, when it is told to leave", () => {
  test("leaves what was launched running, on record", async (t) => {
    const lab = makeLab(t);
    const controller = new AbortController();
    const program = lab.settings(idle(lab), { successMs: 60_000 });
    const outcome = await lab.start(program, {
      signal: controller.signal,
      onLaunched: () => setImmediate(() => controller.abort(new Error("leave"))),
    });
    assert.equal(outcome.kind, "interrupted");
    assert.ok(outcome.kind === "interrupted");
    const ref = refOf(outcome.process.pid);
    assert.deepEqual(lab.record().record?.process, ref);
    assert.equal(lab.record().record?.state, "starting");
    assert.deepEqual(readPidfile(program.pidfile), { kind: "pid", pid: ref.pid });
    assert.ok(lives(ref));
  });
});

describe("start, when the program turns out to run already", () => {
  test("launches nothing", async (t) => {
    const lab = makeLab(t);
    const running = startedProcess(await lab.start(lab.settings(idle(lab))));
    const argv = [lab.script("second", "#!/bin/sh", "echo it ran", "sleep 600", ":")];
    const second = lab.settings(argv, { stdout: join(lab.dir, "second.log") });
    const outcome = await lab.start(second, {
      findRunning: () => running,
    });
    assert.ok(outcome.kind === "started");
    assert.deepEqual(outcome.process, running);
    const record = lab.record().record;
    assert.deepEqual(record?.process, running);
    const group = proc.stat(running.pid).pgrp;
    assert.ok(lab.living().every(({ pid }) => proc.stat(pid).pgrp === group));
    assert.equal(existsSync(second.stdout), false);
  });
});
