/*
 * npm writes a title over its command line, in one word: what it was told without its options, which may
 * hold secrets. `npm --silent start` is shown as "npm start" (see process.title of Node).
 */

/** Names of npm's commands, and what their titles begin with. */
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
  const isValue = (at: number): boolean => isOption(words[at - 1]) && words[at - 1] !== "--";
  const readings = [
    (at: number): boolean => !isOption(words[at]),
    (at: number): boolean => !isOption(words[at]) && !isValue(at),
  ];
  const titles = readings.map((isPlain) => {
    const end = name === "npm" ? words.indexOf("--") : endOfOptions(words, isPlain);
    const kept = words.filter((word, at) => {
      if (end === -1 || at < end) return isPlain(at);
      return at > end || word !== "--";
    });
    return [name, ...kept].join(" ");
  });
  return [...new Set(titles)];
}

/** npx hands on what follows the name of what it executes as it is, whether "--" stands before or not. */
function endOfOptions(words: readonly string[], isPlain: (at: number) => boolean): number {
  return words.findIndex((word, at) => word === "--" || isPlain(at));
}

function isOption(word: string | undefined): boolean {
  return word?.startsWith("-") ?? false;
}

function lastPart(word: string): string {
  return word.slice(word.lastIndexOf("/") + 1);
}
