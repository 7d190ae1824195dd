import { ConfigError, formatIssues } from "../../config/issue.ts";
import { enumerate } from "../../lib/format.ts";
import { HomeError } from "../../lib/home.ts";
import type { ProgramWatch, Sighting } from "../../operations/looking/watch-programs.ts";
import { StateDirError } from "../../state/state-dir.ts";
import type { ProgramStatus } from "../../status/status.ts";
import { renderEvent } from "../render-event.ts";
import { harmless, painter, type Colours, type Styled } from "../terminal/style.ts";
import { fold } from "../terminal/width.ts";
import { actOn } from "./act.ts";
import { helpText } from "./help-text.ts";
import type { Key } from "./keys.ts";
import {
  type Effect,
  initialState,
  press,
  settle,
  type TopAction,
  type TopState,
} from "./model.ts";
import { sorted, type SortKey } from "./sort.ts";
import { logText, type TextPage, textOf, titleOf } from "./text-page.ts";
import { areasOf, type Seen, tableLines, textLines } from "./view.ts";

/** What is to be shown, and how. */
export interface TopAsked {
  /** Empty: all. */
  readonly names: readonly string[];
  readonly config: string | undefined;
  readonly everyMs: number;
  readonly sort: SortKey;
}

/** How long the outcome of an action is shown, in ms. */
const MESSAGE_MS = 20_000;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The page of `usrsvc top`: what it knows, what a key does with it, and its lines. */
export class Page {
  readonly #watch: ProgramWatch;
  readonly #asked: TopAsked;
  #sighting: Sighting;
  #seenAtMs = Date.now();
  /** Why the last look has failed. */
  #trouble: string | undefined;
  #state: TopState;
  #text: readonly string[] = [];
  #messages: readonly { readonly text: string; readonly atMs: number }[] = [];
  readonly #underWay = new Map<string, Promise<void>>();
  /** Called when something has happened that changes the page. */
  onNews = (): void => {};

  constructor(watch: ProgramWatch, asked: TopAsked, first: Sighting) {
    this.#watch = watch;
    this.#asked = asked;
    this.#sighting = first;
    this.#state = initialState(asked.sort);
  }

  get everyMs(): number {
    return this.#asked.everyMs;
  }

  /** What was begun and has not ended: `stop web`. */
  get underWay(): readonly string[] {
    return [...this.#underWay.keys()];
  }

  /** Looks at the programs; a file that cannot be read just now is a note, and not the end. */
  async look(): Promise<void> {
    try {
      this.#sighting = await this.#watch.look();
      this.#trouble = undefined;
    } catch (error) {
      if (!(
        error instanceof ConfigError ||
        error instanceof HomeError ||
        error instanceof StateDirError
      ))
        throw error;
      this.#trouble = error.message.split("\n", 1)[0];
    }
    this.#seenAtMs = Date.now();
    await this.#readText();
  }

  /** A key is pressed; yields what is left to be done. */
  press(key: Key, size: Size): Exclude<Effect["kind"], "act"> | undefined {
    const before = this.#state.page;
    if (key === "escape") this.#messages = [];
    const { state, effect } = press(this.#state, key, this.#rows(size));
    this.#state = state;
    if (state.page !== before) this.#turn(before, state.page);
    this.#bound(size);
    if (effect?.kind !== "act") return effect?.kind;
    this.#act(effect.action, effect.program);
    return undefined;
  }

  lines(size: Size, colours: Colours): readonly Styled[] {
    const canvas = { ...size, paint: painter(colours) };
    this.#state = settle(this.#state, this.#rows(size));
    const { page } = this.#state;
    if (page.kind !== "text") return tableLines(this.#seen(), canvas);
    const lines = this.#text.flatMap((line) => fold(line, size.width));
    const most = Math.max(0, lines.length - (size.height - 2));
    const first = page.what === "help" ? Math.min(page.back, most) : Math.max(0, most - page.back);
    return textLines(titleOf(page), lines, first, canvas);
  }

  #programs(): readonly ProgramStatus[] {
    return sorted(this.#sighting.programs, this.#state.order);
  }

  #rows({ height }: Size): { readonly names: readonly string[]; readonly height: number } {
    const names = this.#programs().map(({ program }) => program);
    if (this.#state.page.kind === "text") return { names, height: height - 2 };
    return { names, height: areasOf(this.#seen(), height).rows };
  }

  #seen(): Seen {
    const { page } = this.#state;
    return {
      state: this.#state,
      programs: this.#programs(),
      notes: this.#notes(),
      messages: this.#messagesNow(),
      question: page.kind === "question" ? this.#question(page.action, page.program) : undefined,
      nowMs: this.#seenAtMs,
    };
  }

  #notes(): Seen["notes"] {
    const { notes, issues, unknown } = this.#sighting;
    return [
      ...(this.#trouble === undefined
        ? []
        : [{ text: `not looked at since: ${this.#trouble}`, style: "bad" } as const]),
      ...unknown.map(
        ({ program, message }) => ({ text: `${program}: ${message}`, style: "bad" }) as const,
      ),
      ...formatIssues(issues).map((text) => ({ text, style: "bad" }) as const),
      ...notes.map((text) => ({ text: `note: ${text}`, style: "busy" }) as const),
    ];
  }

  #messagesNow(): readonly string[] {
    const now = Date.now();
    this.#messages = this.#messages.filter(({ atMs }) => now - atMs < MESSAGE_MS);
    return [...this.#messages.map(({ text }) => text), ...this.underWay.map((what) => `${what} …`)];
  }

  /** `[y/N] Stop db, and first web and worker, which need it?` */
  #question(action: "stop" | "restart", program: string): string {
    const others = this.#sighting.along(action, program);
    const who = others.length > 3 ? `${others.length} others` : enumerate(others);
    const first =
      action === "stop"
        ? `, and first ${who}, which need it`
        : `, and ${who} with it (restart_with)`;
    const verb = action === "stop" ? "Stop" : "Restart";
    return `[y/N] ${verb} ${program}${others.length === 0 ? "" : first}?`;
  }

  /** Another text is asked for, which is shown once it is read; in the same one, only the place is another. */
  #turn(from: TopState["page"], to: TopState["page"]): void {
    if (to.kind !== "text" || (from.kind === "text" && textOf(from) === textOf(to))) return;
    this.#text = [];
    void this.#readText().then(() => this.onNews());
  }

  async #readText(): Promise<void> {
    const { page } = this.#state;
    if (page.kind !== "text") return;
    const text = await this.#readPage(page);
    const now = this.#state.page;
    if (now.kind !== "text" || textOf(now) !== textOf(page)) return; // left meanwhile
    this.#text = text.flatMap((lines) => lines.split("\n")).map(harmless);
  }

  async #readPage({ what, program }: TextPage): Promise<readonly string[]> {
    try {
      switch (what) {
        case "help":
          return helpText;
        case "log":
          return logText(await this.#watch.logs(program));
        case "events": {
          const lines = this.#watch.events(program).map(renderEvent);
          return lines.length === 0 ? ["nothing is known to have happened to it"] : lines;
        }
      }
    } catch (error) {
      return [(error as Error).message];
    }
  }

  /** A text is not scrolled farther than it is long. */
  #bound({ width, height }: Size): void {
    const { page } = this.#state;
    if (page.kind !== "text") return;
    const lines = this.#text.reduce((sum, line) => sum + fold(line, width).length, 0);
    const back = Math.min(page.back, Math.max(0, lines - (height - 2)));
    this.#state = { ...this.#state, page: { ...page, back } };
  }

  #act(action: TopAction, program: string): void {
    const what = `${action} ${program}`;
    if (this.#underWay.has(what)) return;
    const done = actOn(action, program, this.#asked.config).then((lines) => {
      this.#underWay.delete(what);
      const atMs = Date.now();
      this.#messages = [...this.#messages, ...lines.map((text) => ({ text, atMs }))];
      this.onNews();
    });
    this.#underWay.set(what, done);
  }
}
