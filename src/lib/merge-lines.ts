/** Something in a row of its own, and when it belongs among others, in ms since 1970. */
export interface Timed {
  readonly sortMs: number;
}

/** Things in their order, as many at once as there are at once. */
export type Row<T> = AsyncIterable<readonly T[]>;

/** So many are given at once. */
const MOST_AT_ONCE = 1000;

/** What is left of a row. */
interface Head<T> {
  readonly rest: AsyncIterator<readonly T[]>;
  batch: readonly T[];
  at: number;
}

/** One row of several, in order of time; what is earlier in its own row stays so. */
export async function* merged<T extends Timed>(
  rows: readonly Row<T>[],
): AsyncGenerator<readonly T[]> {
  const heads: Head<T>[] = [];
  for (const row of rows) {
    const head = { rest: row[Symbol.asyncIterator](), batch: [], at: 0 };
    if (await refill(head)) heads.push(head);
  }
  let together: T[] = [];
  while (heads.length > 1) {
    const head = heads.reduce((first, one) => (timeOf(one) < timeOf(first) ? one : first));
    const next = head.batch[head.at];
    if (next !== undefined) together.push(next);
    head.at += 1;
    if (head.at === head.batch.length && !(await refill(head)))
      heads.splice(heads.indexOf(head), 1);
    if (together.length < MOST_AT_ONCE) continue;
    yield together;
    together = [];
  }
  if (together.length > 0) yield together;
  const [last] = heads;
  if (last === undefined) return;
  yield last.batch.slice(last.at);
  while (await refill(last)) yield last.batch;
}

/** False: there is no more. */
async function refill<T>(head: Head<T>): Promise<boolean> {
  for (;;) {
    const { done, value } = await head.rest.next();
    if (done === true) return false;
    if (value.length === 0) continue;
    head.batch = value;
    head.at = 0;
    return true;
  }
}

function timeOf<T extends Timed>({ batch, at }: Head<T>): number {
  return batch[at]?.sortMs ?? 0;
}

/** The last of a row, at most `most`. */
export async function lastOf<T>(row: Row<T>, most: number): Promise<readonly T[]> {
  let last: T[] = [];
  if (most === 0) return last;
  for await (const batch of row) {
    for (const one of batch) last.push(one);
    if (last.length >= 2 * most) last = last.slice(-most);
  }
  return last.slice(-most);
}
