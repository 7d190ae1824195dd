/**
 * In how many ways, at most, a piece of an expression can be tried at one place of a text of n
 * characters: `factor * (n + 1) ** degree`. For a repeat within a repeat there is no
 * useful bound: `(a+)+!` takes for ever.
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

/** Repeated this often; `to` may be infinite. */
export function repeated({ factor, degree }: Ways, from: number, to: number): Ways {
  if (factor === 1 && degree === 0) {
    return to === Infinity ? { factor: 1, degree: 1 } : { factor: to - from + 1, degree: 0 };
  }
  return { factor: (to - from + 1) * factor ** to, degree: degree * to };
}

/** A comparison with what was found before, of at most this many characters. */
export function anyOf(length: number): Ways {
  return length === Infinity ? { factor: 1, degree: 1 } : { factor: length + 1, degree: 0 };
}
