import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { type Libc, libc, libcFailure } from "../../proc/system/libc.ts";
import { unixAddress } from "../../proc/system/sockaddr_un.ts";

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

/** Socket buffer full: the manager is busy. */
const EAGAIN = 11;
/** A message that a full socket did not take is sent again after this, in ms. */
const RETRY_MS = 50;
/** `setInterval` takes no more; 24 days. */
const LONGEST_INTERVAL_MS = 2 ** 31 - 1;

/**
 * The service manager of NOTIFY_SOCKET. With WATCHDOG_USEC it is notified that we live, twice as often
 * as it asks for. `onTrouble` gets what went wrong, once.
 */
export function serviceManager(
  env: NodeJS.ProcessEnv,
  onTrouble: (reason: string) => void,
): ServiceManager {
  const path = env["NOTIFY_SOCKET"];
  if (path === undefined || path === "") return silent;
  const c = libc();
  const address = unixAddress(path);
  const fd = c === undefined || address === undefined ? -1 : c.unixDatagramSocket();
  if (c === undefined || address === undefined || fd < 0) {
    const why = libcFailure() ?? (address === undefined ? "no such address" : errnoOf(c));
    onTrouble(`NOTIFY_SOCKET ${path} cannot be used (${why})`);
    return silent;
  }
  let isTold = false;
  const outbox = new Outbox((message) => {
    if (c.sendTo(fd, Buffer.from(message), address) >= 0) return "sent";
    if (c.errno() === EAGAIN) return "full";
    if (!isTold) onTrouble(`NOTIFY_SOCKET ${path} takes no message (${errnoOf(c)})`);
    isTold = true;
    return "refused";
  });
  let lastStatus = "";
  const watchdog = watchdogTimer(env, () => outbox.tryNow("WATCHDOG=1"));
  return {
    ready: () => outbox.send("READY=1"),
    status(text) {
      if (text === lastStatus) return;
      lastStatus = text;
      outbox.send(`STATUS=${text}`);
    },
    reloading: () => outbox.send(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: () => outbox.send("STOPPING=1"),
    [Symbol.dispose]() {
      clearInterval(watchdog);
      outbox[Symbol.dispose]();
      closeSync(fd);
    },
  };
}

function errnoOf(c: Libc | undefined): string {
  return `errno ${c?.errno()}`;
}

type Sending = "sent" | "full" | "refused";

/**
 * Messages in their order. What a full socket does not take waits: with a READY=1 that is lost, the
 * manager would end us in the belief that we never began.
 */
class Outbox implements Disposable {
  readonly #post: (message: string) => Sending;
  #waiting: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(post: (message: string) => Sending) {
    this.#post = post;
  }

  send(message: string): void {
    // Of several statuses only the last is of interest.
    const isOld = (other: string): boolean =>
      message.startsWith("STATUS=") && other.startsWith("STATUS=");
    this.#waiting = [...this.#waiting.filter((other) => !isOld(other)), message];
    this.#flush();
  }

  /** What is said again soon anyway: does not wait. */
  tryNow(message: string): void {
    this.#post(message);
  }

  [Symbol.dispose](): void {
    this.#flush();
    clearTimeout(this.#timer);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    while (this.#waiting[0] !== undefined) {
      if (this.#post(this.#waiting[0]) === "full") {
        this.#timer = setTimeout(() => this.#flush(), RETRY_MS);
        return;
      }
      this.#waiting = this.#waiting.slice(1);
    }
  }
}

/** From our event loop, so that a loop that hangs is noticed (sd_watchdog_enabled(3)). */
function watchdogTimer(env: NodeJS.ProcessEnv, ping: () => void): NodeJS.Timeout | undefined {
  const microseconds = Number(env["WATCHDOG_USEC"]);
  const meant = env["WATCHDOG_PID"];
  if (!Number.isFinite(microseconds) || microseconds <= 0) return undefined;
  if (meant !== undefined && Number(meant) !== process.pid) return undefined;
  ping();
  return setInterval(ping, Math.min(Math.max(1, microseconds / 2000), LONGEST_INTERVAL_MS));
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
