import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { libc } from "../../proc/libc.ts";
import { unixAddress } from "../../proc/sockaddr_un.ts";

/** Tells the service manager how we are (sd_notify(3)); does nothing where none asked for it. */
export interface ServiceManager extends Disposable {
  ready(): void;
  /** One line for `systemctl status`. */
  status(text: string): void;
  reloading(): void;
  stopping(): void;
}

const silent: ServiceManager = {
  ready() {},
  status() {},
  reloading() {},
  stopping() {},
  [Symbol.dispose]() {},
};

/**
 * The service manager of NOTIFY_SOCKET. With WATCHDOG_USEC it is told that we live, twice as often
 * as it asks for. `onTrouble` gets what went wrong, once.
 */
export function serviceManager(
  env: NodeJS.ProcessEnv,
  onTrouble: (reason: string) => void,
): ServiceManager {
  const path = env["NOTIFY_SOCKET"];
  if (path === undefined || path === "") return silent;
  const address = unixAddress(path);
  const c = libc();
  const fd = c?.unixDatagramSocket() ?? -1;
  if (c === undefined || address === undefined || fd < 0) {
    onTrouble(`NOTIFY_SOCKET ${path} cannot be used`);
    return silent;
  }
  let isTold = false;
  let lastStatus = "";
  const send = (...lines: readonly string[]): void => {
    if (c.sendTo(fd, Buffer.from(lines.join("\n")), address) >= 0 || isTold) return;
    isTold = true;
    onTrouble(`NOTIFY_SOCKET ${path} takes no message (errno ${c.errno()})`);
  };
  const watchdog = watchdogTimer(env, () => send("WATCHDOG=1"));
  return {
    ready: () => send("READY=1"),
    status(text) {
      if (text === lastStatus) return;
      lastStatus = text;
      send(`STATUS=${text}`);
    },
    reloading: () => send("RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: () => send("STOPPING=1"),
    [Symbol.dispose]() {
      clearInterval(watchdog);
      closeSync(fd);
    },
  };
}

/** From our event loop, so that a loop that hangs is noticed (sd_watchdog_enabled(3)). */
function watchdogTimer(env: NodeJS.ProcessEnv, ping: () => void): NodeJS.Timeout | undefined {
  const microseconds = Number(env["WATCHDOG_USEC"]);
  const meant = env["WATCHDOG_PID"];
  if (!Number.isFinite(microseconds) || microseconds <= 0) return undefined;
  if (meant !== undefined && Number(meant) !== process.pid) return undefined;
  ping();
  return setInterval(ping, Math.max(1, microseconds / 2000));
}

/**
 * True when we run under systemd, and the machine (or the user's manager) is shutting down: then
 * nobody else will ask the programs politely.
 */
export async function isShuttingDown(env: NodeJS.ProcessEnv): Promise<boolean> {
  if (env["INVOCATION_ID"] === undefined && env["NOTIFY_SOCKET"] === undefined) return false;
  const [system, user] = await Promise.all([
    managerState(["is-system-running"]),
    isUserService(env) ? managerState(["--user", "is-system-running"]) : "",
  ]);
  return system === "stopping" || user === "stopping";
}

function isUserService(env: NodeJS.ProcessEnv): boolean {
  return env["MANAGERPID"] !== undefined && env["MANAGERPID"] !== "1";
}

/** How long systemctl may take; at shutdown D-Bus may be gone already. */
const ASK_MS = 3000;

async function managerState(words: readonly string[]): Promise<string> {
  const child = spawn("systemctl", [...words], {
    stdio: ["ignore", "pipe", "ignore"],
    timeout: ASK_MS,
    killSignal: "SIGKILL",
  });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  await new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("close", () => resolve());
  });
  return out.trim();
}
