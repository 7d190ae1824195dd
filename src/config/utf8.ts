/** Text, or the line (from 1) of the first byte that cannot be UTF-8. */
export type Decoded = { readonly text: string } | { readonly badLine: number };

/** Decodes the bytes of a configuration file; a byte order mark stays, the parser removes it. */
export function decodeUtf8(bytes: Uint8Array): Decoded {
  try {
    return { text: decode(bytes) };
  } catch {
    return { badLine: findBadLine(bytes) };
  }
}

/** No character of UTF-8 contains the byte of a line feed, so each line is valid or not on its own. */
function findBadLine(bytes: Uint8Array): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const feed = bytes.indexOf(10, start);
    const end = feed < 0 ? bytes.length : feed + 1;
    try {
      decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    start = end;
  }
  return line;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}
