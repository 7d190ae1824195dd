/** Where ssh connects to: a name or address, or an alias of ssh's own configuration. */
export interface Destination {
  readonly host: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
}

/**
 * Reads `host`, `user@host`, each with `:port`, addresses of IPv6 (in brackets where a port follows), and
 * `ssh://user@host:port`. The problem is the end of a sentence that begins with the text.
 *
 * What ssh would take for an option, and what a `ProxyCommand` would hand to a shell, is refused here, whatever ssh makes of it.
 */
export function parseDestination(
  text: string,
): { readonly destination: Destination } | { readonly problem: string } {
  const rest = text.replace(/^ssh:\/\//, "").replace(/\/$/, "");
  const at = rest.lastIndexOf("@");
  const user = at < 0 ? undefined : rest.slice(0, at);
  const split = splitPort(rest.slice(at + 1));
  if (split === undefined) return { problem: `is not a host; ${WANTED}` };
  const { host, port } = split;
  if (host.startsWith("-") || user?.startsWith("-") === true) {
    return { problem: "begins with -, which ssh takes for an option; give it a name in [Hosts]" };
  }
  if (user?.includes(":") === true) {
    return { problem: "has a password, which ssh takes from nowhere but a terminal; use a key" };
  }
  if (!isPlain(host) || (user !== undefined && !isPlainUser(user))) {
    return { problem: `is not a host; ${WANTED}` };
  }
  if (port !== undefined && (port < 1 || port > 65_535)) {
    return { problem: `has the port ${port}; ports are 1 to 65535` };
  }
  return { destination: { host, user, port } };
}

const WANTED = "write web1, web@web1.example, web@10.0.0.7:2222 or web@[fd00::7]:2222";

/**
 * Letters of names in all scripts, `%` of IPv6 zones; nothing that a shell obeys. Here and below, the expression is made when it is
 * needed: classes of Unicode take their time.
 */
const isPlain = (host: string): boolean => /^[\p{L}\p{N}_.:%-]{1,255}$/u.test(host);
/** Before a backslash, the domain of a directory. */
const isPlainUser = (user: string): boolean =>
  /^(?:[\p{L}\p{N}_.-]{1,255}\\)?[\p{L}\p{N}_.@+-]{1,255}$/u.test(user);

function splitPort(
  text: string,
): { readonly host: string; readonly port: number | undefined } | undefined {
  const [, bracketed, bracketedPort] =
    /^\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\](?::(\d{1,9}))?$/.exec(text) ?? [];
  if (bracketed !== undefined) return { host: bracketed, port: toNumber(bracketedPort) };
  // An address of IPv6 without brackets has no port.
  if (text.split(":").length > 2) {
    return /^[0-9a-fA-F:.]+(?:%[\w.-]+)?$/.test(text) ? { host: text, port: undefined } : undefined;
  }
  const [, host = "", port] = /^([^:]*)(?::(\d{1,9}))?$/.exec(text) ?? [];
  return host === "" ? undefined : { host, port: toNumber(port) };
}

function toNumber(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits);
}

/** The words after `ssh` with which a person gets there. */
export function sshWords({ host, user, port }: Destination): readonly string[] {
  const name = user === undefined ? host : `${user}@${host}`;
  return port === undefined ? [name] : ["-p", String(port), name];
}

/** As it is written in `[Hosts]`. */
export function formatDestination({ host, user, port }: Destination): string {
  const where = port !== undefined && host.includes(":") ? `[${host}]` : host;
  return `${user === undefined ? "" : `${user}@`}${where}${port === undefined ? "" : `:${port}`}`;
}

/** In a message: what is no destination may hold a password. */
export function shownDestination(text: string): string {
  return JSON.stringify(text.replace(/:(?!\/\/)[^@]*@/, ":***@"));
}
