import { callAt } from "../lib/clock.ts";

/** What is done when there is mail. */
export interface MailboxOwner {
  /** One look, and what follows from it; takes the events that it deals with. */
  turn(): Promise<void>;
  /** A turn has failed. What was not taken stays, and is looked at with the next notice. */
  failed(error: unknown): Promise<void>;
  /** Nothing is going on any more, for now. */
  rested(): void;
}

const nothing = (): void => {};
const none: readonly never[] = [];

/**
 * The mailbox of one program: one turn at a time. However many notices to look come in during a turn, one
 * further turn follows; events wait, in order, until a turn takes them.
 */
export class Mailbox<Event> {
  readonly #owner: MailboxOwner;
  #events: readonly Event[] = none;
  #isLookDue = false;
  #isWorking = false;
  #isClosed = false;
  /** While a turn goes on. */
  #work: Promise<void> | undefined;
  /** Breaks off what goes on. Made when it is first needed: most of a thousand programs never end. */
  #leaving: AbortController | undefined;
  #cancelWake = nothing;

  constructor(owner: MailboxOwner) {
    this.#owner = owner;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Aborted when this is closed: for what a turn waits for. */
  get signal(): AbortSignal {
    this.#leaving ??= new AbortController();
    if (this.#isClosed) this.#leaving.abort(new Error("left alone"));
    return this.#leaving.signal;
  }

  /** True while an event waits to be taken. */
  get hasEvents(): boolean {
    return this.#events.length > 0;
  }

  /** Something may have happened: the first turn begins before this returns. */
  look(): void {
    if (this.#isClosed) return;
    this.#isLookDue = true;
    if (!this.#isWorking) this.#work = this.#workOff();
  }

  /** This has happened. */
  post(event: Event): void {
    if (this.#isClosed) return;
    this.#events = [...this.#events, event];
    this.look();
  }

  /** Came of what the turn does, which takes it before it ends: no further look is due. */
  reply(event: Event): void {
    if (!this.#isClosed) this.#events = [...this.#events, event];
  }

  /** The event that waits longest; within a turn. */
  take(): Event | undefined {
    if (this.#isClosed || this.#events.length === 0) return undefined;
    const [first, ...rest] = this.#events;
    this.#events = rest.length === 0 ? none : rest;
    return first;
  }

  /** Look at this time (monotonic, in ms), instead of at the one that was set before. */
  wakeAt(at: number): void {
    this.cancelWake();
    if (!this.#isClosed) this.#cancelWake = callAt(at, () => this.look());
  }

  /** No look is due at any time. */
  cancelWake(): void {
    this.#cancelWake();
    this.#cancelWake = nothing;
  }

  /** Takes nothing any more. A turn that goes on is the last. */
  close(): void {
    this.#isClosed = true;
    this.cancelWake();
    this.#leaving?.abort(new Error("left alone"));
  }

  /** Resolves when no turn goes on. */
  async rest(): Promise<void> {
    await this.#work;
  }

  async #workOff(): Promise<void> {
    this.#isWorking = true;
    try {
      while (this.#isLookDue && !this.#isClosed) {
        this.#isLookDue = false;
        await this.#owner.turn();
      }
    } catch (error) {
      if (!this.#isClosed) await this.#owner.failed(error);
    } finally {
      this.#isWorking = false;
      // They would stay for as long as the program is known: half a kB with the listeners.
      this.#work = undefined;
      if (!this.#isClosed) this.#leaving = undefined;
      this.#owner.rested();
    }
  }
}
