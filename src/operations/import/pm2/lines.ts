/** Finds the line of a key of the app with a name; undefined where nobody can tell. */
export type FindLine = (key: string) => number | undefined;

/**
 * The file may be a program, so that only its text can tell where a key stands: nearest to the name of the app, and not
 * beyond the names of its neighbours.
 */
export function lineFinder(text: string, names: readonly string[], index: number): FindLine {
  const lines = text.split("\n");
  const titles = names.map((name) => {
    const own = lines.findIndex((line) => hasKey(line, "name") && isNamed(line, name));
    return own >= 0 ? own : lines.findIndex((line) => isNamed(line, name));
  });
  const own = titles[index] ?? -1;
  const before = Math.max(-1, ...titles.filter((one) => one >= 0 && one < own));
  const after = Math.min(lines.length, ...titles.filter((one) => one > own));
  return (key) => {
    if (own < 0 && names.length > 1) return undefined;
    const found = lines.flatMap((line, at) =>
      at > before && at < after && hasKey(line, key) ? [at] : [],
    );
    const near = found.toSorted((a, b) => Math.abs(a - own) - Math.abs(b - own))[0];
    return near === undefined ? undefined : near + 1;
  };
}

function isNamed(line: string, name: string): boolean {
  return [`"${name}"`, `'${name}'`, `\`${name}\``].some((one) => line.includes(one));
}

function hasKey(line: string, key: string): boolean {
  const at = line.search(new RegExp(`(^|[\\s{,"'])${key.replaceAll(/[^\w]/g, "\\$&")}["']?\\s*:`));
  return at >= 0 && !/^\s*(\/\/|\*|\/\*)/.test(line);
}
