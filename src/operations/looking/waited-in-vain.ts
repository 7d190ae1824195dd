import { listNames, shellWord } from "../../lib/format.ts";
import { isLeftDown } from "../../status/is-left-down.ts";
import type { ProgramStatus } from "../../status/status.ts";

/** Number of programs of which the reasons are told one by one. */
const MOST_TOLD = 5;

/** Tells of programs that are waited for although nobody is about to start them: of each once, for as long as that is so. */
export class WaitedInVain {
  readonly #told = new Set<string>();
  readonly #isAtWork: (program: string) => boolean;

  /** @param isAtWork somebody works on this program just now, who may start it */
  constructor(isAtWork: (program: string) => boolean) {
    this.#isAtWork = isAtWork;
  }

  /** What is to be said of these, which still are waited for; undefined: nothing new. */
  see(waited: readonly ProgramStatus[]): string | undefined {
    const found: ProgramStatus[] = [];
    for (const one of waited) {
      if (!isLeftDown(one) || this.#isAtWork(one.program)) this.#told.delete(one.program);
      else if (!this.#told.has(one.program)) found.push(one);
    }
    for (const { program } of found) this.#told.add(program);
    return found.length === 0 ? undefined : describeLeftDown(found);
  }
}

/** Which they are, how to start them, why they are down, and what follows. */
export function describeLeftDown(all: readonly ProgramStatus[]): string {
  const names = all.map(({ program }) => program);
  const [are, them] = all.length === 1 ? ["is", "it"] : ["are", "them"];
  const start = `usrsvc start ${names.map(shellWord).join(" ")}`;
  const head = `${listNames(names)} ${are} down, and nobody is about to start ${them}; waiting all the same; to start ${them}: ${start}`;
  const reasons = all.slice(0, MOST_TOLD).flatMap(({ program, reason, next }) => {
    const why = reason === undefined ? [] : [all.length === 1 ? `why: ${reason}` : reason];
    const lines = [...why, ...(next === undefined ? [] : [`next: ${next}`])];
    return all.length === 1 ? lines : [`${program}: ${lines.join("; ")}`];
  });
  const rest = all.length > MOST_TOLD ? ["usrsvc status tells why of the others as well"] : [];
  return [head, ...[...reasons, ...rest].map((line) => `    ${line}`)].join("\n");
}
