declare const brand: unique symbol;

/** A `T` that only its constructor can make, so that a pid is not taken for a number of ticks. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
