import { type Figure, rows, Sheet } from "./figures.ts";
import { bareSupervisors, BARE_NODE } from "./floors.ts";
import { judge } from "./goals.ts";
import type { Home } from "./home.ts";
import { tooMany } from "./limits.ts";
import type { Manager } from "./manager.ts";
import type { Options } from "./options.ts";
import { findPeers } from "./peers/peers.ts";
import type { Effort } from "./effort.ts";
import { measureActivity } from "./rest.ts";
import { measureRounds } from "./rounds.ts";
import { measureWaiting } from "./waiting.ts";
import { Usrsvcd, USRSVCD } from "./usrsvcd.ts";

/** The peers take minutes: one service tells nothing that is worth it, and more than these too long. */
const PEERS = { least: 2, most: 100 };

/** Measures usrsvcd, the floors and the peers with each number of services; tells what it knows at once. */
export async function compare(
  home: Home,
  options: Options,
  tell: (figures: readonly Figure[]) => void,
  problem: (text: string) => void,
): Promise<void> {
  const peers = options.peers ? findPeers().filter(({ version }) => version !== "") : [];
  const here = [USRSVCD, ...[...bareSupervisors(home), ...peers].map(({ name }) => name)];
  const missing = options.only?.filter((name) => !here.includes(name)) ?? [];
  if (missing.length > 0) problem(`${missing.join(", ")}: not installed, or --peers no`);
  for (const count of options.counts ?? (options.quick ? [1, 100] : [1, 100, 1000])) {
    const reason = tooMany(count);
    if (reason !== undefined) {
      problem(`${count} services: ${reason}`);
      continue;
    }
    const usrsvcd = new Usrsvcd(home);
    const beside = count >= PEERS.least && count <= PEERS.most ? peers : [];
    const managers = [
      ...bareSupervisors(home),
      usrsvcd,
      ...beside.map(({ make }) => make(home)),
    ].filter(({ name }) => options.only?.includes(name) ?? true);
    if (managers.length === 0) {
      // Without --counts, those that suit are measured.
      if (options.counts !== undefined) problem(`${count} services: not with those of --only`);
      continue;
    }
    const effort = effortFor(count, options);
    const sheet = new Sheet(count);
    try {
      await measureRounds(home, managers, effort, sheet, problem);
      if (managers.includes(usrsvcd) && !options.quick) {
        if (count >= 100) await measureActivity(home, usrsvcd, effort, sheet);
        if (count === 100) await measureWaiting(home, sheet);
      }
    } catch (error) {
      home.signal.throwIfAborted();
      problem(`${count} services: ${(error as Error).message}`);
    }
    tellAll(sheet, managers, usrsvcd.name, tell);
  }
}

function tellAll(
  sheet: Sheet,
  managers: readonly Manager[],
  judged: string,
  tell: (figures: readonly Figure[]) => void,
): void {
  const figures = sheet.figures(BARE_NODE);
  const node = figures.find(({ row }) => row === rows.node) ?? { median: NaN, disturbed: true };
  for (const name of ["", ...managers.map((one) => one.name)]) {
    const own = figures
      .filter(({ manager }) => manager === name)
      .map((one) => judge(one, judged, node, figures))
      .toSorted((a, b) => order(a) - order(b));
    if (own.length > 0) tell(own);
  }
}

function order({ row }: Figure): number {
  return Object.values(rows).indexOf(row);
}

/** A program that died 30 times within a minute is not started again at once: stay below. */
function effortFor(count: number, { quick, idleSeconds }: Options): Effort {
  return {
    rounds: quick ? 1 : count > 500 ? 2 : 5,
    killsARound: quick ? 7 : 9,
    commandTries: quick ? 3 : 9,
    stopTries: quick || count > 500 ? 3 : 5,
    idleSeconds,
    restSeconds: quick ? 1 : 10,
  };
}
