import type { Pid, Ticks } from "../../../proc/pid.ts";
import type { Dependencies } from "../../config/dependencies.ts";
import type { ProgramSettings, Settings } from "../../config/settings.ts";
import { ExitCode } from "../../exit-code.ts";
import { findProgram, type Program } from "../../identity/program.ts";
import { readHold } from "../../state/hold-file.ts";
import type { Act, News } from "./act.ts";
import { noteHistory, noteUndone } from "../one-program/note-history.ts";
import { leaveHeld } from "./leave-until-due.ts";
import { OrderWait } from "./await-order.ts";
import { dependenciesOf } from "../order.ts";
import { heldBack, heldNote, leftOut, wasHeld } from "./left-out.ts";
import { type ActionResult, type Operation, withDetails } from "../operation.ts";
import { describeBecause, type PlanFacts, type PlannedStep, planOf } from "../order-plan.ts";
import { describeStep } from "./dry-run.ts";
import { type Doing, perform, trouble } from "./perform.ts";
import { factsOf } from "./plan-facts.ts";
import { type Among, refuseAmongOthers } from "./refuse-among-others.ts";
import { Memory } from "./remember.ts";
import type { Renaming } from "./renaming.ts";
import type { Turns } from "./turns.ts";
import type { Starter } from "./who-starts.ts";

/** With what programs are acted on. */
export interface Means {
  readonly settings: Settings;
  readonly renaming: Renaming;
  readonly operation: Operation;
  readonly tell: (news: News) => void;
  /** Names that were meant, and that no configuration file has. */
  readonly gone: readonly string[];
  /** Is told how far it is with each, where nobody waits for the end. */
  readonly turns?: Turns | undefined;
}

/** Acts on programs, and on those that go with them, in the order that they have. */
export async function actInOrder(
  programs: readonly Program[],
  act: Act,
  means: Means,
): Promise<ExitCode> {
  return await new Acting(programs, act, means).run();
}

class Acting {
  readonly #named: ReadonlyMap<string, Program>;
  readonly #act: Act;
  readonly #means: Means;
  readonly #order: Dependencies;
  readonly #facts: PlanFacts;
  readonly #doing: Doing;
  /** Of a dry run. */
  #starterOf: (program: ProgramSettings) => Starter = () => ({ isDaemon: false });
  readonly #results = new Map<string, Promise<ActionResult>>();
  readonly #among: Among;
  /** Those that were not even tried. */
  readonly #refused = new Set<string>();

  constructor(programs: readonly Program[], act: Act, means: Means) {
    this.#named = new Map(programs.map((program) => [program.name, program]));
    this.#act = act;
    this.#means = means;
    this.#order = dependenciesOf(means.settings);
    this.#facts = factsOf(means.settings, means.operation.host);
    this.#doing = { act, renaming: means.renaming, order: this.#order };
    const [named, results] = [this.#named, this.#results];
    this.#among = { act, named, order: this.#order, facts: this.#facts, results };
  }

  async run(): Promise<ExitCode> {
    const { tell, operation } = this.#means;
    const steps = this.#plan();
    const memory = new Memory(this.#act, this.#means);
    for (const { name, because } of steps) {
      if (because !== undefined) tell({ kind: "also", text: describeBecause(name, because) });
    }
    if (this.#act.isDryRun === true) {
      const { foretellStarter } = await import("./who-starts.ts");
      this.#starterOf = foretellStarter(this.#means.settings.main, operation.host);
      for (const step of steps) await this.#describe(this.#programOf(step.name), step);
      memory.foretell(steps.map(({ name }) => name));
      const told = await Promise.all(this.#results.values());
      return told.find(({ code }) => code !== ExitCode.ok)?.code ?? ExitCode.ok;
    }
    if (!(await memory.note(steps.map(({ name }) => name)))) return ExitCode.failure;
    this.#means.turns?.plan(steps);
    const codes: ExitCode[] = [];
    if (this.#act.parallel) {
      codes.push(...(await Promise.all(steps.map(async (step) => await this.#step(step)))));
    } else {
      for (const [index, step] of steps.entries()) {
        if (operation.signal.aborted) {
          this.#breakOff(steps.slice(index), this.#describeRest(steps.slice(index)));
          break;
        }
        const code = await this.#step(step);
        codes.push(code);
        const rest = steps.slice(index + 1);
        if (!this.#act.isRolling || code === ExitCode.ok || rest.length === 0) continue;
        const names = rest.map(({ name }) => name).join(", ");
        this.#breakOff(rest, `${step.name} failed; left as they are: ${names}`);
        break;
      }
    }
    const done = await Promise.all(this.#results.values());
    await memory.follow(done, new Set(this.#named.keys()));
    return codes.find((code) => code !== ExitCode.ok) ?? ExitCode.ok;
  }

  #plan(): readonly PlannedStep[] {
    const { action, isAlone } = this.#act;
    const names = [...this.#named.keys()];
    const isInOrder = action === "start" || action === "stop" || action === "restart";
    if (isAlone || !isInOrder) return names.map((name) => ({ name, action, after: [] }));
    return planOf(action, names, this.#order, this.#facts);
  }

  async #step(step: PlannedStep): Promise<ExitCode> {
    const { name, action } = step;
    const program = this.#programOf(name);
    const result = this.#resultOf(program, step).catch(
      trouble(program, action, this.#means.operation),
    );
    this.#results.set(name, result);
    const { code } = await result.then((one) => {
      noteHistory(one, this.#means.operation);
      this.#noteUndone(one);
      this.#means.tell({ kind: "result", result: one });
      this.#means.turns?.end(name);
      return one;
    });
    return code;
  }

  /** What nobody is told any more stays on record. */
  #noteUndone(result: ActionResult): void {
    const { turns, operation } = this.#means;
    if (turns?.isUnheard === true) noteUndone(result, this.#refused.has(result.program), operation);
  }

  /** The rest is left alone. */
  #breakOff(rest: readonly PlannedStep[], text: string): void {
    this.#means.tell({ kind: "broken-off", text });
    const { failure: code } = ExitCode;
    for (const { name: program, action } of rest) {
      const message = `not ${action === "stop" ? "stopped" : `${action}ed`}: ${text}`;
      this.#noteUndone({ program, action, result: "broken-off", code, message });
    }
  }

  /** What was broken off before its turn, and how to go on. */
  #describeRest(rest: readonly PlannedStep[]): string {
    const { action, isRemembered } = this.#act;
    const names = rest.map(({ name }) => name);
    // A stop without --remember would forget what was remembered before the first was stopped.
    const words = action === "stop" ? ["--remember", ...names] : ["--remembered"];
    const again = ["usrsvc", action, ...(isRemembered === true ? words : names)].join(" ");
    return `left as they are: ${names.join(", ")}; ${again} goes on with them`;
  }

  #programOf(name: string): Program {
    const program =
      this.#named.get(name) ?? findProgram(this.#means.settings, name, this.#means.operation.host);
    if (program === undefined) throw new TypeError(`${name} is planned, and not configured`);
    return program;
  }

  #heldBack(
    program: Program,
    step: PlannedStep,
    hold = readHold(this.#means.operation.host, program.name, Date.now()),
  ): ActionResult | undefined {
    return hold && heldBack(program, step, this.#act, hold, this.#means.operation.host);
  }

  /** Of a dry run. What follows takes this for the result, so that it is refused as it would be. */
  async #describe(program: Program, step: PlannedStep): Promise<void> {
    const { operation, tell } = this.#means;
    const { host } = operation;
    const hold = readHold(host, program.name, Date.now());
    const left =
      leftOut(program, this.#act, host) ??
      (await refuseAmongOthers(program, step, this.#among)) ??
      this.#heldBack(program, step, hold);
    const wasDown = hold !== undefined && wasHeld(program, step, this.#act, host);
    const described =
      left ??
      describeStep(program, step, { ...this.#act, wasDown, starterOf: this.#starterOf }, operation);
    const isShown = hold !== undefined && left === undefined;
    const result = isShown ? withDetails(described, [heldNote(program, hold)]) : described;
    this.#results.set(program.name, Promise.resolve(result));
    tell({ kind: "result", result });
  }

  async #resultOf(program: Program, step: PlannedStep): Promise<ActionResult> {
    const skipped =
      leftOut(program, this.#act, this.#means.operation.host) ??
      (await refuseAmongOthers(program, step, this.#among));
    if (skipped !== undefined) {
      this.#refused.add(program.name);
      return skipped;
    }
    const { action } = step;
    const { host } = this.#means.operation;
    const hold = readHold(host, program.name, Date.now());
    const held = this.#heldBack(program, step, hold);
    if (held !== undefined) return held;
    const isLeft = hold !== undefined && wasHeld(program, step, this.#act, host);
    const result = isLeft
      ? await leaveHeld(program, this.#means.operation)
      : await this.#perform(program, step);
    const isShown = hold !== undefined && action !== "hold" && action !== "release";
    return isShown ? withDetails(result, [heldNote(program, hold)]) : result;
  }

  async #perform(program: Program, step: PlannedStep): Promise<ActionResult> {
    const { action, because } = step;
    const { turns } = this.#means;
    turns?.come(program.name);
    const operation: Operation = {
      ...this.#means.operation,
      ...(turns !== undefined && {
        isProgressAwaited: true,
        onProgress: (name, what) => turns.begin(name, what),
      }),
      stoppedFor: because?.kind === "needs" ? because.program : undefined,
      unlessBornSince:
        because?.kind === "restart-with" ? await this.#birthOf(because.program) : undefined,
    };
    if ((action !== "start" && action !== "restart") || this.#act.isAlone) {
      return await perform(program, action, this.#doing, operation);
    }
    using wait = new OrderWait(program, this.#means.settings, this.#order, operation);
    const waited = await wait.wait(action, new Set(step.after));
    if ("failure" in waited) return waited.failure;
    const result = await perform(program, action, this.#doing, operation);
    return withDetails(result, result.result === "started" ? waited.notes : []);
  }

  /** When the process was born that a program has got. */
  async #birthOf(name: string): Promise<Ticks | undefined> {
    const { pid } = (await this.#results.get(name)) ?? {};
    const { proc } = this.#means.operation.host;
    return pid === undefined ? undefined : proc.alive(pid as Pid)?.startTime;
  }
}
