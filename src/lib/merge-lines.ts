/** Something in a row of its own, and when it belongs among others, in ms since 1970. */
export interface Timed {
  readonly sortMs: number;
}

/** One row of several, in order of time; what is earlier in its own row stays so. */
export async function* merged<T extends Timed>(
  rows: readonly AsyncIterable<T>[],
): AsyncGenerator<T> {
  const heads: { readonly value: T; readonly rest: AsyncIterator<T> }[] = [];
  for (const row of rows) {
    const rest = row[Symbol.asyncIterator]();
    const { done, value } = await rest.next();
    if (done !== true) heads.push({ value, rest });
  }
  while (heads.length > 0) {
    let first = 0;
    for (let at = 1; at < heads.length; at += 1) {
      if ((heads[at]?.value.sortMs ?? 0) < (heads[first]?.value.sortMs ?? 0)) first = at;
    }
    const head = heads[first];
    if (head === undefined) return;
    yield head.value;
    const { done, value } = await head.rest.next();
    if (done === true) heads.splice(first, 1);
    else heads[first] = { value, rest: head.rest };
  }
}

/** The last of them, at most `most`. */
export async function lastOf<T>(all: AsyncIterable<T>, most: number): Promise<readonly T[]> {
  let last: T[] = [];
  if (most === 0) return last;
  for await (const one of all) {
    last.push(one);
    if (last.length >= 2 * most) last = last.slice(-most);
  }
  return last.slice(-most);
}
