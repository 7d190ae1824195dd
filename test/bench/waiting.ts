import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { cpuClockMs } from "./cpu-clock.ts";
import { untilAllRun } from "./effort.ts";
import { rows, type Sheet } from "./figures.ts";
import type { Home } from "./home.ts";
import { quiet } from "./quiet.ts";
import { usage, usedBetween } from "./usage.ts";
import { Usrsvcd } from "./usrsvcd.ts";
import { now } from "./wait.ts";

/** Long enough to look in the middle of it. */
const SUCCESS_SECONDS = 5;
const WATCHED_SECONDS = 2;
const REST_SECONDS = 6;

/**
 * What `usrsvc start` and usrsvcd use while success_seconds pass: one after the other, where the first
 * is waited for, and ten at once (-P).
 */
export async function measureWaiting(home: Home, sheet: Sheet): Promise<void> {
  const usrsvcd = new Usrsvcd(home);
  const serial = ["serial-1", "serial-2"];
  const parallel = Array.from({ length: 10 }, (_, index) => `parallel-${index}`);
  const samples = sheet.of(usrsvcd.name, rows.waiting);
  try {
    const options = { autostart: false, successSeconds: SUCCESS_SECONDS };
    usrsvcd.configure(["other"]);
    usrsvcd.write("waiting", [...serial, ...parallel], options);
    await untilAllRun(home, usrsvcd.launch(), ["other"]);
    await usrsvcd.settled(["other"]);
    // It tidies up some seconds after the last change, once a minute at most: not while it is watched.
    await quiet(home, usrsvcd.pid, REST_SECONDS);
    const end = home.meter.begin();
    samples.values.push(await cpuWhileWaiting(home, usrsvcd, serial, serial.slice(0, 1)));
    samples.values.push(await cpuWhileWaiting(home, usrsvcd, ["-P", ...parallel], parallel));
    samples.spans.push(end());
  } finally {
    await usrsvcd.end();
  }
}

/** Starts with these `words`, and looks once `ids` have begun; yields ms of CPU a second. */
async function cpuWhileWaiting(
  home: Home,
  usrsvcd: Usrsvcd,
  words: readonly string[],
  ids: readonly string[],
): Promise<number> {
  const [file] = usrsvcd.commands.start([]);
  const since = now();
  const tool = spawn(file, ["start", ...words], { env: home.env, stdio: "ignore" });
  try {
    await untilAllRun(home, since, ids);
    await sleep(1000, undefined, { signal: home.signal });
    const pid = tool.pid ?? 0;
    const before = { tool: cpuClockMs(pid), usrsvcd: usage(usrsvcd.pid, home.services) };
    await sleep(WATCHED_SECONDS * 1000, undefined, { signal: home.signal });
    const after = { tool: cpuClockMs(pid), usrsvcd: usage(usrsvcd.pid, home.services) };
    if (before.tool === undefined || after.tool === undefined) {
      throw new Error("usrsvc start did not wait for success_seconds");
    }
    const { cpuMs } = usedBetween(before.usrsvcd, after.usrsvcd);
    return (after.tool - before.tool + cpuMs) / WATCHED_SECONDS;
  } finally {
    tool.kill("SIGKILL");
  }
}
