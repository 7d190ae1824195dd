import type { ProgramSettings } from "../config/settings.ts";

/**
 * Identifies the settings that only a restart can apply. While a program runs with another digest
 * than its settings have now, `status` marks it.
 */
export function settingsDigest(program: ProgramSettings): string {
  const known = digests.get(program);
  if (known !== undefined) return known;
  const digest = makeDigest(program);
  digests.set(program, digest);
  return digest;
}

/** Settings never change: others take their place. */
const digests = new WeakMap<ProgramSettings, string>();

function makeDigest(program: ProgramSettings): string {
  const { argv, env, inheritEnv, directory, umask, stdout, stderr } = program;
  const applied = [
    argv,
    [...env].sort(([a], [b]) => (a < b ? -1 : 1)),
    inheritEnv,
    directory,
    umask ?? null,
    stdout,
    stderr,
  ];
  return hash(JSON.stringify(applied));
}

/**
 * 64 bits in hex: two lanes of multiply and xor, mixed at the end as MurmurHash3 does. It tells
 * changes apart and nothing more: who could forge a collision could write the settings themselves.
 * (Loading node:crypto takes 3 ms, a twentieth of a whole `usrsvc status`.)
 */
function hash(text: string): string {
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    low = Math.imul(low ^ code, 0x9e3779b1);
    high = Math.imul(high ^ code, 0x5f356495);
  }
  low = finish(low) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  high = finish(high) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  return hex(high) + hex(low);
}

function finish(lane: number): number {
  return Math.imul(lane ^ (lane >>> 16), 0x85ebca6b);
}

function hex(lane: number): string {
  return (lane >>> 0).toString(16).padStart(8, "0");
}
