import type { ShownExit } from "../events/shown-exit.ts";
import { states } from "../state/states.ts";
import type { ProgramStatus } from "./status.ts";

/*
 * What monitoring wants to know, in the text format of Prometheus (exposition format 0.0.4). Names and labels are a
 * promise, as the keys of --json are. docs/metrics.md tells what each is good for.
 */

/** What the metrics are made of. */
export interface MetricsFacts {
  readonly programs: readonly ProgramStatus[];
  readonly isDaemonUp: boolean;
  readonly version: string;
  readonly nowMs: number;
  /** The exit code of a process, as a shell has it; 255 where nobody knows it. */
  readonly codeOf: (exit: ShownExit) => number;
}

/** A family of metrics. */
interface Family {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  /** Its samples of one program. */
  readonly of: (one: ProgramStatus, facts: MetricsFacts) => readonly Sample[];
}

/** Further labels, and a value; undefined: there is none of this program. */
type Sample = readonly [value: number | undefined, labels?: Readonly<Record<string, string>>];

const whether = (is: boolean): number => (is ? 1 : 0);
const seconds = (iso: string | undefined): number | undefined => {
  const ms = iso === undefined ? Number.NaN : Date.parse(iso);
  return Number.isNaN(ms) ? undefined : ms / 1000;
};

/** All families of programs, in this order. */
export const families: readonly Family[] = [
  {
    name: "usrsvc_program_up",
    type: "gauge",
    help: "1 while the program has a process.",
    of: ({ pid }) => [[whether(pid !== undefined)]],
  },
  {
    name: "usrsvc_program_wanted",
    type: "gauge",
    help: "1 where the program should run, or have been done: not disabled, not stopped by an operator.",
    of: ({ wanted }) => [[whether(wanted)]],
  },
  {
    name: "usrsvc_program_held",
    type: "gauge",
    help: "1 while somebody holds the program: usrsvcd leaves it as it is.",
    of: ({ hold }) => [[whether(hold !== undefined)]],
  },
  {
    name: "usrsvc_program_state",
    type: "gauge",
    help: "1 for the state that the program is in, 0 for all others.",
    of: ({ state }) => states.map((one) => [whether(one === state), { state: one }]),
  },
  {
    name: "usrsvc_program_start_time_seconds",
    type: "gauge",
    help: "Start time of the process, since 1970.",
    of: ({ uptimeSeconds: up }, { nowMs }) => [
      [up === undefined ? undefined : Math.round(nowMs / 1000 - up)],
    ],
  },
  {
    name: "usrsvc_program_cpu_seconds_total",
    type: "counter",
    help: "Processor time that the process has used.",
    of: ({ cpuSeconds }) => [[cpuSeconds]],
  },
  {
    name: "usrsvc_program_private_memory_bytes",
    type: "gauge",
    help: "Private memory of the process.",
    of: ({ privateBytes }) => [[privateBytes]],
  },
  {
    name: "usrsvc_program_restarts_total",
    type: "counter",
    help: "Automatic restarts since the program was last started by hand or by autostart.",
    of: ({ restarts }) => [[restarts]],
  },
  {
    name: "usrsvc_program_failures",
    type: "gauge",
    help: "Failed starts in a row.",
    of: ({ failures }) => [[failures]],
  },
  {
    name: "usrsvc_program_problems",
    type: "gauge",
    help: "Problems of its configuration, pidfile or record that usrsvc status shows.",
    of: ({ problems = [] }) => [[problems.length]],
  },
  {
    name: "usrsvc_program_outdated",
    type: "gauge",
    help: "1 where the process runs with settings that have been changed since.",
    of: ({ olderSettings }) => [[whether(olderSettings === true)]],
  },
  {
    name: "usrsvc_program_last_exit_code",
    type: "gauge",
    help: "Exit code of the process that ended last; 128 and the number of the signal that has ended it; 255 if unknown.",
    of: ({ lastExit }, { codeOf }) => [[lastExit && codeOf(lastExit)]],
  },
  {
    name: "usrsvc_program_last_exit_time_seconds",
    type: "gauge",
    help: "When that was noticed, since 1970.",
    of: ({ lastExit }) => [[seconds(lastExit?.at)]],
  },
  {
    name: "usrsvc_job_last_run_ok",
    type: "gauge",
    help: "Of a job: 1 where its last run ended well.",
    of: ({ lastRun }) => [[lastRun === undefined ? undefined : whether(lastRun === "done")]],
  },
  {
    name: "usrsvc_job_last_run_seconds",
    type: "gauge",
    help: "Of a job: how long its last run took.",
    of: ({ lastExit }) => [[lastExit?.tookSeconds]],
  },
  {
    name: "usrsvc_job_next_due_time_seconds",
    type: "gauge",
    help: "Of a job with a schedule: when it is due next, since 1970.",
    of: ({ nextDueAt }) => [[seconds(nextDueAt)]],
  },
];

/** The names of all metrics, those of usrsvcd first. */
export const metricNames: readonly string[] = [
  "usrsvc_info",
  "usrsvcd_up",
  ...families.map(({ name }) => name),
];

/** All of it, with a line break at the end. */
export function renderMetrics(facts: MetricsFacts): string {
  const lines = [
    ...head("usrsvc_info", "gauge", "The version of usrsvc."),
    `usrsvc_info${labels({ version: facts.version })} 1`,
    ...head("usrsvcd_up", "gauge", "1 while usrsvcd runs for this configuration."),
    `usrsvcd_up ${whether(facts.isDaemonUp)}`,
  ];
  for (const { name, type, help, of } of families) {
    const samples = facts.programs.flatMap((one) =>
      of(one, facts).flatMap(([value, more = {}]) =>
        value === undefined ? [] : [`${name}${labels({ program: one.program, ...more })} ${value}`],
      ),
    );
    if (samples.length > 0) lines.push(...head(name, type, help), ...samples);
  }
  return `${lines.join("\n")}\n`;
}

function head(name: string, type: Family["type"], help: string): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function labels(values: Readonly<Record<string, string>>): string {
  const all = Object.entries(values).map(([name, value]) => `${name}="${escaped(value)}"`);
  return `{${all.join(",")}}`;
}

/** A backslash, a quote and a line break are escaped; all else is UTF-8. */
function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
