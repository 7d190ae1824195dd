import { parseArgs } from "node:util";
import { BARE_C, BARE_NODE } from "./floors.ts";
import { peerNames } from "./peers/peers.ts";
import { USRSVCD } from "./usrsvcd.ts";

/** Who can be measured. */
const everybody: readonly string[] = [BARE_NODE, BARE_C, USRSVCD, ...peerNames];

/** How the bench is called. */
export const usage = `Usage: npm run bench -- [OPTIONS]

  --counts N,…         numbers of programs; by default 1,100,1000 (--scale: 1000,2000,5000,10000)
  --idle-seconds N     how long idleness is watched
  --quick              1 and 100 programs, few tries, no peers, no activity files: less than a minute
  --peers yes|no       ${peerNames.join(", ")} beside usrsvcd, where installed; by default yes
  --only NAME,…        measure nobody but these: ${[USRSVCD, ...peerNames].join(", ")},
                       "${BARE_NODE}", "${BARE_C}"
  --soak RESTARTS      only this: does anything grow over so many restarts?
  --scale              only this: growing numbers of programs, at most 2,000 of them running
  --foreign N          only this: what N idle processes of others cost
  --json               one JSON object with everything on standard output
  --markdown           tables in Markdown on standard output
  --save FILE          the JSON to a file, too
  --from FILE          measures nothing: prints what --save has written
`;

/** What is to be measured. */
export type Task =
  | { readonly kind: "figures" }
  | { readonly kind: "soak"; readonly restarts: number }
  | { readonly kind: "scale" }
  | { readonly kind: "foreign"; readonly processes: number };

export interface Options {
  readonly help: boolean;
  readonly task: Task;
  /** Undefined for those that the task has of itself. */
  readonly counts: readonly number[] | undefined;
  readonly idleSeconds: number;
  readonly quick: boolean;
  readonly peers: boolean;
  /** The names of those who are measured; undefined for all. */
  readonly only: readonly string[] | undefined;
  readonly output: "text" | "json" | "markdown";
  readonly save: string | undefined;
  readonly from: string | undefined;
}

/** @throws {TypeError} what is wrong with the arguments */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      counts: { type: "string" },
      "idle-seconds": { type: "string" },
      quick: { type: "boolean", default: false },
      peers: { type: "string" },
      only: { type: "string" },
      soak: { type: "string" },
      scale: { type: "boolean", default: false },
      foreign: { type: "string" },
      json: { type: "boolean", default: false },
      markdown: { type: "boolean", default: false },
      save: { type: "string" },
      from: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { quick, json, markdown } = values;
  const only = values.only?.split(",");
  const peers = values.peers ?? (quick && only === undefined ? "no" : "yes");
  if (peers !== "yes" && peers !== "no")
    throw new TypeError(`--peers: "${peers}" is not yes or no`);
  const stranger = only?.find((name) => !everybody.includes(name));
  if (stranger !== undefined) {
    throw new TypeError(`--only: "${stranger}" is none of ${everybody.join(", ")}`);
  }
  return {
    help: values.help,
    task: taskOf(values),
    counts: values.counts?.split(",").map((word) => whole("--counts", word)),
    idleSeconds: whole("--idle-seconds", values["idle-seconds"] ?? (quick ? "4" : "20")),
    quick,
    peers: peers === "yes",
    only,
    output: json ? "json" : markdown ? "markdown" : "text",
    save: values.save,
    from: values.from,
  };
}

function taskOf(values: { soak?: string; scale: boolean; foreign?: string }): Task {
  const asked = [values.soak, values.foreign, values.scale || undefined];
  if (asked.filter((one) => one !== undefined).length > 1) {
    throw new TypeError("--soak, --foreign and --scale exclude each other");
  }
  if (values.soak !== undefined) return { kind: "soak", restarts: whole("--soak", values.soak) };
  if (values.foreign !== undefined) {
    return { kind: "foreign", processes: whole("--foreign", values.foreign) };
  }
  return values.scale ? { kind: "scale" } : { kind: "figures" };
}

function whole(option: string, word: string): number {
  const value = Number(word);
  if (Number.isInteger(value) && value > 0) return value;
  throw new TypeError(`${option}: "${word}" is not a whole number above 0`);
}
