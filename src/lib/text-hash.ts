/**
 * 64 bits in hex: two lanes of multiply and xor, mixed at the end as MurmurHash3 does. It detects
 * changes and nothing more: whoever could forge a collision could write the text itself.
 * (Loading node:crypto takes 3 ms, a twentieth of a whole `usrsvc status`.)
 */
export function textHash(text: string): string {
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
