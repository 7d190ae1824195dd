import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { describe, test, type TestContext } from "node:test";
import { Epoll } from "../../proc/epoll.ts";
import { libc } from "../../proc/libc.ts";
import { hasPidfd } from "../../proc/pidfd.ts";
import { nativeSpawn, nodeSpawn, type Spawn, type Spawned } from "../../proc/spawn.ts";
import { cleanUp } from "../support/clean-up.ts";
import { statusField } from "../support/processes.ts";
import { inTime, waitFor } from "../support/wait.ts";

const c = libc();
const skip = c === undefined || !hasPidfd(c) ? "no pidfd on this machine" : false;

type Made = Spawned & { readonly said: () => string; readonly closed: Promise<void> };

async function make(t: TestContext, spawn: Spawn, script: string, env = {}): Promise<Made> {
  let text = "";
  let close: () => void = () => {};
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  const made = await spawn(["/bin/sh", "-c", script], env, {
    heard: (more) => {
      text += more;
    },
    lost: () => close(),
  });
  cleanUp(t, () => made.end());
  return {
    ...made,
    pid: made.pid,
    send: (line) => made.send(line),
    end: () => made.end(),
    said: () => text,
    closed,
  };
}

const kinds: readonly [name: string, skip: string | false, make: (t: TestContext) => Spawn][] = [
  [
    "nativeSpawn",
    skip,
    (t) => {
      assert.ok(c);
      const epoll = new Epoll(c);
      cleanUp(t, () => epoll[Symbol.dispose]());
      return nativeSpawn(c, epoll);
    },
  ],
  ["nodeSpawn", false, () => nodeSpawn],
];

for (const [name, reason, spawnOf] of kinds) {
  describe(name, { skip: reason }, () => {
    test("talks both ways on descriptor 3", async (t) => {
      const child = await make(t, spawnOf(t), 'read -r a <&3; echo "got $a" >&3; read -r b <&3');
      child.send("one\n");
      await waitFor(() => child.said() === "got one\n", "the answer");
    });

    test("tells when nobody holds it any more", async (t) => {
      const child = await make(t, spawnOf(t), "echo last >&3");
      await inTime(child.closed, "the end");
      assert.equal(child.said(), "last\n");
      child.send("into nothing\n");
    });

    test("makes a clean child, which leads a session", async (t) => {
      const child = await make(t, spawnOf(t), "kill -STOP $$", { A: "b", PATH: "/bin" });
      const read = (file: string): string => readFileSync(`/proc/${child.pid}/${file}`, "utf8");
      await waitFor(() => statusField(child.pid, "State").startsWith("T"), "it has stopped");
      for (const field of ["SigIgn", "SigBlk"]) {
        assert.match(statusField(child.pid, field), /^0+$/, field);
      }
      assert.deepEqual(read("environ").split("\0").slice(0, -1).toSorted(), ["A=b", "PATH=/bin"]);
      const fds = readdirSync(`/proc/${child.pid}/fd`).map((fd) => [
        fd,
        readlinkSync(`/proc/${child.pid}/fd/${fd}`).replace(/\d+/, "N"),
      ]);
      const nothing = "/dev/null";
      assert.deepEqual(fds, [
        ["0", nothing],
        ["1", nothing],
        ["2", nothing],
        ["3", "socket:[N]"],
      ]);
      const [, , pgrp, session] = read("stat")
        .slice(read("stat").lastIndexOf(")") + 2)
        .split(" ");
      assert.deepEqual([pgrp, session], [String(child.pid), String(child.pid)]);
    });

    test("ends it, says nothing then, and leaves no zombie", async (t) => {
      const child = await make(t, spawnOf(t), "read -r a <&3");
      child.end();
      child.end();
      await waitFor(() => !readdirSync("/proc").includes(String(child.pid)), "it is taken");
      const told = child.closed.then(() => "told");
      assert.equal(await Promise.race([told, Promise.resolve("not told")]), "not told");
    });

    test("rejects where there is no such command", async (t) => {
      const none = { heard: () => {}, lost: () => {} };
      await assert.rejects(spawnOf(t)(["/none/such"], {}, none), { code: "ENOENT" });
    });

    test("makes many at once, and gives back all descriptors", async (t) => {
      const spawn = spawnOf(t);
      const count = (): number => readdirSync("/proc/self/fd").length;
      await make(t, spawn, "exit").then(async (one) => await inTime(one.closed, "the end"));
      const before = count();
      const all = await Promise.all(
        Array.from(
          { length: 20 },
          async () => await make(t, spawn, "echo here >&3; read -r a <&3"),
        ),
      );
      await waitFor(() => all.every((one) => one.said() === "here\n"), "all are there");
      for (const one of all) one.end();
      await waitFor(() => count() <= before, "all are closed");
    });
  });
}
