import { isLaunchShell } from "../identity/launch-shell.ts";
import type { Exit } from "../../proc/exit.ts";
import { type Pid, type ProcessRef, sameProcess } from "../../proc/pid.ts";
import { isDead } from "../../proc/stat.ts";
import { statIfAny } from "../../proc/reader.ts";
import type { ProgramSettings } from "../config/settings.ts";
import { shorten } from "../lib/format.ts";
import type { LifecyclePorts } from "./ports.ts";
import { hasLeftInOrder } from "./start-criterion.ts";
import { isInPlaceNow } from "../identity/matching.ts";
import { topMatches, workBelow } from "../identity/top-matches.ts";
import { relation } from "../identity/lineage.ts";
import { isCopy, type Launch, offspring } from "../identity/offspring.ts";
import type { Pattern } from "../identity/match.ts";
import { readPidfile } from "../state/pidfile.ts";
import type { TableEntry } from "../identity/process-classifier.ts";
import { wipedDaemon } from "../identity/unfinished-launch.ts";
import type { Via } from "../state/record.ts";

/** The program's process, and how it was found. */
export interface Match {
  readonly process: ProcessRef;
  /** What does the work of a shell line, as `Found` has it. */
  readonly main: ProcessRef | undefined;
  readonly via: Via;
}

/** A daemon that was the program for a while, and ended. */
export interface Lost {
  readonly pid: Pid;
  readonly exit: Exit;
  /** Its `image` (proc/stat.ts), where that was seen. */
  readonly image: number | undefined;
}

/** Looks for the program in and around what was launched to become it. */
export class StartMatch {
  readonly #program: ProgramSettings;
  readonly #pattern: Pattern;
  readonly #host: LifecyclePorts;
  readonly #launch: Launch;
  /** What was launched. */
  readonly #top: ProcessRef;
  /** Of what was launched: what it forks without exec has the same. */
  #image: number | undefined;
  /** Its name for the kernel: it may have left before more of it could be seen. */
  #comm: string | undefined;
  /** What was seen below it so far. */
  readonly #seen = new Map<number, ProcessRef>();
  #last: Match | undefined;
  #lastImage: number | undefined;
  /** `image` of a daemon that was there, and has failed: its copies are its workers, and no daemon. */
  #failed: number | undefined;

  constructor(program: ProgramSettings, pattern: Pattern, host: LifecyclePorts, launch: Launch) {
    this.#program = program;
    this.#pattern = pattern;
    this.#host = host;
    this.#launch = launch;
    this.#top = launch.launched;
    this.noteImage(); // it may leave within a few ms
  }

  /** `image` of what was launched, as far as it was seen. */
  get image(): number | undefined {
    return this.#image;
  }

  /** The launch, with what was seen of it so far. */
  get #known(): Launch {
    return { ...this.#launch, image: this.#image };
  }

  /** Looks at it once more. A shell that prepares the launch has another image. */
  noteImage(): void {
    const stat = statIfAny(this.#host.proc, this.#top.pid);
    const isTop = stat?.startTime === this.#top.startTime && stat.image > 0;
    if (isTop && !this.isLaunching()) this.#image = stat.image;
    if (stat?.startTime === this.#top.startTime) this.#comm = stat.comm;
  }

  /** All that was seen below the launched process so far. */
  get seen(): Iterable<ProcessRef> {
    return this.#seen.values();
  }

  /** True until what was launched shows the command line of the program. */
  isLaunching(): boolean {
    return this.#argv(this.#top).length === 0 || this.isShell();
  }

  /** True while it is still the shell that prepares the launch; in mid-exec that is not sure. */
  isShell(): boolean {
    return isLaunchShell(this.#argv(this.#top));
  }

  /**
   * The program's process as of now. `exit`: how what was launched has ended; `lost`: how the daemon
   * ended that it had become.
   */
  find(exit: Exit | undefined, lost?: Lost): Match | undefined {
    if (lost !== undefined && isFailure(lost.exit)) this.#failed ??= lost.image ?? this.#image;
    if (this.#isLastExiting()) return this.#last;
    const looked = this.#look(exit);
    const isLast = sameProcess(this.#last?.process, looked?.process);
    const image = isLast ? this.#lastImage : looked && this.#imageOf(looked.process);
    const isStill = looked !== undefined && (isLast || this.#isStill(looked, exit));
    const found = isStill ? looked : this.#lastLiving();
    // How it was found first: by now our own pidfile may lead to it.
    const isKnown = sameProcess(this.#last?.process, found?.process);
    if (!isKnown) this.#lastImage = image;
    this.#last = found && { ...found, via: (isKnown && this.#last?.via) || found.via };
    return this.#last;
  }

  /** Until it is known how the daemon ends, nothing that it leaves is the program. */
  #isLastExiting(): boolean {
    const process = this.#last?.process;
    if (process === undefined || sameProcess(process, this.#top)) return false;
    const stat = statIfAny(this.#host.proc, process.pid);
    return stat?.startTime === process.startTime && stat.isExiting && !isDead(stat);
  }

  #imageOf({ pid }: ProcessRef): number | undefined {
    return statIfAny(this.#host.proc, pid)?.image;
  }

  /**
   * What a first process or a daemon that has failed leaves may have matched only until it executed something else,
   * which may have been since the look. Asked after its image was read, by which it is known from then on.
   */
  #isStill({ process, via }: Match, exit: Exit | undefined): boolean {
    const hasFailed = this.#failed !== undefined || (exit !== undefined && isFailure(exit));
    if (!hasFailed || via === "pidfile") return true;
    return this.#pattern.matches(this.#argv(process));
  }

  /** What matched once stays the program, whatever title it takes. */
  #lastLiving(): Match | undefined {
    const process = this.#last?.process;
    if (process === undefined || sameProcess(process, this.#top)) return undefined;
    if (isCopy(process, this.#failed, this.#host.proc)) return undefined;
    const { proc } = this.#host;
    // What executed something else since was only forked when it matched.
    const isSame = this.#imageOf(process) === this.#lastImage;
    return isSame && sameProcess(proc.alive(process.pid), process) ? this.#last : undefined;
  }

  #look(exit: Exit | undefined): Match | undefined {
    const { proc, table } = this.#host;
    const pattern = this.#pattern;
    const top = this.#top;
    if (exit === undefined && sameProcess(proc.alive(top.pid), top)) {
      this.noteImage();
      // Executed by us, word for word: the same process stays the program whatever title it takes.
      if (pattern.isLaunched) return { process: top, main: this.#mainOf(top), via: "launch" };
      if (!this.isLaunching() && pattern.matches(this.#argv(top))) {
        return { process: top, main: undefined, via: "launch" };
      }
    }
    const all = table.scan({ thorough: true });
    const named = this.#namedByItself();
    if (named !== undefined) return { process: named, main: undefined, via: "pidfile" };
    return this.#matchAround(all, exit);
  }

  #mainOf(top: ProcessRef): ProcessRef | undefined {
    if (!this.#pattern.isShell) return undefined;
    return workBelow(top, this.#pattern, this.#host.table.scan({ thorough: true }));
  }

  /** The pidfile that the program writes names an own process that was born after the launch. */
  #namedByItself(): ProcessRef | undefined {
    const { autopid, pidfile, name } = this.#program;
    const { proc } = this.#host;
    if (autopid) return undefined;
    const named = readPidfile(pidfile);
    if (named.kind !== "pid") return undefined;
    const ref = proc.alive(named.pid);
    if (ref === undefined || ref.startTime < this.#top.startTime) return undefined;
    const isMine = this.#host.table.scan().some((one) => sameProcess(one.ref, ref));
    return isMine && relation(ref, name, this.#host) !== "other" ? ref : undefined;
  }

  /** A match that stems from the launch; else one that was born after it and is nobody's. */
  #matchAround(all: readonly TableEntry[], exit: Exit | undefined): Match | undefined {
    for (const { ref } of offspring(this.#known, all, this.#host)) {
      const isOthers = (this.#host.ownerOf(ref) ?? this.#program.name) !== this.#program.name;
      if (ref.pid !== this.#top.pid && !isOthers) this.#seen.set(ref.pid, ref);
    }
    const own: TableEntry[] = [];
    const free: TableEntry[] = [];
    for (const one of all) {
      const { ref, argv } = one;
      if (ref.startTime < this.#top.startTime || ref.pid === this.#top.pid) continue;
      if (!this.#pattern.matches(argv) && !this.#isDaemon(ref, exit)) continue;
      const isSeen = sameProcess(this.#seen.get(ref.pid), ref);
      const kind = isSeen ? "own" : relation(ref, this.#program.name, this.#host);
      if (kind === "own" && !this.#isOrphan(ref, exit)) own.push(one);
      if (kind === "free" && this.#isInPlace(ref)) free.push(one);
    }
    for (const { ref } of own) this.#seen.set(ref.pid, ref);
    const [heir] = topMatches(own, all);
    if (heir !== undefined) return { process: heir.ref, main: undefined, via: "launch" };
    const [found] = topMatches(free, all);
    if (found !== undefined) return { process: found.ref, main: undefined, via: "scan" };
    const wiped = this.#wipedDaemon(exit);
    return wiped && { process: wiped, main: undefined, via: "launch" };
  }

  /** Its first process may have left before its image was seen, among many that are started at once. */
  #wipedDaemon(exit: Exit | undefined): ProcessRef | undefined {
    const { launch } = this.#launch;
    if (launch === undefined || this.#image !== undefined || !this.#mayBeDaemon(exit)) {
      return undefined;
    }
    return wipedDaemon(launch, this.#program, this.#host);
  }

  /** What was launched is the program, and has left in good order. */
  #mayBeDaemon(exit: Exit | undefined): boolean {
    const { isLaunched, isShell } = this.#pattern;
    return isLaunched && !isShell && hasLeftInOrder(exit);
  }

  /** Who goes to the background goes into the folder "/", by custom. */
  #isInPlace({ pid }: ProcessRef): boolean {
    return isInPlaceNow(pid, this.#pattern, this.#host.proc, "/");
  }

  /** What was launched has gone to the background: what continues is its copy, whatever title it has by now. */
  #isDaemon(ref: ProcessRef, exit: Exit | undefined): boolean {
    if (!this.#mayBeDaemon(exit)) return false;
    if (this.#image !== undefined) return isCopy(ref, this.#image, this.#host.proc);
    if (!sameProcess(this.#seen.get(ref.pid), ref)) return false;
    const stat = statIfAny(this.#host.proc, ref.pid);
    return stat?.session === Number(ref.pid) && stat.comm === this.#comm;
  }

  /** A worker of a first process that has failed, and no daemon: its copy, in its session. */
  #isOrphan(ref: ProcessRef, exit: Exit | undefined): boolean {
    if (isCopy(ref, this.#failed, this.#host.proc)) return true;
    if (hasLeftInOrder(exit)) return false;
    const stat = statIfAny(this.#host.proc, ref.pid);
    return stat !== undefined && stat.image === this.#image && stat.session === this.#top.pid;
  }

  /** What runs of the launch, for an operator whose proctitle_re is wrong. */
  nearest(): readonly string[] {
    return offspring(this.#known, this.#host.table.scan({ thorough: true }), this.#host)
      .slice(0, 3)
      .map((one) => `found process ${one.ref.pid}: ${shorten(one.argv.join(" "))}`);
  }

  #argv(ref: ProcessRef): readonly string[] {
    try {
      return this.#host.proc.cmdline(ref.pid);
    } catch {
      return [];
    }
  }
}

/** How it ended is not always known: then it may have left in good order, as the first process of a daemon does. */
function isFailure(exit: Exit): boolean {
  return exit.kind === "signal" || (exit.kind === "code" && exit.code !== 0);
}
