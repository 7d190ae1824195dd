import type { Program } from "../../identity/program.ts";
import { shellWord } from "../../lib/format.ts";
import { stateTraits } from "../../state/states.ts";
import type { StatusContext } from "../../status/status-context.ts";
import type { Explanation } from "./explain.ts";

/** A command to type, and what it does. */
export interface Advice {
  readonly command: string;
  readonly why: string;
}

type Facts = Omit<Explanation, "advice">;

/** Who looks after it; `other`: another configuration file that has a program of this name, which runs. */
type Around = Pick<StatusContext, "daemon" | "looksAfter" | "isForeign"> & {
  readonly other: string | undefined;
};

/** The next commands, the most urgent first; none where all is well. Facts in, words out. */
export function adviceFor(
  facts: Facts,
  program: Program,
  { daemon, looksAfter, isForeign, other }: Around,
): readonly Advice[] {
  const { name, settings, isRemoved } = program;
  const word = shellWord(name);
  const all: Advice[] = [];
  const add = (command: string, why: string): void => void all.push({ command, why });
  if (isForeign === true) {
    add("usrsvcd checkconfig", "says who else can write to state_dir, and how to mend that");
    return all;
  }
  if (other !== undefined) {
    add(`usrsvc -c ${shellWord(other)} explain ${word}`, "explains the one that runs there");
    return all;
  }
  const { atWork, state, olderSettings, otherPids } = facts;
  if (atWork?.isSuspended === true) {
    add(
      `kill -CONT ${atWork.pid}`,
      `lets ${atWork.who} go on, which is suspended and keeps all others out`,
    );
  }
  if (facts.hold !== undefined) {
    add(`usrsvc release ${word}`, "ends the hold: usrsvcd looks after it again");
  }
  if (isRemoved === true) {
    if (facts.pid !== undefined)
      add(`usrsvc stop ${word}`, "ends it: no configuration file has it any more");
    else
      add(
        `usrsvc events ${word}`,
        "shows what happened to it: no configuration file has it any more",
      );
    return all;
  }
  if (settings === undefined) {
    add("usrsvcd checkconfig", "shows all errors, until its section is right");
    return all;
  }
  if (!facts.enabled) {
    if (facts.pid !== undefined) add(`usrsvc stop ${word}`, "ends it, although it is disabled");
    add("usrsvcd reread", `after enabled = True in ${facts.place}: starts it, if autostart is set`);
    return all;
  }
  const isMissed = settings.autorestart !== false || settings.schedule !== undefined;
  if (daemon === "none" && isMissed) add("usrsvcd start", "has usrsvcd look after it");
  if (daemon === "here" && looksAfter?.has(name) === false) {
    add("usrsvcd reread", "has usrsvcd know of it");
  }
  if (olderSettings === true)
    add(
      `usrsvc restart ${daemon === "here" ? "--reread " : ""}${word}`,
      "applies the settings that were changed since",
    );
  if (otherPids !== undefined) {
    add(
      `ps -f -p ${otherPids.join(",")}`,
      "shows what matches as well; end it, or have proctitle_re tell them apart",
    );
  }
  const { startsAfter = [], waitsFor } = facts;
  const blocker =
    startsAfter.find((one) => one.program === waitsFor) ??
    startsAfter.find((one) => !stateTraits[one.state].isRight);
  if (state === "waiting" && blocker !== undefined) {
    add(`usrsvc explain ${shellWord(blocker.program)}`, "says why that is not ready");
  }
  if (state === "waiting") add(`usrsvc start --alone ${word}`, "starts it without waiting");
  if (
    state === "backoff" ||
    state === "fatal" ||
    (state === "stopped" && facts.lastExit?.by === undefined && hasFailed(facts))
  ) {
    add(`usrsvc logs ${word}`, "shows what it wrote");
    add(`usrsvc events ${word}`, "shows what happened before");
  }
  if (state === "backoff" || state === "fatal" || state === "stopped") {
    add(`usrsvc start ${word}`, state === "backoff" ? "tries it at once" : "starts it");
  }
  if (state === "done") add(`usrsvc start ${word}`, "runs it again");
  return all;
}

function hasFailed({ lastExit, failures }: Facts): boolean {
  const isBad = lastExit !== undefined && lastExit.code !== 0;
  return isBad || failures > 0;
}
