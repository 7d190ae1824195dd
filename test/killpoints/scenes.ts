import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Kind, neighbourCommand } from "./kinds.ts";
import {
  hasKilled,
  killCommand,
  killProcess,
  letGo,
  type Point,
  pointsOfCommand,
  pointsOfProcess,
} from "./strace.ts";
import { DAEMON, waitFor, type World } from "./world.ts";

/** What is asked for, and who is killed at it. */
export const ops = ["start", "stop", "restart", "reread", "hold", "remember", "adopt"] as const;
export type Op = (typeof ops)[number];
export type Who = "tool" | "daemon";

/** Who comes next. */
export type Next =
  "start" | "stop" | "restart" | "reread" | "usrsvcd" | "hold" | "release" | "remembered" | "adopt";

/** One way to ask for something, in which one of both is killed. */
export interface Scene {
  readonly op: Op;
  readonly who: Who;
  readonly name: string;
  /** The state that usrsvcd leaves it in: as was desired before or by the one who was killed. */
  readonly desired: "up" | "either";
  readonly nexts: readonly Next[];
  /** Also the neighbours are configured, and this is what becomes of them. */
  readonly neighbours?: true;
  /** Neighbours that run all the while, whoever is killed. */
  readonly beside?: readonly string[];
  readonly prepare: (world: World, kind: Kind) => Promise<void>;
  /** What is followed: a command, or the usrsvcd that runs while somebody does something. */
  readonly act:
    | { readonly command: (world: World) => readonly string[] }
    | { readonly trigger: (world: World) => Promise<unknown> };
}

/** By then a start is done, also where all cores are busy. */
const SETTLED_MS = 40_000;

const afterStart = ["start", "stop", "restart", "usrsvcd"] as const;

/** Every way. */
export const scenes: readonly Scene[] = [
  {
    op: "start",
    who: "tool",
    name: "by hand",
    desired: "up",
    nexts: afterStart,
    prepare: async (world, kind) => configure(world, kind),
    act: { command: (world) => world.command("usrsvc", "start", "one") },
  },
  {
    op: "start",
    who: "tool",
    name: "asks usrsvcd",
    desired: "either",
    nexts: ["start", "stop", "usrsvcd"],
    prepare: async (world, kind) => {
      await up(world, kind);
      await world.usrsvc("stop", "one");
    },
    act: { command: (world) => world.command("usrsvc", "start", "one") },
  },
  {
    op: "start",
    who: "tool",
    name: "usrsvcd to the background",
    desired: "up",
    nexts: ["start", "stop", "usrsvcd"],
    prepare: async (world, kind) => configure(world, kind),
    act: { command: (world) => world.command("usrsvcd") },
  },
  {
    op: "start",
    who: "daemon",
    name: "by autostart",
    desired: "up",
    nexts: afterStart,
    prepare: async (world, kind) => configure(world, kind),
    act: { command: (world) => world.command("usrsvcd", "--foreground") },
  },
  {
    op: "start",
    who: "daemon",
    name: "is asked",
    desired: "either",
    nexts: ["start", "stop", "usrsvcd"],
    prepare: async (world, kind) => {
      await up(world, kind);
      await world.usrsvc("stop", "one");
    },
    act: { trigger: async (world) => await world.usrsvc("start", "one") },
  },
  {
    op: "stop",
    who: "tool",
    name: "by hand",
    desired: "either",
    nexts: afterStart,
    prepare: async (world, kind) => {
      configure(world, kind);
      await world.usrsvc("start", "one");
    },
    act: { command: (world) => world.command("usrsvc", "stop", "one") },
  },
  {
    op: "stop",
    who: "tool",
    name: "beside usrsvcd",
    desired: "either",
    nexts: ["start", "stop", "usrsvcd"],
    prepare: up,
    act: { command: (world) => world.command("usrsvc", "stop", "one") },
  },
  {
    op: "stop",
    who: "daemon",
    name: "sees it stopped",
    desired: "either",
    nexts: ["start", "usrsvcd"],
    prepare: up,
    act: { trigger: async (world) => await world.usrsvc("stop", "one") },
  },
  {
    op: "stop",
    who: "daemon",
    name: "is told to end",
    desired: "up",
    nexts: ["stop", "restart", "usrsvcd"],
    prepare: up,
    act: { trigger: async (world) => await world.usrsvcd("stop") },
  },
  {
    op: "restart",
    who: "tool",
    name: "by hand",
    desired: "up",
    nexts: afterStart,
    prepare: async (world, kind) => {
      configure(world, kind);
      await world.usrsvc("start", "one");
    },
    act: { command: (world) => world.command("usrsvc", "restart", "one") },
  },
  {
    op: "restart",
    who: "tool",
    name: "asks usrsvcd",
    desired: "up",
    nexts: ["stop", "restart", "usrsvcd"],
    prepare: up,
    act: { command: (world) => world.command("usrsvc", "restart", "one") },
  },
  {
    op: "restart",
    who: "tool",
    name: "of usrsvcd",
    desired: "up",
    nexts: ["stop", "usrsvcd"],
    prepare: up,
    act: { command: (world) => world.command("usrsvcd", "restart") },
  },
  {
    op: "restart",
    who: "daemon",
    name: "is asked",
    desired: "up",
    nexts: ["start", "stop", "restart", "usrsvcd"],
    prepare: up,
    act: { trigger: async (world) => await world.usrsvc("restart", "one") },
  },
  {
    op: "restart",
    who: "daemon",
    name: "after a death",
    desired: "up",
    nexts: ["start", "stop", "usrsvcd"],
    prepare: up,
    act: {
      trigger: async (world) => {
        const pid = world.recorded()?.pid;
        if (pid !== undefined) process.kill(pid, "SIGKILL");
        await another(world, pid);
      },
    },
  },
  {
    op: "restart",
    who: "daemon",
    name: "for a limit",
    desired: "up",
    nexts: ["start", "stop", "usrsvcd"],
    prepare: async (world, kind) => {
      const file = world.script("activity", "");
      const monitor = `[[Monitor]]\nactivityfile = ${file}\nactivityfile_limit = 2\nmonitor_after = 0\n`;
      world.configure(kind.settings(world), {}, monitor);
      world.keepTouching(file);
      await world.usrsvcd();
      await world.whole();
      await waitFor("it to be settled", () => isSettled(world), SETTLED_MS);
    },
    act: {
      trigger: async (world) => {
        const before = world.recorded()?.pid;
        world.keepTouching(undefined);
        await another(world, before);
        // From now on it does what it should.
        world.keepTouching(join(world.path, "activity"));
      },
    },
  },
  // A hold is there or not; whatever becomes of it, the program runs on.
  ...(["tool", "daemon"] as const).map((who): Scene => ({
    op: "hold",
    who,
    name: who === "tool" ? "by hand" : "sees it",
    desired: "up",
    nexts: ["hold", "release", "stop", "restart", "usrsvcd"],
    prepare: up,
    act:
      who === "tool"
        ? { command: (world) => world.command("usrsvc", "hold", "one", "--reason", "why") }
        : { trigger: async (world) => await world.usrsvc("hold", "one", "--reason", "why") },
  })),
  ...(["tool", "daemon"] as const).map((who): Scene => ({
    op: "hold",
    who,
    name: who === "tool" ? "is released" : "sees it released",
    desired: "up",
    nexts: ["hold", "release", "stop", "restart", "usrsvcd"],
    prepare: async (world, kind) => {
      await up(world, kind);
      await world.usrsvc("hold", "one");
    },
    act:
      who === "tool"
        ? { command: (world) => world.command("usrsvc", "release", "one") }
        : { trigger: async (world) => await world.usrsvc("release", "one") },
  })),
  {
    op: "hold",
    who: "daemon",
    name: "is over",
    desired: "up",
    nexts: ["hold", "release", "stop", "usrsvcd"],
    prepare: up,
    act: {
      trigger: async (world) => {
        await world.usrsvc("hold", "one", "--for", "1s");
        const isOver = (): boolean => world.read("state/programs/one.hold") === undefined;
        await waitFor("its end", () => hasKilled(world) || isOver(), SETTLED_MS);
      },
    },
  },
  // What was to be stopped runs on, or is remembered: it can be brought back.
  ...(["beside usrsvcd", "by hand"] as const).map((name): Scene => ({
    op: "remember",
    who: "tool",
    name,
    desired: "either",
    nexts: ["remembered", "start", "stop", "usrsvcd"],
    prepare: async (world, kind) => {
      if (name === "beside usrsvcd") return await up(world, kind);
      configure(world, kind);
      await world.usrsvc("start", "one");
    },
    act: { command: (world) => world.command("usrsvc", "stop", "--all", "--remember") },
  })),
  {
    op: "remember",
    who: "tool",
    name: "is brought back",
    desired: "either",
    nexts: ["remembered", "start", "stop", "usrsvcd"],
    prepare: async (world, kind) => {
      await up(world, kind);
      await world.usrsvc("stop", "--all", "--remember");
    },
    act: { command: (world) => world.command("usrsvc", "start", "--remembered") },
  },
  // What is to be adopted runs on, and its section is there as a whole or not at all.
  {
    op: "adopt",
    who: "tool",
    name: "is written",
    desired: "up",
    beside: ["added"],
    nexts: ["adopt", "stop", "usrsvcd"],
    prepare: async (world, kind) => {
      const folder = join(world.path, "usrsvc.d");
      mkdirSync(folder, { mode: 0o700 });
      world.main = `config_dir = ${folder}`;
      await up(world, kind);
      const [command = "", ...words] = `${neighbourCommand("added")}.${world.number}`.split(" ");
      const options = { env: world.env, stdio: "ignore", detached: true, cwd: "/" } as const;
      spawn(command, words, options).unref();
      await world.whole(["added"]);
    },
    act: { command: (world) => world.command("usrsvc", ...adoptWords(world)) },
  },
  ...(["tool", "daemon"] as const).map((who): Scene => ({
    op: "reread",
    who,
    name: who === "tool" ? "asks for it" : "is asked",
    desired: "up",
    neighbours: true,
    nexts: ["reread", "stop", "usrsvcd"],
    prepare: async (world, kind) => {
      const settings = kind.settings(world);
      const command = neighbourCommand("renamed");
      world.configure(settings, {
        removed: { command: neighbourCommand("removed") },
        before: { command },
      });
      await world.usrsvcd();
      await world.whole(["removed", "renamed"]);
      const names = ["one", "removed", "before"];
      await waitFor("all to be settled", () => names.every((name) => isSettled(world, name)));
      world.configure(
        { ...settings, restart_delay: "3" },
        { added: { command: neighbourCommand("added") }, after: { command } },
      );
    },
    act:
      who === "tool"
        ? { command: (world) => world.command("usrsvcd", "reread") }
        : { trigger: async (world) => await world.usrsvcd("reread") },
  })),
];

/** What is seen of a scene when nobody is killed. */
export async function pointsOf(world: World, scene: Scene, kind: Kind): Promise<readonly Point[]> {
  await world.begin(kind);
  await scene.prepare(world, kind);
  const { act } = scene;
  if ("trigger" in act) {
    const daemon = daemonOf(world);
    return await pointsOfProcess(world, daemon, async () => await act.trigger(world));
  }
  const command = act.command(world);
  if (!command.includes("--foreground")) return await pointsOfCommand(world, command);
  const run = pointsOfCommand(world, command);
  await waitFor("usrsvcd to be settled", () => isSettled(world), SETTLED_MS);
  await world.usrsvcd("stop");
  return await run;
}

/** Plays a scene in which one is killed at `point`; false when it did not come by there. */
export async function play(world: World, scene: Scene, kind: Kind, point: Point): Promise<boolean> {
  await world.begin(kind);
  await scene.prepare(world, kind);
  const { act } = scene;
  if ("trigger" in act) {
    await killProcess(world, daemonOf(world), point, async () => await act.trigger(world));
    return hasKilled(world);
  }
  const command = act.command(world);
  const run = killCommand(world, command, point);
  if (!command.includes("--foreground")) {
    await run;
    return hasKilled(world);
  }
  let isOver = false;
  void run.finally(() => (isOver = true));
  const isDone = (): boolean => isOver || hasKilled(world) || isSettled(world);
  await waitFor("usrsvcd to be settled, or killed", isDone, SETTLED_MS);
  // Where it was a child of it that was killed, the next one is not to be.
  const isKilled = isOver || hasKilled(world);
  if (isKilled) letGo(world);
  else await world.usrsvcd("stop");
  await run;
  return isKilled || hasKilled(world);
}

/** The words that have usrsvc adopt the neighbour that was started by hand. */
export function adoptWords(world: World): readonly string[] {
  const [pid] = world.census().get("added") ?? [];
  return ["adopt", String(pid), "--write", "--name", "added"];
}

function configure(world: World, kind: Kind): void {
  world.configure(kind.settings(world));
}

/** usrsvcd runs, and the program with it. */
async function up(world: World, kind: Kind): Promise<void> {
  configure(world, kind);
  await world.usrsvcd();
  await world.whole();
  await waitFor("it to be settled", () => isSettled(world), SETTLED_MS);
}

function isSettled(world: World, name = "one"): boolean {
  return world.recorded(name)?.state === "running";
}

/** usrsvcd has started another in its place, or is no more. */
async function another(world: World, before: number | undefined): Promise<void> {
  await waitFor(
    "another process",
    () => {
      if (hasKilled(world)) return true;
      const { pid, state } = world.recorded() ?? {};
      return pid !== undefined && pid !== before && state === "running";
    },
    SETTLED_MS,
  );
}

function daemonOf(world: World): number {
  const [daemon, ...more] = world.census().get(DAEMON) ?? [];
  if (daemon === undefined || more.length > 0) throw new Error("there is not one usrsvcd");
  return daemon;
}
