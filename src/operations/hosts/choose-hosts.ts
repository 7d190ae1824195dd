import type { HostsIssue, HostsSettings, HostTarget } from "../../config/hosts.ts";
import { parseDestination, shownDestination } from "../../config/destination.ts";
import { didYouMean, nearest } from "../../config/nearest.ts";

/** The hosts that were asked for, each once; or what is wrong with what was asked, or with what `[Hosts]` says of it. */
export type ChosenHosts =
  | { readonly targets: readonly HostTarget[] }
  | { readonly problem: string }
  | { readonly issues: readonly HostsIssue[] };

/** The group of all hosts of `[Hosts]`, unless an entry has that name. */
const ALL = "all";

/**
 * Hosts by the words of `-H`, which are separated by commas: a name of `[Hosts]`, `@group`, or what ssh connects to.
 * A host that several words lead to is meant once.
 */
export function chooseHosts(text: string, hosts: HostsSettings | undefined): ChosenHosts {
  const words = text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
  if (words.length === 0) return wrong("-H: say which hosts: -H web1,web2, or -H @group");
  const targets = new Map<string, HostTarget>();
  for (const word of words) {
    const found = word.startsWith("@") ? groupNamed(word.slice(1), hosts) : hostNamed(word, hosts);
    if (!("targets" in found)) return found;
    for (const target of found.targets) {
      const { destination, command = "" } = target;
      const { host, user = "", port = "" } = destination;
      const same = JSON.stringify([host, user, port, command]);
      if (!targets.has(same)) targets.set(same, target);
    }
  }
  return { targets: [...targets.values()] };
}

/** The name of `[Hosts]` that was perhaps meant by one that ssh does not know. */
export function nearestHost(name: string, hosts: HostsSettings | undefined): string | undefined {
  return hosts?.entries.has(name) === true ? undefined : nearest(name, hosts?.entries.keys() ?? []);
}

function groupNamed(name: string, hosts: HostsSettings | undefined): ChosenHosts {
  if (hosts === undefined) {
    return wrong(`-H @${name}: groups are in [Hosts] of usrsvc.cfg, and there is no such file`);
  }
  if (name === ALL && !hosts.entries.has(ALL)) {
    if (hosts.issues.length > 0) return { issues: hosts.issues };
    const all = [...hosts.entries.keys()];
    if (all.length > 0) return members(all, hosts, new Set());
  }
  if (!hosts.entries.has(name)) {
    const known = [...hosts.entries.keys()].map((one) => `@${one}`);
    const near = didYouMean(nearest(`@${name}`, known));
    const what =
      known.length === 0 ? "usrsvc.cfg has no [Hosts]" : `there is no group "${name}" in [Hosts]`;
    const advice = near === "" ? "; write one: web = web1, web2" : near;
    return wrong(`-H @${name}: ${what}${advice}`);
  }
  return members([name], hosts, new Set());
}

/** All hosts below these names; loops are faults of the file, and end here all the same. */
function members(
  names: readonly (string | HostTarget)[],
  hosts: HostsSettings,
  seen: Set<string>,
): ChosenHosts {
  const targets: HostTarget[] = [];
  for (const name of names) {
    if (typeof name !== "string") {
      targets.push(name);
      continue;
    }
    if (seen.has(name)) continue;
    seen.add(name);
    const entry = hosts.entries.get(name);
    if (entry === undefined || entry.kind === "faulty") return faultyEntry(name, hosts);
    const found =
      entry.kind === "host" ? { targets: [entry.target] } : members(entry.members, hosts, seen);
    if (!("targets" in found)) return found;
    targets.push(...found.targets);
  }
  return { targets };
}

function hostNamed(word: string, hosts: HostsSettings | undefined): ChosenHosts {
  const entry = hosts?.entries.get(word);
  if (hosts !== undefined && entry !== undefined) {
    if (entry.kind === "host") return { targets: [entry.target] };
    if (entry.kind === "faulty") return faultyEntry(word, hosts);
    const advice = `write -H @${word} for its hosts, or -H ssh://${word} for a host of that name`;
    return wrong(`-H ${word}: ${word} is a group in [Hosts]; ${advice}`);
  }
  const read = parseDestination(word);
  if ("problem" in read) return wrong(`-H: ${shownDestination(word)} ${read.problem}`);
  const { destination } = read;
  return { targets: [{ name: word.replace(/^ssh:\/\//, ""), destination, command: undefined }] };
}

function faultyEntry(name: string, { issues }: HostsSettings): ChosenHosts {
  const own = issues.filter(({ entry }) => entry === name);
  return { issues: own.length > 0 ? own : issues };
}

function wrong(problem: string): ChosenHosts {
  return { problem };
}
