// npm run bench: what usrsvc needs, beside what Node and the kernel need, in one run.
// README.md beside this file tells how each figure is taken.
import { existsSync, readFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { type Figure, formatFigure, formatHead } from "./figures.ts";
import { measureFloors } from "./floors.ts";
import { type Effort, measure } from "./measure.ts";
import { Scene } from "./scene.ts";

const SUCCESS_SECONDS = 0.5;
const usage = `Usage: npm run bench -- [--counts 1,100,1000] [--idle-seconds 20] [--quick] [--json]

  --counts N,…         numbers of programs
  --idle-seconds N     how long idleness is watched
  --quick              1 and 100 programs, few tries: less than 40 s
  --json               one JSON object instead of tables
`;

const { values } = parseArgs({
  options: {
    counts: { type: "string" },
    "idle-seconds": { type: "string" },
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => controller.abort(new Error(`ended by ${name}`)));
}

if (values.help) process.stdout.write(usage);
else process.exitCode = await main();

async function main(): Promise<number> {
  const { quick, json } = values;
  const counts = (values.counts ?? (quick ? "1,100" : "1,100,1000")).split(",").map(Number);
  const idleSeconds = Number(values["idle-seconds"] ?? (quick ? 4 : 20));
  if (![...counts, idleSeconds].every((one) => Number.isInteger(one) && one > 0)) {
    process.stderr.write(usage);
    return 1;
  }
  const root = dirname(dirname(import.meta.dirname));
  if (!existsSync(join(root, "dist", "usrsvcd.cjs"))) {
    process.stderr.write("bench: there is no dist/; run: npm run build\n");
    return 1;
  }
  const { signal } = controller;
  const say = (text: string): void => {
    if (!json) process.stdout.write(`${text}\n`);
  };
  const figures: Figure[] = [];
  const problems: string[] = [];
  const tell = (one: Figure): void => {
    figures.push(one);
    say(formatFigure(one));
  };
  await using scene = new Scene(SUCCESS_SECONDS, signal);
  const machine = {
    time: new Date().toISOString(),
    node: process.version,
    kernel: release(),
    cpus: cpus().length,
    cpu: cpus()[0]?.model,
    service: scene.services.kind,
    successSeconds: SUCCESS_SECONDS,
    idleSeconds,
  };
  say(describe(machine));
  try {
    say(formatHead("floors"));
    const floors = await measureFloors(scene, quick ? 9 : 25, signal);
    for (const one of Object.values(floors)) tell(one as Figure);
    for (const count of counts) {
      const problem = tooMany(count);
      say(formatHead(count === 1 ? "1 program" : `${count} programs`));
      try {
        if (problem !== undefined) throw new Error(problem);
        await measure(scene, count, effortFor(count, quick, idleSeconds), floors, tell, signal);
      } catch (error) {
        signal.throwIfAborted();
        problems.push(`${count} programs: ${(error as Error).message}`);
        say(`  not measured further: ${(error as Error).message}`);
      }
      await scene.clear();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    problems.push((signal.reason as Error).message);
    say(`\n${problems.at(-1)}`);
  }
  if (json) process.stdout.write(`${JSON.stringify({ machine, figures, problems }, null, 2)}\n`);
  return problems.length > 0 ? 1 : 0;
}

/** A program that died 30 times within a minute is not started again at once: stay below. */
function effortFor(count: number, quick: boolean, idleSeconds: number): Effort {
  return {
    kills: quick ? 7 : 20,
    bulkTries: quick ? 1 : count > 500 ? 2 : 3,
    commandTries: quick ? 3 : 7,
    idleSeconds,
    restSeconds: quick ? 1 : 10,
  };
}

/** While they start, programs have a shell and perhaps a fork of it beside them, and two pipes. */
function tooMany(count: number): string | undefined {
  const limits = readFileSync("/proc/self/limits", "utf8");
  const hard = (name: string): number => {
    const word = new RegExp(`^${name} +\\S+ +(\\S+)`, "m").exec(limits)?.[1];
    return word === undefined || word === "unlimited" ? Infinity : Number(word);
  };
  const processes = Math.min(
    hard("Max processes"),
    Number(readFileSync("/proc/sys/kernel/pid_max", "utf8")),
  );
  if (processes < 3 * count + 500) return `the limit of processes (ulimit -u) is ${processes}`;
  const files = hard("Max open files");
  return files < 4 * count + 100 ? `the limit of open files (ulimit -H -n) is ${files}` : undefined;
}

function describe(machine: Readonly<Record<string, unknown>>): string {
  const { node, kernel, cpus, cpu, service, successSeconds, idleSeconds } = machine;
  return [
    `Node ${String(node)}, Linux ${String(kernel)}, ${String(cpus)} x ${String(cpu)}`,
    `services written in ${String(service)}; success_seconds = ${String(successSeconds)}; ` +
      `idleness watched for ${String(idleSeconds)} s`,
  ].join("\n");
}
