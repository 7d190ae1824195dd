import { type Actor, actor } from "./actor.ts";

/*
 * Time as actors see it: the timers and clocks of Node, in the place of which they get those of their world. Outside of
 * simulations all is as it was.
 */

const real = { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, Date };
const realProcess = {
  hrtime: process.hrtime,
  kill: process.kill.bind(process),
  getuid: process.getuid?.bind(process),
  pid: process.pid,
};
const realNow = performance.now.bind(performance);

/** In the place of a `NodeJS.Timeout`. */
class Timer {
  cancel: () => void;

  constructor(cancel: () => void) {
    this.cancel = cancel;
  }
  unref(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
}

type Callback = (...args: readonly unknown[]) => void;

function every(who: Actor, ms: number, call: () => void): Timer {
  const timer = new Timer(() => {});
  const arm = (): void => {
    timer.cancel = who.world.schedule(who, ms, () => {
      arm();
      call();
    });
  };
  arm();
  return timer;
}

function cancelling(otherwise: (timer: never) => void): (timer: unknown) => void {
  return (timer) => {
    if (timer instanceof Timer) timer.cancel();
    else otherwise(timer as never);
  };
}

/** When simulated worlds begin, in ms since 1970. */
const EPOCH = real.Date.UTC(2026, 0, 1);

class WorldDate extends real.Date {
  constructor(...args: readonly never[]) {
    const who = actor();
    if (args.length === 0 && who !== undefined) super(EPOCH + who.world.now);
    else super(...(args as unknown as []));
  }

  static override now(): number {
    const who = actor();
    return who === undefined ? real.Date.now() : EPOCH + who.world.now;
  }
}

/** Once, before any world is made. */
export function installClock(): void {
  const global = globalThis as unknown as Record<string, unknown>;
  global["setTimeout"] = (call: Callback, ms = 0, ...args: readonly unknown[]): unknown => {
    const who = actor();
    if (who === undefined) return real.setTimeout(call, ms, ...args);
    return new Timer(who.world.schedule(who, ms, () => call(...args)));
  };
  global["setInterval"] = (call: Callback, ms = 0, ...args: readonly unknown[]): unknown => {
    const who = actor();
    if (who === undefined) return real.setInterval(call, ms, ...args);
    return every(who, ms, () => call(...args));
  };
  global["setImmediate"] = (call: Callback, ...args: readonly unknown[]): unknown => {
    const who = actor();
    if (who === undefined) return real.setImmediate(call, ...args);
    return new Timer(who.world.schedule(who, 0, () => call(...args)));
  };
  global["clearTimeout"] = cancelling(real.clearTimeout);
  global["clearInterval"] = cancelling(real.clearInterval);
  global["Date"] = WorldDate;
  performance.now = () => actor()?.world.now ?? realNow();
  installProcess();
}

/** What `process` says of itself. */
function installProcess(): void {
  const hrtime = (before?: [number, number]): [number, number] => {
    const who = actor();
    if (who === undefined) return realProcess.hrtime(before);
    const { now } = who.world;
    return [Math.floor(now / 1000), Math.floor((now % 1000) * 1e6)];
  };
  process.hrtime = Object.assign(hrtime, { bigint: () => realProcess.hrtime.bigint() });
  Object.defineProperty(process, "pid", { get: () => actor()?.pid ?? realProcess.pid });
  process.getuid = () => actor()?.world.uid ?? realProcess.getuid?.() ?? 0;
  process.kill = (pid, signal) => {
    const who = actor();
    if (who === undefined) return realProcess.kill(pid, signal);
    if (who.call("kill", [pid, signal ?? "SIGTERM"]) === true) return true;
    throw Object.assign(new Error("ESRCH"), { code: "ESRCH" });
  };
}

/** Until nothing is left that promises lead to. */
export async function drain(): Promise<void> {
  await new Promise((resolve) => real.setImmediate(resolve));
}
