/** A word of a command, as splitWords in words.ts returns it, with how its characters were quoted. */
interface Word {
  readonly text: string;
  /** What was in quotes or escaped is replaced by NULs: a shell would interpret the rest. */
  readonly bare: string;
  /** The same, but what was in double quotes is kept: there, a shell still looks for `$`. */
  readonly open: string;
}

/**
 * What a shell would do with a command that is executed with no shell around it: a sentence each, with
 * what to write instead. Only what is unlikely to be intended for the program itself.
 */
export function findShellSyntax(command: string, home: string): readonly string[] {
  const words = readWords(command);
  const operators = findOperators(words);
  if (operators.length > 0) return [adviseOperators(words, operators, home)];
  const first = adviseFirstWord(words, home);
  return [...first, ...adviseTildes(words, home), ...adviseVariables(words, home)];
}

/** True for a command whose first word no machine can execute, and which findShellSyntax reports. */
export function beginsWithShellSyntax(command: string): boolean {
  const [first] = readWords(command);
  return (
    first !== undefined &&
    (ASSIGNMENT.test(first.bare) || isBuiltin(first) || TILDE.test(first.bare))
  );
}

function readWords(command: string): readonly Word[] {
  const words: Word[] = [];
  let word: { text: string; bare: string; open: string } | undefined;
  const add = (char: string, isBare: boolean, isOpen: boolean): void => {
    word ??= { text: "", bare: "", open: "" };
    word.text += char;
    word.bare += isBare ? char : "\0";
    word.open += isOpen ? char : "\0";
  };
  let quote = "";
  for (let at = 0; at < command.length; at++) {
    const char = command[at] ?? "";
    const next = command[at + 1] ?? "";
    if (quote === "" && /[ \t\r\n]/.test(char)) {
      if (word) words.push(word);
      word = undefined;
    } else if (char === quote || (quote === "" && (char === '"' || char === "'"))) {
      quote = quote === "" ? char : "";
      add("", true, true);
    } else if (char === "\\" && quote === "") {
      at++;
      add(next, false, false);
    } else if (char === "\\" && quote === '"' && /["\\$`]/.test(next)) {
      at++;
      add(next, false, false);
    } else {
      add(char, quote === "", quote !== "'");
    }
  }
  if (word) words.push(word);
  return words;
}

/** An operator of the shell, and the word that it is, begins, or ends. */
interface Operator {
  readonly at: number;
  readonly kind: "list" | "redirect";
  /** As written. */
  readonly shown: string;
}

const LIST = /^(\|\||\||\|&|&&|&|;;|;.*)$/;
const REDIRECT = /^(\d*(>>|>\||>&|>|<>|<<<|<<-?|<&|<)|&>>?)/;
/** `<name>` stands for something; `>=2` is a comparison. */
const NO_REDIRECT = /^<[^<>]*>$|^[<>]=/;

function findOperators(words: readonly Word[]): readonly Operator[] {
  const found: Operator[] = [];
  // `find … -exec rm {} ;` needs its semicolon as a word.
  const isFind = words.some(({ text }) => /^-(exec|execdir|ok|okdir)$/.test(text));
  for (const [at, { text, bare }] of words.entries()) {
    const isLast = at === words.length - 1;
    if (LIST.test(bare)) {
      if (!(isFind && bare === ";")) found.push({ at, kind: "list", shown: text });
    } else if (REDIRECT.test(bare) && !NO_REDIRECT.test(bare)) {
      found.push({ at, kind: "redirect", shown: text });
    } else {
      const glued =
        /^(&&|\|\|)|(&&|\|\|)$|^\||\|$/.exec(bare)?.[0] ?? (!isLast && bare.endsWith(";") && ";");
      if (glued) found.push({ at, kind: "list", shown: glued });
    }
  }
  return found;
}

function adviseOperators(
  words: readonly Word[],
  operators: readonly Operator[],
  home: string,
): string {
  const cd = adviseChangeOfFolder(words, operators, home);
  if (cd !== undefined) return cd;
  const comment = operators.find(({ at }) => words[at]?.bare.startsWith(";"));
  if (comment !== undefined && operators[0] === comment) {
    return `a comment begins with #, and what follows the ${quote(";")} would be passed to the program; if a shell is intended, set useshell = True`;
  }
  const shown = [...new Set(operators.map((one) => quote(one.shown)))];
  const what = `${join(shown)} ${shown.length > 1 ? "mean" : "means"} something only to a shell and would be passed to the program`;
  const isOutput = operators.every(
    ({ kind, shown: one }) => kind === "redirect" && !one.includes("<"),
  );
  return isOutput
    ? `${what}; name the files in stdout and stderr instead, or set useshell = True`
    : `${what}; set useshell = True`;
}

/** `cd FOLDER && COMMAND`, and nothing else for a shell: there is a key for it. */
function adviseChangeOfFolder(
  words: readonly Word[],
  [first, ...others]: readonly Operator[],
  home: string,
): string | undefined {
  const [cd, folder] = words;
  if (cd?.bare !== "cd" || folder === undefined || first === undefined || others.length > 0)
    return undefined;
  const isGlued = first.at === 1;
  if (!/^(&&|;)$/.test(first.shown) || !(isGlued || first.at === 2)) return undefined;
  const rest = words.slice(first.at + (words[first.at + 1]?.bare === "exec" ? 2 : 1));
  if (!rest.every(({ text, bare }) => text === bare)) return undefined;
  const command = rest.map(({ text }) => text).join(" ");
  if (command === "" || findShellSyntax(command, home).length > 0) return undefined;
  const path = writtenOut(folder.text.replace(/(;|&&)$/, ""), home);
  return `cd works only in a shell; write directory = ${path} and command = ${command}, or set useshell = True`;
}

/** A folder as a shell would understand it, as far as that can be known. */
function writtenOut(path: string, home: string): string {
  const whole = path.replace(/^(~|\$HOME|\$\{HOME\})(?=\/|$)/, home);
  return /^[/$~]/.test(whole) ? whole : `${home}/${whole}`;
}

const ASSIGNMENT = /^[A-Za-z_]\w*\+?=/;

/** Words that only a shell knows, with no program that does what is intended. */
const BUILTINS = new Set(
  `. cd source export exec eval alias ulimit umask set unset shopt trap if for while until case
  { ( ! [[ function local declare typeset pushd popd`.split(/\s+/),
);

function isBuiltin({ bare }: Word): boolean {
  return BUILTINS.has(bare);
}

function adviseFirstWord(words: readonly Word[], home: string): readonly string[] {
  const rest = words.findIndex(({ bare }) => !ASSIGNMENT.test(bare));
  const assignments = words.slice(0, rest < 0 ? words.length : rest).map(({ text }) => text);
  if (assignments.length > 0) {
    // Values of variables are not shown: some are secrets.
    const names = assignments.map((text) => text.replace(/\+?=.*/s, ""));
    const lines = names.map((name) => `${name} = …`);
    return [
      `${join(names.map((name) => `${name}=…`))} ${assignments.length > 1 ? "set variables" : "sets a variable"} only in a shell; write ${join(lines)} in a section [[Env]] below`,
    ];
  }
  const [first, second] = words;
  if (first === undefined || !isBuiltin(first)) return [];
  switch (first.bare) {
    case "cd":
      return [
        `cd works only in a shell; write directory = ${writtenOut(second?.text ?? "", home)}, and the rest as command`,
      ];
    case "exec":
      return ["exec works only in a shell; leave it out: the program is executed directly"];
    case "umask":
      return ["umask works only in a shell; use the key umask instead"];
    default:
      return [`${quote(first.text)} is a word of the shell, not a program; set useshell = True`];
  }
}

const TILDE = /^~([a-z_][\w.-]*)?\//;

function adviseTildes(words: readonly Word[], home: string): readonly string[] {
  return words
    .filter(({ bare }) => TILDE.test(bare))
    .map(({ text }) => {
      const folder = text.startsWith("~/") ? home : `/home/${/^~([^/]*)/.exec(text)?.[1] ?? ""}`;
      return `no shell expands the ~ in ${quote(text)}; write ${folder}${text.slice(text.indexOf("/"))}`;
    });
}

/** `$NAME`, `${NAME}` where a word, or a part of it, begins. Small letters are mostly the program's own business. */
const VARIABLE =
  /(?:^|[/:=,@+({[-])(\$(?:([A-Z_][A-Z0-9_]*)(?![A-Za-z0-9_])|\{([A-Z_][A-Z0-9_]*)(?::?[-=?+][^}]*)?\}))/;
const SUBSTITUTION = /\$\((?!\()[^()]*\)|`[^`]+`/;
const SHELLS = /(^|\/)(ba|da|z|k|a|fi)?sh$/;

function adviseVariables(words: readonly Word[], home: string): readonly string[] {
  const found: string[] = [];
  for (const [at, { text, open }] of words.entries()) {
    // What is for another shell, or in a text with blanks, may be expanded by something else.
    if (/^-[a-z]*[ce]$/.test(words[at - 1]?.text ?? "") && SHELLS.test(words[0]?.text ?? "")) break;
    if (/\s/.test(text)) continue;
    const [, shown, plain, braced] = VARIABLE.exec(open) ?? [];
    const substitution = SUBSTITUTION.exec(open)?.[0];
    if (substitution !== undefined) {
      found.push(`no shell runs ${quote(substitution)}; write its output, or set useshell = True`);
    } else if (shown !== undefined) {
      const value = (plain ?? braced) === "HOME" ? home : "its value";
      found.push(
        `no shell expands ${shown} in ${quote(text)}; write ${value}, or set useshell = True`,
      );
    }
  }
  return [...new Set(found)];
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function join(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}
