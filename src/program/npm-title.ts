/*
 * npm writes a title over its command line, in one word: what it was told without its options, which may
 * hold secrets. `npm --silent start` is shown as "npm start" (see process.title of Node).
 */

/** The first words of npm's command line, and what its title begins with. */
const NAMES: Readonly<Record<string, string>> = {
  npm: "npm",
  "npm-cli.js": "npm",
  npx: "npm exec",
  "npx-cli.js": "npm exec",
};

/**
 * The titles that npm may write over a command of its own; none where the command is not npm's. An option
 * may take the next word as its value: both readings are given.
 */
export function npmTitles(argv: readonly string[]): readonly string[] {
  const first = argv.slice(0, 2).findIndex((word) => Object.hasOwn(NAMES, lastPart(word)));
  const name = NAMES[lastPart(argv[first] ?? "")];
  if (name === undefined) return [];
  const words = argv.slice(first + 1);
  const end = words.indexOf("--");
  const [before, after] = end === -1 ? [words, []] : [words.slice(0, end), words.slice(end + 1)];
  const isOption = (word: string | undefined): boolean => word?.startsWith("-") ?? false;
  const plain = before.filter((word) => !isOption(word));
  const withoutValues = before.filter((word, at) => !isOption(word) && !isOption(before[at - 1]));
  const titles = [plain, withoutValues].map((one) => [name, ...one, ...after].join(" "));
  return [...new Set(titles)];
}

function lastPart(word: string): string {
  return word.slice(word.lastIndexOf("/") + 1);
}
