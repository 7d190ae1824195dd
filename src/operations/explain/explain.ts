import { formatIssue } from "../../config/issue.ts";
import { ageMs } from "../../../proc/uptime.ts";
import type { Host } from "../../host/host.ts";
import type { Program } from "../../identity/program.ts";
import { lately } from "../../lib/clock.ts";
import { maskSecrets } from "../../lib/secrets.ts";
import type { Measurement } from "../../monitors/measurement.ts";
import { describeIfItEnds, ifItEnds, plannedEnds } from "../../status/if-it-ends.ts";
import { type Observed, observeOne } from "../../status/observe-all.ts";
import { outlook } from "../../status/outlook.ts";
import type { ProgramStatus } from "../../status/status.ts";
import type { StatusContext } from "../../status/status-context.ts";
import { choose, type UnknownProgram } from "../choose.ts";
import { errorsOf } from "../configuration.ts";
import { type Advice, adviceFor } from "./advice.ts";
import { lookAtChecks } from "./checks.ts";
import {
  type Candidate,
  candidatesOf,
  type Candidates,
  foreignProcesses,
  type ForeignProcess,
} from "./candidates.ts";
import { Findings } from "./findings.ts";
import { formerProgram, ofFormer } from "./former.ts";
import { howItWasFound } from "./how.ts";
import { lastWords } from "./last-words.ts";
import { measureLimits } from "./limits.ts";
import { type AtWork, atWorkOn } from "./lock.ts";
import { type Companion, companionsOf } from "./order.ts";
import { lookAround } from "../looking/look.ts";
import type { Site } from "../site.ts";
import { seenDifferences } from "./seen-differences.ts";

/** Time for which a look at the processes of other accounts is reused, in ms: once for many programs. */
const LATELY_MS = 1000;

/**
 * What `usrsvc explain` tells of one program, besides all that `usrsvc status` does. A public promise: keys are added,
 * never renamed.
 */
export interface Explanation extends ProgramStatus {
  /** What was looked for: the command lines, or proctitle_re. */
  readonly lookedFor: string;
  /** How it was decided which process it is, step by step. */
  readonly how: readonly string[];
  /** The processes that were judged, the program's first. */
  readonly candidates: readonly Candidate[];
  /** How many more there are. */
  readonly candidatesLeftOut?: number;
  /** Pids of what stems from it, and how many more there are. */
  readonly belongings?: readonly number[];
  readonly belongingsLeftOut?: number;
  /** Where its section begins. */
  readonly place?: string;
  /** What is wrong with its section. */
  readonly errors?: readonly string[];
  /** With olderSettings: what the process shows of those that were changed since it was launched. */
  readonly seenDifferences?: readonly string[];
  /** Who is at work on it. */
  readonly atWork?: AtWork;
  /** What it starts after. */
  readonly startsAfter?: readonly Companion[];
  /** Programs that need it. */
  readonly neededBy?: readonly string[];
  readonly limits?: readonly Measurement[];
  readonly checks?: readonly Measurement[];
  /** Why `next` comes next, where that does not say so. */
  readonly because?: string;
  /** Of one that runs: what usrsvcd would do if it ended. */
  readonly ifItEnds?: string;
  /** Of one that runs: when usrsvcd ends it as planned. */
  readonly plans?: readonly string[];
  /** What it wrote last before it ended. */
  readonly lastWords?: readonly string[];
  /** What to do now. */
  readonly advice: readonly Advice[];
}

/** Explanations that are asked for. */
export interface Explaining {
  readonly unknown: readonly UnknownProgram[];
  /** One after the other, in the order of the configuration. */
  readonly explanations: () => AsyncGenerator<Explanation>;
  /** What concerns all programs. */
  readonly notes: () => readonly string[];
}

/** `usrsvc explain`: looks closely, and writes nothing. */
export function explain(site: Site, names: readonly string[]): Explaining {
  const surroundings = lookAround(site, { withCommands: true });
  const others = lately(LATELY_MS, () => foreignProcesses(site.host));
  const { programs, unknown } = choose(site, names, { withRemoved: true });
  const former = unknown.map((one) => formerProgram(one, site.host));
  const all = [...programs, ...former.flatMap(({ program }) => program ?? [])];
  return {
    unknown: former.flatMap(({ program, unknown: one }) => (program === undefined ? [one] : [])),
    async *explanations() {
      for (const program of all) {
        const isFormer = !programs.includes(program);
        yield await explainOne(program, site, {
          around: surroundings.context([program]),
          others,
          isFormer,
        });
      }
    },
    notes: surroundings.notes,
  };
}

/** What is known before a program is looked at. */
interface Scene {
  readonly around: StatusContext;
  /** The processes of other accounts. */
  readonly others: () => readonly ForeignProcess[];
  /** It is only on record. */
  readonly isFormer: boolean;
}

async function explainOne(
  program: Program,
  site: Site,
  { around, others, isFormer }: Scene,
): Promise<Explanation> {
  const { host, settings: all } = site;
  const findings = new Findings();
  const seen = await observeOne(program, { ...around, tell: findings.tell });
  const { other } = seen;
  const status = isFormer ? ofFormer(seen.status) : seen.status;
  const { settings } = program;
  const faulty = all.faulty.get(program.name);
  const place = settings?.place ?? faulty?.place;
  const errors =
    faulty === undefined ? [] : errorsOf(all, new Set([program.name])).map(formatIssue);
  const atWork = atWorkOn(program.name, host);
  const order = await companionsOf(program, site, around);
  const last = lastWords(program.name, seen.file.record, host);
  const facts = {
    ...status,
    lookedFor:
      program.isRemoved === true
        ? "the process on record, since no configuration file has the program any more"
        : maskSecrets(lookedFor(program)),
    how: howItWasFound(findings, seen),
    ...(other === undefined ? candidatesOf(findings, seen, host, others) : NO_CANDIDATES),
    ...(place && { place: `${place.file}:${place.line}` }),
    ...(errors.length > 0 && { errors }),
    ...older(seen, host),
    ...(atWork && { atWork }),
    ...order,
    ...(await measurements(seen, host)),
    ...whatComes(seen, around),
    ...(last.length > 0 && { lastWords: last }),
  };
  return { ...facts, advice: adviceFor(facts, program, { ...around, other: other?.config }) };
}

/** The words, and where they mean files: the folder. */
function lookedFor({ pattern: { description, folder } }: Program): string {
  return folder === undefined ? description : `${description} (in ${folder})`;
}

const NO_CANDIDATES: Candidates = { candidates: [] };

/** What the process shows of the settings that were changed since it was launched. */
function older(
  { program: { settings }, found, status }: Observed,
  host: Host,
): Pick<Explanation, "seenDifferences"> {
  if (found.kind === "absent" || settings === undefined || status.olderSettings !== true) return {};
  const seen = seenDifferences(settings, status.olderKeys, found.process, host);
  return seen.length > 0 ? { seenDifferences: seen } : {};
}

async function measurements(
  { program, found, memory }: Observed,
  host: Host,
): Promise<Pick<Explanation, "limits" | "checks">> {
  const { settings } = program;
  if (settings === undefined) return {};
  const process = found.kind === "running" ? (found.main ?? found.process) : undefined;
  const [limits, checks] = await Promise.all([
    process === undefined
      ? []
      : measureLimits(
          settings,
          { memory, ageMs: ageMs(process.startTime, host.proc.uptime()) },
          host,
        ),
    lookAtChecks(settings, process !== undefined, host),
  ]);
  return { ...(limits.length > 0 && { limits }), ...(checks.length > 0 && { checks }) };
}

/** What usrsvcd does next, and why. */
function whatComes(
  { program, file, found, other, status }: Observed,
  around: StatusContext,
): Pick<Explanation, "because" | "ifItEnds" | "plans"> {
  if (other !== undefined || status.state === "starting") return {};
  const now = Date.now();
  if (found.kind === "absent") {
    let because: string | undefined;
    const { next } = outlook(program, file, around, now, (why) => (because = why));
    return because === undefined || next !== status.next ? {} : { because };
  }
  const { settings } = program;
  if (status.state === "stopping" || program.isRemoved === true) return {};
  const answer = describeIfItEnds(ifItEnds(program, file.record, around), settings);
  const isHeld = around.holds?.has(program.name) === true;
  const isKnown = around.looksAfter?.has(program.name) !== false;
  const isWatched = around.daemon === "here" && isKnown && !isHeld;
  const age = ageMs(found.process.startTime, around.uptimeSeconds);
  const plans = settings && isWatched ? plannedEnds(settings, found.process, age, now) : [];
  return { ifItEnds: answer, ...(plans.length > 0 && { plans }) };
}
