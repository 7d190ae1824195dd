/** All but those of these names. */
export function without<T>(
  all: ReadonlyMap<string, T>,
  names: ReadonlySet<string>,
): Map<string, T> {
  return new Map([...all].filter(([name]) => !names.has(name)));
}
