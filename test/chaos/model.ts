/** What an operator can want of a program. */
export type Desired = "up" | "down";

/** What somebody has ordered. */
export interface Order {
  readonly program: string;
  readonly desired: Desired;
  /** When his command began and ended, in ms of one clock. */
  readonly begun: number;
  readonly ended: number;
  /** Its command has said that it is done. Else it may have had its effect, or none. */
  readonly isCertain: boolean;
}

/**
 * What the programs of a world should be, by what was ordered. Orders that overlap may have had their
 * effect in either order; one that was broken off, or failed, may have had none. But what began when
 * another was done comes after it.
 */
export class Model {
  readonly #orders = new Map<string, Order[]>();
  /** What may be wanted from before all orders. */
  readonly #base = new Map<string, ReadonlySet<Desired>>();

  /** As it is known before anything was ordered. */
  begin(program: string, desired: Desired): void {
    this.#base.set(program, new Set([desired]));
    this.#orders.set(program, []);
  }

  note(order: Order): void {
    this.#orders.get(order.program)?.push(order);
  }

  /** Something happened at `at` by which this may be what is wanted, or not. */
  doubt(program: string, desired: Desired, at: number): void {
    this.note({ program, desired, begun: at, ended: at, isCertain: false });
  }

  /** What may be wanted of a program now: one thing, mostly. */
  desired(program: string): ReadonlySet<Desired> {
    const orders = this.#orders.get(program) ?? [];
    const certain = orders.filter(({ isCertain }) => isCertain);
    const isLast = ({ ended }: Order): boolean => !certain.some(({ begun }) => begun >= ended);
    const last = new Set(orders.filter(isLast).map(({ desired }) => desired));
    if (certain.length === 0)
      for (const desired of this.#base.get(program) ?? []) last.add(desired);
    return last;
  }

  /** It was seen to be one of what it might be, and is to stay that. */
  settle(program: string, desired: Desired): void {
    this.begin(program, desired);
  }
}
