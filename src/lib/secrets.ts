/*
 * No message contains a secret, whether for a terminal, a log, a mail or a script. What is known to be one
 * (the values of [[Env]], smtp_url, a line that cannot be read) is never put in messages. Texts
 * that we only pass on (command lines, output of programs, what a mail server says) are masked here.
 */

/** Replaces a secret. */
export const MASK = "***";

const SECRET_WORD =
  "(?:passw(?:or)?d|passphrase|passcode|requirepass|masterauth|[_-]pwd|[_-]pass|secret|token|credential|(?:api|access|private|encrypt(?:ion)?|signing|auth)[_-]?key)";
/** `DB_PASSWORD_FILE` says where it is. Longer parts of names are not searched: that takes time. */
const MORE = String.raw`(?![\w.-]{0,40}(?:file|path|dir|name)\b)[\w.-]{0,40}`;
const VALUE = String.raw`(?:"[^"]*"?|'[^']*'?|[^\s"'&,;][^\s&]*)`;

const MAYBE = new RegExp(String.raw`:\/\/|${SECRET_WORD}`, "i");
const URLS = /([a-z][a-z0-9+.-]{0,30}):\/\/(\S+)/gi;
/** The end of a name, and `=x`; a word that stands for something is no secret. */
const ASSIGNMENTS = new RegExp(
  String.raw`(${SECRET_WORD}${MORE}["']? ?= ?)(?!\u2026|VALUE\b)${VALUE}`,
  "gi",
);
/** `"db_password": "x"` and `DB_PASSWORD: 'x'`, as programs show their environment. */
const QUOTED = String.raw`(?:"[^"]*"|'[^']*')`;
const DUMPS = new RegExp(String.raw`(${SECRET_WORD}${MORE}["']: ?)${QUOTED}`, "gi");
const BARE_DUMPS = new RegExp(
  String.raw`((?:PASSWO?R?D|SECRET|TOKEN|CREDENTIALS?|_KEY|_PWD|_PASS)[A-Z0-9_]{0,40}: )${QUOTED}`,
  "g",
);
/** Our own such option has no value. */
const OPTION = String.raw`(?!--show-secrets)--?[\w.-]{0,40}${SECRET_WORD}${MORE}`;
const OPTIONS = new RegExp(String.raw`((?:^|\s)${OPTION}\s)(?!-)${VALUE}`, "gi");
const WHOLE_OPTION = new RegExp(`^${OPTION}$`, "i");
const SECRET_NAME = new RegExp(SECRET_WORD, "i");

/** True for a text that may need masking; nearly none does. */
export function mayHoldSecret(text: string): boolean {
  return MAYBE.test(text);
}

/**
 * A text without the secrets that can be recognised: what is before the @ of a URL, and the
 * values of variables and options whose names say what they are.
 */
export function maskSecrets(text: string): string {
  if (!mayHoldSecret(text)) return text;
  return text
    .replaceAll(
      URLS,
      (_all, scheme: string, rest: string) => `${scheme}://${maskRest(scheme, rest)}`,
    )
    .replaceAll(ASSIGNMENTS, `$1${MASK}`)
    .replaceAll(DUMPS, `$1${MASK}`)
    .replaceAll(BARE_DUMPS, `$1${MASK}`)
    .replaceAll(OPTIONS, `$1${MASK}`);
}

/** The same for the words of a command, where one may say what the next is. */
export function maskWords(words: readonly string[]): readonly string[] {
  return words.map((word, index) => {
    const isValue = WHOLE_OPTION.test(words[index - 1] ?? "") && !word.startsWith("-");
    return isValue ? MASK : maskSecrets(word);
  });
}

/** The same for all texts in an object. */
export function maskAll<T>(value: T): T {
  const masked: unknown =
    typeof value === "string"
      ? maskSecrets(value)
      : Array.isArray(value)
        ? value.map((one: unknown) => maskAll(one))
        : typeof value === "object" && value !== null && isPlain(value)
          ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, maskAll(one)]))
          : value;
  return masked as T;
}

/** A text without any of `secrets`, as they are and in the forms sent to mail servers. */
export function maskKnown(text: string, secrets: readonly string[]): string {
  let masked = text;
  // A longer one may contain a shorter one.
  for (const secret of secrets.toSorted((a, b) => b.length - a.length)) {
    if (secret.length >= SHORTEST) masked = masked.replaceAll(secret, MASK);
  }
  return maskSecrets(masked);
}

/** Minimum length of a secret, in characters: anything shorter occurs in ordinary texts. */
const SHORTEST = 3;

/** True for the name of a variable or key that says that its value is a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** A key or the name of a variable; what is not such a name may contain a part of a value. */
export function shownName(name: string): string {
  if (NAME.test(name)) return name;
  const begin = keyBefore(name);
  return begin === undefined ? "(a name that is not shown)" : `${begin}…`;
}

/**
 * The key at the start of a line that is not `key = value`: one of `known`, or what has a colon and looks
 * like a variable. Anything else may be the second half of a password.
 */
export function keyBefore(line: string, known: ReadonlySet<string> = NONE): string | undefined {
  const [, key = "", colon] = KEY.exec(line) ?? [];
  if (known.has(key)) return key;
  return colon !== undefined && VARIABLE.test(key) ? key : undefined;
}

const NONE: ReadonlySet<string> = new Set();
const NAME = /^(?:export )?[A-Za-z_][\w.-]{0,99}$/;
const KEY = /^(?:export\s+)?([A-Za-z_][\w.-]{0,99})(?:(\s*:)(?=\s|$)|(?=\s|:|$))/;
const VARIABLE = /^(?:[A-Z]+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)$/;

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** In these, an @ is common in paths; elsewhere it ends a password that was not escaped. */
const WEB = /^(?:https?|wss?)$/i;
/** The name of an account, and no token. */
const NAMED = /^(?:ssh|git|svn|sftp|git\+ssh|svn\+ssh)$/i;

/** What follows `scheme://`, up to the next blank. */
function maskRest(scheme: string, rest: string): string {
  const end = rest.search(/[/?#]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  // `host:80` has a port; `me:secret` is what is left of a URL whose end is lost.
  const isCut = /:(?!\d*(?:$|[^\w%]))/.test(authority.replace(/\[[^\]]*\]/g, ""));
  const at =
    WEB.test(scheme) && (authority.includes("@") || !isCut)
      ? authority.lastIndexOf("@")
      : rest.lastIndexOf("@");
  if (at >= 0) return maskUser(scheme, rest.slice(0, at)) + rest.slice(at);
  if (!isCut || WEB.test(scheme)) return rest;
  const tail = /["'),.;]*$/.exec(rest)?.[0] ?? "";
  return maskUser(scheme, rest.slice(0, rest.length - tail.length)) + tail;
}

function maskUser(scheme: string, user: string): string {
  const colon = user.indexOf(":");
  if (colon < 0) return NAMED.test(scheme) ? user : MASK;
  // As in manuals, and in our own advice.
  return /^password$/i.test(user.slice(colon + 1)) ? user : `${user.slice(0, colon)}:${MASK}`;
}
