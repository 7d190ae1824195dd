/** What an operator can want of a program. */
export type Wish = "up" | "down";

/** What somebody has ordered. */
export interface Order {
  readonly program: string;
  readonly wish: Wish;
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
  readonly #base = new Map<string, ReadonlySet<Wish>>();

  /** As it is known before anything was ordered. */
  begin(program: string, wish: Wish): void {
    this.#base.set(program, new Set([wish]));
    this.#orders.set(program, []);
  }

  note(order: Order): void {
    this.#orders.get(order.program)?.push(order);
  }

  /** Something happened at `at` by which this may be what is wanted, or not. */
  doubt(program: string, wish: Wish, at: number): void {
    this.note({ program, wish, begun: at, ended: at, isCertain: false });
  }

  /** What may be wanted of a program now: one thing, mostly. */
  wishes(program: string): ReadonlySet<Wish> {
    const orders = this.#orders.get(program) ?? [];
    const certain = orders.filter(({ isCertain }) => isCertain);
    const isLast = ({ ended }: Order): boolean => !certain.some(({ begun }) => begun >= ended);
    const wishes = new Set(orders.filter(isLast).map(({ wish }) => wish));
    if (certain.length === 0) for (const wish of this.#base.get(program) ?? []) wishes.add(wish);
    return wishes;
  }

  /** It was seen to be one of what it might be, and is to stay that. */
  settle(program: string, wish: Wish): void {
    this.begin(program, wish);
  }
}
