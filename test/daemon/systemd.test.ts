import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { isShuttingDown, serviceManager } from "../../src/daemon/systemd.ts";
import { waitFor } from "../e2e/home.ts";
import { Receiver } from "../systemd/receiver.ts";
import { cleanUp } from "../support/clean-up.ts";

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "usrsvc-notify-"));
  cleanUp(t, () => rmSync(path, { recursive: true, force: true }));
  return path;
}

const unexpected = (reason: string): void => assert.fail(reason);

for (const kind of ["path", "abstract name"]) {
  test(`the manager is told all in order, through a ${kind}`, (t) => {
    const name = kind === "path" ? join(folder(t), "notify") : `@usrsvc-test/${process.pid}`;
    using receiver = new Receiver(name);
    using manager = serviceManager({ NOTIFY_SOCKET: name }, unexpected);
    manager.status("2 starting");
    manager.ready();
    manager.status("2 running");
    manager.status("2 running");
    const before = process.hrtime.bigint() / 1000n;
    manager.reloading();
    manager.ready();
    manager.stopping();
    const all = receiver.take();
    const [, stamp = ""] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(all[3] ?? "") ?? [];
    assert.ok(BigInt(stamp) >= before && BigInt(stamp) < before + 10_000_000n, stamp);
    assert.deepEqual(all.toSpliced(3, 1), [
      "STATUS=2 starting",
      "READY=1",
      "STATUS=2 running",
      "READY=1",
      "STOPPING=1",
    ]);
  });
}

test("nothing is sent, and nothing goes wrong, where nobody asked for it", () => {
  for (const env of [{}, { NOTIFY_SOCKET: "" }, { WATCHDOG_USEC: "1000" }]) {
    using manager = serviceManager(env, unexpected);
    manager.ready();
    manager.status("text");
    manager.reloading();
    manager.stopping();
  }
});

test("the watchdog is told at once, and then twice as often as it asks for", async (t) => {
  const name = join(folder(t), "notify");
  using receiver = new Receiver(name);
  const env = { NOTIFY_SOCKET: name, WATCHDOG_USEC: "2000000", WATCHDOG_PID: String(process.pid) };
  const began = performance.now();
  {
    using _ = serviceManager(env, unexpected);
    assert.deepEqual(receiver.take(), ["WATCHDOG=1"]);
    await waitFor("three more", () => (receiver.arrived.length >= 4 ? true : receiver.look()));
  }
  const tookMs = performance.now() - began;
  assert.ok(tookMs > 2800 && tookMs < 5500, `three intervals of 1 s took ${tookMs} ms`);
  assert.deepEqual(new Set(receiver.arrived), new Set(["WATCHDOG=1"]));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  receiver.arrived = [];
  assert.deepEqual(receiver.take(), [], "and no more after the end");
});

test("a watchdog meant for another process, or set to nonsense, is not told", (t) => {
  const name = join(folder(t), "notify");
  using receiver = new Receiver(name);
  const other = { WATCHDOG_USEC: "2000", WATCHDOG_PID: String(process.ppid) };
  const wrong = [other, { WATCHDOG_USEC: "soon" }, { WATCHDOG_USEC: "0" }, { WATCHDOG_USEC: "-5" }];
  for (const env of wrong) {
    using _ = serviceManager({ NOTIFY_SOCKET: name, ...env }, unexpected);
    assert.deepEqual(receiver.take(), []);
  }
});

test("a watchdog of years does not become one of milliseconds", async (t) => {
  const name = join(folder(t), "notify");
  using receiver = new Receiver(name);
  using _ = serviceManager({ NOTIFY_SOCKET: name, WATCHDOG_USEC: "9e15" }, unexpected);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(receiver.take(), ["WATCHDOG=1"]);
});

test("what a full socket does not take is sent when there is room, of the status only the last", async (t) => {
  const name = join(folder(t), "notify");
  using receiver = new Receiver(name);
  using manager = serviceManager({ NOTIFY_SOCKET: name }, unexpected);
  const count = 2000; // more than net.unix.max_dgram_qlen, whatever it is here
  for (let n = 0; n < count; n += 1) manager.status(String(n));
  manager.ready();
  manager.status("last");
  assert.ok(receiver.take().length < count);
  await waitFor("the rest", () => {
    receiver.look();
    return receiver.arrived.at(-1) === "STATUS=last";
  });
  assert.deepEqual(receiver.arrived.slice(-2), ["READY=1", "STATUS=last"]);
  const statuses = receiver.arrived.filter((message) => message.startsWith("STATUS="));
  assert.ok(statuses.length < count, `${statuses.length} statuses`);
});

test("a socket that stays full holds up nothing at the end", (t) => {
  const name = join(folder(t), "notify");
  using _ = new Receiver(name);
  using manager = serviceManager({ NOTIFY_SOCKET: name, WATCHDOG_USEC: "1000" }, unexpected);
  for (let n = 0; n < 2000; n += 1) manager.status(String(n));
  manager.stopping();
});

const useless: Readonly<Record<string, (dir: string) => string>> = {
  "that is not there": (dir) => join(dir, "none"),
  "that is a file": (dir) => {
    writeFileSync(join(dir, "file"), "");
    return join(dir, "file");
  },
  "whose name is too long": (dir) => join(dir, "x".repeat(200)),
  "of another kind": () => "vsock:2:1234",
};
for (const [what, make] of Object.entries(useless)) {
  test(`a socket ${what} ends nothing, and is complained of once`, (t) => {
    const name = make(folder(t));
    const troubles: string[] = [];
    using manager = serviceManager({ NOTIFY_SOCKET: name, WATCHDOG_USEC: "1000000" }, (reason) =>
      troubles.push(reason),
    );
    manager.ready();
    manager.status("text");
    manager.stopping();
    assert.equal(troubles.length, 1);
    assert.match(troubles[0] ?? "", /^NOTIFY_SOCKET .*(takes no message|cannot be used) \(.+\)$/);
    assert.ok(troubles[0]?.includes(name));
  });
}

test("a manager that goes away ends nothing", (t) => {
  const name = join(folder(t), "notify");
  const troubles: string[] = [];
  const receiver = new Receiver(name);
  using manager = serviceManager({ NOTIFY_SOCKET: name }, (reason) => troubles.push(reason));
  manager.ready();
  assert.deepEqual(receiver.take(), ["READY=1"]);
  receiver[Symbol.dispose]();
  manager.status("text");
  manager.stopping();
  assert.equal(troubles.length, 1);
});

/** Puts a systemctl on PATH that says `system` of the machine, and `user` of the user's systemd. */
function fakeSystemctl(t: TestContext, system: string, user: string): void {
  const dir = folder(t);
  const answer = `if [ "$1" = --user ]; then ${user}; else ${system}; fi`;
  writeFileSync(join(dir, "systemctl"), `#!/bin/sh\n${answer}\n`);
  chmodSync(join(dir, "systemctl"), 0o755);
  const path = process.env["PATH"] ?? "";
  process.env["PATH"] = `${dir}:${path}`;
  cleanUp(t, () => (process.env["PATH"] = path));
}

const inSystem = { INVOCATION_ID: "1", NOTIFY_SOCKET: "/run/systemd/notify" };
const inUser = { ...inSystem, MANAGERPID: "4711" };

test("the machine shuts down when systemctl says so", async (t) => {
  fakeSystemctl(t, "echo stopping; exit 1", "echo running");
  assert.equal(await isShuttingDown(inSystem), true);
  assert.equal(await isShuttingDown(inUser), true);
  assert.equal(await isShuttingDown({}), false, "not under systemd: not asked");
});

test("so does the user's systemd, for a unit of the user", async (t) => {
  fakeSystemctl(t, "echo degraded", "echo stopping");
  assert.equal(await isShuttingDown(inUser), true);
  assert.equal(await isShuttingDown(inSystem), false);
  assert.equal(await isShuttingDown({ ...inSystem, MANAGERPID: "1" }), false);
});

test("without an answer, programs are left running", async (t) => {
  fakeSystemctl(t, "exit 1", "exec sleep 60");
  assert.equal(await isShuttingDown(inSystem), false);
  const began = performance.now();
  assert.equal(await isShuttingDown(inUser), false);
  assert.ok(performance.now() - began < 10_000, "a systemctl that hangs is waited for briefly");
});
