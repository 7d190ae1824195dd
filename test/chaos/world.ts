import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import {
  type Census,
  lives,
  PROGRAM,
  readStat,
  type Seen,
  signal,
  STRANGER,
  WORLD,
} from "./census.ts";
import { type Kind, kindOf, type Place, writeScripts } from "./kinds.ts";
import { Model, type Desired } from "./model.ts";
import { describeOperation, type Fault, type Mess, type Operation, type Plan } from "./plan.ts";

/** How often what was done. */
export interface Counts {
  operations: number;
  calls: number;
  crashes: number;
  calms: number;
  /** Of usrsvc and usrsvcd, by signal: those that hit. */
  readonly kills: Record<string, number>;
}

/** Zero of all. */
export function noCounts(): Counts {
  return { operations: 0, calls: 0, crashes: 0, calms: 0, kills: {} };
}

/** A machine at work on other things is slower by a factor. */
export class Pace {
  #factor = 1;

  get factor(): number {
    return this.#factor;
  }

  /** `usrsvc status` took so many ms; on a machine at rest it is some 100. */
  note(ms: number): void {
    const factor = Math.min(30, Math.max(1, ms / 100));
    this.#factor += (factor - this.#factor) / 4;
  }
}

/** What the run has of a world that it may need. */
export interface Surroundings {
  readonly census: Census;
  /** Folder with the built commands. */
  readonly dist: string;
  readonly counts: Counts;
  /** How long a look of usrsvc takes here and now, for when it is to be hit in its middle. */
  readonly pace: Pace;
  /** Asked between rounds: no further one is begun. */
  readonly isOver: () => boolean;
  /** Aborted when the run is to end. */
  readonly signal: AbortSignal;
}

/** A stranger that must be left alone. */
interface Stranger extends Pick<Seen, "pid" | "startTime"> {
  readonly what: string;
}

/** A call that is under way, or was. */
export interface Call {
  readonly words: string;
  readonly child: ChildProcess;
  readonly process: Pick<Seen, "pid" | "startTime"> | undefined;
  readonly ended: Promise<Ended>;
}

/** What became of a call. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** What is written of a program. */
interface Section {
  readonly place: Place;
  readonly kind: Kind;
  isPresent: boolean;
  isEnabled: boolean;
  isBroken: boolean;
}

/** A call may take so long, in ms: the longest patience of usrsvc for eight programs, and a busy machine. */
const LONGEST_CALL_MS = 120_000;
const MOST_STRANGERS = 5;
const GARBAGE = "}{ \u0000 nothing that means anything\n";

/** A home with its programs, what is done to it, and what it should be. */
export class World {
  readonly tag: string;
  readonly home: string;
  readonly state: string;
  readonly model = new Model();
  /** What was done, in the order of its ends. */
  readonly journal: string[] = [];
  /** What cannot be, seen on the way. */
  readonly faults: string[] = [];
  /** Pidfiles and records that were changed behind the back of usrsvc. */
  readonly forged = new Set<string>();
  readonly around: Surroundings;
  readonly #sections = new Map<string, Section>();
  /** The first processes of each program in the look before. */
  readonly #copies = new Map<string, readonly number[]>();
  readonly #calls = new Set<Call>();
  readonly #strangers: Stranger[] = [];
  #fileFault: "main" | "mode" | "gone" | undefined;
  #began = performance.now();
  #number: string;

  constructor(plan: Plan, tag: string, folder: string, around: Surroundings) {
    this.tag = tag;
    this.home = join(folder, tag);
    this.state = join(this.home, ".local/state/usrsvc");
    this.around = around;
    this.#number = tag.replaceAll(/\D/g, "");
    fs.mkdirSync(this.home, { mode: 0o700 });
    fs.mkdirSync(join(this.home, "run"));
    writeScripts(this.home);
    for (const { name, kind } of plan.programs) {
      const isLazy = kind === "lazy" || kind === "once";
      this.model.begin(name, isLazy ? "down" : "up");
      const place = this.#place(name, 1, false);
      const section = { isPresent: true, isEnabled: true, isBroken: false };
      this.#sections.set(name, { place, kind: kindOf(kind), ...section });
    }
    this.#writeConfig();
  }

  get programs(): readonly string[] {
    return [...this.#sections.keys()];
  }

  section(program: string): Readonly<Section> {
    const section = this.#sections.get(program);
    if (section === undefined) throw new TypeError(`no program ${program}`);
    return section;
  }

  /** In ms since it was made. */
  get now(): number {
    return performance.now() - this.#began;
  }

  say(text: string): void {
    this.journal.push(`${(this.now / 1000).toFixed(3).padStart(8)} ${text}`);
  }

  /** All processes of this world. */
  look(full = false): readonly Seen[] {
    return this.around.census.look({ full }).get(this.tag) ?? [];
  }

  /** Those of usrsvcd that supervise: none of the commands of its name. */
  daemons(all = this.look()): readonly Seen[] {
    const called = new Set([...this.#calls].map(({ process }) => process?.pid));
    return all.filter(
      ({ pid, program, stranger, command }) =>
        program === undefined &&
        stranger === undefined &&
        !called.has(pid) &&
        /usrsvcd\.\w*\.?cjs/.test(command),
    );
  }

  /** True where there are two first processes. */
  isTwice(program: string, seen: readonly Seen[]): boolean {
    const { single } = this.section(program).kind;
    return single !== undefined && this.#copiesOf(program, single, seen).length > 1;
  }

  #copiesOf(program: string, single: RegExp, seen: readonly Seen[]): readonly number[] {
    const own = seen.filter((one) => one.program === program && one.stranger === undefined);
    const mains = own.filter(({ command }) => single.test(command));
    const pids = new Set(mains.map(({ pid }) => pid));
    return mains.filter(({ ppid }) => !pids.has(ppid)).map(({ pid }) => pid);
  }

  /** True for one that nobody starts again when it has ended. */
  staysDown(program: string): boolean {
    return this.#settings(program)["autorestart"] === "no";
  }

  /**
   * Looks whether a program runs twice: two that are no parent and child, and were so in the look before,
   * too.
   */
  watch(): void {
    const seen = this.look();
    for (const program of this.programs) {
      const { single } = this.section(program).kind;
      if (single === undefined) continue;
      const copies = this.#copiesOf(program, single, seen);
      const before = this.#copies.get(program) ?? [];
      this.#copies.set(program, copies);
      if (copies.filter((pid) => before.includes(pid)).length > 1) {
        this.faults.push(`${program} runs twice at once: ${copies.join(" ")} (${this.now} ms)`);
      }
    }
  }

  /** The calls that have not ended. */
  get calls(): readonly Call[] {
    return [...this.#calls];
  }

  /** Those of `strangers` that have ended, or been killed: nobody but the run may do that. */
  lostStrangers(): readonly Stranger[] {
    return this.#strangers.filter((one) => !lives(one));
  }

  /** Does one operation, and resolves when it is over. */
  async perform(operation: Operation): Promise<void> {
    this.around.counts.operations += 1;
    const text = `[${operation.by}] ${describeOperation(operation)}`;
    switch (operation.do) {
      case "call": {
        this.say(`${text} …`);
        const ended = await this.call(operation.tool, operation.words, operation.fault);
        this.say(`${text} → ${describeEnd(ended)}`);
        return;
      }
      case "hit":
        return await this.#hitDaemon(text, operation.fault);
      case "crash":
        return this.#crash(text, operation);
      case "edit":
        this.#edit(operation);
        this.say(text);
        return;
      case "file":
        this.#fileFault = operation.how === "mend" ? undefined : operation.how;
        this.#writeConfig();
        this.say(text);
        return;
      case "spoil":
        this.say(`${text}${this.#spoil(operation)}`);
        return;
      case "stranger":
        this.say(`${text} → pid ${await this.#addStranger(operation)}`);
    }
  }

  /** Runs one of the commands, and notes what it orders. */
  async call(tool: "usrsvc" | "usrsvcd", words: readonly string[], fault?: Fault): Promise<Ended> {
    this.around.counts.calls += 1;
    const begun = this.now;
    const call = this.#spawn(tool, words);
    this.#calls.add(call);
    const stop = fault && this.#befall(call, fault);
    const late = setTimeout(() => {
      this.faults.push(`${call.words} has not ended within ${LONGEST_CALL_MS / 1000} s`);
      call.child.kill("SIGKILL");
    }, LONGEST_CALL_MS);
    const ended = await call.ended;
    clearTimeout(late);
    stop?.();
    this.#calls.delete(call);
    this.#judge(call.words, ended);
    if (tool === "usrsvc") this.#noteOrders(words, ended, begun);
    return ended;
  }

  /** What it says of itself: `usrsvc status --json`. */
  async status(): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> {
    const began = this.now;
    const { out } = await this.call("usrsvc", ["status"]);
    this.around.pace.note(this.now - began);
    return new Map(objects(out).map((one) => [String(one["program"]), one]));
  }

  /** Makes the configuration right, and puts away what lies in the place of files. */
  mend(): void {
    this.#fileFault = undefined;
    for (const section of this.#sections.values()) section.isBroken = false;
    this.#writeConfig();
    for (const name of this.programs) {
      const { pidfile, record } = this.#paths(name);
      for (const path of [pidfile, record]) {
        const stat = fs.lstatSync(path, { throwIfNoEntry: false });
        if (stat !== undefined && !stat.isFile()) fs.rmSync(path, { recursive: true, force: true });
      }
    }
  }

  /** Deletes all records, as somebody who cleans up may do. */
  forget(): void {
    this.say("all records are deleted");
    const folder = join(this.state, "programs");
    for (const file of fs.readdirSync(folder)) fs.rmSync(join(folder, file), { recursive: true });
  }

  /** The pidfile that usrsvc writes for a program, or the program itself. */
  pidfile(program: string): string {
    return this.#paths(program).pidfile;
  }

  /** Ends all that belongs to this world, and removes it. */
  async end(): Promise<void> {
    for (let round = 0; ; round += 1) {
      const left = this.look(round === 0 || round % 10 === 9);
      if (left.length === 0 && round > 1) break;
      for (const one of left) signal(one, "SIGKILL");
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (round > 250) throw new Error(`cannot be ended: ${left.map(({ pid }) => pid).join(" ")}`);
    }
    fs.rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }

  #place(name: string, version: number, isShell: boolean): Place {
    const number = `${this.#number}${name.slice(1).padStart(2, "0")}${String(version).padStart(3, "0")}`;
    return { home: this.home, tag: this.tag, name, version, number, isShell };
  }

  #paths(name: string): Record<"record" | "pidfile", string> {
    const { pidfile } = this.#settings(name);
    return {
      record: join(this.state, "programs", `${name}.json`),
      pidfile: pidfile ?? join(this.state, "run", `${name}.pid`),
    };
  }

  #settings(name: string): Readonly<Record<string, string>> {
    const { kind, place } = this.section(name);
    return kind.settings(place);
  }

  #writeConfig(): void {
    const parts = ["[Main]\n"];
    if (this.#fileFault === "main") parts.push("this line means nothing\n");
    for (const [name, { place, isPresent, isEnabled, isBroken }] of this.#sections) {
      if (!isPresent) continue;
      const settings = {
        success_seconds: "0.3",
        term_to_kill_seconds: "2",
        restart_delay: "100ms",
        ...this.#settings(name),
        ...(isEnabled ? {} : { enabled: "no" }),
        ...(isBroken ? { succes_seconds: "two" } : {}),
      };
      const lines = Object.entries(settings).map(([key, value]) => `${key} = ${value}\n`);
      const mark = `${this.tag}/${name}/v${place.version}`;
      parts.push(`\n[Program:${name}]\n`, ...lines, `[[Env]]\n${PROGRAM} = ${mark}\n`);
    }
    const config = join(this.home, "usrsvc.cfg");
    const fresh = `${config}.new`;
    fs.writeFileSync(fresh, parts.join(""), { mode: 0o600 });
    fs.chmodSync(fresh, this.#fileFault === "mode" ? 0o666 : 0o600);
    if (this.#fileFault === "gone") fs.rmSync(config, { force: true });
    else fs.renameSync(fresh, config);
  }

  get #env(): NodeJS.ProcessEnv {
    return { PATH: process.env["PATH"], HOME: this.home, LANG: "C", [WORLD]: this.tag };
  }

  #spawn(tool: string, words: readonly string[]): Call {
    const all = [...words, "--json"];
    const child = spawn(join(this.around.dist, `${tool}.cjs`), all, {
      env: this.#env,
      cwd: this.home,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, name) => resolve({ code, signal: name, out, err }));
    });
    return { words: `${tool} ${words.join(" ")}`, child, process: refOf(child.pid), ended };
  }

  /** Yields what calls it off, and lets a stopped one go on. */
  #befall(call: Call, fault: Fault): () => void {
    const { process } = call;
    let resume: NodeJS.Timeout | undefined;
    const timer = setTimeout(() => {
      if (process === undefined || !signal(process, fault.signal)) return;
      this.#count(fault.signal, "usrsvc");
      this.say(`    ${fault.signal} to pid ${process.pid}, ${call.words}`);
      if (fault.resumeMs === undefined) return;
      resume = setTimeout(() => signal(process, "SIGCONT"), fault.resumeMs);
    }, fault.afterMs * this.around.pace.factor);
    return () => {
      clearTimeout(timer);
      clearTimeout(resume);
    };
  }

  #count(name: string, whom: string): void {
    const { kills } = this.around.counts;
    const key = `${name} of ${whom}`;
    kills[key] = (kills[key] ?? 0) + 1;
  }

  async #hitDaemon(text: string, { afterMs, signal: name, resumeMs }: Fault): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    const hit = this.daemons().filter((one) => signal(one, name));
    for (const _ of hit) this.#count(name, "usrsvcd");
    this.say(`${text} → ${hit.length === 0 ? "none runs" : hit.map(({ pid }) => pid).join(" ")}`);
    if (resumeMs === undefined) return;
    setTimeout(() => {
      for (const one of hit) signal(one, "SIGCONT");
    }, resumeMs);
  }

  #crash(text: string, { program, who, signal: name, nth }: Operation & { do: "crash" }): void {
    const all = this.look().filter((one) => one.program === program && one.stranger === undefined);
    const pids = new Set(all.map(({ pid }) => pid));
    const first = all.filter(({ ppid }) => !pids.has(ppid));
    const chosen = { first, all, one: all.slice(nth % (all.length || 1)).slice(0, 1) }[who];
    this.around.counts.crashes += 1;
    const hit = chosen.filter((one) => signal(one, name));
    this.say(`${text} → ${hit.map(({ pid }) => pid).join(" ") || "none runs"}`);
    if (this.staysDown(program) && hit.length > 0) this.model.doubt(program, "down", this.now);
  }

  #hasTwin(program: string): boolean {
    const { command, directory } = this.#settings(program);
    return this.programs.some((other) => {
      const settings = this.#settings(other);
      const isSame = settings["command"] === command && settings["directory"] === directory;
      return other !== program && isSame;
    });
  }

  #edit({ program, how }: Operation & { do: "edit" }): void {
    const section = this.#sections.get(program);
    if (section === undefined) return;
    const { place } = section;
    switch (how) {
      case "add":
      case "remove":
        // Whoever has its very command takes what runs on for his own: a section that is renamed.
        if (how === "remove" && this.#hasTwin(program)) return;
        section.isPresent = how === "add";
        break;
      case "command":
      case "shell": {
        const isShell = how === "shell" ? !place.isShell : place.isShell;
        const next = this.#place(place.name, place.version + 1, isShell);
        this.#sections.set(program, { ...section, place: next });
        break;
      }
      case "disable":
      case "enable":
        section.isEnabled = how === "enable";
        break;
      case "break":
      case "mend":
        section.isBroken = how === "break";
    }
    this.#writeConfig();
  }

  /** Yields what is worth a word. */
  #spoil({ what, program, mess }: Operation & { do: "spoil" }): string {
    const { record, pidfile } = this.#paths(program);
    const folder = join(this.state, "programs");
    const path = {
      record,
      pidfile,
      request: join(folder, `chaos${this.now}.request`),
      stop: join(folder, `${program}.stop`),
      info: join(this.state, "usrsvcd.json"),
    }[what];
    const { autostart } = this.#settings(program);
    if (what === "record" && autostart === "no") this.model.doubt(program, "down", this.now);
    if (what === "pidfile" || what === "record") this.forged.add(path);
    try {
      return this.#put(path, what, program, mess);
    } catch (error) {
      return ` (${(error as Error).message})`;
    }
  }

  #put(path: string, what: string, program: string, mess: Mess): string {
    const text =
      fs.lstatSync(path, { throwIfNoEntry: false })?.isFile() === true
        ? fs.readFileSync(path, "utf8")
        : "";
    const put = (content: string): string => {
      fs.writeFileSync(`${path}.chaos`, content, { mode: 0o600 });
      fs.renameSync(`${path}.chaos`, path);
      return "";
    };
    const stranger = this.#strangers.at(-1) ?? { pid: process.pid, startTime: 0 };
    switch (mess) {
      case "gone":
        fs.rmSync(path, { recursive: true, force: true });
        return "";
      case "empty":
        return put("");
      case "garbage":
        return put(GARBAGE);
      case "half":
        return put(text.slice(0, text.length / 2));
      case "another's": {
        // Names a process that is none of its own, and lives.
        if (what === "pidfile" || what === "stop") return put(`${stranger.pid}\n`);
        const other = this.programs.find((one) => one !== program) ?? program;
        const another = this.#paths(other).record;
        return put(fs.existsSync(another) ? fs.readFileSync(another, "utf8") : "{}");
      }
      case "old": {
        if (what === "stop")
          return put(`${stranger.pid} ${stranger.startTime + 1} some-boot stop\n`);
        if (what === "pidfile") return put("4194303\n");
        const kept = `${path}.kept`.replace("/programs/", "/");
        const old = fs.existsSync(kept) ? fs.readFileSync(kept, "utf8") : "";
        if (text !== "") fs.writeFileSync(kept, text);
        if (old === "") return " (kept for later)";
        if (what === "record")
          for (const desired of ["up", "down"] as const)
            this.model.doubt(program, desired, this.now);
        return put(old);
      }
      case "folder":
        if (what === "info") return " (left out)";
        fs.rmSync(path, { recursive: true, force: true });
        fs.mkdirSync(path);
        return "";
    }
  }

  async #addStranger({ program, what }: Operation & { do: "stranger" }): Promise<number> {
    while (this.#strangers.length >= MOST_STRANGERS) {
      const oldest = this.#strangers.shift();
      if (oldest !== undefined && !signal(oldest, "SIGKILL")) {
        this.faults.push(`a stranger has ended: pid ${oldest.pid}, ${oldest.what}`);
      }
    }
    const { command = "", directory } = this.#settings(program);
    const words = command.replace(/^exec /, "").split(" ");
    const bin = join(this.home, "bin");
    const [argv, cwd]: [readonly string[], string] = {
      namesake: [["/bin/sleep", `86399.${this.#number}`], this.home] as [string[], string],
      viewer: [
        [
          "tail",
          "-f",
          "/dev/null",
          ...words.filter((word) => word.startsWith(bin)),
          `${this.tag}/${program}/v1: serving`,
        ],
        this.home,
      ] as [string[], string],
      elsewhere: [["./run.sh", "go"], join(bin, "c")] as [string[], string],
      marked: [
        /[;|&]|^setsid |prefork|sleep [01]\./.test(command) ? ["/bin/sleep", "86398"] : words,
        directory ?? this.home,
      ] as [string[], string],
    }[what];
    const isForking = /daemon\.sh|forking\.pl/.test(argv.join(" "));
    const child = spawn(
      isForking ? "/bin/sleep" : (argv[0] ?? ""),
      isForking ? ["86397"] : argv.slice(1),
      {
        cwd,
        env: {
          ...this.#env,
          [STRANGER]: what,
          ...(what === "marked"
            ? { USRSVC_PROGRAM: program, USRSVC_LAUNCH: "deadbeef-1-1-chaos" }
            : {}),
        },
        stdio: "ignore",
        detached: true,
      },
    );
    child.unref();
    child.on("error", () => {}); // it shows as lost
    const ref = refOf(child.pid);
    if (ref === undefined) return 0;
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (lives(ref))
      this.#strangers.push({ ...ref, what: `${what} of ${program}: ${argv.join(" ")}` });
    return ref.pid;
  }

  #judge(words: string, { code, signal: name, out, err }: Ended): void {
    // What was started so was killed in its beginning.
    const isKilled = err.includes("ended before it was ready");
    if (name === null && code === 254 && !isKilled)
      this.faults.push(`${words}: exit code 254: ${err}${out}`);
    const odd = /\b(TypeError|ReferenceError|RangeError|SyntaxError)\b|^\s+at .*:\d+:\d+/m.exec(
      err,
    );
    if (odd !== null) this.faults.push(`${words}: ${err}`);
    if (name !== null) return;
    for (const line of out.split("\n")) {
      if (line === "") continue;
      try {
        JSON.parse(line);
      } catch {
        this.faults.push(`${words}: no JSON: ${line}`);
      }
    }
  }

  #noteOrders(words: readonly string[], ended: Ended, begun: number): void {
    const [action, ...rest] = words;
    if (action === "status") return;
    const desired: Desired = action === "stop" ? "down" : "up";
    const names = rest.filter((word) => !word.startsWith("-"));
    const results = new Map(objects(ended.out).map((one) => [one["program"], one]));
    for (const program of names.includes("all") ? this.programs : names) {
      const result = results.get(program);
      const kind = effect(result, ended);
      if (kind === "none" || !this.#sections.has(program)) continue;
      this.model.note({ program, desired, begun, ended: this.now, isCertain: kind === "certain" });
    }
  }
}

/** Whether an order was carried out, as its command says. */
function effect(
  result: Readonly<Record<string, unknown>> | undefined,
  { code }: Ended,
): "certain" | "none" | "unknown" {
  if (result === undefined) {
    // Where it has ended by itself, it has told of all that it has done.
    return code === null || code === 1 ? "unknown" : "none";
  }
  const said = String(result["result"]);
  const exit = Number(result["exitCode"]);
  if (said === "disabled" || [11, 130, 132, 133].includes(exit)) return "none";
  const isDone = ["started", "running", "stopped", "killed", "down"].includes(said);
  return exit === 0 && isDone ? "certain" : "unknown";
}

function describeEnd({ code, signal: name, out, err }: Ended): string {
  const said = objects(out).map((one) => {
    const text = (key: string): string => JSON.stringify(one[key] ?? "").replaceAll('"', "");
    const number = one["pid"] === undefined ? "" : ` pid ${text("pid")}`;
    const why = (one["exitCode"] ?? 0) === 0 ? "" : ` (${text("message")})`;
    return `${text("program") || "usrsvcd"} ${text("result") || text("state")}${number}${why}`;
  });
  const how = name === null ? `${code}` : name;
  const words = err === "" || said.length > 0 ? "" : ` ${err.trim().slice(0, 300)}`;
  return `${how}: ${said.join(", ")}${words}`;
}

function objects(text: string): readonly Readonly<Record<string, unknown>>[] {
  return text.split("\n").flatMap((line) => {
    try {
      return line === "" ? [] : [JSON.parse(line) as Readonly<Record<string, unknown>>];
    } catch {
      return []; // its command was killed while it wrote
    }
  });
}

function refOf(pid: number | undefined): Pick<Seen, "pid" | "startTime"> | undefined {
  if (pid === undefined) return undefined;
  const stat = readStat(pid);
  return stat === undefined ? undefined : { pid, startTime: stat.startTime };
}
