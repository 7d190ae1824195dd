// The demonstration: `npm start`. Runs usrsvcd in the foreground on three small programs (demo/) in
// a throw-away home, and takes everything away again when it is ended.
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { readable, Screen } from "./demo/screen.mjs";

const root = dirname(import.meta.dirname);
const usrsvc = join(root, "dist", "usrsvc.cjs");
const usrsvcd = join(root, "dist", "usrsvcd.cjs");
const parts = join(import.meta.dirname, "demo");
/** Time that a process which no command stops may take to end, in ms. */
const PATIENCE_MS = 8000;

let isEnding = false;
let isTerminalGone = false;
/** On a terminal, while the programs run. */
let screen;
let endNow = () => {};
const ended = new Promise((resolve) => {
  endNow = resolve;
});

// The reader of our output may leave (a closed terminal, `| head`): then it is time to end.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => end());
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, end);
process.on("SIGHUP", () => {
  isTerminalGone = true;
  end();
});

function end() {
  if (isEnding) return;
  isEnding = true;
  endNow();
}

process.exitCode = await main();
if (isTerminalGone) {
  // Node aborts if it ends by itself when its terminal is gone; so die of that.
  process.removeAllListeners("SIGHUP");
  process.kill(process.pid, "SIGHUP");
}

async function main() {
  if (!fs.existsSync(usrsvcd)) {
    say(`There is no ${usrsvcd}; run: npm run build`);
    return 1;
  }
  const home = makeHome();
  let worked = false;
  try {
    const port = await freePort();
    writeConfig(home, port);
    const lines = introduction(home, port);
    if (process.stdout.isTTY && process.env["TERM"] !== "dumb") {
      screen = new Screen(process.stdout, [...lines, ""]);
    } else {
      const form = process.stdout.isTTY ? "" : ", one JSON object per line";
      say([...lines, "", `Now the log of usrsvcd${form}:`, ""].join("\n"));
    }
    worked = await supervise(home);
  } finally {
    isEnding = true;
    worked = (await cleanUp(home)) && worked;
  }
  return worked ? 0 : 1;
}

/** Runs usrsvcd until we are asked to end. If it is killed, it is started again: its programs keep running. */
async function supervise(home) {
  // A timer, or nothing would keep us here while no daemon runs.
  const stay = setInterval(() => {}, 60_000);
  try {
    for (;;) {
      const words = ["start", "--foreground", "-c", configOf(home)];
      const daemon = start(usrsvcd, words, home);
      const exit = await Promise.race([daemon.exit, ended]);
      if (exit === undefined) {
        daemon.child.kill("SIGTERM");
        await daemon.exit;
        return true;
      }
      if (exit.signal === null && exit.code !== 0) {
        say(`\nusrsvcd did not come up (exit code ${exit.code}).`);
        return false;
      }
      if (exit.signal === null) {
        say(
          "\nusrsvcd has exited; its programs keep running (see status). Ctrl-C ends them too.\n",
        );
        await ended;
        return true;
      }
      say(`\nusrsvcd was ended by ${exit.signal}; its programs keep running. Restarting it:\n`);
    }
  } finally {
    clearInterval(stay);
  }
}

/** Stops all programs and removes the folder; says what could not be done. */
async function cleanUp(home) {
  screen?.close();
  screen = undefined;
  say("\nEnding: stopping all programs, then removing the folder.");
  const config = configOf(home);
  // Somebody may have started another usrsvcd from the second terminal.
  if (fs.existsSync(join(home, "run", "usrsvcd.pid"))) {
    await start(usrsvcd, ["stop", "-c", config], home).exit;
  }
  if (fs.existsSync(config)) await start(usrsvc, ["stop", "all", "-P", "-c", config], home).exit;
  await endRest(home);
  const left = processesOf(home);
  if (left.length > 0) {
    say(`Not everything could be stopped; the folder is left as it is: ${home}`);
    for (const { pid, commandLine } of left) say(`  still there: ${pid} ${commandLine}`);
    say(`Stop what is left (kill PID), then: rm -r ${home}`);
    return false;
  }
  fs.rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  say("Nothing is left.");
  return true;
}

/** Ends what no command knows any more: a program that was taken out of the configuration. */
async function endRest(home) {
  const end = performance.now() + PATIENCE_MS;
  const told = new Set();
  for (;;) {
    const left = processesOf(home);
    if (left.length === 0 || performance.now() > end) return;
    for (const { pid } of left.filter(({ pid }) => !told.has(pid))) {
      told.add(pid);
      try {
        process.kill(pid, "SIGTERM");
      } catch {
        // gone meanwhile
      }
    }
    await sleep(20);
  }
}

/** Starts one of the commands in a session of its own, where Ctrl-C reaches only us. */
function start(command, words, home) {
  // The scripts in demo/ look for `node` there first.
  const path = `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`;
  const child = spawn(command, words, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, HOME: home, PATH: path },
  });
  // Through us: a terminal that is gone must not keep a command from its work.
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      const shown = process.stdout.isTTY ? readable(line).replaceAll(home, "$demo") : line;
      if (screen) screen.log(shown);
      else (stream === child.stderr ? process.stderr : process.stdout).write(`${shown}\n`);
    });
  }
  const exit = new Promise((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal }));
    child.once("error", (error) => {
      say(`${basename(command)}: ${error.message}`);
      resolve({ code: 1, signal: null });
    });
  });
  return { child, exit };
}

/** The throw-away home with all that the configuration names. */
function makeHome() {
  // A path with blanks would have to be quoted in the configuration.
  const base = /^[\w/.+-]+$/.test(tmpdir()) ? tmpdir() : "/tmp";
  const home = fs.realpathSync(fs.mkdtempSync(join(base, "usrsvc-demo-")));
  for (const folder of ["bin", "logs", "run"]) fs.mkdirSync(join(home, folder), { mode: 0o700 });
  for (const name of ["web.mjs", "moody.sh", "wrapper.sh", "ticker.sh"]) {
    fs.copyFileSync(join(parts, name), join(home, "bin", name));
    fs.chmodSync(join(home, "bin", name), 0o700);
  }
  return home;
}

function configOf(home) {
  return join(home, "usrsvc.cfg");
}

function writeConfig(home, port) {
  // For the second terminal.
  const shell = ["usrsvc", "usrsvcd"].map(
    (name) => `${name}() { "${join(root, "dist", `${name}.cjs`)}" -c ${configOf(home)} "$@"; }\n`,
  );
  fs.writeFileSync(join(home, "env"), `${shell.join("")}demo=${home}\n`, { mode: 0o600 });
  const template = fs.readFileSync(join(parts, "usrsvc.cfg"), "utf8");
  const text = template.replaceAll("@HOME@", home).replaceAll("@PORT@", String(port));
  fs.writeFileSync(configOf(home), text, { mode: 0o600 });
}

/** A port that nobody listens on. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Living processes at work in the throw-away home; who sits there at a terminal is left out. */
function processesOf(home) {
  const found = [];
  for (const pid of fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const cwd = fs.readlinkSync(`/proc/${pid}/cwd`);
      if (cwd !== home && !cwd.startsWith(`${home}/`)) continue;
      const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
      const [state, , , , terminal] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (state === "Z" || terminal !== "0") continue;
      const commandLine = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      found.push({ pid: Number(pid), commandLine });
    } catch {
      // gone meanwhile, or another user's
    }
  }
  return found;
}

function introduction(home, port) {
  return `usrsvcd runs three programs in a throw-away home, ${home}

  web      an HTTP server on port ${port}
  moody    dies 15 seconds after each start, each time in another way: it is back at once
           two times, and from then on after pauses that grow from 1 s to 60 s
  wrapped  its start script waits; the child of it is the program

In a second terminal, say first:   . ${home}/env     then try:

  usrsvc status
  curl http://127.0.0.1:${port}/
  kill -9 $(cat $demo/run/web.pid)         # and curl again: another pid
  usrsvc stop web; usrsvc status           # stays down, although usrsvcd runs
  usrsvc start web
  kill -9 $(cat $demo/run/usrsvcd.pid)     # the programs do not notice
  \${EDITOR:-vi} $demo/usrsvc.cfg; usrsvcd reread

Ctrl-C ends all of it, and leaves nothing behind.`.split("\n");
}

function say(text) {
  if (screen) for (const line of text.trim().split("\n")) screen.log(line);
  else process.stdout.write(`${text}\n`);
}
