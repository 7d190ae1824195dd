import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Home, isAlive, type LogLine, waitFor } from "./home.ts";
import { daemonPid, kill, settled } from "./looks.ts";

const MB = 1024 * 1024;
/** What a program in JavaScript may take until it touches its file, on a loaded machine, in s. */
const BOOT_S = 4;

/** The log lines with this event. */
function linesOf(home: Home, event: string): readonly LogLine[] {
  return home.log().filter((line) => line.event === event);
}

async function logged(home: Home, event: string): Promise<LogLine> {
  return await waitFor(`${event} in the log`, () => linesOf(home, event)[0]);
}

/** A program in JavaScript; `first` is true in the first process of it. */
function nodeProgram(home: Home, name: string, ...code: readonly string[]): string {
  const file = home.script(
    `${name}.mjs`,
    [
      `import fs from "node:fs";`,
      `const first = !fs.existsSync(${JSON.stringify(home.file(`${name}.ran`))});`,
      `fs.appendFileSync(${JSON.stringify(home.file(`${name}.ran`))}, process.pid + "\\n");`,
      ...code,
      "setInterval(() => {}, 1e6);",
    ].join("\n"),
  );
  return `${process.execPath} ${file}`;
}

/** The pids that a program has had. */
function runs(home: Home, name: string): readonly number[] {
  return home.read(`${name}.ran`).split("\n").filter(Boolean).map(Number);
}

const touching = (file: string): string =>
  `setInterval(() => fs.writeFileSync(${JSON.stringify(file)}, "x"), 50);`;

/** Waits until the process of a program has this age. */
async function lives(home: Home, name: string, seconds: number): Promise<void> {
  await waitFor(
    `${name} to live ${seconds} s`,
    async () => Number((await home.statusOf(name))["uptimeSeconds"]) >= seconds,
  );
}

test("a program with more private memory than rss_limit is restarted, once", async (t) => {
  const home = new Home(t);
  const grow = "globalThis.memory = first ? Buffer.alloc(200 * 1024 * 1024, 1) : undefined;";
  const monitor = "[[Monitor]]\nrss_limit = 100M\nmonitor_after = 0\n";
  home.program("hungry", { command: nodeProgram(home, "hungry", grow) }, monitor);
  await home.usrsvcd();
  const pid = await home.running("hungry");
  const { measured, limit, ...line } = await logged(home, "program.limit-exceeded");
  assert.deepEqual([line.pid, line["monitor"], limit], [pid, "rss_limit", 100 * MB]);
  // The look may come while it is still being filled.
  assert.ok(Number(measured) > 100 * MB && Number(measured) < 400 * MB, String(measured));
  assert.match(line.msg, /private memory \d+\.\d MB exceeds rss_limit 100\.0 MB/);
  assert.equal((await logged(home, "program.stopping")).pid, pid);
  const second = await home.running("hungry", pid);
  await lives(home, "hungry", 6); // a look at memory is made every 5 s
  const status = await home.statusOf("hungry");
  assert.deepEqual([status["state"], status["pid"], status["restarts"]], ["running", second, 1]);
  const { signal, pid: ended } = status["lastExit"] as { signal: string; pid: number };
  assert.deepEqual([signal, ended], ["SIGTERM", pid]);
  assert.deepEqual(runs(home, "hungry"), [pid, second]);
  assert.equal(linesOf(home, "program.limit-exceeded").length, 1);
});

/** Describes one that exceeds its limit in its first process, and ignores SIGTERM. */
function stubborn(home: Home, termToKillSeconds: string): void {
  const code = [
    "globalThis.memory = first ? Buffer.alloc(200 * 1024 * 1024, 1) : undefined;",
    "process.on('SIGTERM', () => {});",
  ];
  const monitor = "[[Monitor]]\nrss_limit = 100M\nmonitor_after = 0\n";
  const command = nodeProgram(home, "hungry", ...code);
  home.program("hungry", { command, term_to_kill_seconds: termToKillSeconds }, monitor);
}

test("of one that ignores SIGTERM as well, both are told: the limit, and why it was killed", async (t) => {
  const home = new Home(t);
  stubborn(home, "0.3");
  await home.usrsvcd();
  const pid = await home.running("hungry");
  const why =
    /private memory \d+\.\d MB exceeds rss_limit 100\.0 MB; killed, because it ignored SIGTERM for term_to_kill_seconds, 300 ms$/;
  const { msg } = await logged(home, "program.exited");
  assert.match(msg, /^hungry: killed by SIGKILL, by usrsvcd: /);
  assert.match(msg, why);
  await home.running("hungry", pid);
  const { by } = (await home.statusOf("hungry"))["lastExit"] as { by: string };
  assert.match(by, why);
});

test("of one whose usrsvcd is killed in the middle of that, the next one finishes it, and counts it", async (t) => {
  const home = new Home(t);
  stubborn(home, "5");
  await home.usrsvcd();
  const daemon = await daemonPid(home);
  const pid = await home.running("hungry");
  await logged(home, "program.stopping");
  await kill(daemon);
  assert.ok(isAlive(pid), "it has time until it is killed");
  await home.usrsvcd();
  const second = await home.running("hungry", pid);
  await settled(home, "hungry");
  const status = await home.statusOf("hungry");
  assert.deepEqual([status["pid"], status["restarts"]], [second, 1]);
});

test("a program that no longer touches its activityfile is restarted, once", async (t) => {
  const home = new Home(t);
  const file = home.file("alive");
  const code = [
    "let isIdle = false;",
    `process.on("SIGUSR2", () => (isIdle = true));`,
    `setInterval(() => isIdle || fs.writeFileSync(${JSON.stringify(file)}, "x"), 50);`,
  ];
  const monitor = `[[Monitoring]]\nactivityfile = ${file}\nactivityfile_limit = 1500ms\nmonitor_after = ${BOOT_S}s\n`;
  home.program("idle", { command: nodeProgram(home, "idle", ...code) }, monitor);
  await home.usrsvcd();
  const pid = await home.running("idle");
  await lives(home, "idle", BOOT_S + 3);
  assert.deepEqual(linesOf(home, "program.limit-exceeded"), [], "no restart while it is touched");
  process.kill(pid, "SIGUSR2");
  const line = await logged(home, "program.limit-exceeded");
  assert.deepEqual([line.pid, line["monitor"], line["limit"]], [pid, "activityfile", 1500]);
  assert.ok(Number(line["measured"]) >= 1500, String(line["measured"]));
  assert.match(line.msg, /alive has not been touched for [\d.]+ s \(activityfile_limit 1\.5 s\)/);
  const second = await home.running("idle", pid);
  await lives(home, "idle", BOOT_S + 3);
  assert.deepEqual(runs(home, "idle"), [pid, second]);
  assert.equal((await home.statusOf("idle"))["restarts"], 1);
});

test("a deleted activityfile is a violation, whatever autorestart says", async (t) => {
  const home = new Home(t);
  const file = home.file("alive");
  const code = `fs.writeFileSync(${JSON.stringify(file)}, "x");`;
  const monitor = `[[Monitor]]\nactivityfile = ${file}\nactivityfile_limit = 3s\nmonitor_after = 0\n`;
  const command = nodeProgram(home, "once", code);
  home.program("once", { command, autorestart: "no" }, monitor);
  await home.usrsvcd();
  const pid = await home.running("once");
  await logged(home, "program.started");
  await waitFor("the file", () => existsSync(file));
  unlinkSync(file);
  const line = await logged(home, "program.limit-exceeded");
  assert.match(line.msg, /activity file .*alive does not exist/);
  await home.running("once", pid);
});

test("a limit that is reread applies to the process that runs", async (t) => {
  const home = new Home(t);
  const file = home.file("alive");
  const command = nodeProgram(home, "web", `if (!first) { ${touching(file)} }`);
  home.program("web", { command });
  await home.usrsvcd();
  const pid = await home.running("web");
  await logged(home, "program.started");
  writeFileSync(file, "x");
  const monitor = `[[Monitor]]\nactivityfile = ${file}\nactivityfile_limit = 1s\nmonitor_after = 0\n`;
  home.program("web", { command }, monitor);
  assert.equal((await home.usrsvcd("reread")).code, 0);
  assert.equal((await logged(home, "program.limit-exceeded")).pid, pid);
  await home.running("web", pid);
});

/** A program that touches its file until it is told to end, which takes it 3 s. */
function slowToEnd(home: Home): void {
  const file = home.file("alive");
  const code = [
    touching(file),
    `process.on("SIGTERM", () => { fs.writeFileSync(${JSON.stringify(home.file("ending"))}, "");`,
    "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000); process.exit(0); });",
  ];
  const monitor = `[[Monitor]]\nactivityfile = ${file}\nactivityfile_limit = 1s\nmonitor_after = ${BOOT_S}s\n`;
  home.program("web", { command: nodeProgram(home, "web", ...code) }, monitor);
}

for (const [action, state, processes] of [
  ["restart", "running", 2],
  ["stop", "stopped", 1],
] as const) {
  test(`a limit that is exceeded while an operator's ${action} is at work does nothing`, async (t) => {
    const home = new Home(t);
    slowToEnd(home);
    await home.usrsvcd();
    const pid = await home.running("web");
    await lives(home, "web", BOOT_S + 1); // it is monitored by now
    const result = await home.usrsvc(action, "web");
    assert.equal(result.code, 0, result.err);
    assert.equal((await logged(home, "program.limit-exceeded")).pid, pid, "it was exceeded");
    if (action === "stop") await logged(home, "program.stopped");
    else {
      const second = await home.running("web", pid);
      await waitFor("usrsvcd to take it up", () =>
        linesOf(home, "program.adopted").some((line) => line.pid === second),
      );
      await lives(home, "web", BOOT_S + 3);
      assert.ok(isAlive(second));
    }
    assert.deepEqual(linesOf(home, "program.stopping"), []);
    assert.equal((await home.statusOf("web"))["state"], state);
    assert.equal(runs(home, "web").length, processes);
  });
}

/** CPU time of a process so far, in ms: utime and stime of proc_pid_stat(5), in ticks of 10 ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

for (const limit of ["1s", "2m"]) {
  test(`an activityfile (limit ${limit}) that is written 10,000 times a second costs under 5 % of a core`, async (t) => {
    const home = new Home(t);
    const file = home.file("alive");
    const code = [
      `const fd = fs.openSync(${JSON.stringify(file)}, "a");`,
      "let next = performance.now();",
      `for (;;) { fs.writeSync(fd, "x"); next += 0.1; while (performance.now() < next); }`,
    ];
    const monitor = `[[Monitor]]\nactivityfile = ${file}\nactivityfile_limit = ${limit}\nmonitor_after = ${BOOT_S}s\n`;
    home.program("busy", { command: nodeProgram(home, "busy", ...code) }, monitor);
    await home.usrsvcd();
    const pid = await home.running("busy");
    await lives(home, "busy", BOOT_S + 1); // it is monitored by now
    const { out } = await home.usrsvcd("status", "--json");
    const { pid: daemon } = JSON.parse(out) as { pid: number };
    const size = statSync(file).size;
    const [cpu, began] = [cpuMs(daemon), performance.now()];
    await waitFor("50,000 writes", () => statSync(file).size >= size + 50_000, 60_000);
    const [used, took] = [cpuMs(daemon) - cpu, performance.now() - began];
    const share = used / took;
    const rate = Math.round((statSync(file).size - size) / (took / 1000));
    t.diagnostic(`${(share * 100).toFixed(1)} % of a core at ${rate} writes a second`);
    assert.ok(share < 0.05, `${(share * 100).toFixed(1)} % of a core at ${rate} writes a second`);
    assert.deepEqual(linesOf(home, "program.limit-exceeded"), []);
    assert.ok(isAlive(pid));
  });
}
