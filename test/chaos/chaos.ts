import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Census, signal } from "./census.ts";
import { availableKinds } from "./kinds.ts";
import { type Failure, live } from "./life.ts";
import { parseOptions, type Options, usage } from "./options.ts";
import { describeOperation, makePlan, type Plan } from "./plan.ts";
import { count, shrink } from "./shrink.ts";
import { type Counts, noCounts, Pace, type Surroundings } from "./world.ts";

const root = dirname(dirname(import.meta.dirname));
const PROGRESS_EVERY_MS = 10_000;
/** A failure that depends on chance is looked for so often before a shorter plan is called right. */
const TRIES = 3;
/** Lines of usrsvcd's log that are printed. */
const LOG_LINES = 150;

/** A run: its folder, its worlds, and what they have in common. */
class Run implements AsyncDisposable {
  readonly name = `chaos${process.pid}`;
  readonly folder = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "usrsvc-chaos-")));
  readonly census = new Census(this.name);
  readonly #ending = new AbortController();
  readonly counts = noCounts();
  readonly #pace = new Pace();
  #worlds = 0;

  constructor() {
    // A copy: somebody may build meanwhile.
    const app = join(this.folder, "app");
    fs.cpSync(join(root, "dist"), join(app, "dist"), { recursive: true });
    fs.cpSync(join(root, "package.json"), join(app, "package.json"));
    fs.symlinkSync(join(root, "node_modules"), join(app, "node_modules"));
    this.census.look();
  }

  get isEnding(): boolean {
    return this.#ending.signal.aborted;
  }

  end(why: string): void {
    this.#ending.abort(new Error(why));
  }

  async live(
    plan: Plan,
    counts: Counts = this.counts,
    isOver = (): boolean => false,
  ): Promise<Failure | undefined> {
    this.#worlds += 1;
    const around: Surroundings = {
      census: this.census,
      dist: join(this.folder, "app/dist"),
      counts,
      pace: this.#pace,
      isOver,
      signal: this.#ending.signal,
    };
    return await live(plan, `${this.name}-${this.#worlds}`, this.folder, around);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (;;) {
      const left = [...this.census.look({ full: true }).values()].flat();
      if (left.length === 0) break;
      for (const one of left) signal(one, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  await using run = new Run();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => run.end(name));
  try {
    return options.replay === undefined
      ? await chaos(run, options)
      : await replay(run, options, options.replay);
  } catch (error) {
    if (!run.isEnding) throw error;
    console.log(`ended by ${(error as Error).message}`);
    return 1;
  }
}

async function chaos(run: Run, options: Options): Promise<number> {
  const { minutes, ops, seed, worlds, goesOn } = options;
  const began = performance.now();
  const kinds = availableKinds();
  console.log(`seed ${seed}, ${worlds} worlds side by side, ${minutes} minutes`);
  const end = began + minutes * 60_000;
  const failures: Failure[] = [];
  const isOver = (): boolean =>
    performance.now() > end || run.counts.operations >= ops || (failures.length > 0 && !goesOn);
  let next = 0;
  const progress = setInterval(() => console.log(report(run.counts, began)), PROGRESS_EVERY_MS);
  try {
    await Promise.all(
      Array.from({ length: worlds }, async () => {
        while (!isOver()) {
          next += 1;
          const failure = await run.live(makePlan(seedOf(seed, next), kinds), run.counts, isOver);
          if (failure === undefined) continue;
          failures.push(failure);
          console.log(`wrong, in the world of seed ${failure.plan.seed}: ${failure.message}`);
        }
      }),
    );
  } finally {
    clearInterval(progress);
  }
  console.log(`${report(run.counts, began)}; ${failures.length} violations; seed ${seed}`);
  for (const failure of failures) await tell(run, failure, options);
  return failures.length === 0 ? 0 : 1;
}

/** The seed of the nth world. */
function seedOf(seed: number, nth: number): number {
  return (seed + Math.imul(nth, 0x9e3779b1)) >>> 0;
}

async function replay(run: Run, { times, shrinkSeconds }: Options, file: string): Promise<number> {
  const plan = JSON.parse(fs.readFileSync(file, "utf8")) as Plan;
  for (let time = 1; time <= times; time += 1) {
    const failure = await run.live(plan);
    console.log(`time ${time} of ${times}: ${failure === undefined ? "right" : "wrong"}`);
    if (failure === undefined) continue;
    await tell(run, failure, { shrinkSeconds });
    return 1;
  }
  return 0;
}

/** All that is needed to understand a failure, and then the shortest plan that still fails. */
async function tell(
  run: Run,
  failure: Failure,
  { shrinkSeconds }: Pick<Options, "shrinkSeconds">,
): Promise<void> {
  print(failure);
  console.log(`replay it: npm run chaos -- --replay ${save(failure.plan, "whole")}`);
  if (shrinkSeconds === 0) return;
  const end = performance.now() + shrinkSeconds * 1000;
  const isOver = (): boolean => performance.now() > end || run.isEnding;
  let shortest: Failure | undefined;
  const counts = noCounts();
  await shrink(
    failure.plan,
    async (plan) => {
      const all = await Promise.all(
        Array.from({ length: TRIES }, async () => await run.live(plan, counts)),
      );
      const found = all.find((one) => one !== undefined);
      if (found !== undefined) shortest = found;
      return found !== undefined;
    },
    isOver,
  );
  if (shortest === undefined) {
    console.log("no shorter one fails again (it depends on chance)");
    return;
  }
  console.log(`\n=== the shortest that still fails: ${count(shortest.plan)} operations`);
  print(shortest);
  console.log(`replay it: npm run chaos -- --replay ${save(shortest.plan, "short")}`);
}

function print({ plan, message, journal, log }: Failure): void {
  console.log(`\n=== wrong, in the world of seed ${plan.seed}:\n${message}`);
  console.log(
    `--- programs: ${plan.programs.map(({ name, kind }) => `${name} ${kind}`).join(", ")}`,
  );
  console.log(`--- what was to be done`);
  for (const [index, { operations }] of plan.rounds.entries()) {
    for (const one of operations) {
      console.log(
        `${index + 1} ${String(one.at).padStart(5)} [${one.by}] ${describeOperation(one)}`,
      );
    }
  }
  console.log(`--- what was done\n${journal.join("\n")}`);
  console.log(`--- the log of usrsvcd\n${log.split("\n").slice(-LOG_LINES).join("\n")}`);
}

function save(plan: Plan, what: string): string {
  const file = join(tmpdir(), `usrsvc-chaos-${plan.seed}-${process.pid}-${what}.json`);
  fs.writeFileSync(file, `${JSON.stringify(plan, undefined, 1)}\n`, { mode: 0o600 });
  return file;
}

function report({ operations, calls, crashes, calms, kills }: Counts, began: number): string {
  const seconds = (performance.now() - began) / 1000;
  const hourly = (count: number): string => `${Math.round((count / seconds) * 3600)} an hour`;
  const isKill = (key: string): boolean => key.startsWith("SIGKILL") || key.startsWith("SIGTERM");
  const sum = (is: (key: string) => boolean): number =>
    Object.entries(kills).reduce((all, [key, count]) => (is(key) ? all + count : all), 0);
  const killed = sum(isKill);
  const byKind = Object.entries(kills)
    .sort()
    .map(([key, count]) => `${key} ${count}`)
    .join(", ");
  return (
    `${Math.round(seconds)} s: ${operations} operations (${hourly(operations)}), ${calls} calls, ` +
    `${killed} kills (${hourly(killed)}; ${byKind}), ${crashes} crashes, ${calms} calms`
  );
}

process.exitCode = await main();
