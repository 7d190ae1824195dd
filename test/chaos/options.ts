import { parseArgs } from "node:util";

/** How the chaos run is called. */
export const usage = `Usage: npm run chaos -- [OPTIONS]

  --minutes N      how long; by default 10 (a world that is under way is lived to its end)
  --ops N          ends after so many operations, should that be sooner
  --seed S         a whole number; by default one by chance, which is printed
  --worlds N       how many homes side by side; by default 4
  --go-on          not only to the first failure
  --shrink SECONDS how long a failure may be made shorter; by default 180, 0: not at all
  --replay FILE    lives through what a failure has written, --times N times (10)
`;

/** What is to be done. */
export interface Options {
  readonly help: boolean;
  readonly minutes: number;
  readonly ops: number;
  readonly seed: number;
  readonly worlds: number;
  readonly goesOn: boolean;
  readonly shrinkSeconds: number;
  readonly replay: string | undefined;
  readonly times: number;
}

/** @throws {TypeError} what is wrong with the arguments */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string", default: "10" },
      ops: { type: "string", default: "Infinity" },
      seed: { type: "string" },
      worlds: { type: "string", default: "4" },
      "go-on": { type: "boolean", default: false },
      shrink: { type: "string", default: "180" },
      replay: { type: "string" },
      times: { type: "string", default: "10" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  return {
    help: values.help,
    minutes: number("minutes", values.minutes, 0),
    ops: number("ops", values.ops, 1),
    seed: values.seed === undefined ? seedByChance() : whole("seed", values.seed, 0),
    worlds: whole("worlds", values.worlds, 1),
    goesOn: values["go-on"],
    shrinkSeconds: number("shrink", values.shrink, 0),
    replay: values.replay,
    times: whole("times", values.times, 1),
  };
}

function seedByChance(): number {
  return Math.floor(Math.random() * 2 ** 31);
}

function number(name: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= least) return value;
  throw new TypeError(`--${name} ${text}: wanted is a number of at least ${least}`);
}

function whole(name: string, text: string, least: number): number {
  const value = number(name, text, least);
  if (Number.isSafeInteger(value)) return value;
  throw new TypeError(`--${name} ${text}: wanted is a whole number`);
}
