import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pid, ProcessRef, Ticks } from "../../proc/pid.ts";
import type { Host } from "../../src/host/host.ts";
import type { Pattern } from "../../src/identity/match.ts";
import { nearestProcess } from "../../src/identity/nearest-process.ts";
import type { ProgramSettings } from "../../src/config/settings.ts";

const pattern: Pattern = {
  matches: (argv) => argv.join(" ") === "node server.js",
  doesWork: () => false,
  description: "node server.js",
  isLaunched: true,
  isShell: false,
  folder: "/srv/web",
  endings: undefined,
};

/** A machine with these processes, each in the folder /srv/PID, and with the program that owns it. */
function machine(all: Readonly<Record<number, readonly [title: string, owner?: string]>>): Host {
  const refOf = (pid: number): ProcessRef => ({ pid: pid as Pid, startTime: 7 as Ticks });
  const entries = Object.entries(all).map(([pid, [title]]) => ({
    ref: refOf(Number(pid)),
    ppid: 1,
    pgrp: Number(pid),
    session: Number(pid),
    argv: title.split(" "),
  }));
  const host = {
    home: "here",
    table: { scan: () => entries },
    ownerOf: ({ pid }: ProcessRef) => all[pid]?.[1],
    ownerOfSession: () => undefined,
    launching: new Set(),
    isRetired: () => false,
    proc: {
      alive: (pid: number) => (pid in all ? refOf(pid) : undefined),
      cwd: (pid: number) => `/srv/${pid}`,
      cmdline: (pid: number) => all[pid]?.[0].split(" ") ?? [],
      environ: () => new Map(),
      uids: () => [1, 1, 1, 1],
      stat: (pid: Pid) => ({ pid, ppid: 1, session: pid, startTime: 7, state: "S", image: 1 }),
    },
  };
  return host as unknown as Host;
}

function nearest(host: Host, command = "node server.js --port 80"): string | undefined {
  const settings = { command } as ProgramSettings;
  return nearestProcess({ name: "web", pattern, settings }, host);
}

test("none is near to a program where they share the interpreter only", () => {
  assert.equal(
    nearest(machine({ 5: ["node other.js"], 6: ["sleep 80"], 7: ["bash -c x"] })),
    undefined,
  );
});

test("what has the program's words is nearer than what shares some; it is told whose it is, and where", () => {
  const host = machine({ 5: ["python3 server.js"], 6: ["node server.js", "shop"] });
  assert.equal(
    nearest(host),
    "nearest to it is process 6 in /srv/6, which belongs to shop: node server.js",
  );
});

test("another instance of it is not, unless it has the very command line", () => {
  const host = machine({ 5: ["python3 server.js", "web:2"] });
  const of = (matches: boolean): string | undefined => {
    const settings = { command: "python3 server.js", instanceOf: "web" } as ProgramSettings;
    const one = { ...pattern, matches: () => matches };
    return nearestProcess({ name: "web:1", pattern: one, settings }, host);
  };
  assert.equal(of(false), undefined);
  assert.match(of(true) ?? "", /process 5 in .*, which belongs to web:2/);
});

test("what shares a word with it is told, folders apart", () => {
  const host = machine({ 5: ["/opt/redis/redis-server /etc/b.conf"] });
  assert.match(nearest(host, "redis-server /etc/a.conf") ?? "", /process 5 in .*redis-server/);
});

test("usrsvc itself, which has the names of programs in its words, is not", () => {
  assert.equal(nearest(machine({ 5: ["node /usr/bin/usrsvc stop server.js"] })), undefined);
});
