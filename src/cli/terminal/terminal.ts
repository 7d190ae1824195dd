import { fstatSync, type Stats } from "node:fs";
import { type Colours, coloursOf } from "./style.ts";

/** How a page for people is shown. */
export interface Display {
  /** Columns of the terminal; undefined: it goes elsewhere, as wide as it is. */
  readonly columns: number | undefined;
  readonly colours: Colours;
}

/** The width that is supposed where a terminal does not know its own. */
const USUAL_COLUMNS = 80;

/** How standard output shows a page; undefined: it is read by a program, and stays plain. */
export function displayOf(env: NodeJS.ProcessEnv): Display | undefined {
  const isShown = isTerminal(1);
  const colours = coloursOf(env, isShown);
  if (isShown) return { columns: columnsOf(process.stdout.columns, env), colours };
  return colours === 0 ? undefined : { columns: undefined, colours };
}

/** How wide the terminal is to which standard error goes; undefined: it goes elsewhere. */
export function complaintColumns(env: NodeJS.ProcessEnv): number | undefined {
  return isTerminal(2) ? columnsOf(process.stderr.columns, env) : undefined;
}

/** The major number of the devices that are memory: null, zero, full and random. */
const MEMORY = 1;

/** Whether a descriptor is a terminal. Node's own answer takes 2 ms to load: where it is no device, or /dev/null, it is not asked. */
export function isTerminal(fd: 0 | 1 | 2): boolean {
  try {
    const stat = fstatSync(fd);
    if (!stat.isCharacterDevice() || major(stat) === MEMORY) return false;
  } catch {
    return false; // closed
  }
  return (fd === 0 ? process.stdin : fd === 1 ? process.stdout : process.stderr).isTTY;
}

/** As glibc's gnu_dev_major(3) takes it from a device number of 32 bits. */
function major({ rdev }: Stats): number {
  return (rdev >> 8) & 0xfff;
}

function columnsOf(columns: number | undefined, env: NodeJS.ProcessEnv): number {
  const known = columns || Number(env["COLUMNS"]);
  return Number.isSafeInteger(known) && known > 0 ? known : USUAL_COLUMNS;
}
