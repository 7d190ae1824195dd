import { join, resolve } from "node:path";
import { parseDestination } from "../../config/destination.ts";
import { globFiles } from "../../lib/glob-files.ts";
import { readFileHead } from "../../lib/read-file.ts";

/** Of each file, so much is read, in bytes. */
const MOST_BYTES = 1024 * 1024;
/** Number of configuration files that are read, those included. */
const MOST_FILES = 64;

/**
 * Names of hosts that the user's ssh knows: `Host` of its configuration, with what that includes, and known hosts whose
 * names are not hashed. Patterns are none, nor what `-H` would not take.
 *
 * @param home the home folder
 * @param system the folder of the machine's own configuration
 */
export function knownToSsh(home: string, system = "/etc/ssh"): readonly string[] {
  const own = join(home, ".ssh");
  const configured = [
    ...new ConfigFiles(home, own).hosts(join(own, "config")),
    ...new ConfigFiles(home, system).hosts(join(system, "ssh_config")),
  ];
  const known = [join(own, "known_hosts"), join(system, "ssh_known_hosts")].flatMap((path) =>
    parseKnownHosts(textOf(path)),
  );
  return [...new Set([...configured, ...known])].filter(isTaken);
}

/** The names in a text as of `known_hosts` (sshd(8)); an address where a line has no name. */
export function parseKnownHosts(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => {
    const [first = ""] = line.trim().split(/\s/, 1);
    if (first === "" || /^[#|@]/.test(first)) return []; // a comment, hashed, or a pattern of an authority
    const all = first.split(",").map((one) => one.replace(/^\[([^\]:]+)\]:/, "$1:"));
    const names = all.filter((one) => !isAddress(one));
    return names.length > 0 ? names : all;
  });
}

/** What a text as of ssh_config(5) names and includes. */
export function parseSshConfig(text: string): {
  readonly hosts: readonly string[];
  readonly includes: readonly string[];
} {
  const hosts: string[] = [];
  const includes: string[] = [];
  for (const line of text.split("\n")) {
    const [, keyword = "", rest = ""] = /^\s*(\w+)(?:\s*=\s*|\s+)(.*)$/.exec(line) ?? [];
    const words = [...rest.matchAll(/"([^"]*)"|(\S+)/g)].map(
      ([, one, other]) => one ?? other ?? "",
    );
    if (keyword.toLowerCase() === "host") hosts.push(...words);
    if (keyword.toLowerCase() === "include") includes.push(...words);
  }
  return { hosts, includes };
}

class ConfigFiles {
  readonly #home: string;
  /** What relative paths in it are of. */
  readonly #folder: string;
  readonly #read = new Set<string>();

  constructor(home: string, folder: string) {
    this.#home = home;
    this.#folder = folder;
  }

  hosts(path: string): readonly string[] {
    if (this.#read.has(path) || this.#read.size >= MOST_FILES) return [];
    this.#read.add(path);
    const { hosts, includes } = parseSshConfig(textOf(path));
    const included = includes.flatMap((one) => this.#expand(one)).flatMap((one) => this.hosts(one));
    return [...included, ...hosts];
  }

  #expand(include: string): readonly string[] {
    return globFiles(resolve(this.#folder, include.replace(/^~\//, `${this.#home}/`)));
  }
}

function textOf(path: string): string {
  try {
    return readFileHead(path, { most: MOST_BYTES }).text;
  } catch {
    return "";
  }
}

function isAddress(host: string): boolean {
  return /^\d+(?:\.\d+){3}(?::\d+)?$/.test(host) || host.split(":").length > 2;
}

function isTaken(host: string): boolean {
  return !host.includes("%") && "destination" in parseDestination(host);
}
