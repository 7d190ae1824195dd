import { printPair } from "../../config/print-text.ts";
import { inheritedEnvironment } from "../../launch/environment.ts";
import { isSecretName, maskSecrets } from "../../lib/secrets.ts";

/** The part of an environment that a section has to say. */
export interface EnvironmentFound {
  readonly set: ReadonlyMap<string, string>;
  /** Names of those whose values look like secrets. */
  readonly secret: readonly string[];
  /** Names of those that no line of a configuration can give. */
  readonly unwritable: readonly string[];
  /** False where the process has written over it: then nothing is known of it. */
  readonly isKnown: boolean;
}

const NOTHING: EnvironmentFound = { set: new Map(), secret: [], unwritable: [], isKnown: false };

/** What a process has in its environment, and who starts programs (`base`) has not, or has otherwise. */
export function findEnvironment(
  environ: ReadonlyMap<string, string> | undefined,
  base: Readonly<Record<string, string>>,
): EnvironmentFound {
  if (environ === undefined || !(environ.has("PATH") || environ.has("HOME"))) return NOTHING;
  const set = new Map<string, string>();
  const secret: string[] = [];
  const unwritable: string[] = [];
  const isOfNpm = environ.has("npm_lifecycle_event");
  const own = Object.entries(inheritedEnvironment(Object.fromEntries(environ)));
  for (const [name, value] of own.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (base[name] === value || OF_SESSION.test(name)) continue;
    if (isOfNpm && OF_NPM.test(name)) continue;
    if (looksSecret(name, value)) secret.push(name);
    else if (!/^[\w.-]+$/.test(name) || printPair(name, value) === undefined) unwritable.push(name);
    else set.set(name, value);
  }
  return { set, secret, unwritable, isKnown: true };
}

/** By its name, or by what it says: `postgres://app:secret@db`. */
function looksSecret(name: string, value: string): boolean {
  if (value === "") return false;
  return isSecretName(name) || maskSecrets(value) !== value;
}

/** Variables that belong to a terminal, a login or a shell, and mean nothing to a program that outlives them. */
const OF_SESSION =
  /^(_|PWD|OLDPWD|INIT_CWD|SHLVL|TERM|TERM_.*|TERMCAP|TERMINFO.*|COLORTERM|COLUMNS|LINES|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|WINDOW|WINDOWID|WINDOWPATH|STY|TMUX.*|ZELLIJ.*|SSH_.*|SUDO_.*|MAIL|MAILCHECK|PS[1-4]|PROMPT.*|RPROMPT|HIST.*|LS_COLORS|LSCOLORS|LESS.*|PAGER|MANPAGER|EDITOR|VISUAL|BROWSER|GREP_COLORS?|VTE_VERSION|KONSOLE_.*|GNOME_.*|DESKTOP_.*|GPG_AGENT_INFO|GPG_TTY|DBUS_SESSION_BUS_ADDRESS|XDG_(SESSION_.*|RUNTIME_DIR|SEAT.*|VTNR|CURRENT_DESKTOP|MENU_PREFIX)|BASH_FUNC_.*|VIRTUAL_ENV_PROMPT|npm_.*|CREDENTIALS_DIRECTORY|SYSTEMD_.*|LOGS_DIRECTORY|STATE_DIRECTORY)$/;

/** What npm adds for its scripts, besides npm_…. */
const OF_NPM = /^(NODE|COLOR|EDITOR)$/;
