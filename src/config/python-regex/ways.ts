/**
 * In how many ways, at most, a piece of an expression can be tried at one place of a text of n
 * characters: `factor * (n + 1) ** degree`. With a piece that is repeated within a repeat there is no
 * bound that would help: `(a+)+!` takes for ever.
 */
export interface Ways {
  readonly factor: number;
  readonly degree: number;
}

/** A character, or a place. */
export const ONE_WAY: Ways = { factor: 1, degree: 0 };

/** One after the other. */
export function inSequence(all: readonly Ways[]): Ways {
  return all.reduce(
    (sum, { factor, degree }) => ({ factor: sum.factor * factor, degree: sum.degree + degree }),
    ONE_WAY,
  );
}

/** One or the other. */
export function alternatives(all: readonly Ways[]): Ways {
  return all.reduce((sum, { factor, degree }) => ({
    factor: sum.factor + factor,
    degree: Math.max(sum.degree, degree),
  }));
}

/** So often; `to` may be infinite. */
export function repeated({ factor, degree }: Ways, from: number, to: number): Ways {
  if (factor === 1 && degree === 0) {
    return to === Infinity ? { factor: 1, degree: 1 } : { factor: to - from + 1, degree: 0 };
  }
  return { factor: (to - from + 1) * factor ** to, degree: degree * to };
}

/** What was found before, of so many characters at most, is compared. */
export function anyOf(length: number): Ways {
  return length === Infinity ? { factor: 1, degree: 1 } : { factor: length + 1, degree: 0 };
}
