// npm run bench: what usrsvc needs, beside what Node and the kernel need, in one run.
// README.md beside this file tells how each figure is taken.
import { closeSync, existsSync, openSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { compare } from "./compare.ts";
import type { Figure } from "./figures.ts";
import { Home } from "./home.ts";
import { DISTURBED } from "./load.ts";
import { formatMarkdown } from "./markdown.ts";
import { type Options, parseOptions, type Task, usage } from "./options.ts";
import { describeMachine, formatMachine, readReport, type Report, type Step } from "./report.ts";
import { foreign } from "./foreign.ts";
import { scale } from "./scale.ts";
import { soak } from "./soak.ts";
import { formatFigure, formatHead, formatStep, formatSummary, titleOf } from "./table.ts";

const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => controller.abort(new Error(`ended by ${name}`)));
}
// `npm run bench | head`: what was started must be ended all the same.
process.stdout.on("error", () => controller.abort(new Error("nobody reads the output")));

process.exitCode = await main();

async function main(): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n${usage}`);
    return 1;
  }
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  try {
    if (options.from !== undefined) {
      print(readReport(options.from), options.output);
      return 0;
    }
    // Before minutes of measuring, rather than after.
    if (options.save !== undefined) closeSync(openSync(options.save, "a"));
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n`);
    return 1;
  }
  const root = dirname(dirname(import.meta.dirname));
  if (!existsSync(join(root, "dist", "usrsvcd.cjs"))) {
    process.stderr.write("bench: there is no dist/; run: npm run build\n");
    return 1;
  }
  const report = await run(options, controller.signal);
  if (options.save !== undefined) writeFileSync(options.save, json(report));
  if (options.output !== "text") print(report, options.output);
  return report.problems.length > 0 ? 1 : 0;
}

/** Measures, and says meanwhile what is known: on standard error if the result has another form. */
async function run(options: Options, signal: AbortSignal): Promise<Report> {
  const out = options.output === "text" ? process.stdout : process.stderr;
  const say = (text: string): void => void out.write(`${text}\n`);
  const figures: Figure[] = [];
  const findings: string[] = [];
  const problems: string[] = [];
  const steps: Step[] = [];
  const problem = (text: string): void => {
    problems.push(text);
    say(`\nnot measured: ${text}`);
  };
  await using home = new Home(signal);
  const perform = async (task: Task): Promise<void> => {
    if (task.kind === "figures") {
      await compare(
        home,
        options,
        (some) => {
          figures.push(...some);
          say([formatHead(some.map(titleOf)[0] ?? ""), ...some.map(formatFigure)].join("\n"));
        },
        problem,
      );
      say(formatSummary(figures));
      return;
    }
    const tell = (step: Step): void => {
      steps.push(step);
      say(formatStep(step));
    };
    findings.push(...(await performLong(home, task, options, tell)));
    const disturbed = steps.filter((one) => (one["othersShare"] ?? 0) > DISTURBED).length;
    if (disturbed > 0) {
      findings.push(`doubtful: others used the machine in ${disturbed} of ${steps.length} steps`);
    }
    say(["", ...findings].join("\n"));
  };
  const machine = describeMachine(options, home);
  say(formatMachine(machine, options));
  try {
    await perform(options.task);
  } catch (error) {
    // What is known by now is worth printing.
    problem(((signal.aborted ? signal.reason : error) as Error).message);
  }
  return { machine, options, figures, steps, findings, problems };
}

/** The measurements that are made only if asked for. */
async function performLong(
  home: Home,
  task: Exclude<Task, { kind: "figures" }>,
  { counts, idleSeconds }: Options,
  tell: (step: Step) => void,
): Promise<readonly string[]> {
  switch (task.kind) {
    case "soak":
      return await soak(home, task.restarts, tell);
    case "scale":
      return await scale(home, counts ?? [1000, 2000, 5000, 10_000], tell);
    case "foreign":
      return await foreign(home, task.processes, idleSeconds, tell);
  }
}

function print(report: Report, output: Options["output"]): void {
  if (output === "json") process.stdout.write(json(report));
  else if (output === "markdown") process.stdout.write(formatMarkdown(report));
  else process.stdout.write(`${formatReport(report)}\n`);
}

function formatReport({ machine, options, figures, steps, findings }: Report): string {
  const head = formatMachine(machine, options);
  if (options.task.kind !== "figures") {
    return [head, ...steps.map(formatStep), "", ...findings].join("\n");
  }
  const titles = new Set(figures.map(titleOf));
  const tables = [...titles].flatMap((title) => [
    formatHead(title),
    ...figures.filter((one) => titleOf(one) === title).map(formatFigure),
  ]);
  return [head, ...tables, formatSummary(figures)].join("\n");
}

function json(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
