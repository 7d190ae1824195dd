import type { HostsSettings } from "../../config/hosts.ts";
import { homeFolder } from "../../lib/home.ts";
import { findHosts } from "../configuration.ts";
import { knownToSsh } from "./known-to-ssh.ts";

/**
 * What can follow `-H`, for who completes a word: groups (`@web`) and hosts of `[Hosts]`, then what ssh knows by name.
 * None where a file cannot be read.
 */
export function hostNames(config: string | undefined): readonly string[] {
  return [...new Set([...quietly(() => own(findHosts(config))), ...quietly(ofSsh)])];
}

function own(hosts: HostsSettings | undefined): readonly string[] {
  const entries = [...(hosts?.entries ?? [])];
  const names = entries.flatMap(([name, { kind }]) =>
    kind === "faulty" ? [] : [kind === "group" ? `@${name}` : name],
  );
  return names.length === 0 || hosts?.entries.has("all") === true ? names : [...names, "@all"];
}

function ofSsh(): readonly string[] {
  return knownToSsh(homeFolder());
}

/** Whoever presses Tab does not need a complaint. */
function quietly(names: () => readonly string[]): readonly string[] {
  try {
    return names();
  } catch {
    return [];
  }
}
