import { shortSignal, shortSignalNames, signalNamed, signalNumbered } from "../../proc/signal.ts";
import { nearest } from "./nearest.ts";
import type { Unit } from "./setting.ts";
import { type RawValue, type Reading, readSeconds, wrong } from "./values.ts";

/** A signal of `stop`. */
export interface SignalWait {
  readonly signal: NodeJS.Signals;
  /** How long it is given, in ms; undefined where nothing is written. */
  readonly waitMs: number | undefined;
}

/** `TERM 30s, INT 10s, KILL`: signals with waits, in their order; undefined where nothing is written. */
export function readStopSequence(raw: RawValue): Reading<readonly SignalWait[] | undefined> {
  const { text, list } = raw;
  if (text === "") return { value: undefined };
  const items = (list ?? text.split(",")).map((item) => item.trim());
  if (items.length > 1 && items.at(-1) === "") items.pop(); // a comma at the end
  const steps: SignalWait[] = [];
  for (const item of items) {
    const step = readStep(item);
    // What was inserted may be a secret.
    if (typeof step === "string") return wrong(raw, raw.written === undefined ? step : NO_LIST);
    steps.push(step);
  }
  const kill = steps.findIndex(({ signal }) => signal === "SIGKILL");
  if (kill >= 0 && kill < steps.length - 1) {
    return wrong(raw, "goes on after KILL, which nothing survives; leave out what follows");
  }
  return steps.length === 0 ? wrong(raw, `names no signal; ${EXAMPLE}`) : { value: steps };
}

/** The same, as a file has it. */
export function showStopSequence(steps: readonly SignalWait[]): string {
  return steps
    .map(({ signal, waitMs }) =>
      [shortSignal(signal), ...(waitMs === undefined ? [] : [showWait(waitMs)])].join(" "),
    )
    .join(", ");
}

const NO_LIST = "is not a list of signals with waits, such as TERM 30s, INT 10s, KILL";
const EXAMPLE = "write signals with waits, as in TERM 30s, INT 10s, KILL";

/** One signal, or what is wrong with it: the end of a sentence that begins with the whole value. */
function readStep(item: string): SignalWait | string {
  const [, name = "", wait] = /^(\S+)(?:\s+(.+))?$/s.exec(item) ?? [];
  if (name === "") return `has a comma without a signal; ${EXAMPLE}`;
  const signal = signalNamed(name);
  if (signal === undefined) return `contains ${describeNoSignal(name)}`;
  if (signal === "SIGSTOP" || signal === "SIGCONT") {
    return `contains ${name}, which ends no program`;
  }
  if (wait === undefined) return { signal, waitMs: undefined };
  if (signal === "SIGKILL") return "has a wait after KILL, where none is needed; leave it out";
  const read = readSeconds({ text: wait, list: undefined, isBrokenList: false });
  if ("value" in read) return { signal, waitMs: Math.round(read.value) };
  return `contains ${JSON.stringify(wait)}, which is no time to wait, such as 30, 30s, 300ms or 2m`;
}

/** `QIUT, which is no signal; did you mean QUIT?` */
function describeNoSignal(name: string): string {
  const numbered = signalNumbered(name);
  if (numbered !== undefined) {
    return `${name}, a number, which could be a time; write ${shortSignal(numbered)} for that signal`;
  }
  const near = nearest(name.replace(/^SIG/i, ""), shortSignalNames);
  const advice = near === undefined ? EXAMPLE : `did you mean ${near}?`;
  return `${name}, which is no signal; ${advice}`;
}

function showWait(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** Signals that end a program, with waits; undefined: the usual ones. */
export const stopSequence: Unit<readonly SignalWait[] | undefined> = {
  name: "",
  parse: readStopSequence,
  print: (steps) => (steps === undefined ? null : showStopSequence(steps)),
};
