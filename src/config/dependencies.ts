import type { ProgramSettings, ReadyWhen } from "./settings.ts";

/** What of a program decides about its order. */
export type OrderSettings = Pick<
  ProgramSettings,
  "name" | "instanceOf" | "enabled" | "autostart" | "after" | "needs" | "restartWith"
>;

/** Who waits for whom, by the settings alone: names stand for all their instances. */
export class Dependencies {
  readonly #programs: ReadonlyMap<string, OrderSettings>;
  /** By the name that has instances. */
  readonly #instances = new Map<string, string[]>();
  #users: { readonly needs: Users; readonly restartWith: Users; readonly all: Users } | undefined;
  #needed: ReadonlySet<string> | undefined;
  readonly #of = new Map<string, readonly string[]>();
  readonly #hasAny: boolean;

  constructor(programs: ReadonlyMap<string, OrderSettings>) {
    this.#programs = programs;
    this.#hasAny = [...programs.values()].some(hasDependencies);
    if (!this.#hasAny) return;
    for (const { name, instanceOf } of programs.values()) {
      if (instanceOf === undefined) continue;
      const all = this.#instances.get(instanceOf) ?? [];
      all.push(name);
      this.#instances.set(instanceOf, all);
    }
  }

  /** The programs of a name as it was written: itself, or its instances. Empty: there is none. */
  named(name: string): readonly string[] {
    return this.#programs.has(name) ? [name] : (this.#instances.get(name) ?? []);
  }

  /** The programs that it starts after, for whatever reason. */
  of(name: string): readonly string[] {
    const known = this.#of.get(name);
    if (known !== undefined) return known;
    const program = this.#programs.get(name);
    if (program === undefined || !hasDependencies(program)) return [];
    const all = [...new Set(written(program).flatMap((one) => this.named(one)))];
    this.#of.set(name, all);
    return all;
  }

  /** The programs without which it does not run. */
  needsOf(name: string): readonly string[] {
    return [...new Set(this.#programs.get(name)?.needs.flatMap((one) => this.named(one)))];
  }

  /** The programs after whose restart it is restarted as well. */
  restartsWith(name: string): readonly string[] {
    return [...new Set(this.#programs.get(name)?.restartWith.flatMap((one) => this.named(one)))];
  }

  /** Those that start after it. */
  usersOf(name: string): readonly string[] {
    return this.#usersBy("all").get(name) ?? [];
  }

  /** Those that need it. */
  neededBy(name: string): readonly string[] {
    return this.#usersBy("needs").get(name) ?? [];
  }

  /** Those that are restarted when it was. */
  restartedWith(name: string): readonly string[] {
    return this.#usersBy("restartWith").get(name) ?? [];
  }

  /** True where one that is started by itself needs it: it is started by itself, then, whatever its autostart says. */
  isNeeded(name: string): boolean {
    this.#needed ??= this.#findNeeded();
    return this.#needed.has(name);
  }

  /** Those names, and all that follow from them, each once. */
  closure(names: Iterable<string>, next: (name: string) => readonly string[]): ReadonlySet<string> {
    const all = new Set(names);
    for (const name of all) for (const one of next(name)) all.add(one);
    return all;
  }

  /** The same names, each after those that it starts after; else as they were. */
  inOrder(names: readonly string[]): readonly string[] {
    return this.#hasAny ? sorted(names, (name) => this.of(name)) : names;
  }

  /** The same names, each after those that start after it; else as they were. */
  inReverse(names: readonly string[]): readonly string[] {
    return this.#hasAny ? sorted(names, (name) => this.usersOf(name)) : names;
  }

  /** The loops, each once, from a program to itself. */
  loops(): readonly (readonly string[])[] {
    if (!this.#hasAny) return [];
    const left = this.#unordered();
    const loops: (readonly string[])[] = [];
    for (const name of left) {
      const loop = this.#loopOf(name, left);
      for (const one of loop ?? [name]) left.delete(one);
      if (loop !== undefined) loops.push(loop);
    }
    return loops;
  }

  /** What can be put into no order: those in a loop, and those that start after one. */
  #unordered(): Set<string> {
    const counts = new Map<string, number>();
    for (const name of this.#programs.keys()) counts.set(name, this.of(name).length);
    const free = [...counts].flatMap(([name, count]) => (count === 0 ? [name] : []));
    for (const name of free) {
      counts.delete(name);
      for (const user of this.usersOf(name)) {
        const count = (counts.get(user) ?? 0) - 1;
        counts.set(user, count);
        if (count === 0) free.push(user);
      }
    }
    return new Set(counts.keys());
  }

  /** The shortest way from a program to itself; undefined: there is none. */
  #loopOf(name: string, among: ReadonlySet<string>): readonly string[] | undefined {
    const from = new Map<string, string>();
    const queue = [name];
    for (const one of queue) {
      for (const next of this.of(one)) {
        if (next === name) {
          const path = [name];
          for (let at: string | undefined = one; at !== undefined; at = from.get(at))
            path.unshift(at);
          return path;
        }
        if (from.has(next) || !among.has(next)) continue;
        from.set(next, one);
        queue.push(next);
      }
    }
    return undefined;
  }

  #usersBy(key: "needs" | "restartWith" | "all"): Users {
    this.#users ??= this.#findUsers();
    return this.#users[key];
  }

  #findUsers(): { readonly needs: Users; readonly restartWith: Users; readonly all: Users } {
    const users = { needs: new Map(), restartWith: new Map(), all: new Map() } as const;
    for (const program of this.#hasAny ? this.#programs.values() : []) {
      if (!hasDependencies(program)) continue;
      const { name, restartWith } = program;
      for (const one of this.of(name)) note(users.all, one, name);
      for (const one of this.needsOf(name)) note(users.needs, one, name);
      for (const one of new Set(restartWith.flatMap((text) => this.named(text)))) {
        note(users.restartWith, one, name);
      }
    }
    return users;
  }

  #findNeeded(): ReadonlySet<string> {
    const begun = [...this.#programs.values()]
      .filter(({ enabled, autostart, needs }) => enabled && autostart && needs.length > 0)
      .flatMap(({ name }) => this.needsOf(name));
    return this.closure(begun, (name) => this.needsOf(name));
  }
}

/** A loop is cut where it is met. */
function sorted(
  names: readonly string[],
  before: (name: string) => readonly string[],
): readonly string[] {
  const wanted = new Set(names);
  const done = new Set<string>();
  const open = new Set<string>();
  for (const first of names) {
    const stack = done.has(first) ? [] : [{ name: first, left: before(first).values() }];
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      open.add(top.name);
      // Also over those that are not asked for: a chain goes through them.
      const next = top.left.next().value;
      if (next === undefined) done.add(stack.pop()?.name ?? "");
      else if (!open.has(next)) stack.push({ name: next, left: before(next).values() });
    }
  }
  return [...done].filter((name) => wanted.has(name));
}

type Users = ReadonlyMap<string, readonly string[]>;

function note(users: Map<string, string[]>, name: string, user: string): void {
  const all = users.get(name);
  if (all === undefined) users.set(name, [user]);
  else all.push(user);
}

/** The names of programs in its settings, as they were written. */
export function written({ after, needs, restartWith }: OrderSettings): readonly string[] {
  const named = after.flatMap(({ kind, text }) => (kind === "program" ? [text] : []));
  return [...named, ...needs, ...restartWith];
}

/** True where anything of its settings makes it wait. */
export function hasDependencies({ after, needs, restartWith }: OrderSettings): boolean {
  return after.length > 0 || needs.length > 0 || restartWith.length > 0;
}

/** True for what a program writes or says at its start: of one that nobody watched then, it is not known. */
export function isOfStart(
  when: ReadyWhen,
): when is ReadyWhen & { readonly kind: "log" | "notify" } {
  return when.kind === "log" || when.kind === "notify";
}
